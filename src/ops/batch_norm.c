/* batch_norm: every channel brought to mean 0 and variance 1, then scaled and
 * shifted by two trained numbers.
 *
 *   h = (x - m) / sqrt(v + epsilon)      y = scale h + bias
 *
 * In training m and v are the batch's, over its M = N D1 ... values of the
 * channel, v = mean of (x - m)^2, and the running ones follow:
 *
 *   new_mean = momentum mean + (1 - momentum) m, new_var with v alike
 *   dscale = sum of dy h      dbias = sum of dy
 *   dx = scale / sqrt(v + epsilon) (dy - dbias / M - h dscale / M)
 *
 * Else they are the running ones, and dx = scale / sqrt(v + epsilon) dy.
 *
 * Shapes: x and y N C D1 ..., the others C; C D1 ... if `spatial` is off.
 * Source: Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network
 * Training by Reducing Internal Covariate Shift", ICML 2015;
 * https://onnx.ai/onnx/operators/onnx__BatchNormalization.html */
#include <tgmath.h>

#include <svertka/layers.h>

#include "base/thread.h"
#include "op/op.h"

enum { X, SCALE, BIAS, MEAN, VAR };
enum { Y, NEW_MEAN, NEW_VAR };

/* ---- Shapes ---- */

/* A word without a meaning is not kept: newer versions of ONNX cannot say it.
 */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_batch_norm_attrs *a = attrs;
  /* Without pixels an element is a channel. */
  if (in_count && in[X].present && in[X].shape.rank == 2) a->spatial = true;
  if (a->is_test) a->training = false;
  a->is_test = false;
  return SV_OK;
}

