/* lp_pool: the p-norm of each window.
 *
 *   y[n,c,i,j] = (sum over u,v of |x|^p)^(1/p),
 *                x at n, c, i SH - PH + u DH, j SW - PW + v DW
 *   dx = sum of dy[n,c,i,j] sign(x) (|x| / y)^(p-1) over windows that see it
 *
 * The gradient is 0 where y is. Padding is 0.
 *
 * Shapes: x N C IH IW, y N C OH OW; or both without H.
 * Source: Sermanet, Chintala, LeCun, "Convolutional Neural Networks Applied to
 * House Numbers Digit Classification", ICPR 2012;
 * https://onnx.ai/onnx/operators/onnx__LpPool.html */
#include <tgmath.h>

#include "base/thread.h"
#include "ops/pool.h"

typedef struct lp_attrs {
  sv_pool_attrs pool;
  int64_t p;
} lp_attrs;

typedef struct pool {
  sv_window at;
  real p;
  const real *x, *y, *dy;
  real *to;
} pool;

static sv_status prepare(pool *p, const sv_args *args) {
  const lp_attrs *a = args->node->attrs;
  *p = (pool){.p = (real)a->p, .x = sv_in(args, 0)};
  return sv_pool_resolve(&p->at, &a->pool, &args->in[0]->shape);
}

/* The taps of window i,j that see its map, and where tap 0,0 would lie. */
typedef struct frame {
  int64_t first[2], last[2], corner;
} frame;

static frame frame_at(const sv_window *w, int64_t i, int64_t j) {
  frame f;
  sv_window_taps(w, 0, i, &f.first[0], &f.last[0]);
  sv_window_taps(w, 1, j, &f.first[1], &f.last[1]);
  f.corner = (i * w->stride[0] - w->begin[0]) * w->in[1] + j * w->stride[1] -
             w->begin[1];
  return f;
}

static int64_t place(const sv_window *w, const frame *f, int64_t u, int64_t v) {
  return f->corner + u * w->dilation[0] * w->in[1] + v * w->dilation[1];
}

static real norm_of(const pool *p, const real *x, const frame *f) {
  real sum = 0;
  for (int64_t u = f->first[0]; u < f->last[0]; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++)
      sum += pow(fabs(x[place(&p->at, f, u, v)]), p->p);
  return pow(sum, 1 / p->p);
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * w->in[0] * w->in[1];
    real *y = p->to + map * w->out[0] * w->out[1];
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++) {
        frame f = frame_at(w, i, j);
        y[i * w->out[1] + j] = norm_of(p, x, &f);
      }
  }
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p;
  SV_TRY(prepare(&p, args));
  p.to = sv_out(args, 0);
  sv_parallel(x->dim[0] * x->dim[1], 1, forward_maps, &p);
  return SV_OK;
}

static void spread(const pool *p, const real *x, real y, real dy,
                   const frame *f, real *dx) {
  for (int64_t u = f->first[0]; u < f->last[0] && y > 0; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++) {
      int64_t at = place(&p->at, f, u, v);
      real slope = pow(fabs(x[at]) / y, p->p - 1);
      if (x[at] != 0) dx[at] += dy * copysign(slope, x[at]);
    }
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  int64_t size = w->in[0] * w->in[1];
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * size;
    real *dx = p->to + map * size;
    int64_t from = map * w->out[0] * w->out[1];
    for (int64_t k = 0; k < size; k++) dx[k] = 0;
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++, from++) {
        frame f = frame_at(w, i, j);
        spread(p, x, p->y[from], p->dy[from], &f, dx);
      }
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p;
  SV_TRY(prepare(&p, args));
  p.y = sv_out(args, 0);
  p.dy = sv_diff_out(args, 0);
  p.to = sv_diff_in(args, 0);
  sv_parallel(x->dim[0] * x->dim[1], 1, backward_maps, &p);
  return SV_OK;
}

#define AT(field) offsetof(lp_attrs, field)
static const sv_attr attrs[] = {
    {.name = "kernel",
     .onnx = "kernel_shape",
     .type = SV_ATTR_INTS,
     .offset = AT(pool.kernel),
     .min = 1,
     .max = 1 << 24,
     .position = 1,
     .help = "size of the window, height x width"},
    {.name = "stride",
     .onnx = "strides",
     .type = SV_ATTR_INTS,
     .offset = AT(pool.stride),
     .min = 1,
     .max = 1 << 24,
     .position = 2,
     .help = "steps from one window to the next; none: 1"},
    {.name = "p",
     .onnx = "p",
     .type = SV_ATTR_INT,
     .offset = AT(p),
     .initial = 2,
     .min = 1,
     .max = 64,
     .help = "which norm: 1 of absolute values, 2 of squares, ..."},
    {.name = "padding",
     .onnx = "pads",
     .type = SV_ATTR_PADDING,
     .offset = AT(pool.padding),
     .max = 1 << 24,
     .help = "zeros around the image: same, same_lower, valid, full, or "
             "numbers for all sides, HxW, or top, left, bottom, right"},
    {.name = "dilation",
     .onnx = "dilations",
     .type = SV_ATTR_INTS,
     .offset = AT(pool.dilation),
     .min = 1,
     .max = 1 << 24,
     .since = 18,
     .help = "distance between the window's elements; none: 1"},
    {.name = "ceil_mode",
     .onnx = "ceil_mode",
     .type = SV_ATTR_BOOL,
     .offset = AT(pool.ceil_mode),
     .since = 18,
     .help = "a last window may hang over the image"},
    {.name = NULL}};

SV_OP(lp_pool) = {
    .name = "lp_pool",
    .summary = "y[i,j] = (sum over the window at i,j of |x|^p)^(1/p)",
    .onnx = (const sv_onnx_name[]){{"LpPool", 2, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(lp_attrs),
    .settle = sv_pool_settle,
    .infer = sv_pool_infer,
    .cost = sv_pool_cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0),
            .data_reads_out = SV_PORT(0)},
};
