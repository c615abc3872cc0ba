/* avg_pool: the mean of each window.
 *
 *   y[n,c,i,j] = sum over u,v of
 *                x[n, c, i SH - PH + u DH, j SW - PW + v DW] / D
 *   dx[n,c,p,q] = sum of dy[n,c,i,j] / D over the windows that see p,q
 *
 * Padding is 0 and does not count in the divisor D unless asked for; what hangs
 * over even the padding (ceil_mode) never counts.
 *
 * Shapes: x N C IH IW, y N C OH OW; or both without H.
 * Source: LeCun et al., "Handwritten Digit Recognition with a Back-Propagation
 * Network", 1989; https://onnx.ai/onnx/operators/onnx__AveragePool.html */
#include "geometry/pool.h"
#include "graph/compose.h"

typedef struct pool {
  sv_window at;
  bool count_padding;
} pool;

static sv_status prepare(pool *p, const sv_node *node, const sv_shape *x) {
  const sv_pool_attrs *a = node->attrs;
  p->count_padding = a->count_padding;
  return sv_pool_resolve(&p->at, a, x);
}

/* Of the taps for output o along axis d, those before the end of the padding.
 */
static int64_t count_taps(const sv_window *w, int d, int64_t o) {
  int64_t room = w->in[d] + w->begin[d] + w->end[d] - o * w->stride[d];
  int64_t taps = (room + w->dilation[d] - 1) / w->dilation[d];
  return taps < w->kernel[d] ? taps : w->kernel[d];
}

static real divisor(const pool *p, const sv_pool_frame *f) {
  int64_t taps = (f->last[0] - f->first[0]) * (f->last[1] - f->first[1]);
  if (p->count_padding)
    taps = count_taps(&p->at, 0, f->i) * count_taps(&p->at, 1, f->j);
  return (real)taps;
}

static real value(const pool *p, const sv_pool_frame *f, const real *x) {
  double sum = 0;
  for (int64_t u = f->first[0]; u < f->last[0]; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++)
      sum += x[sv_pool_place(f, &p->at, u, v)];
  return (real)(sum / (double)divisor(p, f));
}

static void gradient(const pool *p, const sv_pool_frame *f, real dy, real *dx) {
  real each = dy / divisor(p, f);
  for (int64_t u = f->first[0]; u < f->last[0]; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++)
      dx[sv_pool_place(f, &p->at, u, v)] += each;
}

#include "template/pool_maps.h"

#define AT(field) offsetof(sv_pool_attrs, field)
static const sv_attr attrs[] = {
    {SV_KERNEL_ATTR, .offset = AT(kernel), .position = 1, .required = true},
    {SV_POOL_STRIDE_ATTR, .offset = AT(stride), .position = 2},
    {SV_PADDING_ATTR, .offset = AT(padding),
     .help = "zeros added around the image: " SV_PADDING_WORDS},
    {SV_DILATION_ATTR, .offset = AT(dilation), .since = 19},
    {SV_CEIL_MODE_ATTR, .offset = AT(ceil_mode), .since = 10},
    {.name = "count_padding",
     .onnx = "count_include_pad",
     .type = SV_ATTR_BOOL,
     .offset = AT(count_padding),
     .since = 7,
     .help = "include the padding in the divisor"},
    {.name = NULL}};

/* ---- As a convolution ----
 * Runtimes take convolutions with any padding, and move a pad node before a
 * pooling into it. If padding does not count, a mean is a sum over x, over the
 * same sum over ones (e^0). */

static bool refused(const sv_node *node) {
  const sv_pool_attrs *a = node->attrs;
  return a->kernel.count <= 2 && !a->ceil_mode && sv_pool_pads_much(a);
}

static sv_value window_of(sv_graph *graph, const sv_pool_attrs *a,
                          const sv_shape *x) {
  sv_shape w = {.rank = x->rank, .dim = {x->dim[1], 1}};
  double taps = 1;
  char init[40];
  for (int d = 0; d < a->kernel.count; d++) {
    w.dim[2 + d] = a->kernel.at[d];
    taps *= (double)a->kernel.at[d];
  }
  snprintf(init, sizeof init, "constant %.9g", a->count_padding ? 1 / taps : 1);
  return sv_parameter(graph, "window", SV_CONSTANT, SV_F32, w, init);
}

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  const sv_pool_attrs *a = node->attrs;
  sv_shape x = sv_value_shape(graph, in[0]);
  sv_conv_attrs conv = sv_conv_default();
  conv.channels = conv.group = x.dim[1];
  conv.kernel = a->kernel;
  conv.stride = a->stride;
  conv.dilation = a->dilation;
  conv.padding = a->padding;
  conv.bias = false;
  sv_value window = window_of(graph, a, &x);
  out[0] = sv_apply(graph, "conv", (sv_value[]){in[0], window}, 2, &conv);
  if (a->count_padding) return sv_graph_check(graph);
  sv_value size = sv_one(graph, "shape", in[0], NULL);
  sv_value zeros = sv_one(graph, "constant_of_shape", size, NULL);
  sv_value ones = sv_one(graph, "exp", zeros, NULL);
  sv_value taps = sv_apply(graph, "conv", (sv_value[]){ones, window}, 2, &conv);
  out[0] = sv_two(graph, "div", out[0], taps);
  return sv_graph_check(graph);
}

SV_OP(avg_pool) = {
    .name = "avg_pool",
    .has_maps = true,
    .summary = "y[i,j] = mean over the window at i,j of x",
    .effect = SV_EFFECT_POOLS,
    .onnx = (const sv_onnx_name[]){{"AveragePool", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_pool_attrs),
    .settle = sv_pool_settle,
    .spell = sv_pool_spell,
    .refused = refused,
    .expand = expand,
    .infer = sv_pool_infer,
    .cost = sv_pool_cost,
    .ref = SV_POOL_REFERENCE,
};
