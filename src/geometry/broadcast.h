/* Broadcasting as in NumPy: dimensions are compared from the last one on, and
 * one of size 1 is repeated. Source:
 * https://onnx.ai/onnx/repo-docs/Broadcasting.html */
#ifndef SV_GEOMETRY_BROADCAST_H
#define SV_GEOMETRY_BROADCAST_H

#include "op/op.h"

/* *y becomes the broadcast shape of y and x. */
sv_status sv_broadcast_shape(sv_shape *y, const sv_shape *x) SV_CHECKED;

/* infer of an operator that broadcasts all inputs. */
sv_status sv_broadcast_infer(const sv_node *node, const sv_info *in,
                             sv_info *out);

/* The result's dimensions, with neighbours merged if possible, and the step of
 * each in a and b: 0 if repeated. */
typedef struct sv_broadcast {
  int rank; /* at least 1 */
  int64_t dim[SV_MAX_RANK], a[SV_MAX_RANK], b[SV_MAX_RANK];
} sv_broadcast;

/* The shapes must be compatible. */
sv_broadcast sv_broadcast_of(const sv_shape *a, const sv_shape *b);
int64_t sv_broadcast_count(const sv_broadcast *shape);

/* Elements y[0 .. count-1] of one row of the result, and their starts in a and
 * b, which advance by a_step and b_step. Start with {.next = begin}. */
typedef struct sv_run {
  int64_t next;
  int64_t y, a, b, count;
  int64_t a_step, b_step;
} sv_run;

/* The next run before element `end` of the result; false after the last. */
bool sv_broadcast_next(const sv_broadcast *shape, int64_t end, sv_run *run);

#endif
