/* One case as an ONNX file of one node, to be spoilt before it is packed. */
#ifndef OPCHECK_FILE_H
#define OPCHECK_FILE_H

#include "onnx/tensors.h"
#include "opcheck.h"

typedef struct oc_file {
  sv_arena arena;
  Onnx__ModelProto model;
  Onnx__OperatorSetIdProto set, *sets[1];
  Onnx__GraphProto graph;
  Onnx__NodeProto node, *nodes[1];
  char *in[2 * OC_PORTS], *out[OC_PORTS];
  Onnx__TensorProto *tensors[3 * OC_PORTS];
  Onnx__ValueInfoProto *inputs[2 * OC_PORTS], *outputs[OC_PORTS];
  sv_tensor *slots[OC_PORTS]; /* attributes that are inputs */
  int slot_count;
} oc_file;

/* Which sizes of the inputs are free. */
typedef enum oc_open { OC_CLOSED, OC_OPEN_BATCH, OC_OPEN } oc_open;

/* From {0}; SV_UNSUPPORTED where this opset cannot say the case. The numbers
 * are those of `run`, which outlives it. Free it in any case. */
sv_status oc_file_start(oc_file *file, const oc_run *run, int64_t opset,
                        oc_open open) SV_CHECKED;
sv_status oc_file_pack(const oc_file *file, unsigned char **bytes,
                       size_t *size) SV_CHECKED;
void oc_file_free(oc_file *file);

/* ---- An attribute as nobody should write it ---- */

typedef struct oc_spoil {
  const sv_attr *row;
  int type;      /* of ONNX's attribute; -1: it is left out */
  int count;     /* of a list's numbers; -1: as the case has it */
  double number; /* of all of them, if `given`; else they stay */
  bool given;
  bool first;       /* of the first of them alone */
  const char *word; /* a text instead */
  bool computed; /* of a slot: an input of the graph, not known when loading */
} oc_spoil;

/* Way number k to spoil the row; false: there are no more. */
bool oc_spoil_at(const sv_op *op, const sv_attr *row, int k, oc_spoil *spoil);
/* Such a file has to be refused, whatever the rest of it says; if it is
 * computed, and this does not say so, it has to load. */
bool oc_spoil_refused(const sv_op *op, const oc_spoil *spoil);
sv_status oc_spoil_file(oc_file *file, const oc_run *run,
                        const oc_spoil *spoil) SV_CHECKED;
/* For a message; no line's end. */
const char *oc_spoil_text(const oc_spoil *spoil, char text[OC_TEXT]);

#endif
