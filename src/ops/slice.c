/* slice: a part of a tensor.
 *
 *   y[o] = x[start + step o] along each axis that is named, all along the rest
 *   dx[start + step o] = dy[o], 0 elsewhere
 *
 * Shapes: any; ceil((end - start) / step) elements are left along an axis.
 * Starts and ends count from the end where they are negative, and are cut to
 * where there is something; a negative step walks backwards.
 * Source: https://onnx.ai/onnx/operators/onnx__Slice.html */
#include <string.h>

#include "geometry/axis_set.h"
#include "geometry/walk.h"

typedef struct slice_attrs {
  sv_ints starts, ends, axes, steps;
} slice_attrs;

/* Along each dimension of x. */
typedef struct part {
  int64_t start[SV_MAX_RANK], step[SV_MAX_RANK], count[SV_MAX_RANK];
} part;

static int64_t cut(int64_t at, int64_t low, int64_t high) {
  return at < low ? low : at > high ? high : at;
}

/* The elements start, start + step, ... before `end` of `size`. */
static sv_status resolve_axis(part *p, int d, int64_t size, int64_t start,
                              int64_t end, int64_t step) {
  if (step == 0) return sv_fail(SV_INVALID, "a step is 0");
  if (start < 0) start = start < -size ? -1 : start + size;
  if (end < 0) end = end < -size ? -1 : end + size;
  bool back = step < 0;
  start = cut(start, 0, back ? size - 1 : size);
  end = cut(end, back ? -1 : 0, size);
  /* Longer steps than the axis all mean its first element. */
  step = cut(step, -size - 1, size + 1);
  int64_t left = back ? start - end : end - start, stride = back ? -step : step;
  p->start[d] = start;
  p->step[d] = step;
  p->count[d] = size && left > 0 ? (left + stride - 1) / stride : 0;
  return SV_OK;
}

static sv_status check_lists(const slice_attrs *a, int rank) {
  int count = a->starts.count;
  if (a->ends.count != count || count > rank ||
      (a->axes.count && a->axes.count != count) ||
      (a->steps.count && a->steps.count != count))
    return sv_fail(SV_INVALID,
                   "%d starts, %d ends, %d axes and %d steps for %d dimensions",
                   count, a->ends.count, a->axes.count, a->steps.count, rank);
  return SV_OK;
}

static sv_status resolve(const sv_node *node, const sv_shape *x, part *p) {
  const slice_attrs *a = node->attrs;
  unsigned seen = 0;
  SV_TRY(check_lists(a, x->rank));
  for (int d = 0; d < x->rank; d++) {
    p->start[d] = 0;
    p->step[d] = 1;
    p->count[d] = x->dim[d];
  }
  for (int i = 0; i < a->starts.count; i++) {
    int64_t axis = a->axes.count ? a->axes.at[i] : i;
    SV_TRY(sv_axis_set_add(&seen, &axis, x->rank));
    SV_TRY(resolve_axis(p, (int)axis, x->dim[axis], a->starts.at[i],
                        a->ends.at[i], a->steps.count ? a->steps.at[i] : 1));
  }
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  part p;
  SV_TRY(sv_check_inputs(node, in));
  SV_TRY(resolve(node, &in[0].shape, &p));
  out[0].dtype = in[0].dtype;
  out[0].shape.rank = in[0].shape.rank;
  for (int d = 0; d < in[0].shape.rank; d++) out[0].shape.dim[d] = p.count[d];
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int rank = in[0].shape.rank;
  part p;
  (void)out;
  SV_TRY(resolve(node, &in[0].shape, &p));
  for (int d = 0; d < 2; d++) {
    int own = d + rank - 2;
    if (own < 2) continue;
    cost->axis[d] = (sv_reach){
        .step = p.step[own], .first = p.start[own], .last = p.start[own]};
    if (p.step[own] < 0) cost->spatial = false;
  }
  return SV_OK;
}

static sv_status walk_over(sv_walk *walk, const sv_node *node,
                           const sv_shape *x) {
  int64_t step[SV_MAX_RANK];
  part p;
  *walk = (sv_walk){0};
  SV_TRY(resolve(node, x, &p));
  sv_walk_steps(x, step);
  for (int d = 0; d < x->rank; d++) {
    walk->start += p.start[d] * step[d];
    sv_walk_add(walk, p.count[d], p.step[d] * step[d]);
  }
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *x = args->in[0];
  sv_walk walk;
  SV_TRY(walk_over(&walk, args->node, &x->shape));
  sv_walk_gather(&walk, sv_dtype_size(x->dtype), x->data, args->out[0]->data);
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  const sv_tensor *dx = args->diff_in[0];
  sv_walk walk;
  SV_TRY(walk_over(&walk, args->node, &dx->shape));
  memset(dx->data, 0, (size_t)sv_shape_count(&dx->shape) * sizeof(real));
  sv_walk_scatter(&walk, sizeof(real), sv_diff_out(args, 0), dx->data);
  return SV_OK;
}

/* Each list is an attribute before opset 10 and an input from then on. */
#define LIST(list, place, always, text)                                \
  {.name = #list,                                                      \
   .onnx = #list,                                                      \
   .type = SV_ATTR_INTS,                                               \
   .offset = offsetof(slice_attrs, list),                              \
   .position = place,                                                  \
   .until = 9,                                                         \
   .required = always,                                                 \
   .help = text},                                                      \
  {                                                                    \
    .name = #list, .onnx = #list, .type = SV_ATTR_INTS,                \
    .offset = offsetof(slice_attrs, list), .since = 10, .slot = place, \
    .required = always, .help = "form of opset 10 and later"           \
  }
static const sv_attr attrs[] = {
    LIST(starts, 1, true, "first element along each axis"),
    LIST(ends, 2, true, "element after the last one"),
    LIST(axes, 3, false, "the axes; none: the first ones"),
    {.name = "steps",
     .type = SV_ATTR_INTS,
     .offset = offsetof(slice_attrs, steps),
     .position = 4,
     .until = 9,
     .help = "step from one element to the next; none: 1"},
    {.name = "steps",
     .onnx = "steps",
     .type = SV_ATTR_INTS,
     .offset = offsetof(slice_attrs, steps),
     .since = 10,
     .slot = 4,
     .help = "form of opset 10 and later"},
    {.name = NULL}};

SV_OP(slice) = {
    .name = "slice",
    .summary = "y = x[start:end:step] along some axes",
    .effect = SV_EFFECT_PARTS,
    .onnx = (const sv_onnx_name[]){{"Slice", 0, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){
            {.name = "x"},
            {.name = "starts", .role = SV_INDEX, .optional = true},
            {.name = "ends", .role = SV_INDEX, .optional = true},
            {.name = "axes", .role = SV_INDEX, .optional = true},
            {.name = "steps", .role = SV_INDEX, .optional = true},
            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(slice_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
