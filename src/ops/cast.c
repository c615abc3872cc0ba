/* cast: numbers as another type.
 *
 *   y = x, cut off towards 0 where y is whole; true is 1, what is not 0 is true
 *   dx = dy where both are real
 *
 * Real numbers are computed in the precision of the plan, whatever their width
 * is here. Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Cast.html */
#include <string.h>

#include "ops/op.h"
#include "tensor/tensor.h"

typedef struct cast_attrs {
  int type, rounding;
  bool saturate;
} cast_attrs;

enum type { F32, F64, I64, I32, I8, U8, BOOL, F16, BF16 };

/* So that a file that is saved holds one width of real numbers. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  cast_attrs *a = attrs;
  (void)in, (void)in_count;
  if (a->type == F64 || a->type == F16 || a->type == BF16) a->type = F32;
  return SV_OK;
}

static bool is_real(sv_dtype dtype) {
  return dtype == SV_F32 || dtype == SV_F64;
}

static sv_dtype type_of(const sv_node *node, sv_dtype from) {
  switch ((enum type)((const cast_attrs *)node->attrs)->type) {
    case I64: return SV_I64;
    case I32: return SV_I32;
    case I8: return SV_I8;
    case U8: return SV_U8;
    case BOOL: return SV_BOOL;
    default: return is_real(from) ? from : SV_F32;
  }
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  out[0].dtype = type_of(node, in[0].dtype);
  out[0].shape = in[0].shape;
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const sv_tensor *x = args->in[0];
  sv_tensor *y = args->out[0];
  int64_t count = sv_shape_count(&x->shape);
  if (x->dtype == y->dtype)
    memcpy(y->data, x->data, (size_t)count * sv_dtype_size(x->dtype));
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

static const char *const types[] = {"f32", "f64",  "i64", "i32",  "i8",
                                    "u8",  "bool", "f16", "bf16", NULL};
/* TensorProto.DataType */
static const int codes[] = {1, 11, 7, 6, 3, 2, 9, 10, 16};
static const char *const roundings[] = {"up", "down", "nearest", NULL};
static const sv_attr attrs[] = {{.name = "type",
                                 .onnx = "to",
                                 .type = SV_ATTR_CHOICE,
                                 .offset = offsetof(cast_attrs, type),
                                 .choices = types,
                                 .codes = codes,
                                 .position = 1,
                                 .until = 5,
                                 .help = "of y"},
                                {.name = "type",
                                 .onnx = "to",
                                 .type = SV_ATTR_CHOICE,
                                 .offset = offsetof(cast_attrs, type),
                                 .initial = -1, /* always said */
                                 .choices = types,
                                 .codes = codes,
                                 .since = 6,
                                 .help = "as ONNX has it"},
                                {.name = "saturate",
                                 .onnx = "saturate",
                                 .type = SV_ATTR_BOOL,
                                 .offset = offsetof(cast_attrs, saturate),
                                 .initial = 1,
                                 .since = 19,
                                 .help = "of types with 8 bits, which there "
                                         "are none of here"},
                                {.name = "rounding",
                                 .onnx = "round_mode",
                                 .type = SV_ATTR_CHOICE,
                                 .offset = offsetof(cast_attrs, rounding),
                                 .choices = roundings,
                                 .since = 24,
                                 .help = "the same"},
                                {.name = NULL}};

SV_OP(cast) = {
    .name = "cast",
    .summary = "y = x as another type",
    .onnx = (const sv_onnx_name[]){{"Cast", 6, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(cast_attrs),
    .settle = settle,
    .infer = infer,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
