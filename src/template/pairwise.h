/* y = f(a, b), element by element, with broadcasting: everything except the
 * formula.
 *
 * Before including this, an operator's file defines, as expressions of a and b,
 *
 *     #define VALUE (a * b)
 *     #define SLOPE_A b            dy/da
 *     #define SLOPE_B a            dy/db
 *     #define READS_INPUTS         if the slopes read a or b
 *     #define COSTLY               if few elements are worth a thread
 *     #define ATTRIBUTES mod_attrs its struct, if it has attributes: `o` in the
 *                                  expressions
 *
 *     #define WHOLE_VALUE          y for integers a and b (template/whole.h)
 *     #define WHOLE_TYPES          integer types (sv_whole_types)
 *     #define WHOLE_FAULT          when it is undefined; WHOLE_FAULT_IS: why
 *     #define INFER infer          if it has its own shape rule
 *
 * and uses SV_PAIRWISE in its descriptor. */
#ifndef SV_TEMPLATE_PAIRWISE_H
#define SV_TEMPLATE_PAIRWISE_H

#include "base/thread.h"
#include "geometry/broadcast.h"
#include "template/sum.h"
#include "template/whole.h"

#ifdef COSTLY
enum { GRAIN = 1 << 10 };
#else
enum { GRAIN = 1 << 14 };
#endif

#ifdef READS_INPUTS
enum { READS = SV_PORT(0) | SV_PORT(1) };
#else
enum { READS = 0 };
#endif

#ifdef ATTRIBUTES
#define BIND_ATTRIBUTES const ATTRIBUTES *o = p->attrs
#else
#define BIND_ATTRIBUTES (void)0
#endif

#ifndef INFER
#define INFER sv_broadcast_infer
#endif

typedef struct pairs {
  sv_broadcast shape;
  const void *attrs;
  const real *a, *b, *dy;
  real *y, *diff; /* dy/da or dy/db */
} pairs;

static void forward_part(void *context, int64_t begin, int64_t end) {
  const pairs *p = context;
  sv_run run = {.next = begin};
  BIND_ATTRIBUTES;
  while (sv_broadcast_next(&p->shape, end, &run)) {
    const real *first = p->a + run.a, *second = p->b + run.b;
    real *y = p->y + run.y;
    for (int64_t i = 0; i < run.count; i++) {
      real a = first[i * run.a_step], b = second[i * run.b_step];
      y[i] = VALUE;
    }
  }
}

#ifdef WHOLE_VALUE
#ifndef WHOLE_FAULT
#define WHOLE_FAULT false
#define WHOLE_FAULT_IS ""
#endif

