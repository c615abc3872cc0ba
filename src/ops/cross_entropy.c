/* cross_entropy: how surprised a classifier is by the true class.
 *
 *   log p_k = x_k - log sum over j of e^(x_j)
 *   l = -(1 - s) w_t log p_t - s/C sum over j of w_j log p_j,
 *       t the label (l = 0 if it is to be ignored), w = 1 if absent, s
 * smoothing loss = l for each position, the sum of l, or sum of l / sum of w_t
 *   dx_k = dl (p_k v - (1 - s) w_t [k = t] - s/C w_k)
 *              (v = (1 - s) w_t + s/C sum over j of w_j;
 *               dl is divided by the sum of w_t for a mean)
 *          + dlog p_k - p_k sum over j of dlog p_j
 *
 * The mean over nothing (all labels ignored) is 0, and so is its gradient.
 * Smoothing, which ONNX has not, is as in PyTorch: the target is the label for
 * 1 - s and all classes alike for s. Source: Szegedy et al., "Rethinking the
 * Inception Architecture for Computer Vision", CVPR 2016, section 7.
 *
 * Shapes: x N C D1 ..., label N D1 ..., w C, loss as label or a scalar,
 * log_prob as x. Source:
 * https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html */
#include <stdio.h>
#include <tgmath.h>

#include "base/thread.h"
#include "op/attrs.h"
#include "tensor/tensor.h"

enum { NONE, MEAN, SUM };

typedef struct cross_entropy_attrs {
  int reduction;
  int64_t ignore_index;
  float smoothing;
} cross_entropy_attrs;

/* ---- Shapes ---- */

static sv_status check_weights(const sv_node *node, const sv_info *in) {
  if (!sv_given(node, in, 2)) return SV_OK;
  sv_shape expected = {.rank = 1, .dim = {in[0].shape.dim[1]}};
  return sv_check_shape(node, in, 2, &expected);
}

/* Class weights are given or there are none. */
static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  (void)node;
  (void)in;
  (void)port;
  shape->rank = -1;
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const cross_entropy_attrs *a = node->attrs;
  SV_TRY(sv_check_real(node, in));
  const sv_shape *x = &in[0].shape;
  if (x->rank < 2 || x->dim[1] < 1)
    return sv_fail(SV_INVALID, "input x is %s, expected N x classes",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  sv_shape label = {.rank = x->rank - 1, .dim = {x->dim[0]}};
  for (int d = 2; d < x->rank; d++) label.dim[d - 1] = x->dim[d];
  SV_TRY(sv_check_shape(node, in, 1, &label));
  if (in[1].dtype != SV_I64 && in[1].dtype != SV_I32)
    return sv_fail(SV_INVALID, "input label is %s, expected i64 or i32",
                   sv_dtype_name(in[1].dtype));
  SV_TRY(check_weights(node, in));
  out[0].dtype = in[0].dtype;
  out[0].shape = a->reduction == NONE ? label : (sv_shape){.rank = 0};
  if (node->out_count > 1) {
    out[1].dtype = in[0].dtype;
    out[1].shape = *x;
  }
  return SV_OK;
}

/* ---- Smoothing as ONNX can say it ---- */

static sv_value constant(sv_graph *g, const char *name, double number) {
  char init[48];
  snprintf(init, sizeof init, "constant %.9g", number);
  return sv_parameter(g, name, SV_CONSTANT, SV_F32, sv_shape_of(0), init);
}

static sv_value apply_two(sv_graph *g, const char *op, sv_value a, sv_value b) {
  return sv_apply(g, op, (sv_value[]){a, b}, 2, NULL);
}

static sv_value plain(sv_graph *g, const cross_entropy_attrs *a, int reduction,
                      sv_value x, sv_value label, sv_value weights) {
  cross_entropy_attrs attrs = *a;
  attrs.smoothing = 0;
  attrs.reduction = reduction;
  return sv_apply(g, "cross_entropy", (sv_value[]){x, label, weights}, 3,
                  &attrs);
}

/* -s/C sum over j of w_j log p_j for each position. */
static sv_value spread_part(sv_graph *g, double share, sv_value log_prob,
                            sv_value weights) {
  static const char *const axes[] = {NULL, NULL, NULL, "axes=1", "axes=1,2"};
  int rank = sv_value_shape(g, log_prob).rank;
  if (weights.id && rank > 2 && rank < 5)
    weights = sv_apply_text(g, "unsqueeze", &weights, 1, axes[rank]);
  if (weights.id) log_prob = apply_two(g, "mul", log_prob, weights);
  sv_value sum =
      sv_apply_text(g, "reduce_sum", &log_prob, 1, "axes=1 keepdims=false");
  return apply_two(g, "mul", sum, constant(g, "spread", -share));
}

