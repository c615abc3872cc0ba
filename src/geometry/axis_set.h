/* A set of axes: bits 1 << axis. */
#ifndef SV_GEOMETRY_AXIS_SET_H
#define SV_GEOMETRY_AXIS_SET_H

#include "op/op.h"

/* Adds an axis, checked by sv_check_axis; an error if it is in the set. */
static inline sv_status sv_axis_set_add(unsigned *set, int64_t *axis,
                                        int rank) {
  SV_TRY(sv_check_axis(axis, rank));
  if (*set >> *axis & 1)
    return sv_fail(SV_INVALID, "axis %d is given twice", (int)*axis);
  *set |= 1u << *axis;
  return SV_OK;
}

/* The set of a list. */
static inline sv_status sv_axis_set_of(unsigned *set, const sv_ints *axes,
                                       int rank) {
  *set = 0;
  for (int i = 0; i < axes->count; i++) {
    int64_t axis = axes->at[i];
    SV_TRY(sv_axis_set_add(set, &axis, rank));
  }
  return SV_OK;
}

#endif
