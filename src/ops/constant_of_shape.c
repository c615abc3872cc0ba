/* constant_of_shape: one number everywhere.
 *
 *   y = value; no gradient
 *
 * Shapes: as the input says, a list of whole numbers that is known when a plan
 * is compiled.
 * Source: https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html */
#include "op/op.h"
#include "tensor/tensor.h"

typedef struct constant_attrs {
  float value;
  int type;
} constant_attrs;

enum { F32, F64 }; /* in the order of dtypes */
static const sv_dtype dtypes[] = {SV_F32, SV_F32, SV_I64, SV_I32,
                                  SV_I8,  SV_U8,  SV_BOOL};

/* So that a file that is saved holds one width of real numbers. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  constant_attrs *a = attrs;
  (void)in, (void)in_count;
  if (a->type == F64) a->type = F32;
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const constant_attrs *a = node->attrs;
  const sv_tensor *shape = in[0].content;
  SV_TRY(sv_check_inputs(node, in));
  if (in[0].dtype != SV_I64 || in[0].shape.rank != 1)
    return sv_fail(SV_INVALID, "shape is %s of %s, expected a list of i64",
                   sv_dtype_name(in[0].dtype),
                   sv_shape_text(&in[0].shape, (char[SV_SHAPE_TEXT]){0}));
  if (in[0].shape.dim[0] > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED, "%lld dimensions, at most %d are supported",
                   (long long)in[0].shape.dim[0], SV_MAX_RANK);
  out[0].dtype = dtypes[a->type];
  out[0].shape = (sv_shape){.rank = shape ? (int)in[0].shape.dim[0] : -1};
  for (int d = 0; d < out[0].shape.rank; d++) {
    out[0].shape.dim[d] = ((const int64_t *)shape->data)[d];
    if (out[0].shape.dim[d] < 0)
      return sv_fail(SV_INVALID, "dimension %d is %lld", d,
                     (long long)out[0].shape.dim[d]);
  }
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const constant_attrs *a = args->node->attrs;
  int64_t count = sv_shape_count(&args->out[0]->shape);
  for (int64_t i = 0; i < count; i++) sv_tensor_set(args->out[0], i, a->value);
  return SV_OK;
}

static const char *const types[] = {"f32", "f64", "i64",  "i32",
                                    "i8",  "u8",  "bool", NULL};
/* TensorProto.DataType */
static const int codes[] = {1, 11, 7, 6, 3, 2, 9};
static const sv_attr attrs[] = {{.name = "value",
                                 .onnx = "value",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = offsetof(constant_attrs, value),
                                 .min = -3e38,
                                 .max = 3e38,
                                 .tensor = true,
                                 .position = 1,
                                 .help = "value of every element"},
                                {.name = "type",
                                 .onnx = "value",
                                 .type = SV_ATTR_CHOICE,
                                 .offset = offsetof(constant_attrs, type),
                                 .choices = types,
                                 .codes = codes,
                                 .tensor = true,
                                 .position = 2,
                                 .help = "of y"},
                                {.name = NULL}};

SV_OP(constant_of_shape) = {
    .name = "constant_of_shape",
    .summary = "y = a tensor of the given shape, filled with one value",
    .onnx = (const sv_onnx_name[]){{"ConstantOfShape", 9, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "shape", .role = SV_INDEX},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(constant_attrs),
    .settle = settle,
    .infer = infer,
    .ref = {.forward = forward, .folds = SV_FOLD_CONTENTS, .any_type = true},
};