static sv_status channels_of(const sv_batch_norm_attrs *a, const sv_shape *x,
                             sv_shape *shape) {
  if (x->rank < 2)
    return sv_fail(SV_INVALID, "input x is %s, expected N C H W, N C W or N C",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  *shape = (sv_shape){.rank = a->spatial ? 1 : x->rank - 1};
  for (int d = 0; d < shape->rank; d++) shape->dim[d] = x->dim[d + 1];
  return SV_OK;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  (void)port;
  return channels_of(node->attrs, &in[X].shape, shape);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  sv_shape channels;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(channels_of(node->attrs, &in[X].shape, &channels));
  for (int i = SCALE; i <= VAR; i++)
    SV_TRY(sv_check_shape(node, in, i, &channels));
  for (int i = Y; i < node->out_count; i++) {
    out[i].dtype = in[X].dtype;
    out[i].shape = i == Y ? in[X].shape : channels;
  }
  return SV_OK;
}

/* One value has no variance. */
static sv_status check(const sv_node *node, const sv_shape *x, bool training) {
  const sv_batch_norm_attrs *a = node->attrs;
  int64_t count = x->dim[0];
  for (int d = 2; d < x->rank && a->spatial; d++) count *= x->dim[d];
  if (count > 1 || !(training || a->training)) return SV_OK;
  return sv_fail(SV_INVALID,
                 "training needs two values or more per channel to know their "
                 "variance, its input x is %s",
                 sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
}

/* ---- Arithmetic ---- */

/* x as outer x channels x inner. */
typedef struct norm {
  int64_t outer, channels, inner;
  bool batch; /* normalised by its own statistics */
  real epsilon, momentum;
  const real *x, *scale, *bias, *mean, *var, *dy;
  real *y, *new_mean, *new_var, *dx, *dscale, *dbias;
} norm;

static norm describe(const sv_args *args, const sv_shape *x) {
  const sv_batch_norm_attrs *a = args->node->attrs;
  norm n = {.outer = x->dim[0],
            .channels = 1,
            .inner = 1,
            .batch = a->training || args->training,
            .epsilon = a->epsilon,
            .momentum = a->momentum,
            .x = sv_in(args, X),
            .scale = sv_in(args, SCALE),
            .mean = sv_in(args, MEAN),
            .var = sv_in(args, VAR)};
  for (int d = 1; d < x->rank; d++)
    *(d == 1 || !a->spatial ? &n.channels : &n.inner) *= x->dim[d];
  return n;
}

static int64_t offset(const norm *n, int64_t o, int64_t c) {
  return (o * n->channels + c) * n->inner;
}

/* What channel c is normalised by. */
static void statistics(const norm *n, int64_t c, real *mean, real *var) {
  double count = (double)(n->outer * n->inner), sum = 0, squares = 0;
  *mean = n->batch ? 0 : n->mean[c];
  *var = n->batch ? 0 : n->var[c];
  if (!n->batch) return;
  for (int64_t o = 0; o < n->outer; o++)
    for (int64_t i = 0; i < n->inner; i++) sum += n->x[offset(n, o, c) + i];
  for (int64_t o = 0; o < n->outer; o++)
    for (int64_t i = 0; i < n->inner; i++) {
      double far = n->x[offset(n, o, c) + i] - sum / count;
      squares += far * far;
    }
  *mean = (real)(sum / count);
  *var = (real)(squares / count);
}

static void forward_channels(void *context, int64_t begin, int64_t end) {
  const norm *n = context;
  for (int64_t c = begin; c < end; c++) {
    real mean, var, keep = n->batch ? n->momentum : 1;
    statistics(n, c, &mean, &var);
    if (n->new_mean) n->new_mean[c] = keep * n->mean[c] + (1 - keep) * mean;
    if (n->new_var) n->new_var[c] = keep * n->var[c] + (1 - keep) * var;
    real factor = n->scale[c] / sqrt(var + n->epsilon);
    for (int64_t o = 0; o < n->outer; o++)
      for (int64_t i = offset(n, o, c), last = i + n->inner; i < last; i++)
        n->y[i] = factor * (n->x[i] - mean) + n->bias[c];
  }
}

static sv_status forward(const sv_args *args) {
  norm n = describe(args, &args->in[X]->shape);
  n.bias = sv_in(args, BIAS);
  n.y = sv_out(args, Y);
  n.new_mean = sv_out(args, NEW_MEAN);
  n.new_var = sv_out(args, NEW_VAR);
  sv_parallel(n.channels, 1, forward_channels, &n);
  return SV_OK;
}

/* ---- Gradients ---- */

/* The sums over channel c of dy and of dy h. */
static void sums(const norm *n, int64_t c, real mean, real factor, real *dbias,
                 real *dscale) {
  double plain = 0, times = 0;
  for (int64_t o = 0; o < n->outer; o++)
    for (int64_t i = offset(n, o, c), last = i + n->inner; i < last; i++) {
      plain += n->dy[i];
      times += n->dy[i] * (n->x[i] - mean);
    }
  *dbias = (real)plain;
  *dscale = (real)(times * factor);
}

static void data_channels(void *context, int64_t begin, int64_t end) {
  const norm *n = context;
  real count = (real)(n->outer * n->inner);
  for (int64_t c = begin; c < end; c++) {
    real mean, var, dbias = 0, dscale = 0;
    statistics(n, c, &mean, &var);
    real factor = 1 / sqrt(var + n->epsilon);
    if (n->batch) sums(n, c, mean, factor, &dbias, &dscale);
    for (int64_t o = 0; o < n->outer; o++)
      for (int64_t i = offset(n, o, c), last = i + n->inner; i < last; i++) {
        real h = (n->x[i] - mean) * factor;
        real through = n->batch ? (dbias + h * dscale) / count : 0;
        n->dx[i] = n->scale[c] * factor * (n->dy[i] - through);
      }
  }
}

static sv_status backward_data(const sv_args *args) {
  norm n = describe(args, &args->in[X]->shape);
  n.dy = sv_diff_out(args, Y);
  n.dx = sv_diff_in(args, X);
  sv_parallel(n.channels, 1, data_channels, &n);
  return SV_OK;
}

static void params_channels(void *context, int64_t begin, int64_t end) {
  const norm *n = context;
  for (int64_t c = begin; c < end; c++) {
    real mean, var, dbias, dscale;
    statistics(n, c, &mean, &var);
    sums(n, c, mean, 1 / sqrt(var + n->epsilon), &dbias, &dscale);
    if (n->dscale) n->dscale[c] = dscale;
    if (n->dbias) n->dbias[c] = dbias;
  }
}

static sv_status backward_params(const sv_args *args) {
  norm n = describe(args, &args->in[X]->shape);
  n.dy = sv_diff_out(args, Y);
  n.dscale = sv_diff_in(args, SCALE);
  n.dbias = sv_diff_in(args, BIAS);
  sv_parallel(n.channels, 1, params_channels, &n);
  return SV_OK;
}

/* ---- Tables ---- */

#define AT(field) offsetof(sv_batch_norm_attrs, field)
static const sv_attr attrs[] = {
    {.name = "epsilon",
     .onnx = "epsilon",
     .type = SV_ATTR_FLOAT,
     .offset = AT(epsilon),
     .initial = 1e-5,
     .max = 1,
     .help = "added to the variance to avoid a division by 0"},
    {.name = "momentum",
     .onnx = "momentum",
     .type = SV_ATTR_FLOAT,
     .offset = AT(momentum),
     .initial = 0.9,
     .max = 1,
     .help = "factor of the old running statistics in each update"},
    {.name = "training",
     .onnx = "training_mode",
     .type = SV_ATTR_BOOL,
     .offset = AT(training),
     .since = 14,
     .all_outputs = true,
     .help = "use the batch's statistics at inference too"},
    {.name = "spatial",
     .onnx = "spatial",
     .type = SV_ATTR_BOOL,
     .offset = AT(spatial),
     .initial = 1,
     .until = 8,
     .help = "one mean and variance per channel; off: one per element"},
    /* At opset 6: a single output says that too. */
    {.name = "is_test",
     .onnx = "is_test",
     .type = SV_ATTR_BOOL,
     .offset = AT(is_test),
     .until = 6,
     .help = "inference flag of opsets before 7; sets training=false"},
    {.name = NULL}};

SV_OP(batch_norm) = {
    .name = "batch_norm",
    .layer = SV_LAYER_NORM,
    .has_maps = true,
    .summary = "y = scale (x - mean) / sqrt(var + epsilon) + bias",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"BatchNormalization", 6, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "scale", .role = SV_SCALE},
                            {.name = "bias", .role = SV_BIAS},
                            {.name = "mean",
                             .role = SV_STATISTIC,
                             .no_gradient = true,
                             .init = "zeros"},
                            {.name = "var",
                             .role = SV_STATISTIC,
                             .no_gradient = true,
                             .init = "ones"},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"},
                             {.name = "new_mean",
                              .role = SV_STATISTIC,
                              .optional = true,
                              .no_gradient = true,
                              .renews = "mean"},
                             {.name = "new_var",
                              .role = SV_STATISTIC,
                              .optional = true,
                              .no_gradient = true,
                              .renews = "var"},
                             {.name = NULL}},
    .unread_outputs = 2, /* saved_mean and saved_var, before opset 14 */
    .attrs = attrs,
    .attrs_size = sizeof(sv_batch_norm_attrs),
    .settle = settle,
    .parameter = parameter,
    .infer = infer,
    .check = check,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .backward_params = backward_params,
            .data_reads_in = SV_PORT(X) | SV_PORT(SCALE) | SV_PORT(MEAN) |
                             SV_PORT(VAR),
            .params_reads_in = SV_PORT(X) | SV_PORT(MEAN) | SV_PORT(VAR),
            .in_place = true},
};