/* Equal scores have the loss w_t log C, 0 where the label is ignored: that
 * divided by log C tells which positions count, and what. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const cross_entropy_attrs *a = node->attrs;
  sv_value weights = node->in_count > 2 ? in[2] : (sv_value){0};
  sv_shape shape = sv_value_shape(g, in[0]);
  double classes = (double)shape.dim[1], unit = log(classes);
  if (shape.rank > 4 || classes < 2)
    return sv_fail(SV_UNSUPPORTED, "smoothing with scores of %s",
                   sv_shape_text(&shape, (char[SV_SHAPE_TEXT]){0}));
  sv_value log_prob = sv_apply_text(g, "log_softmax", in, 1, "axis=1");
  sv_value part = spread_part(g, a->smoothing / classes, log_prob, weights);
  sv_value even = apply_two(g, "sub", in[0], in[0]);
  sv_value counts = plain(g, a, NONE, even, in[1], (sv_value){0});
  counts = apply_two(g, "div", counts, constant(g, "unit", unit));
  part = apply_two(g, "mul", part, counts);
  if (a->reduction != NONE)
    part = sv_apply_text(g, "reduce_sum", &part, 1, "keepdims=false");
  if (a->reduction == MEAN) {
    sv_value total = plain(g, a, SUM, even, in[1], weights);
    total = apply_two(g, "div", total, constant(g, "unit_2", unit));
    part = apply_two(g, "div", part, total);
  }
  sv_value sure = plain(g, a, a->reduction, in[0], in[1], weights);
  sure = apply_two(g, "mul", sure, constant(g, "sure", 1 - a->smoothing));
  out[0] = apply_two(g, "add", sure, part);
  if (node->out_count > 1) out[1] = log_prob;
  return sv_graph_check(g);
}

/* ---- Arithmetic ---- */

/* x as N x C x D. Position p = n D + d. */
typedef struct entropy {
  int64_t count, classes, inner; /* N D, C, D */
  int reduction;
  int64_t ignore;
  const real *x, *weights, *dloss, *dlog;
  const sv_tensor *label;
  real *log_prob, *dx;
  real sure, spread; /* 1 - s, s/C */
  real total;        /* sum of w_j, if there is smoothing */
  real factor;       /* backward: of every position */
} entropy;

static int64_t label_of(const entropy *e, int64_t position) {
  if (e->label->dtype == SV_I32)
    return ((const int32_t *)e->label->data)[position];
  return ((const int64_t *)e->label->data)[position];
}

/* Class 0 of a position; those of the others follow at steps of D. */
static int64_t first_of(const entropy *e, int64_t position) {
  int64_t n = position / e->inner, d = position % e->inner;
  return n * e->classes * e->inner + d;
}

static real weight_of(const entropy *e, int64_t label) {
  if (label == e->ignore) return 0;
  return e->weights ? e->weights[label] : 1;
}

static sv_status prepare(entropy *e, const sv_args *args) {
  const cross_entropy_attrs *a = args->node->attrs;
  const sv_shape *x = &args->in[0]->shape;
  *e = (entropy){.classes = x->dim[1], .inner = 1};
  for (int d = 2; d < x->rank; d++) e->inner *= x->dim[d];
  e->count = x->dim[0] * e->inner;
  e->reduction = a->reduction;
  e->ignore = a->ignore_index;
  e->x = sv_in(args, 0);
  e->label = args->in[1];
  e->weights = sv_in(args, 2);
  e->sure = 1 - (real)a->smoothing;
  e->spread = (real)a->smoothing / (real)e->classes;
  for (int64_t k = 0; k < e->classes && e->spread != 0; k++)
    e->total += e->weights ? e->weights[k] : 1;
  for (int64_t p = 0; p < e->count; p++) {
    int64_t label = label_of(e, p);
    if (label != e->ignore && (label < 0 || label >= e->classes))
      return sv_fail(
          SV_INVALID, "label %lld of sample %lld is not one of %lld classes",
          (long long)label, (long long)(p / e->inner), (long long)e->classes);
  }
  return SV_OK;
}

/* log sum over j of e^(x_j). */
static real log_sum(const entropy *e, const real *x) {
  int64_t last = e->classes * e->inner;
  real greatest = x[0];
  double sum = 0;
  for (int64_t k = 0; k < last; k += e->inner)
    if (x[k] > greatest) greatest = x[k];
  for (int64_t k = 0; k < last; k += e->inner) sum += exp(x[k] - greatest);
  return greatest + (real)log(sum);
}

/* Sum over j of w_j (norm - x_j). */
static real spread_loss(const entropy *e, const real *x, real norm) {
  double sum = 0;
  for (int64_t k = 0; k < e->classes; k++)
    sum += (e->weights ? e->weights[k] : 1) * (norm - x[k * e->inner]);
  return (real)sum;
}

