/* Shared by the reductions: y has one value for all elements along some axes of
 * x. Each operator that includes this defines
 *
 *     real reduce(r, x)              y for the elements of r
 *     void spread(r, x, y, dy, dx)   dx for each of them
 *
 * If it supports integers, it defines before the include WHOLE_TYPES,
 * WHOLE_START, WHOLE_JOIN of y so far and another x, and WHOLE_FINISH of y and
 * of their number, `count`.
 *
 * Shapes: x any; y as x, the reduced axes 1 or removed.
 * ONNX: axes were an attribute and became an input, in opset 13 for the sum, in
 * 18 for the others. */
#ifndef SV_TEMPLATE_REDUCE_H
#define SV_TEMPLATE_REDUCE_H

#include <tgmath.h>

#include "base/thread.h"
#include "geometry/axis_set.h"
#include "template/whole.h"

#ifndef WHOLE_TYPES
#define WHOLE_TYPES SV_WHOLE_NONE
#define WHOLE_START 0
#define WHOLE_JOIN y
#endif
#ifndef WHOLE_FINISH
#define WHOLE_FINISH y
#endif

typedef struct sv_reduce_attrs {
  sv_ints axes; /* none: all */
  bool keepdims;
  bool noop; /* no axes: none */
} sv_reduce_attrs;

/* The elements of x for one element of y: `runs` rows of `length` elements. */
typedef struct sv_reduced {
  int64_t count, runs, length, step, base;
  int outer; /* reduced axes but the last */
  int64_t size[SV_MAX_RANK], stride[SV_MAX_RANK];
} sv_reduced;

static real reduce(const sv_reduced *r, const real *x);
static void spread(const sv_reduced *r, const real *x, real y, real dy,
                   real *dx);

static inline int64_t sv_reduce_decode(int64_t index, int count,
                                       const int64_t *size,
                                       const int64_t *stride) {
  int64_t offset = 0;
  for (int d = count - 1; d >= 0; d--) {
    offset += index % size[d] * stride[d];
    index /= size[d];
  }
  return offset;
}

static inline int64_t sv_reduce_run(const sv_reduced *r, int64_t run) {
  return r->base + sv_reduce_decode(run, r->outer, r->size, r->stride);
}

/* i: position in x of each element. */
#define SV_EACH(r, i)                                                        \
  for (int64_t run_ = 0; run_ < (r)->runs; run_++)                           \
    for (int64_t i = sv_reduce_run(r, run_), left_ = (r)->length; left_ > 0; \
         left_--, i += (r)->step)

static inline sv_status sv_reduce_axes(const sv_node *node, int rank,
                                       bool cut[SV_MAX_RANK]) {
  const sv_reduce_attrs *a = node->attrs;
  bool all = a->axes.count == 0 && !a->noop;
  unsigned set;
  SV_TRY(sv_axis_set_of(&set, &a->axes, rank));
  for (int d = 0; d < SV_MAX_RANK; d++) cut[d] = all || set >> d & 1;
  return SV_OK;
}

static inline sv_status sv_reduce_infer(const sv_node *node, const sv_info *in,
                                        sv_info *out) {
  const sv_reduce_attrs *a = node->attrs;
  const sv_shape *x = &in[0].shape;
  bool cut[SV_MAX_RANK];
  SV_TRY(sv_check_numbers(node, in));
  SV_TRY(sv_reduce_axes(node, x->rank, cut));
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = 0};
  for (int d = 0; d < x->rank; d++)
    if (!cut[d] || a->keepdims)
      out[0].shape.dim[out[0].shape.rank++] = cut[d] ? 1 : x->dim[d];
  return SV_OK;
}

/* Pixels stay separate if only the batch and the channels are reduced. */
static inline sv_status sv_reduce_cost(const sv_node *node, const sv_info *in,
                                       const sv_info *out, sv_cost *cost) {
  const sv_reduce_attrs *a = node->attrs;
  bool cut[SV_MAX_RANK];
  (void)out;
  SV_TRY(sv_reduce_axes(node, in[0].shape.rank, cut));
  cost->spatial = a->keepdims;
  for (int d = 2; d < in[0].shape.rank; d++)
    cost->spatial = cost->spatial && !cut[d];
  return SV_OK;
}

typedef struct sv_reduction {
  sv_reduced r; /* base: set for each element of y */
  int kept;
  int64_t outputs, size[SV_MAX_RANK], stride[SV_MAX_RANK];
  const real *x, *y_in, *dy;
  real *y, *dx;
} sv_reduction;

static inline sv_status sv_reduce_divide(sv_reduction *all, const sv_node *node,
                                         const sv_shape *x) {
  bool cut[SV_MAX_RANK];
  int64_t stride[SV_MAX_RANK + 1] = {0};
  SV_TRY(sv_reduce_axes(node, x->rank, cut));
  *all = (sv_reduction){.outputs = 1, .r = {.runs = 1, .length = 1, .step = 1}};
  stride[x->rank] = 1;
  for (int d = x->rank - 1; d >= 0; d--) stride[d] = stride[d + 1] * x->dim[d];
  sv_reduced *r = &all->r;
  for (int d = 0; d < x->rank; d++) {
    if (cut[d]) {
      r->runs *= r->length; /* the previous axis is not the last one */
      r->size[r->outer] = x->dim[d];
      r->stride[r->outer++] = r->step = stride[d + 1];
      r->length = x->dim[d];
    } else {
      all->size[all->kept] = x->dim[d];
      all->stride[all->kept++] = stride[d + 1];
      all->outputs *= x->dim[d];
    }
  }
  r->outer -= r->outer > 0;
  r->count = r->runs * r->length;
  return SV_OK;
}

