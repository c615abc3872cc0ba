/* weighted_avg_pool: LeNet's sub-sampling, a trainable coefficient and bias for
 * each map after averaging.
 *
 *   y[n,c,i,j] = a[c] m[n,c,i,j] + b[c],
 *   m[n,c,i,j] = sum over u,v of x[n, c, i SH + u, j SW + v] / (KH KW)
 *
 *   dx[n,c,p,q] = sum of a[c] dy[n,c,i,j] / (KH KW) over windows that see p,q
 *   da[c] = sum over n,i,j of dy[n,c,i,j] m[n,c,i,j]
 *   db[c] = sum over n,i,j of dy[n,c,i,j]
 *
 * Shapes: x N C IH IW, a C 1 1 1, b C, y N C OH OW; or all without H.
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to
 * Document Recognition", 1998, section II.B. */
#include "base/thread.h"
#include "geometry/pool.h"
#include "template/sum.h"

static sv_shape factor_shape(const sv_shape *x) {
  sv_shape shape = {.rank = x->rank, .dim = {x->dim[1], 1, 1, 1}};
  return shape;
}

static sv_status parameter(const sv_node *node, const sv_info *in, int port,
                           sv_shape *shape) {
  sv_window window;
  SV_TRY(sv_pool_resolve(&window, node->attrs, &in[0].shape));
  if (port == 1) *shape = factor_shape(&in[0].shape);
  if (port == 2) *shape = (sv_shape){.rank = 1, .dim = {in[0].shape.dim[1]}};
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_pool_attrs *a = node->attrs;
  if (a->padding.rule != SV_PAD_EXPLICIT || a->padding.at.count ||
      a->dilation.count || a->ceil_mode || in[0].shape.rank > 4)
    return sv_fail(SV_UNSUPPORTED,
                   "expected no padding, no dilation and N C H W");
  SV_TRY(sv_pool_infer(node, in, out));
  sv_shape factor = factor_shape(&in[0].shape);
  sv_shape bias = {.rank = 1, .dim = {in[0].shape.dim[1]}};
  SV_TRY(sv_check_shape(node, in, 1, &factor));
  return sv_check_shape(node, in, 2, &bias);
}

/* Averages, then a 1x1 convolution of each map on its own, whose weight and
 * bias are a and b. */
static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  sv_value mean = sv_apply(graph, "avg_pool", in, 1, node->attrs);
  sv_shape factor = sv_value_shape(graph, in[1]);
  sv_conv_attrs conv = sv_conv_default();
  conv.channels = conv.group = factor.dim[0];
  conv.kernel.count = factor.rank - 2;
  for (int d = 0; d < conv.kernel.count; d++) conv.kernel.at[d] = 1;
  sv_value inputs[] = {mean, in[1], in[2]};
  out[0] = sv_apply(graph, "conv", inputs, 3, &conv);
  return sv_graph_check(graph);
}

typedef struct pool {
  sv_window at;
  int64_t batch, maps; /* N, C */
  real divisor;
  const real *x, *a, *b, *dy;
  real *y, *dx, *da, *db;
} pool;

static sv_status prepare(pool *p, const sv_args *args, const sv_shape *x) {
  *p = (pool){.batch = x->dim[0], .maps = x->dim[1]};
  SV_TRY(sv_pool_resolve(&p->at, args->node->attrs, x));
  p->divisor = (real)(p->at.kernel[0] * p->at.kernel[1]);
  p->x = sv_in(args, 0);
  p->a = sv_in(args, 1);
  p->b = sv_in(args, 2);
  return SV_OK;
}

/* The upper left corner of window i,j in its map. */
static int64_t corner(const sv_window *w, int64_t i, int64_t j) {
  return i * w->stride[0] * w->in[1] + j * w->stride[1];
}

