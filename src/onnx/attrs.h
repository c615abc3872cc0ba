/* Converts attributes between ONNX nodes and the operators' structs, by the
 * operators' tables. */
#ifndef SV_ONNX_ATTRS_H
#define SV_ONNX_ATTRS_H

#include "onnx/tensors.h"
#include "op/attrs.h"

/* The newest opset written. */
enum { SV_ONNX_WRITTEN = 19 };

static inline bool sv_onnx_valid(const sv_attr *row, int64_t opset) {
  return opset >= row->since && (!row->until || opset <= row->until);
}

/* The row of the attribute that is input `input` in this opset; NULL if the
 * input belongs to a port. */
const sv_attr *sv_onnx_slot(const sv_op *op, int input, int64_t opset);

/* Sets *attrs: the defaults of that opset, then the node's attributes. */
sv_status sv_onnx_attrs_read(const sv_op *op, void *attrs,
                             const Onnx__NodeProto *node,
                             int64_t opset) SV_CHECKED;

/* True if attributes of the node set the broadcasting of its second input. */
bool sv_onnx_spreads(const Onnx__NodeProto *node, int64_t opset);

/* Sets an attribute from the constant that feeds its input. */
sv_status sv_onnx_attr_set(const sv_attr *row, void *attrs,
                           const sv_tensor *constant) SV_CHECKED;

/* Appends the node's attributes that differ from the defaults of that opset.
 * `axes` (0: not known) is the number of the image's spatial axes, for paddings
 * given by one number. */
sv_status sv_onnx_attrs_write(Onnx__NodeProto *proto, const sv_node *node,
                              int axes, int64_t opset,
                              sv_arena *arena) SV_CHECKED;

/* *constant = the value of an attribute that is an input; NULL: omitted. */
sv_status sv_onnx_attr_get(const sv_attr *row, const sv_node *node,
                           int64_t opset, sv_tensor **constant) SV_CHECKED;

/* SV_FORMAT names an attribute, or the input that stands for one, that this
 * opset requires and the node lacks. */
sv_status sv_onnx_required_check(const sv_op *op, const Onnx__NodeProto *node,
                                 int64_t opset) SV_CHECKED;

/* *yes: the attribute has the value that omitting it means in this opset. */
sv_status sv_onnx_left_out(const sv_node *node, const sv_attr *row,
                           int64_t opset, bool *yes) SV_CHECKED;

/* SV_UNSUPPORTED if the node has an attribute that ONNX cannot express as
 * written and that does not follow from its inputs when it is read back. */
sv_status sv_onnx_own_check(const sv_node *node, const sv_info *in,
                            int64_t opset) SV_CHECKED;

/* The same for operators of the domain "svertka": every attribute by its own
 * name, as text in the form of `svertka op`. */
sv_status sv_onnx_texts_read(const sv_op *op, void *attrs,
                             const Onnx__NodeProto *node) SV_CHECKED;
sv_status sv_onnx_texts_write(Onnx__NodeProto *proto, const sv_node *node,
                              sv_arena *arena) SV_CHECKED;

#endif
