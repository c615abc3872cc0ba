/* The address of an attribute in its operator's struct. */
#ifndef SV_OP_ATTR_AT_H
#define SV_OP_ATTR_AT_H

#include "op/op.h"

static inline int64_t *int_at(void *attrs, const sv_attr *row) {
  return (int64_t *)((char *)attrs + row->offset);
}
static inline float *float_at(void *attrs, const sv_attr *row) {
  return (float *)((char *)attrs + row->offset);
}
static inline bool *bool_at(void *attrs, const sv_attr *row) {
  return (bool *)((char *)attrs + row->offset);
}
static inline int *choice_at(void *attrs, const sv_attr *row) {
  return (int *)((char *)attrs + row->offset);
}
static inline sv_ints *ints_at(void *attrs, const sv_attr *row) {
  return (sv_ints *)((char *)attrs + row->offset);
}
static inline sv_floats *floats_at(void *attrs, const sv_attr *row) {
  return (sv_floats *)((char *)attrs + row->offset);
}
static inline sv_padding *padding_at(void *attrs, const sv_attr *row) {
  return (sv_padding *)((char *)attrs + row->offset);
}
/* For a struct that is only read. */
static inline void *readable(const void *attrs) {
  return (void *)(uintptr_t)attrs;
}

#endif
