/* cast: numbers as another type.
 *
 *   y = x, cut off towards 0 where y is whole; true is 1, what is not 0 is true
 *   dx = dy where both are real
 *
 * Real numbers are computed in the precision of the plan, whatever their width
 * is here. Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__Cast.html */
#include "template/casting.h"

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

static const char *const types[] = {"f32", "f64",  "i64", "i32",  "i8",
                                    "u8",  "bool", "f16", "bf16", NULL};
/* TensorProto.DataType */
static const int codes[] = {1, 11, 7, 6, 3, 2, 9, 10, 16};
static const sv_attr attrs[] = {{.name = "type",
                                 .onnx = "to",
                                 .type = SV_ATTR_CHOICE,
                                 .offset = offsetof(cast_attrs, type),
                                 .choices = types,
                                 .codes = codes,
                                 .position = 1,
                                 .required = true,
                                 .help = "of y"},
                                SV_CASTING(cast_attrs),
                                {.name = NULL}};

SV_OP(cast) = {
    .name = "cast",
    .summary = "y = x, converted to another type",
    .effect = SV_EFFECT_CASTS,
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
            .any_type = true,
            .moves = true},
};