static real mean_of(const pool *p, const real *x, int64_t i, int64_t j) {
  const real *window = x + corner(&p->at, i, j);
  double sum = 0;
  for (int64_t u = 0; u < p->at.kernel[0]; u++)
    for (int64_t v = 0; v < p->at.kernel[1]; v++)
      sum += window[u * p->at.in[1] + v];
  return (real)(sum / (double)p->divisor);
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * w->in[0] * w->in[1];
    real *y = p->y + map * w->out[0] * w->out[1];
    int64_t c = map % p->maps;
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++)
        y[i * w->out[1] + j] = p->a[c] * mean_of(p, x, i, j) + p->b[c];
  }
}

static sv_status forward(const sv_args *args) {
  pool p;
  SV_TRY(prepare(&p, args, &args->in[0]->shape));
  p.y = sv_out(args, 0);
  sv_parallel(p.batch * p.maps, 1, forward_maps, &p);
  return SV_OK;
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  int64_t size = w->in[0] * w->in[1];
  for (int64_t map = begin; map < end; map++) {
    const real *dy = p->dy + map * w->out[0] * w->out[1];
    real *dx = p->dx + map * size, a = p->a[map % p->maps];
    for (int64_t k = 0; k < size; k++) dx[k] = 0;
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++) {
        real *window = dx + corner(w, i, j);
        for (int64_t u = 0; u < w->kernel[0]; u++)
          for (int64_t v = 0; v < w->kernel[1]; v++)
            window[u * w->in[1] + v] += a * dy[i * w->out[1] + j] / p->divisor;
      }
  }
}

static sv_status backward_data(const sv_args *args) {
  pool p;
  SV_TRY(prepare(&p, args, &args->diff_in[0]->shape));
  p.dy = sv_diff_out(args, 0);
  p.dx = sv_diff_in(args, 0);
  sv_parallel(p.batch * p.maps, 1, backward_maps, &p);
  return SV_OK;
}

static void backward_parameters_of(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t c = begin; c < end; c++) {
    double da = 0, db = 0;
    for (int64_t n = 0; n < p->batch; n++) {
      int64_t map = n * p->maps + c, size = w->out[0] * w->out[1];
      const real *x = p->x + map * w->in[0] * w->in[1];
      const real *dy = p->dy + map * size;
      for (int64_t k = 0; k < size; k++)
        da += dy[k] * mean_of(p, x, k / w->out[1], k % w->out[1]);
      db += sv_sum(dy, size);
    }
    if (p->da) p->da[c] = (real)da;
    if (p->db) p->db[c] = (real)db;
  }
}

static sv_status backward_params(const sv_args *args) {
  pool p;
  SV_TRY(prepare(&p, args, &args->in[0]->shape));
  p.dy = sv_diff_out(args, 0);
  p.da = sv_diff_in(args, 1);
  p.db = sv_diff_in(args, 2);
  sv_parallel(p.maps, 1, backward_parameters_of, &p);
  return SV_OK;
}

#define AT(field) offsetof(sv_pool_attrs, field)
static const sv_attr attrs[] = {{.name = "kernel",
                                 .type = SV_ATTR_INTS,
                                 .offset = AT(kernel),
                                 .min = 1,
                                 .max = 1 << 24,
                                 .position = 1,
                                 .help = "size of the window, height x width"},
                                {.name = "stride",
                                 .type = SV_ATTR_INTS,
                                 .offset = AT(stride),
                                 .min = 1,
                                 .max = 1 << 24,
                                 .position = 2,
                                 .help = "step of the window; none: 1"},
                                {.name = NULL}};

SV_OP(weighted_avg_pool) = {
    .name = "weighted_avg_pool",
    .has_maps = true,
    .summary = "y[i,j] = a mean over the window at i,j of x + b",
    .effect = SV_EFFECT_WEIGHS,
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "a", .role = SV_SCALE},
                            {.name = "b", .role = SV_BIAS},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_pool_attrs),
    .settle = sv_pool_settle,
    .parameter = parameter,
    .infer = infer,
    .cost = sv_pool_cost,
    .expand = expand,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .backward_params = backward_params,
            .data_reads_in = SV_PORT(1),
            .params_reads_in = SV_PORT(0)},
};
