/* concat: tensors one behind the other along an axis.
 *
 *   y = [x1, x2, ...],  dxi = the part of dy that xi made
 *
 * Shapes: alike but for the axis; there y has the sum.
 * Source: https://onnx.ai/onnx/operators/onnx__Concat.html; in networks Szegedy
 * et al., "Going Deeper with Convolutions", 2014 (the modules' branches), and
 * Huang et al., "Densely Connected Convolutional Networks", 2016. */
#include <string.h>

#include "base/thread.h"
#include "op/op.h"
#include "tensor/tensor.h"

typedef struct concat_attrs {
  int64_t axis;
} concat_attrs;

/* ---- Shapes ---- */

static sv_status does_not_fit(const sv_info *in, int i, int axis) {
  char first[SV_SHAPE_TEXT], other[SV_SHAPE_TEXT];
  return sv_fail(
      SV_INVALID,
      "input %d of %s and input 0 of %s must be equal except along axis %d", i,
      sv_shape_text(&in[i].shape, other), sv_shape_text(&in[0].shape, first),
      axis);
}

static bool alike_but_for(const sv_shape *a, const sv_shape *b, int axis) {
  if (a->rank != b->rank) return false;
  for (int d = 0; d < a->rank; d++)
    if (d != axis && a->dim[d] != b->dim[d]) return false;
  return true;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t axis = ((const concat_attrs *)node->attrs)->axis;
  SV_TRY(sv_check_inputs(node, in));
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  int64_t *sum = &out[0].shape.dim[axis];
  for (int i = 1; i < node->in_count; i++) {
    if (!in[i].present) return sv_fail(SV_INVALID, "input %d is missing", i);
    if (in[i].dtype != in[0].dtype)
      return sv_fail(SV_INVALID, "input %d is %s, but input 0 is %s", i,
                     sv_dtype_name(in[i].dtype), sv_dtype_name(in[0].dtype));
    if (!alike_but_for(&in[i].shape, &in[0].shape, (int)axis))
      return does_not_fit(in, i, (int)axis);
    if (__builtin_add_overflow(*sum, in[i].shape.dim[axis], sum))
      return sv_fail(SV_INVALID, "the output is too large");
  }
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t axis = ((const concat_attrs *)node->attrs)->axis;
  (void)out;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = axis < 2; /* side by side, places have moved */
  return SV_OK;
}

/* ---- Copies ---- */

/* Tensors as `outer` rows, in which each input has a part of its own. */
typedef struct rows {
  char *whole;    /* y, dy */
  char *part;     /* xi, dxi */
  size_t size;    /* bytes of the part's row */
  size_t stride;  /* of the whole's row */
  size_t at;      /* where the part begins in it */
  bool from_part; /* else from the whole */
} rows;

static void copy_rows(void *context, int64_t begin, int64_t end) {
  const rows *r = context;
  for (int64_t i = begin; i < end; i++) {
    char *whole = r->whole + (size_t)i * r->stride + r->at;
    char *part = r->part + (size_t)i * r->size;
    memcpy(r->from_part ? whole : part, r->from_part ? part : whole, r->size);
  }
}

/* Between `whole` and those of `parts` that have numbers. */
static sv_status copy(const sv_args *args, const sv_tensor *whole,
                      const sv_tensor *const *parts, bool from_parts) {
  int64_t axis = ((const concat_attrs *)args->node->attrs)->axis, outer = 1;
  const sv_shape *y = &whole->shape;
  size_t element = sv_dtype_size(whole->dtype);
  SV_TRY(sv_check_axis(&axis, y->rank));
  rows r = {.whole = whole->data, .stride = element, .from_part = from_parts};
  for (int d = 0; d < axis; d++) outer *= y->dim[d];
  for (int d = (int)axis; d < y->rank; d++) r.stride *= (size_t)y->dim[d];
  for (int i = 0; i < args->node->in_count; i++) {
    r.size = element;
    for (int d = (int)axis; d < y->rank; d++)
      r.size *= (size_t)args->in[i]->shape.dim[d];
    r.part = parts[i] ? parts[i]->data : NULL;
    if (r.part && r.size) sv_parallel(outer, 16, copy_rows, &r);
    r.at += r.size;
  }
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  return copy(args, args->out[0], args->in, true);
}

static sv_status backward_data(const sv_args *args) {
  return copy(args, args->diff_out[0], (const sv_tensor *const *)args->diff_in,
              false);
}

/* ---- Tables ---- */

static const sv_attr attrs[] = {
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = offsetof(concat_attrs, axis),
     .initial = 1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 1,
     .until = 3,
     .help = "the dimension along which the inputs are joined"},
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = offsetof(concat_attrs, axis),
     .since = 4,
     .required = true,
     .help = "form of opset 4 and later"},
    {.name = NULL}};

SV_OP(concat) = {
    .name = "concat",
    .has_maps = true,
    .summary = "y = [x1, x2, ...] along an axis",
    .effect = SV_EFFECT_PARTS,
    .onnx = (const sv_onnx_name[]){{"Concat", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x", .variadic = true}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(concat_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
