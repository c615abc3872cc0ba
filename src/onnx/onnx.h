/* Models as ONNX files, including the training state. */
#ifndef SV_ONNX_ONNX_H
#define SV_ONNX_ONNX_H

#include "graph/model.h"

/* The newest opset supported. */
enum { SV_ONNX_NEWEST_OPSET = 28 };

/* Domain of Svertka's operators that ONNX lacks, used in the training part of a
 * file. */
#define SV_ONNX_DOMAIN "svertka"

/* A graph input whose value is known before loading. */
typedef struct sv_onnx_known {
  const char *name;
  const sv_tensor *value; /* plain, of any type */
} sv_onnx_known;

typedef struct sv_onnx_load_options {
  /* Also load the training part: losses with their weights and labels, and the
   * state that only training needs. A file without one is loaded as it is. */
  bool training;
  /* Inputs that become part of the state, or attributes, if they feed a weight,
   * an index or an attribute's slot; otherwise they stay inputs. */
  const sv_onnx_known *known;
  int known_count;
  /* Allow external data in the model's folder or below; otherwise an error if
   * needed tensors have it. In memory there is no such folder. */
  bool external_data;
} sv_onnx_load_options;

/* The message if only that is missing: SV_UNSUPPORTED. */
#define SV_ONNX_ELSEWHERE "its data are in another file"

/* NULL options: none of these. Errors name the file and the node or tensor. */
sv_status sv_onnx_load(sv_model **model, const char *path,
                       const sv_onnx_load_options *options) SV_CHECKED;
sv_status sv_onnx_load_memory(sv_model **model, const char *name,
                              const void *bytes, size_t size,
                              const sv_onnx_load_options *options) SV_CHECKED;

typedef struct sv_onnx_save_options {
  /* Adds training_info[0].algorithm: nodes that only a LOSS depends on, labels,
   * and the state that is not a value of the graph: moments, counters. Training
   * options are in the model's metadata. Without it these are omitted, whatever
   * the graph has. */
  bool training;
} sv_onnx_save_options;

/* Writes the model, completely or not at all, in opset 17 and IR version 8,
 * which runtimes of 2022 read, or in opset 19 and IR version 9 if opset 17
 * cannot express it. The same model gives the same bytes. NULL options: the
 * inference graph. */
sv_status sv_onnx_save(const sv_model *model, const char *path,
                       const sv_onnx_save_options *options) SV_CHECKED;

/* Checks everything that sv_onnx_save needs except writing: whether ONNX can
 * express the model in one file. */
sv_status sv_onnx_save_check(const sv_model *model,
                             const sv_onnx_save_options *options) SV_CHECKED;

/* ---- Limits, the same for reading and writing ---- */

/* Limit because names are looked up one by one later. */
enum { SV_ONNX_MOST_NODES = 1 << 15, SV_ONNX_MOST_VALUES = 1 << 18 };
/* Names are copied to graph, state and messages: without a limit a long name
 * would exhaust memory. */
enum { SV_ONNX_LONGEST_NAME = 1 << 12 };
/* Limit because each is compared with each. */
enum { SV_ONNX_MOST_OUTPUTS = 1 << 12, SV_ONNX_MOST_METADATA = 1 << 12 };

/* ---- Names in files ---- */

/* The producer name. */
#define SV_ONNX_PRODUCER "svertka"

/* Name of a graph without a name: the format requires one. */
#define SV_ONNX_GRAPH "graph"

/* Metadata: the role of a tensor that its ports do not determine. */
#define SV_ONNX_ROLE "svertka.role."
/* In the algorithm: the weight of a loss, a double. */
#define SV_ONNX_WEIGHT "svertka.weight/"
/* In the algorithm: the output of an operator that `graph` contains expanded to
 * ONNX operators, so that training restores the original. */
#define SV_ONNX_AS "svertka.as/"

#endif
