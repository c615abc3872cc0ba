/* Two tensors brought to one shape, as numpy does it: dimensions are compared
 * from the last one on, and one of size 1 is repeated.
 * Source: https://onnx.ai/onnx/repo-docs/Broadcasting.html */
#ifndef SV_OPS_BROADCAST_H
#define SV_OPS_BROADCAST_H

#include "ops/op.h"

/* infer of an operator with the ports a and b. */
sv_status sv_broadcast_infer(const sv_node *node, const sv_info *in,
                             sv_info *out);

/* The result's dimensions, neighbours joined where that is possible, and how
 * far a step along one goes in a and b: 0 where they are repeated. */
typedef struct sv_broadcast {
  int rank; /* at least 1 */
  int64_t dim[SV_MAX_RANK], a[SV_MAX_RANK], b[SV_MAX_RANK];
} sv_broadcast;

/* The shapes are known to fit. */
sv_broadcast sv_broadcast_of(const sv_shape *a, const sv_shape *b);
int64_t sv_broadcast_count(const sv_broadcast *shape);

/* Elements y[0 .. count-1] of one row of the result, and where a and b begin;
 * these go on by a_step and b_step. Start with {.next = begin}. */
typedef struct sv_run {
  int64_t next;
  int64_t y, a, b, count;
  int64_t a_step, b_step;
} sv_run;

/* The next run before element `end` of the result; false after the last. */
bool sv_broadcast_next(const sv_broadcast *shape, int64_t end, sv_run *run);

/* da = sign * dy * other (left out: NULL), summed over the elements of y that
 * an element of a was repeated for. `other` is the operator's other input. */
static inline void sv_broadcast_gradient(sv_tensor *da, const sv_tensor *dy,
                                         const sv_tensor *other, real sign) {
  const sv_tensor *second = other ? other : dy;
  sv_broadcast shape = sv_broadcast_of(&da->shape, &second->shape);
  int64_t count = sv_broadcast_count(&shape), own = sv_shape_count(&da->shape);
  real *to = da->data;
  const real *from = dy->data, *factor = other ? other->data : NULL;
  for (int64_t i = 0; i < own; i++) to[i] = 0;
  sv_run run = {0};
  while (sv_broadcast_next(&shape, count, &run))
    for (int64_t i = 0; i < run.count; i++) {
      real slope = sign * from[run.y + i];
      if (factor) slope *= factor[run.b + i * run.b_step];
      to[run.a + i * run.a_step] += slope;
    }
}

#endif
