/* mod: what a division leaves, element by element.
 *
 *   y = a - b floor(a / b), which has the sign of b; or
 *   y = a - b trunc(a / b), which has the sign of a, with `fmod`
 *   da = dy, db = -dy floor(a / b), or trunc,
 *
 * each gradient summed over the dimensions in which its input is repeated.
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Mod.html */
#include <tgmath.h>

#include "graph/compose.h"
#include "template/whole.h"

typedef struct mod_attrs {
  bool fmod, floored;
} mod_attrs;

static inline real remains(real a, real b, const mod_attrs *o) {
  real left = fmod(a, b);
  return !o->fmod && left != 0 && (left < 0) != (b < 0) ? left + b : left;
}

static inline real quotient(real a, real b, const mod_attrs *o) {
  return o->fmod ? trunc(a / b) : floor(a / b);
}

static inline int64_t whole_remains(int64_t a, int64_t b, const mod_attrs *o) {
  int64_t left = sv_whole_rest(a, b);
  return !o->fmod && left != 0 && (left < 0) != (b < 0) ? left + b : left;
}

#define ATTRIBUTES mod_attrs
#define VALUE remains(a, b, o)
#define SLOPE_A 1
#define SLOPE_B -quotient(a, b, o)
#define READS_INPUTS
#define COSTLY
#define WHOLE_VALUE whole_remains(a, b, o)
#define WHOLE_TYPES SV_WHOLE_ALL
#define WHOLE_FAULT (b == 0)
#define WHOLE_FAULT_IS "a division by zero"
#define INFER infer

#include "template/pairwise.h"

/* Of whole numbers ONNX always had both, of real ones at first only `fmod`. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  mod_attrs *o = attrs;
  bool whole = in_count > 0 && in[0].present && in[0].dtype != SV_F32 &&
               in[0].dtype != SV_F64;
  if (o->fmod || whole) o->floored = false;
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const mod_attrs *o = node->attrs;
  SV_TRY(sv_broadcast_infer(node, in, out));
  bool whole = in[0].dtype != SV_F32 && in[0].dtype != SV_F64;
  if (o->fmod || o->floored || whole) return SV_OK;
  return sv_fail(SV_INVALID, "floating-point inputs need fmod before opset 28");
}

/* With fmod alone, where what is left has the other sign. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const mod_attrs fmod = {.fmod = true};
  (void)node;
  sv_value left = sv_apply(g, "mod", in, 2, &fmod);
  sv_value sign = sv_two(g, "mul", sv_one(g, "sign", left, NULL),
                         sv_one(g, "sign", in[1], NULL));
  sv_value other = sv_with(g, "less", sign, "zero", 0);
  sv_value added = sv_two(g, "add", left, in[1]);
  out[0] = sv_apply(g, "where", (sv_value[]){other, added, left}, 3, NULL);
  return sv_graph_check(g);
}

static const sv_attr attrs[] = {
    {.name = "fmod",
     .onnx = "fmod",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(mod_attrs, fmod),
     .position = 1,
     .help = "y has the sign of a instead of b"},
    /* Not an attribute of ONNX: what it allows since opset 28. */
    {.name = "floored",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(mod_attrs, floored),
     .initial = 1,
     .help = "allow floating-point inputs with the sign of b"},
    {.name = "floored",
     .type = SV_ATTR_BOOL,
     .offset = offsetof(mod_attrs, floored),
     .until = 27,
     .help = "form of older opsets"},
    {.name = NULL}};

SV_OP(mod) = {
    .name = "mod",
    .summary = "y = the remainder of a / b, element by element",
    .onnx = (const sv_onnx_name[]){{"Mod", 10, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(mod_attrs),
    .settle = settle,
    .expand = expand,
    SV_PAIRWISE,
};
