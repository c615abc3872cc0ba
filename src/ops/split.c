/* split: a tensor cut into parts along an axis.
 *
 *   [y1, y2, ...] = x,  dx = [dy1, dy2, ...]
 *
 * Shapes: x's but for the axis; there the parts have the sizes that are given,
 * or are equal, the last one being smaller where that does not come out even.
 * Source: https://onnx.ai/onnx/operators/onnx__Split.html; in networks Ma et
 * al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture
 * Design", 2018. */
#include <string.h>

#include "base/thread.h"
#include "op/op.h"
#include "tensor/tensor.h"

typedef struct split_attrs {
  int64_t axis, parts;
  sv_ints sizes;
} split_attrs;

/* Without sizes and parts a file tells by naming its outputs. */
static int outputs(void *attrs, int given) {
  split_attrs *a = attrs;
  if (a->sizes.count) return a->sizes.count;
  if (a->parts == 0) a->parts = given ? given : 2;
  return (int)a->parts;
}

enum port { X, SIZES };

/* Sizes that are computed say themselves how many. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  if (in_count > SIZES && in[SIZES].present) ((split_attrs *)attrs)->parts = 0;
  return SV_OK;
}

static sv_status size_of(const split_attrs *a, int i, int64_t whole,
                         int64_t *size) {
  if (a->sizes.count) {
    *size = i < a->sizes.count ? a->sizes.at[i] : -1;
  } else {
    int64_t parts = a->parts ? a->parts : 2;
    int64_t each = whole / parts + (whole % parts != 0);
    int64_t left = whole - i * each;
    *size = left < 0 || i >= parts ? -1 : left < each ? left : each;
  }
  if (*size >= 0) return SV_OK;
  return sv_fail(SV_INVALID, "part %d of %lld would be empty", i,
                 (long long)whole);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const split_attrs *a = node->attrs;
  int64_t axis = a->axis, sum = 0;
  SV_TRY(sv_check_inputs(node, in));
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  int64_t whole = in[0].shape.dim[axis];
  int count = outputs((split_attrs[]){*a}, node->out_count);
  for (int i = 0; i < count; i++) {
    int64_t size;
    SV_TRY(size_of(a, i, whole, &size));
    if (__builtin_add_overflow(sum, size, &sum)) sum = -1;
    if (i >= node->out_count || !out[i].present) continue;
    out[i].dtype = in[0].dtype;
    out[i].shape = in[0].shape;
    out[i].shape.dim[axis] = size;
  }
  if (sum == whole && count == node->out_count) return SV_OK;
  return sv_fail(
      SV_INVALID,
      "%d outputs of %d parts with %lld in all, dimension %d of x is "
      "%lld",
      node->out_count, count, (long long)sum, (int)axis, (long long)whole);
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t axis = ((const split_attrs *)node->attrs)->axis;
  (void)out;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = axis < 2; /* a part of the places else */
  return SV_OK;
}

/* ---- Copies ---- */

/* Rows of the whole, in which each part has a place of its own. */
typedef struct rows {
  char *whole, *part;
  size_t size, stride, at; /* bytes: of the part, of the whole; where it is */
  bool back;               /* from the part; zeros if there is none */
} rows;

static void copy_rows(void *context, int64_t begin, int64_t end) {
  const rows *r = context;
  for (int64_t i = begin; i < end; i++) {
    char *whole = r->whole + (size_t)i * r->stride + r->at;
    char *part = r->part ? r->part + (size_t)i * r->size : NULL;
    if (!r->back)
      memcpy(part, whole, r->size);
    else if (part)
      memcpy(whole, part, r->size);
    else
      memset(whole, 0, r->size);
  }
}

static sv_status copy(const sv_args *args, const sv_tensor *whole, bool back) {
  const split_attrs *a = args->node->attrs;
  const sv_shape *x = &whole->shape;
  int64_t axis = a->axis, outer = 1;
  size_t inner = sv_dtype_size(whole->dtype);
  SV_TRY(sv_check_axis(&axis, x->rank));
  for (int d = 0; d < axis; d++) outer *= x->dim[d];
  for (int d = (int)axis + 1; d < x->rank; d++) inner *= (size_t)x->dim[d];
  rows r = {.whole = whole->data,
            .stride = inner * (size_t)x->dim[axis],
            .back = back};
  for (int i = 0; i < args->node->out_count; i++) {
    const sv_tensor *part = back ? args->diff_out[i] : args->out[i];
    int64_t size;
    SV_TRY(size_of(a, i, x->dim[axis], &size));
    r.size = inner * (size_t)size;
    r.part = part ? part->data : NULL;
    if (r.size && (back || part)) sv_parallel(outer, 16, copy_rows, &r);
    r.at += r.size;
  }
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  return copy(args, args->in[0], false);
}

static sv_status backward_data(const sv_args *args) {
  return copy(args, args->diff_in[0], true);
}

/* ---- Tables ---- */

#define AT(field) offsetof(split_attrs, field)
static const sv_attr attrs[] = {
    {.name = "parts",
     .onnx = "num_outputs",
     .type = SV_ATTR_INT,
     .offset = AT(parts),
     .max = 1 << 10,
     .position = 1,
     .since = 18,
     .help = "number of equal parts if no sizes are given; 0: two"},
    {.name = "sizes",
     .onnx = "split",
     .type = SV_ATTR_INTS,
     .offset = AT(sizes),
     .max = INT32_MAX,
     .until = 12,
     .help = "size of each part along the axis"},
    {.name = "sizes",
     .onnx = "split",
     .type = SV_ATTR_INTS,
     .offset = AT(sizes),
     .since = 13,
     .slot = 1,
     .help = "form of opset 13 and later"},
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = AT(axis),
     .initial = 1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 2,
     .until = 1,
     .help = "the dimension that is split"},
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = AT(axis),
     .since = 1,
     .help = "as ONNX has it"},
    {.name = NULL}};

SV_OP(split) = {
    .name = "split",
    .summary = "[y1, y2, ...] = x along an axis",
    .effect = SV_EFFECT_PARTS,
    .onnx = (const sv_onnx_name[]){{"Split", 2, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "sizes", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y", .variadic = true}, {.name = NULL}},
    .outputs = outputs,
    .attrs = attrs,
    .attrs_size = sizeof(split_attrs),
    .settle = settle,
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
