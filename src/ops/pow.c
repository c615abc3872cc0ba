/* pow: the power of two tensors, element by element.
 *
 *   y = a^b
 *   da = dy b a^(b-1), db = dy a^b log(a); 0 where b and where a is 0,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's. b may be of
 * whole numbers, and has no gradient then.
 * Source: https://onnx.ai/onnx/operators/onnx__Pow.html */
#include <string.h>
#include <tgmath.h>

#include "template/whole.h"

/* By repeated squaring; of a negative exponent what is left of a fraction. */
static inline int64_t whole_power(int64_t a, int64_t b) {
  int64_t y = 1;
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
  for (; b > 0; b /= 2, a = sv_whole_mul(a, a))
    if (b % 2) y = sv_whole_mul(y, a);
  return y;
}

#define WHOLE_VALUE whole_power(a, b)
#define WHOLE_TYPES SV_WHOLE_WIDE
#define WHOLE_FAULT (a == 0 && b < 0)
#define WHOLE_FAULT_IS "a division by zero"
#define COSTLY
#define VALUE (pow(a, b))
#define SLOPE_A (b == 0 ? 0 : b * pow(a, b - 1))
#define SLOPE_B (a == 0 && b >= 0 ? 0 : pow(a, b) * log(a))
#define READS_INPUTS

#include "template/pairwise.h"

/* ---- Whole exponents ---- */

static bool is_whole(sv_dtype type) { return type == SV_I64 || type == SV_I32; }

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_inputs(node, in));
  bool both = is_whole(in[0].dtype) && is_whole(in[1].dtype);
  if (in[0].dtype == in[1].dtype ||
      (!both && !is_whole(in[1].dtype) && !is_whole(in[0].dtype)))
    return sv_broadcast_infer(node, in, out);
  for (int i = 0; i < 2; i++)
    if (in[i].dtype != SV_F32 && in[i].dtype != SV_F64 &&
        !is_whole(in[i].dtype))
      return sv_fail(SV_UNSUPPORTED, "input %s is %s, expected f32, i64, i32",
                     node->op->in[i].name, sv_dtype_name(in[i].dtype));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  return sv_broadcast_shape(&out[0].shape, &in[1].shape);
}

static sv_status forward_any(const sv_args *args) {
  const sv_tensor *exponent = args->in[1];
  sv_tensor *y = args->out[0];
  const sv_tensor *base = args->in[0];
  if (is_whole(base->dtype) == is_whole(exponent->dtype)) return forward(args);
  sv_broadcast both = sv_broadcast_of(&args->in[0]->shape, &exponent->shape);
  int64_t end = sv_broadcast_count(&both);
  sv_run run = {0};
  while (sv_broadcast_next(&both, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      real a = (real)sv_tensor_get(base, run.a + i * run.a_step);
      real b = (real)sv_tensor_get(exponent, run.b + i * run.b_step);
      sv_tensor_set(y, run.y + i, (double)VALUE);
    }
  return SV_OK;
}

static sv_status backward_any(const sv_args *args) {
  const sv_tensor *exponent = args->in[1], *base = args->in[0];
  if (!is_whole(exponent->dtype)) return backward_data(args);
  real *da = sv_diff_in(args, 0);
  sv_broadcast both = sv_broadcast_of(&base->shape, &exponent->shape);
  int64_t end = sv_broadcast_count(&both), own = sv_shape_count(&base->shape);
  sv_run run = {0};
  /* da may lie over dy where they are alike. */
  if (da && own != end) memset(da, 0, (size_t)own * sizeof *da);
  while (da && sv_broadcast_next(&both, end, &run))
    for (int64_t i = 0; i < run.count; i++) {
      int64_t at = run.a + i * run.a_step;
      real a = sv_in(args, 0)[at];
      real b = (real)sv_tensor_get(exponent, run.b + i * run.b_step);
      real part = sv_diff_out(args, 0)[run.y + i] * SLOPE_A;
      da[at] = own == end ? part : da[at] + part;
    }
  return SV_OK;
}

/* ---- Tables ---- */

SV_OP(pow) = {
    .name = "pow",
    .summary = "y = a^b, element by element",
    .effect = SV_EFFECT_RAISES,
    .onnx = (const sv_onnx_name[]){{"Pow", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "a"}, {.name = "b"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = infer,
    .ref = {.forward = forward_any,
            .backward_data = backward_any,
            .data_reads_in = READS,
            .in_place = true,
            .whole = WHOLE_TYPES,
            .folds = SV_FOLD_CONTENTS},
};
