/* Shared by cast and cast_like: y = x in y's type, and dx = dy. */
#ifndef SV_TEMPLATE_CASTING_H
#define SV_TEMPLATE_CASTING_H

#include <string.h>

#include "op/op.h"
#include "tensor/tensor.h"

/* Rounds once: to f32 directly, not by way of double. */
static void put_whole(sv_tensor *y, int64_t i, int64_t value) {
  if (y->dtype == SV_F32)
    ((float *)y->data)[i] = (float)value;
  else
    sv_tensor_set_whole(y, i, value);
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *x = args->in[0];
  sv_tensor *y = args->out[0];
  int64_t count = sv_shape_count(&x->shape);
  if (x->dtype == y->dtype)
    memcpy(y->data, x->data, (size_t)count * sv_dtype_size(x->dtype));
  else if (sv_dtype_is_whole(x->dtype))
    for (int64_t i = 0; i < count; i++) put_whole(y, i, sv_tensor_whole(x, i));
  else
    for (int64_t i = 0; i < count; i++)
      sv_tensor_set(y, i, sv_tensor_get(x, i));
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  const sv_tensor *dx = args->diff_in[0], *dy = args->diff_out[0];
  memcpy(dx->data, dy->data, (size_t)sv_shape_count(&dx->shape) * sizeof(real));
  return SV_OK;
}

/* ONNX has these for 8-bit floating-point types, which are not supported. */
#define SV_CASTING(struct)                                                   \
  {.name = "saturate",                                                       \
   .onnx = "saturate",                                                       \
   .type = SV_ATTR_BOOL,                                                     \
   .offset = offsetof(struct, saturate),                                     \
   .initial = 1,                                                             \
   .since = 19,                                                              \
   .help = "used for 8-bit floating-point types only; ignored"},             \
  {                                                                          \
    .name = "rounding", .onnx = "round_mode", .type = SV_ATTR_CHOICE,        \
    .offset = offsetof(struct, rounding), .choices = roundings, .since = 24, \
    .help = "the same"                                                       \
  }

static const char *const roundings[] = {"up", "down", "nearest", NULL};

#endif
