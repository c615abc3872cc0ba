/* Models as ONNX files, with what training adds to them. */
#ifndef SV_ONNX_ONNX_H
#define SV_ONNX_ONNX_H

#include "graph/model.h"

/* The newest opset that is known here. */
enum { SV_ONNX_NEWEST_OPSET = 28 };

/* Operators of ours that ONNX has not, in the training part of a file. */
#define SV_ONNX_DOMAIN "svertka"

/* A graph input whose value is known before loading. */
typedef struct sv_onnx_known {
  const char *name;
  const sv_tensor *value; /* plain, of any type */
} sv_onnx_known;

typedef struct sv_onnx_load_options {
  /* The training part too: losses with their weights and labels, what of the
   * state only training needs. A file without one is loaded as it is. */
  bool training;
  /* Inputs that become part of the state, or attributes, where they feed a
   * weight, an index or an attribute's slot; elsewhere they stay inputs. */
  const sv_onnx_known *known;
  int known_count;
  /* Tensors may lie in other files, in the model's folder or below; otherwise
   * those that are needed are refused. In memory there is no such folder. */
  bool external_data;
} sv_onnx_load_options;

/* What the message says where only that is missing: SV_UNSUPPORTED. */
#define SV_ONNX_ELSEWHERE "its data are in another file"

/* NULL options: none of that. Errors name the file and the node or tensor. */
sv_status sv_onnx_load(sv_model **model, const char *path,
                       const sv_onnx_load_options *options) SV_CHECKED;
sv_status sv_onnx_load_memory(sv_model **model, const char *name,
                              const void *bytes, size_t size,
                              const sv_onnx_load_options *options) SV_CHECKED;

typedef struct sv_onnx_save_options {
  /* Adds training_info[0].algorithm: nodes that reach a LOSS and no OUTPUT,
   * labels, and of the state what is no value of the graph: moments, counters.
   * Texts of the training are the model's metadata. Without it they are left
   * out, whatever the graph has. */
  bool training;
} sv_onnx_save_options;

/* Writes the model, in opset 17 and IR version 8, which runtimes of 2022 read,
 * or in opset 19 and IR version 9 if 17 cannot say it: completely or not at
 * all, the same bytes for the same model. NULL options: the inference graph. */
sv_status sv_onnx_save(const sv_model *model, const char *path,
                       const sv_onnx_save_options *options) SV_CHECKED;

/* What sv_onnx_save would fail of but the writing itself: what ONNX cannot say,
 * or not in one file. */
sv_status sv_onnx_save_check(const sv_model *model,
                             const sv_onnx_save_options *options) SV_CHECKED;

/* ---- Limits, the same for reading and writing ---- */

/* Names are looked up one by one later on. */
enum { SV_ONNX_MOST_NODES = 1 << 15, SV_ONNX_MOST_VALUES = 1 << 18 };
/* Names are copied into graph, state and messages: a long one would be a bomb.
 */
enum { SV_ONNX_LONGEST_NAME = 1 << 12 };
/* Looked up by comparing each with each. */
enum { SV_ONNX_MOST_OUTPUTS = 1 << 12, SV_ONNX_MOST_METADATA = 1 << 12 };

/* ---- Names inside of files ---- */

/* Who wrote them. */
#define SV_ONNX_PRODUCER "svertka"

/* A graph without a name gets this one: the format demands one. */
#define SV_ONNX_GRAPH "graph"

/* Metadata: the role of a tensor where its ports would not tell it. */
#define SV_ONNX_ROLE "svertka.role."
/* In the algorithm: the weight of a loss, a double. */
#define SV_ONNX_WEIGHT "svertka.weight/"
/* In the algorithm: the output of an operator that `graph` holds expanded into
 * ONNX's own, so that training finds it as it was. */
#define SV_ONNX_AS "svertka.as/"

#endif
