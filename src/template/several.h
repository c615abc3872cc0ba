/* y of any number of inputs, element by element, with broadcasting: everything
 * except the formula.
 *
 * Before including this, an operator's file defines, as expressions,
 *
 *     #define JOIN (y + x)        of y so far and another input
 *     #define FINISH (y / count)  of `count` inputs
 *     #define GRADIENT dy         of dy, count and, if PICKED, x and y
 *     #define PICKED              y is one of x; `count` inputs equal it
 *
 *     #define WHOLE_JOIN y        JOIN for integers, of WHOLE_TYPES
 *
 * and uses SV_SEVERAL in its descriptor. */
#ifndef SV_TEMPLATE_SEVERAL_H
#define SV_TEMPLATE_SEVERAL_H

#include "geometry/broadcast.h"
#include "template/sum.h"
#include "template/whole.h"

#ifdef PICKED
enum { READS = SV_PORT(0) };
#else
enum { READS = 0 };
#endif

static void take(real *to, const sv_shape *shape, const sv_tensor *in,
                 bool first) {
  sv_broadcast both = sv_broadcast_of(shape, &in->shape);
  int64_t end = sv_broadcast_count(&both);
  sv_run run = {0};
  while (sv_broadcast_next(&both, end, &run)) {
    const real *from = (const real *)in->data + run.b;
    for (int64_t i = 0; i < run.count; i++) {
      real x = from[i * run.b_step], y = to[run.y + i];
      to[run.y + i] = first ? x : JOIN;
    }
  }
}

#ifdef WHOLE_JOIN
static void take_whole(sv_tensor *to, const sv_tensor *in, bool first) {
  sv_broadcast both = sv_broadcast_of(&to->shape, &in->shape);
  int64_t end = sv_broadcast_count(&both);
  sv_run run = {0};
  while (sv_broadcast_next(&both, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      int64_t x = sv_tensor_whole(in, run.b + i * run.b_step);
      int64_t y = first ? x : sv_tensor_whole(to, run.y + i);
      sv_tensor_set_whole(to, run.y + i, WHOLE_JOIN);
    }
}
#else
#define WHOLE_TYPES SV_WHOLE_NONE
#endif

static sv_status forward(const sv_args *args) {
#ifdef WHOLE_JOIN
  bool whole = sv_dtype_is_whole(args->out[0]->dtype);
  for (int k = 0; whole && k < args->node->in_count; k++)
    take_whole(args->out[0], args->in[k], k == 0);
  if (whole) return SV_OK;
#endif
  const sv_shape *shape = &args->out[0]->shape;
  real *to = sv_out(args, 0), count = (real)args->node->in_count;
  int64_t elements = sv_shape_count(shape);
  for (int k = 0; k < args->node->in_count; k++)
    take(to, shape, args->in[k], k == 0);
  (void)count;
  for (int64_t i = 0; i < elements; i++) {
    real y = to[i];
    to[i] = FINISH;
  }
  return SV_OK;
}

/* The position of element i of shape y in a tensor broadcast to it. */
static inline int64_t position(const sv_shape *y, const sv_shape *x,
                               int64_t i) {
  int64_t at = 0, step = 1;
  if (sv_shape_equal(x, y)) return i;
  for (int d = y->rank - 1, e = x->rank - 1; e >= 0; d--, e--) {
    if (x->dim[e] > 1) at += i % y->dim[d] * step;
    step *= x->dim[e];
    i /= y->dim[d];
  }
  return at;
}

/* The number of inputs that are equal to y there, or NaN like it. */
static inline int count_equal(const sv_args *args, const sv_shape *shape,
                              int64_t i) {
  int count = 0;
  real y = sv_out(args, 0)[i];
  for (int k = 0; k < args->node->in_count; k++) {
    real x = sv_in(args, k)[position(shape, &args->in[k]->shape, i)];
    count += x == y || (x != x && y != y);
  }
  return count;
}

typedef struct terms {
  const sv_args *args;
  int input;
} terms;

/* The contribution of element i of dy to element `at` of input k. */
static inline real part_of(const sv_args *args, int k, int64_t at, int64_t i) {
  const sv_shape *shape = &args->diff_out[0]->shape;
  real dy = sv_diff_out(args, 0)[i];
  real x = READS ? sv_in(args, k)[at] : 0, y = READS ? sv_out(args, 0)[i] : 0;
  real count =
      (real)(READS ? count_equal(args, shape, i) : args->node->in_count);
  (void)x, (void)y, (void)count;
  return GRADIENT;
}

static void add_terms(const void *context, int64_t begin, int64_t end,
                      double *sums) {
  const terms *t = context;
  sv_broadcast both = sv_broadcast_of(&t->args->diff_out[0]->shape,
                                      &t->args->diff_in[t->input]->shape);
  int64_t elements = sv_broadcast_count(&both);
  sv_run run = {0};
  while (sv_broadcast_next(&both, elements, &run))
    for (int64_t i = 0; i < run.count; i++) {
      int64_t at = run.b + i * run.b_step;
      if (at >= begin && at < end)
        sums[at - begin] += part_of(t->args, t->input, at, run.y + i);
    }
}

static void backward(const sv_args *args, int k) {
  sv_tensor *diff = args->diff_in[k];
  int64_t own = sv_shape_count(&diff->shape);
  sv_broadcast both = sv_broadcast_of(&args->diff_out[0]->shape, &diff->shape);
  int64_t end = sv_broadcast_count(&both);
  real *dx = diff->data;
  if (end > own * SV_LONG_SUM) {
    sv_sum_tiles(dx, own, add_terms, &(terms){args, k});
    return;
  }
  sv_run run = {0};
  for (int64_t i = 0; i < own; i++) dx[i] = 0;
  while (sv_broadcast_next(&both, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      int64_t at = run.b + i * run.b_step;
      dx[at] += part_of(args, k, at, run.y + i);
    }
}

static sv_status backward_data(const sv_args *args) {
  for (int k = 0; k < args->node->in_count; k++)
    if (sv_diff_in(args, k)) backward(args, k);
  return SV_OK;
}

#define SV_SEVERAL                                                          \
  .in = (const sv_port[]){{.name = "x", .variadic = true}, {.name = NULL}}, \
  .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},                  \
  .infer = sv_broadcast_infer,                                              \
  .ref = {.forward = forward,                                               \
          .backward_data = backward_data,                                   \
          .data_reads_in = READS,                                           \
          .data_reads_out = READS,                                          \
          .whole = WHOLE_TYPES,                                             \
          .folds = SV_FOLD_CONTENTS}

#endif