static inline sv_reduced sv_reduce_at(const sv_reduction *all, int64_t i) {
  sv_reduced r = all->r;
  r.base = sv_reduce_decode(i, all->kept, all->size, all->stride);
  return r;
}

static inline void sv_reduce_parts(void *context, int64_t begin, int64_t end) {
  const sv_reduction *all = context;
  for (int64_t i = begin; i < end; i++) {
    sv_reduced r = sv_reduce_at(all, i);
    all->y[i] = reduce(&r, all->x);
  }
}

static inline sv_status sv_reduce_whole(const sv_reduction *all,
                                        const sv_args *args) {
  for (int64_t i = 0; i < all->outputs; i++) {
    sv_reduced r = sv_reduce_at(all, i);
    int64_t y = WHOLE_START, count = r.count;
    if (count == 0)
      return sv_fail(SV_INVALID, "x has no elements along the axes");
    SV_EACH(&r, k) {
      int64_t x = sv_tensor_whole(args->in[0], k);
      (void)x;
      y = WHOLE_JOIN;
    }
    sv_tensor_set_whole(args->out[0], i, WHOLE_FINISH);
  }
  return SV_OK;
}

static inline sv_status sv_reduce_forward(const sv_args *args) {
  sv_reduction all;
  SV_TRY(sv_reduce_divide(&all, args->node, &args->in[0]->shape));
  if (sv_dtype_is_whole(args->in[0]->dtype)) return sv_reduce_whole(&all, args);
  all.x = sv_in(args, 0);
  all.y = sv_out(args, 0);
  sv_parallel(all.outputs, 1 + (1 << 12) / (1 + all.r.count), sv_reduce_parts,
              &all);
  return SV_OK;
}

static inline void sv_reduce_back_parts(void *context, int64_t begin,
                                        int64_t end) {
  const sv_reduction *all = context;
  for (int64_t i = begin; i < end; i++) {
    sv_reduced r = sv_reduce_at(all, i);
    spread(&r, all->x, all->y_in ? all->y_in[i] : 0, all->dy[i], all->dx);
  }
}

static inline sv_status sv_reduce_backward(const sv_args *args) {
  sv_reduction all;
  SV_TRY(sv_reduce_divide(&all, args->node, &args->diff_in[0]->shape));
  all.x = sv_in(args, 0);
  all.y_in = sv_out(args, 0);
  all.dy = sv_diff_out(args, 0);
  all.dx = sv_diff_in(args, 0);
  sv_parallel(all.outputs, 1 + (1 << 12) / (1 + all.r.count),
              sv_reduce_back_parts, &all);
  return SV_OK;
}

#define SV_REDUCE_AT(field) offsetof(sv_reduce_attrs, field)
/* `slot`: the opset since which the axes are an input. */
#define SV_REDUCE_ATTRS(slot_since)                           \
  {                                                           \
    {.name = "axes",                                          \
     .onnx = "axes",                                          \
     .type = SV_ATTR_INTS,                                    \
     .offset = SV_REDUCE_AT(axes),                            \
     .min = -SV_MAX_RANK,                                     \
     .max = SV_MAX_RANK - 1,                                  \
     .position = 1,                                           \
     .until = slot_since - 1,                                 \
     .help = "dimensions to reduce; none: all"},              \
        {.name = "axes",                                      \
         .onnx = "axes",                                      \
         .type = SV_ATTR_INTS,                                \
         .offset = SV_REDUCE_AT(axes),                        \
         .since = slot_since,                                 \
         .slot = 1,                                           \
         .help = "as an input"},                              \
        {.name = "keepdims",                                  \
         .onnx = "keepdims",                                  \
         .type = SV_ATTR_BOOL,                                \
         .offset = SV_REDUCE_AT(keepdims),                    \
         .initial = 1,                                        \
         .help = "keep the reduced dimensions, with size 1"}, \
        {.name = "noop",                                      \
         .onnx = "noop_with_empty_axes",                      \
         .type = SV_ATTR_BOOL,                                \
         .offset = SV_REDUCE_AT(noop),                        \
         .since = slot_since,                                 \
         .help = "reduce nothing if no axes are given"},      \
    {                                                         \
      .name = NULL                                            \
    }                                                         \
  }

#define SV_REDUCE(op, type, formula, slot_since, reads_x, reads_y, becomes) \
  static const sv_attr attrs[] = SV_REDUCE_ATTRS(slot_since);               \
  SV_OP(op) = {                                                             \
      .name = #op,                                                          \
      .summary = formula,                                                   \
      .effect = becomes,                                                    \
      .onnx = (const sv_onnx_name[]){{type, 0, 0}, {NULL, 0, 0}},           \
      .in =                                                                 \
          (const sv_port[]){                                                \
              {.name = "x"},                                                \
              {.name = "axes", .role = SV_INDEX, .optional = true},         \
              {.name = NULL}},                                              \
      .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},              \
      .attrs = attrs,                                                       \
      .attrs_size = sizeof(sv_reduce_attrs),                                \
      .infer = sv_reduce_infer,                                             \
      .cost = sv_reduce_cost,                                               \
      .ref = {.forward = sv_reduce_forward,                                 \
              .backward_data = sv_reduce_backward,                          \
              .data_reads_in = (reads_x) ? SV_PORT(0) : 0,                  \
              .data_reads_out = (reads_y) ? SV_PORT(0) : 0,                 \
              .whole = WHOLE_TYPES,                                         \
              .folds = SV_FOLD_CONTENTS},                                   \
  }

#endif
