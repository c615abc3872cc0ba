/* lp_norm: what lies along an axis, brought to the length 1.
 *
 *   y = x / n,  n = sum of |x| (p = 1), or sqrt(sum of x^2) (p = 2)
 *   dx = (dy - s sum of (dy y)) / n,  s = sign(x) (p = 1), or y (p = 2)
 *
 * Where n is 0 so are y and dx.
 *
 * Shapes: any; y as x.
 * Source: https://onnx.ai/onnx/operators/onnx__LpNormalization.html; of faces
 * Wang et al., "NormFace: L2 Hypersphere Embedding for Face Verification", 2017
 */
#include <math.h>

#include "base/thread.h"
#include "template/groups.h"

typedef struct lp_norm_attrs {
  int64_t axis, p;
} lp_norm_attrs;

static sv_status divide(sv_groups *g, const sv_node *node, const sv_shape *x) {
  const lp_norm_attrs *a = node->attrs;
  return sv_groups_of(g, x, &(sv_ints){.count = 1, .at = {a->axis}});
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_groups g;
  SV_TRY(sv_infer_same(node, in, out));
  return divide(&g, node, &in[0].shape);
}

/* Along the channels every pixel stays on its own. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t axis = ((const lp_norm_attrs *)node->attrs)->axis;
  (void)out;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = axis < 2;
  return SV_OK;
}

typedef struct normalising {
  sv_groups g;
  bool squares;
  const real *x, *dy;
  real *y, *dx;
} normalising;

static double length_of(const normalising *n, int64_t begin) {
  double sum = 0;
  SV_EACH_OF(&n->g, begin, i)
  sum += n->squares ? (double)n->x[i] * n->x[i] : fabs((double)n->x[i]);
  return n->squares ? sqrt(sum) : sum;
}

static void forward_groups(void *context, int64_t begin, int64_t end) {
  const normalising *n = context;
  for (int64_t group = begin; group < end; group++) {
    int64_t at = sv_groups_begin(&n->g, group);
    double length = length_of(n, at);
    SV_EACH_OF(&n->g, at, i)
    n->y[i] = length == 0 ? 0 : (real)(n->x[i] / length);
  }
}

static sv_status prepare(normalising *n, const sv_args *args) {
  const lp_norm_attrs *a = args->node->attrs;
  *n = (normalising){.x = sv_in(args, 0), .squares = a->p == 2};
  return divide(&n->g, args->node, &args->in[0]->shape);
}

static sv_status forward(const sv_args *args) {
  normalising n;
  SV_TRY(prepare(&n, args));
  n.y = sv_out(args, 0);
  sv_parallel(n.g.count, sv_groups_grain(&n.g), forward_groups, &n);
  return SV_OK;
}

static inline double sign(double x) { return (x > 0) - (x < 0); }

static void backward_groups(void *context, int64_t begin, int64_t end) {
  const normalising *n = context;
  for (int64_t group = begin; group < end; group++) {
    int64_t at = sv_groups_begin(&n->g, group);
    double length = length_of(n, at), sum = 0;
    double by = length == 0 ? 0 : 1 / length;
    SV_EACH_OF(&n->g, at, i) sum += n->dy[i] * (n->x[i] * by);
    SV_EACH_OF(&n->g, at, i) {
      double slope = n->squares ? n->x[i] * by : sign(n->x[i]);
      n->dx[i] = (real)((n->dy[i] - slope * sum) * by);
    }
  }
}

static sv_status backward_data(const sv_args *args) {
  normalising n;
  SV_TRY(prepare(&n, args));
  n.dy = sv_diff_out(args, 0);
  n.dx = sv_diff_in(args, 0);
  sv_parallel(n.g.count, sv_groups_grain(&n.g), backward_groups, &n);
  return SV_OK;
}

static const sv_attr attrs[] = {
    {.name = "p",
     .onnx = "p",
     .type = SV_ATTR_INT,
     .offset = offsetof(lp_norm_attrs, p),
     .initial = 2,
     .min = 1,
     .max = 2,
     .position = 1,
     .help = "order of the norm: 1 for absolute values, 2 for squares"},
    {.name = "axis",
     .onnx = "axis",
     .type = SV_ATTR_INT,
     .offset = offsetof(lp_norm_attrs, axis),
     .initial = -1,
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 2,
     .help = "the dimension; -1: the last"},
    {.name = NULL}};

SV_OP(lp_norm) = {
    .name = "lp_norm",
    .summary = "y = x / (sum of |x|^p)^(1/p), along an axis",
    .effect = SV_EFFECT_NORMALISES,
    .onnx = (const sv_onnx_name[]){{"LpNormalization", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(lp_norm_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0)},
};
