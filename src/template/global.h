/* Shared by global poolings. Included by operators. */
#ifndef SV_TEMPLATE_GLOBAL_H
#define SV_TEMPLATE_GLOBAL_H

#include "op/op.h"

/* x N C D1 ..., y N C 1 ... */
static inline sv_status sv_global_infer(const sv_node *node, const sv_info *in,
                                        sv_info *out) {
  SV_TRY(sv_check_real(node, in));
  const sv_shape *x = &in[0].shape;
  bool empty = x->rank < 3;
  for (int d = 2; d < x->rank; d++) empty |= x->dim[d] < 1;
  if (empty)
    return sv_fail(SV_INVALID, "input x is %s, expected N C H W",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  out[0].dtype = in[0].dtype;
  out[0].shape = *x;
  for (int d = 2; d < x->rank; d++) out[0].shape.dim[d] = 1;
  return SV_OK;
}

/* The number of elements of a map. */
static inline int64_t sv_global_size(const sv_shape *x) {
  int64_t size = 1;
  for (int d = 2; d < x->rank; d++) size *= x->dim[d];
  return size;
}

#endif