static void give_log_prob(void *context, int64_t begin, int64_t end) {
  const entropy *e = context;
  int64_t last = e->classes * e->inner;
  for (int64_t p = begin; p < end; p++) {
    int64_t at = first_of(e, p);
    real norm = log_sum(e, e->x + at);
    for (int64_t k = 0; k < last; k += e->inner)
      e->log_prob[at + k] = e->x[at + k] - norm;
  }
}

static sv_status forward(const sv_args *args) {
  entropy e;
  SV_TRY(prepare(&e, args));
  real *loss = sv_out(args, 0);
  double sum = 0, total = 0;
  for (int64_t p = 0; p < e.count; p++) {
    int64_t label = label_of(&e, p);
    real weight = weight_of(&e, label), l = 0;
    if (label != e.ignore) {
      const real *x = e.x + first_of(&e, p);
      real norm = log_sum(&e, x);
      l = e.sure * weight * (norm - x[label * e.inner]);
      if (e.spread != 0) l += e.spread * spread_loss(&e, x, norm);
    }
    if (e.reduction == NONE) loss[p] = l;
    sum += l;
    total += weight;
  }
  if (e.reduction == SUM) loss[0] = (real)sum;
  if (e.reduction == MEAN) loss[0] = total != 0 ? (real)(sum / total) : 0;
  e.log_prob = sv_out(args, 1);
  if (e.log_prob) sv_parallel(e.count, 16, give_log_prob, &e);
  return SV_OK;
}

/* What l's gradient is at position p. */
static real slope_of(const entropy *e, int64_t position) {
  if (!e->dloss) return 0;
  if (label_of(e, position) == e->ignore) return 0;
  return e->factor * e->dloss[e->reduction == NONE ? position : 0];
}

static void backward_positions(void *context, int64_t begin, int64_t end) {
  const entropy *e = context;
  int64_t last = e->classes * e->inner;
  for (int64_t p = begin; p < end; p++) {
    int64_t at = first_of(e, p), label = label_of(e, p);
    real norm = log_sum(e, e->x + at), slope = slope_of(e, p), sum = 0;
    real sure = slope * e->sure * weight_of(e, label);
    real spread = slope * e->spread, all = sure + spread * e->total;
    for (int64_t k = 0; k < last && e->dlog; k += e->inner)
      sum += e->dlog[at + k];
    for (int64_t k = 0; k < e->classes; k++) {
      int64_t i = at + k * e->inner;
      e->dx[i] = (all - sum) * exp(e->x[i] - norm);
      if (e->spread != 0) e->dx[i] -= spread * (e->weights ? e->weights[k] : 1);
      if (e->dlog) e->dx[i] += e->dlog[i];
    }
    if (label != e->ignore) e->dx[at + label * e->inner] -= sure;
  }
}

static sv_status backward_data(const sv_args *args) {
  entropy e;
  SV_TRY(prepare(&e, args));
  e.dloss = sv_diff_out(args, 0);
  e.dlog = sv_diff_out(args, 1);
  e.dx = sv_diff_in(args, 0);
  double total = 0;
  for (int64_t p = 0; p < e.count; p++) total += weight_of(&e, label_of(&e, p));
  e.factor = 1;
  if (e.reduction == MEAN) e.factor = total != 0 ? (real)(1 / total) : 0;
  sv_parallel(e.count, 16, backward_positions, &e);
  return SV_OK;
}

/* ---- Tables ---- */

#define AT(field) offsetof(cross_entropy_attrs, field)
static const char *const reductions[] = {"none", "mean", "sum", NULL};
static const sv_attr attrs[] = {
    {.name = "reduction",
     .onnx = "reduction",
     .type = SV_ATTR_CHOICE,
     .offset = AT(reduction),
     .initial = MEAN,
     .choices = reductions,
     .position = 1,
     .help = "how the losses are combined"},
    {.name = "ignore_index",
     .onnx = "ignore_index",
     .type = SV_ATTR_INT,
     .offset = AT(ignore_index),
     .initial = (double)SV_ATTR_NONE,
     .help = "label to ignore"},
    {.name = "smoothing",
     .type = SV_ATTR_FLOAT,
     .offset = AT(smoothing),
     .max = 1,
     .help = "part of the target spread evenly over all classes"},
    {.name = NULL}};

SV_OP(cross_entropy) = {
    .name = "cross_entropy",
    .has_maps = true,
    .summary = "loss = mean over the batch of -log softmax(x)[label]",
    .effect = SV_EFFECT_CROSS_ENTROPY,
    .onnx = (const sv_onnx_name[]){{"SoftmaxCrossEntropyLoss", 12, 0},
                                   {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "label",
                             .role = SV_LABEL,
                             .no_gradient = true},
                            {.name = "weights",
                             .role = SV_CONSTANT,
                             .optional = true,
                             .no_gradient = true},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "loss"},
                             {.name = "log_prob", .optional = true},
                             {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(cross_entropy_attrs),
    .parameter = parameter,
    .infer = infer,
    .expand = expand,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0) | SV_PORT(1) | SV_PORT(2)},
};