static sv_status forward_whole(const sv_args *args) {
  const sv_tensor *of_a = args->in[0], *of_b = args->in[1];
  sv_broadcast both = sv_broadcast_of(&of_a->shape, &of_b->shape);
  int64_t end = sv_broadcast_count(&both);
  sv_run run = {0};
  pairs pair = {.attrs = args->node->attrs}, *p = &pair;
  BIND_ATTRIBUTES;
  (void)p;
  while (sv_broadcast_next(&both, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      int64_t a = sv_tensor_whole(of_a, run.a + i * run.a_step);
      int64_t b = sv_tensor_whole(of_b, run.b + i * run.b_step);
      if (WHOLE_FAULT)
        return sv_fail(SV_INVALID, "element %lld: %s", (long long)(run.y + i),
                       WHOLE_FAULT_IS);
      sv_tensor_set_whole(args->out[0], run.y + i, WHOLE_VALUE);
    }
  return SV_OK;
}
#else
#define WHOLE_TYPES SV_WHOLE_NONE
#endif

static sv_status forward(const sv_args *args) {
#ifdef WHOLE_VALUE
  if (sv_dtype_is_whole(args->in[0]->dtype)) return forward_whole(args);
#endif
  pairs p = {.shape = sv_broadcast_of(&args->in[0]->shape, &args->in[1]->shape),
             .attrs = args->node->attrs,
             .a = sv_in(args, 0),
             .b = sv_in(args, 1),
             .y = sv_out(args, 0)};
  sv_parallel(sv_broadcast_count(&p.shape), GRAIN, forward_part, &p);
  return SV_OK;
}

/* Element i of a run: dL/da or dL/db of this pair only. */
static inline real part_of(const pairs *p, const sv_run *run, int64_t i,
                           bool of_a) {
  real a = READS ? p->a[run->a + i * run->a_step] : 0;
  real b = READS ? p->b[run->b + i * run->b_step] : 0;
  BIND_ATTRIBUTES;
  (void)a, (void)b;
  return p->dy[run->y + i] * (of_a ? SLOPE_A : SLOPE_B);
}

static void backward_a_part(void *context, int64_t begin, int64_t end) {
  const pairs *p = context;
  sv_run run = {.next = begin};
  while (sv_broadcast_next(&p->shape, end, &run))
    for (int64_t i = 0; i < run.count; i++)
      p->diff[run.y + i] = part_of(p, &run, i, true);
}

static void backward_b_part(void *context, int64_t begin, int64_t end) {
  const pairs *p = context;
  sv_run run = {.next = begin};
  while (sv_broadcast_next(&p->shape, end, &run))
    for (int64_t i = 0; i < run.count; i++)
      p->diff[run.y + i] = part_of(p, &run, i, false);
}

typedef struct sums_of {
  const pairs *pairs;
  bool of_a;
} sums_of;

static void add_terms(const void *context, int64_t begin, int64_t end,
                      double *sums) {
  const sums_of *s = context;
  const pairs *p = s->pairs;
  sv_run run = {0};
  while (sv_broadcast_next(&p->shape, sv_broadcast_count(&p->shape), &run)) {
    int64_t at = s->of_a ? run.a : run.b;
    int64_t step = s->of_a ? run.a_step : run.b_step;
    int64_t first = step && at < begin ? begin - at : 0;
    int64_t last = step && end - at < run.count ? end - at : run.count;
    if (!step && (at < begin || at >= end)) continue;
    for (int64_t i = first; i < last; i++)
      sums[at + i * step - begin] += part_of(p, &run, i, s->of_a);
  }
}

/* A broadcast element gets the sum of its copies' gradients. */
static void add_up(const pairs *p, bool of_a, int64_t own) {
  int64_t count = sv_broadcast_count(&p->shape);
  if (own > 0 && count / own > SV_LONG_SUM) {
    sv_sum_tiles(p->diff, own, add_terms, &(sums_of){p, of_a});
    return;
  }
  sv_run run = {0};
  for (int64_t i = 0; i < own; i++) p->diff[i] = 0;
  while (sv_broadcast_next(&p->shape, count, &run)) {
    int64_t at = of_a ? run.a : run.b, step = of_a ? run.a_step : run.b_step;
    for (int64_t i = 0; i < run.count; i++)
      p->diff[at + i * step] += part_of(p, &run, i, of_a);
  }
}

/* The gradient of one port. */
static void backward(const sv_args *args, int port) {
  sv_tensor *diff = args->diff_in[port];
  pairs p = {.shape = sv_broadcast_of(&args->in[0]->shape, &args->in[1]->shape),
             .attrs = args->node->attrs,
             .a = sv_in(args, 0),
             .b = sv_in(args, 1),
             .dy = sv_diff_out(args, 0),
             .diff = diff->data};
  int64_t count = sv_broadcast_count(&p.shape);
  int64_t own = sv_shape_count(&diff->shape);
  if (own != count)
    add_up(&p, port == 0, own);
  else
    sv_parallel(count, GRAIN, port == 0 ? backward_a_part : backward_b_part,
                &p);
}

/* b first: the gradient of a may overwrite dy. */
static inline sv_status backward_data(const sv_args *args) {
  for (int port = 1; port >= 0; port--)
    if (sv_diff_in(args, port)) backward(args, port);
  return SV_OK;
}

#define SV_PAIRWISE                                                        \
  .in = (const sv_port[]){{.name = "a"}, {.name = "b"}, {.name = NULL}},   \
  .out = (const sv_port[]){{.name = "y"}, {.name = NULL}}, .infer = INFER, \
  .ref = {.forward = forward,                                              \
          .backward_data = backward_data,                                  \
          .data_reads_in = READS,                                          \
          .in_place = true,                                                \
          .whole = WHOLE_TYPES,                                            \
          .folds = SV_FOLD_CONTENTS}

#endif
