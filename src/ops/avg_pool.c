/* avg_pool: the mean of each window.
 *
 *   y[n,c,i,j] = sum over u,v of x[n, c, i SH - PH + u DH, j SW - PW + v DW] /
 * D dx[n,c,p,q] = sum of dy[n,c,i,j] / D over the windows that see p,q
 *
 * Padding is 0 and does not count in the divisor D unless asked for; what hangs
 * over even the padding (ceil_mode) never counts.
 *
 * Shapes: x N C IH IW, y N C OH OW; or both without H.
 * Source: LeCun et al., "Handwritten Digit Recognition with a Back-Propagation
 * Network", 1989; https://onnx.ai/onnx/operators/onnx__AveragePool.html */
#include "base/thread.h"
#include "ops/pool.h"

typedef struct pool {
  sv_window at;
  bool count_padding;
  const real *x, *dy;
  real *y, *dx;
} pool;

/* One window: its taps inside of the image, and the divisor. */
typedef struct frame {
  int64_t first[2], last[2];
  real divisor;
} frame;

/* Of the taps for output o along axis d, those before the end of the padding.
 */
static int64_t count_taps(const sv_window *w, int d, int64_t o) {
  int64_t room = w->in[d] + w->begin[d] + w->end[d] - o * w->stride[d];
  int64_t taps = (room + w->dilation[d] - 1) / w->dilation[d];
  return taps < w->kernel[d] ? taps : w->kernel[d];
}

static frame frame_at(const pool *p, int64_t i, int64_t j) {
  const sv_window *w = &p->at;
  frame f;
  sv_window_taps(w, 0, i, &f.first[0], &f.last[0]);
  sv_window_taps(w, 1, j, &f.first[1], &f.last[1]);
  int64_t seen = (f.last[0] - f.first[0]) * (f.last[1] - f.first[1]);
  if (p->count_padding) seen = count_taps(w, 0, i) * count_taps(w, 1, j);
  f.divisor = (real)seen;
  return f;
}

/* Where tap u,v of window i,j lies in its map. */
static int64_t place(const sv_window *w, int64_t i, int64_t j, int64_t u,
                     int64_t v) {
  int64_t row = i * w->stride[0] - w->begin[0] + u * w->dilation[0];
  int64_t column = j * w->stride[1] - w->begin[1] + v * w->dilation[1];
  return row * w->in[1] + column;
}

static real mean_of(const pool *p, const real *x, int64_t i, int64_t j) {
  frame f = frame_at(p, i, j);
  real sum = 0;
  for (int64_t u = f.first[0]; u < f.last[0]; u++)
    for (int64_t v = f.first[1]; v < f.last[1]; v++)
      sum += x[place(&p->at, i, j, u, v)];
  return sum / f.divisor;
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * w->in[0] * w->in[1];
    real *y = p->y + map * w->out[0] * w->out[1];
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++)
        y[i * w->out[1] + j] = mean_of(p, x, i, j);
  }
}

static sv_status forward(const sv_args *args) {
  const sv_pool_attrs *a = args->node->attrs;
  const sv_shape *x = &args->in[0]->shape;
  pool p = {.count_padding = a->count_padding,
            .x = sv_in(args, 0),
            .y = sv_out(args, 0)};
  SV_TRY(sv_pool_resolve(&p.at, a, x));
  sv_parallel(x->dim[0] * x->dim[1], 1, forward_maps, &p);
  return SV_OK;
}

static void spread(const pool *p, real dy, int64_t i, int64_t j, real *dx) {
  frame f = frame_at(p, i, j);
  for (int64_t u = f.first[0]; u < f.last[0]; u++)
    for (int64_t v = f.first[1]; v < f.last[1]; v++)
      dx[place(&p->at, i, j, u, v)] += dy / f.divisor;
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  int64_t size = w->in[0] * w->in[1];
  for (int64_t map = begin; map < end; map++) {
    const real *dy = p->dy + map * w->out[0] * w->out[1];
    real *dx = p->dx + map * size;
    for (int64_t k = 0; k < size; k++) dx[k] = 0;
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++)
        spread(p, dy[i * w->out[1] + j], i, j, dx);
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_pool_attrs *a = args->node->attrs;
  const sv_shape *x = &args->diff_in[0]->shape;
  pool p = {.count_padding = a->count_padding,
            .dy = sv_diff_out(args, 0),
            .dx = sv_diff_in(args, 0)};
  SV_TRY(sv_pool_resolve(&p.at, a, x));
  sv_parallel(x->dim[0] * x->dim[1], 1, backward_maps, &p);
  return SV_OK;
}

#define AT(field) offsetof(sv_pool_attrs, field)
static const sv_attr attrs[] = {
    {.name = "kernel",
     .onnx = "kernel_shape",
     .type = SV_ATTR_INTS,
     .offset = AT(kernel),
     .min = 1,
     .max = 1 << 24,
     .position = 1,
     .help = "size of the window, height x width"},
    {.name = "stride",
     .onnx = "strides",
     .type = SV_ATTR_INTS,
     .offset = AT(stride),
     .min = 1,
     .max = 1 << 24,
     .position = 2,
     .help = "steps from one window to the next; none: 1 as in ONNX, not the "
             "kernel's size: write 2x2 stride=2 to halve"},
    {.name = "padding",
     .onnx = "pads",
     .type = SV_ATTR_PADDING,
     .offset = AT(padding),
     .max = 1 << 24,
     .help = "zeros around the image: same, same_lower, valid, full, or "
             "numbers for all sides, HxW, or top, left, bottom, right"},
    {.name = "dilation",
     .onnx = "dilations",
     .type = SV_ATTR_INTS,
     .offset = AT(dilation),
     .min = 1,
     .max = 1 << 24,
     .since = 19,
     .help = "distance between the window's elements; none: 1"},
    {.name = "ceil_mode",
     .onnx = "ceil_mode",
     .type = SV_ATTR_BOOL,
     .offset = AT(ceil_mode),
     .since = 10,
     .help = "a last window may hang over the image"},
    {.name = "count_padding",
     .onnx = "count_include_pad",
     .type = SV_ATTR_BOOL,
     .offset = AT(count_padding),
     .since = 7,
     .help = "padding counts in the divisor"},
    {.name = NULL}};

SV_OP(avg_pool) = {
    .name = "avg_pool",
    .summary = "y[i,j] = mean over the window at i,j of x",
    .onnx = (const sv_onnx_name[]){{"AveragePool", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_pool_attrs),
    .settle = sv_pool_settle,
    .infer = sv_pool_infer,
    .cost = sv_pool_cost,
    .ref = {.forward = forward, .backward_data = backward_data},
};
