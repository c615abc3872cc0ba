/* mean_variance_norm: what lies along some axes brought to mean 0 and variance
 * 1, without scale and bias.
 *
 *   y = (x - m) / q,  q = s + 1e-9,  m the mean of x, s^2 that of (x - m)^2
 *   dx = (dy - mean of dy) / q - y / s mean of (dy y), where s = 0 without y
 *
 * Shapes: any; y as x. Usually all but the channels of N C H W go together.
 * Source: https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
 */
#include <math.h>

#include "base/thread.h"
#include "template/groups.h"

typedef struct mean_variance_attrs {
  sv_ints axes;
} mean_variance_attrs;

static const double least = 1e-9; /* as ONNX's definition has it */

/* Said in files, too: their axes are a default that not all readers know. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  mean_variance_attrs *a = attrs;
  (void)in, (void)in_count;
  if (!a->axes.count) a->axes = (sv_ints){.count = 3, .at = {0, 2, 3}};
  return SV_OK;
}

static sv_status divide(sv_groups *g, const sv_node *node, const sv_shape *x) {
  const mean_variance_attrs *a = node->attrs;
  return sv_groups_of(g, x, &a->axes);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_groups g;
  SV_TRY(sv_infer_same(node, in, out));
  return divide(&g, node, &in[0].shape);
}

typedef struct normalising {
  sv_groups g;
  const real *x, *dy;
  real *y, *dx;
} normalising;

typedef struct moments {
  double mean, deviation;
} moments;

static moments moments_of(const normalising *n, int64_t begin) {
  double sum = 0, squares = 0, size = (double)n->g.size;
  SV_EACH_OF(&n->g, begin, i) sum += n->x[i];
  double mean = sum / size;
  SV_EACH_OF(&n->g, begin, i)
  squares += (n->x[i] - mean) * (n->x[i] - mean);
  return (moments){mean, sqrt(squares / size)};
}

static void forward_groups(void *context, int64_t begin, int64_t end) {
  const normalising *n = context;
  for (int64_t group = begin; group < end; group++) {
    int64_t at = sv_groups_begin(&n->g, group);
    moments m = moments_of(n, at);
    SV_EACH_OF(&n->g, at, i)
    n->y[i] = (real)((n->x[i] - m.mean) / (m.deviation + least));
  }
}

static sv_status forward(const sv_args *args) {
  normalising n = {.x = sv_in(args, 0), .y = sv_out(args, 0)};
  SV_TRY(divide(&n.g, args->node, &args->in[0]->shape));
  sv_parallel(n.g.count, sv_groups_grain(&n.g), forward_groups, &n);
  return SV_OK;
}

static void backward_groups(void *context, int64_t begin, int64_t end) {
  const normalising *n = context;
  for (int64_t group = begin; group < end; group++) {
    int64_t at = sv_groups_begin(&n->g, group);
    moments m = moments_of(n, at);
    double q = m.deviation + least, mean = 0, slope = 0;
    SV_EACH_OF(&n->g, at, i) {
      mean += n->dy[i];
      slope += n->dy[i] * (n->x[i] - m.mean) / q;
    }
    mean /= (double)n->g.size;
    slope = m.deviation > 0 ? slope / ((double)n->g.size * m.deviation) : 0;
    SV_EACH_OF(&n->g, at, i)
    n->dx[i] = (real)((n->dy[i] - mean) / q - (n->x[i] - m.mean) / q * slope);
  }
}

static sv_status backward_data(const sv_args *args) {
  normalising n = {.x = sv_in(args, 0),
                   .dy = sv_diff_out(args, 0),
                   .dx = sv_diff_in(args, 0)};
  SV_TRY(divide(&n.g, args->node, &args->in[0]->shape));
  sv_parallel(n.g.count, sv_groups_grain(&n.g), backward_groups, &n);
  return SV_OK;
}

static const sv_attr attrs[] = {
    {.name = "axes",
     .onnx = "axes",
     .type = SV_ATTR_INTS,
     .offset = offsetof(mean_variance_attrs, axes),
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .position = 1,
     .help = "dimensions that are normalised together; none: 0, 2 and 3, all "
             "but the channels"},
    {.name = NULL}};

SV_OP(mean_variance_norm) = {
    .name = "mean_variance_norm",
    .has_maps = true,
    .summary = "y = (x - mean) / (deviation + 1e-9), along some axes",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"MeanVarianceNormalization", 9, 0},
                                   {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(mean_variance_attrs),
    .settle = settle,
    .infer = infer,
    .cost = sv_cost_whole,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0)},
};
