/* y = f(x), element by element: everything except the formula.
 *
 * Before including this, an operator's file defines
 *
 *     #define ATTRIBUTES elu         its struct, if it has attributes
 *     #define COSTLY                 if few elements are worth a thread
 *     static inline real value(real x, const elu *a);
 *     #define GRADIENT_READS_X       or _Y, or neither
 *     static inline real gradient(real dy, real x, const elu *a);
 *
 * and uses SV_POINTWISE in its descriptor. Without attributes the functions
 * have no `a`. The second argument of `gradient` is y if it reads y, and unused
 * if it reads neither. If the gradient is zero wherever it exists, define
 * NO_GRADIENT instead. If the operator is defined for integers x, WHOLE_VALUE
 * is y as an expression and WHOLE_TYPES are the integer types
 * (sv_whole_types). */
#ifndef SV_TEMPLATE_POINTWISE_H
#define SV_TEMPLATE_POINTWISE_H

#include "base/thread.h"
#include "op/op.h"
#include "template/whole.h"

#ifdef COSTLY
enum { GRAIN = 1 << 10 };
#else
enum { GRAIN = 1 << 14 };
#endif

#ifdef ATTRIBUTES
#define BIND_ATTRIBUTES const ATTRIBUTES a = *(ATTRIBUTES *)args->node->attrs
#define VALUE(x) value(x, &a)
#define GRADIENT(dy, x) gradient(dy, x, &a)
#else
#define BIND_ATTRIBUTES (void)0
#define VALUE(x) value(x)
#define GRADIENT(dy, x) gradient(dy, x)
#endif

static void forward_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  const real *x = sv_in(args, 0);
  real *y = sv_out(args, 0);
  BIND_ATTRIBUTES;
  for (int64_t i = begin; i < end; i++) y[i] = VALUE(x[i]);
}

#ifdef WHOLE_VALUE
static void whole_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  BIND_ATTRIBUTES;
  for (int64_t i = begin; i < end; i++) {
    int64_t x = sv_tensor_whole(args->in[0], i);
    sv_tensor_set_whole(args->out[0], i, WHOLE_VALUE);
  }
}
#else
#define WHOLE_TYPES SV_WHOLE_NONE
#endif

static sv_status forward(const sv_args *args) {
  int64_t count = sv_shape_count(&args->out[0]->shape);
#ifdef WHOLE_VALUE
  if (sv_dtype_is_whole(args->in[0]->dtype)) {
    sv_parallel(count, GRAIN, whole_part, (void *)args);
    return SV_OK;
  }
#endif
  sv_parallel(count, GRAIN, forward_part, (void *)args);
  return SV_OK;
}

#ifdef NO_GRADIENT
#define BACKWARD NULL
#define STOPS true
#define READS
#else
#define BACKWARD backward_data
#define STOPS false
#if defined GRADIENT_READS_X
#define READS .data_reads_in = SV_PORT(0),
#define READ sv_in(args, 0)
#elif defined GRADIENT_READS_Y
#define READS .data_reads_out = SV_PORT(0),
#define READ sv_out(args, 0)
#else
#define READS
#define READ dy
#endif

static void backward_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  const real *dy = sv_diff_out(args, 0), *x = READ;
  real *dx = sv_diff_in(args, 0);
  BIND_ATTRIBUTES;
  for (int64_t i = begin; i < end; i++) dx[i] = GRADIENT(dy[i], x[i]);
}

static sv_status backward_data(const sv_args *args) {
  int64_t count = sv_shape_count(&args->diff_in[0]->shape);
  sv_parallel(count, GRAIN, backward_part, (void *)args);
  return SV_OK;
}
#endif

/* Ports, shapes and reference of the descriptor. */
#define SV_POINTWISE                                                          \
  .in =                                                                       \
      (const sv_port[]){{.name = "x", .no_gradient = STOPS}, {.name = NULL}}, \
  .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},                    \
  .infer = sv_infer_same,                                                     \
  .ref = {.forward = forward,                                                 \
          .backward_data = BACKWARD,                                          \
          READS.in_place = true,                                              \
          .pointwise = true,                                                  \
          .whole = WHOLE_TYPES,                                               \
          .folds = SV_FOLD_CONTENTS}

#endif
