/* window_pool: the weighted mean of each window, with weights that are fixed:
 * what a shift of the image by one pixel leaves more alike than others do.
 *
 *   y[n,c,i,j] = sum over u,v of a[u] b[v] x[n, c, i SH-PH+u, j SW-PW+v]
 *   dx[n,c,p,q] = sum of a[u] b[v] dy[n,c,i,j] where u,v of window i,j is p,q
 *
 * a has KH numbers, b has KW, the sum of each is 1. Of k numbers, r = (k-1)/2,
 *
 *   binomial: a[u] ~ k-1 over u               1 2 1, 1 3 3 1, ...
 *   gaussian: a[u] ~ e^(-(u - r)^2 / (2 sigma^2))
 *   box:      a[u] ~ 1                        the mean
 *
 * or they are given. Padding is 0 and counts; for other borders `pad` stands
 * before this.
 *
 * Shapes: x N C IH IW, y N C OH OW; or both without H.
 * Source: Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML
 * 2019. */
#include <tgmath.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/thread.h"
#include "ops/pool.h"

enum { LONGEST = 32 }; /* numbers along an axis */

/* ---- The window ---- */

static double named(const sv_window_pool_attrs *a, int64_t size, int64_t u) {
  double far = (double)u - (double)(size - 1) / 2, number = 1;
  switch (a->window) {
    case SV_WINDOW_BINOMIAL:
      for (int64_t i = 0; i < u; i++)
        number = number * (double)(size - 1 - i) / (double)(i + 1);
      return number;
    case SV_WINDOW_GAUSSIAN:
      return exp(-far * far / (2 * (double)a->sigma * (double)a->sigma));
    case SV_WINDOW_BOX: break;
  }
  return 1;
}

/* The numbers along one axis. Across a line of pixels a window is 1 wide. */
static sv_status weigh(double row[LONGEST], const sv_window_pool_attrs *a,
                       int64_t size) {
  double sum = 0, largest = 0;
  bool given = a->numbers.count > 0 && size > 1;
  if (size > LONGEST)
    return sv_fail(SV_INVALID, "kernel is %lld, expected 1 to %d",
                   (long long)size, LONGEST);
  if (given && size != a->numbers.count)
    return sv_fail(SV_INVALID, "kernel is %lld, but the window has %d numbers",
                   (long long)size, a->numbers.count);
  for (int64_t u = 0; u < size; u++) {
    row[u] = given ? (double)a->numbers.at[u] : named(a, size, u);
    sum += row[u];
    largest = fmax(largest, fabs(row[u]));
  }
  if (!(fabs(sum) > 1e-6 * largest))
    return sv_fail(SV_INVALID, "the numbers of the window add up to 0");
  for (int64_t u = 0; u < size; u++) row[u] /= sum;
  return SV_OK;
}

typedef struct pool {
  sv_window at;
  double row[2][LONGEST]; /* a, b */
  const real *x, *dy;
  real *y, *dx;
} pool;

static sv_status resolve(pool *p, const sv_node *node, const sv_shape *x) {
  const sv_window_pool_attrs *a = node->attrs;
  SV_TRY(sv_window_resolve(&p->at, x, &a->kernel, &a->stride, &(sv_ints){0},
                           &a->padding, false));
  for (int d = 0; d < 2; d++) SV_TRY(weigh(p->row[d], a, p->at.kernel[d]));
  return SV_OK;
}

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_window_pool_attrs *a = attrs;
  int axes = in_count > 0 && in[0].present ? in[0].shape.rank - 2 : 0;
  if (a->kernel.count == 0 && a->numbers.count > 0)
    a->kernel = (sv_ints){1, {a->numbers.count}};
  sv_window_spread(&a->kernel, axes);
  sv_window_spread_step(&a->stride, axes);
  sv_window_settle(&a->padding, &a->kernel, &(sv_ints){0});
  sv_window_spread_padding(&a->padding, axes);
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  pool p;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(resolve(&p, node, &in[0].shape));
  out[0].dtype = in[0].dtype;
  out[0].shape = sv_window_output(&p.at, &in[0].shape, in[0].shape.dim[1]);
  return SV_OK;
}

/* As the convolution that it is: N C OH OW sums of KH KW products. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  pool p;
  SV_TRY(resolve(&p, node, &in[0].shape));
  sv_window_cost(&p.at, cost);
  cost->macs =
      sv_times(sv_shape_count(&out[0].shape), p.at.kernel[0] * p.at.kernel[1]);
  return SV_OK;
}

/* ---- As a convolution of each map, whose weight is a constant ---- */

/* The initialiser of every map's KH x KW numbers. */
static sv_status spell(const pool *p, char **init) {
  sv_text text = {0};
  for (int64_t u = 0; u < p->at.kernel[0]; u++)
    for (int64_t v = 0; v < p->at.kernel[1]; v++)
      sv_text_add(&text, "%s%.9g", u + v > 0 ? "," : "numbers ",
                  p->row[0][u] * p->row[1][v]);
  return sv_text_take(&text, init);
}

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  const sv_window_pool_attrs *a = node->attrs;
  sv_shape x = sv_value_shape(graph, in[0]), w = {.rank = x.rank};
  char *init;
  pool p;
  SV_TRY(resolve(&p, node, &x));
  SV_TRY(spell(&p, &init));
  sv_conv_attrs conv = sv_conv_default();
  conv.channels = conv.group = w.dim[0] = x.dim[1];
  conv.kernel = a->kernel;
  conv.stride = a->stride;
  conv.padding = a->padding;
  conv.bias = false;
  w.dim[1] = 1;
  for (int d = 2; d < x.rank; d++) w.dim[d] = p.at.kernel[d - x.rank + 2];
  sv_value window = sv_parameter(graph, "window", SV_CONSTANT, SV_F32, w, init);
  sv_free(init);
  out[0] = sv_apply(graph, "conv", (sv_value[]){in[0], window}, 2, &conv);
  return sv_graph_check(graph);
}

/* ---- Arithmetic ---- */

/* Element v = 0 of row u of window i,j in its map; it may lie left of it. */
static int64_t place(const sv_window *w, int64_t i, int64_t j, int64_t u) {
  int64_t row = i * w->stride[0] - w->begin[0] + u;
  return row * w->in[1] + j * w->stride[1] - w->begin[1];
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * w->in[0] * w->in[1];
    real *y = p->y + map * w->out[0] * w->out[1];
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++) {
        int64_t top, bottom, left, right;
        real sum = 0;
        sv_window_taps(w, 0, i, &top, &bottom);
        sv_window_taps(w, 1, j, &left, &right);
        for (int64_t u = top; u < bottom; u++)
          for (int64_t v = left; v < right; v++)
            sum +=
                (real)(p->row[0][u] * p->row[1][v]) * x[place(w, i, j, u) + v];
        y[i * w->out[1] + j] = sum;
      }
  }
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p = {.x = sv_in(args, 0), .y = sv_out(args, 0)};
  SV_TRY(resolve(&p, args->node, x));
  sv_parallel(x->dim[0] * x->dim[1], 1, forward_maps, &p);
  return SV_OK;
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
      for (int64_t j = 0; j < w->out[1]; j++) {
        int64_t top, bottom, left, right;
        sv_window_taps(w, 0, i, &top, &bottom);
        sv_window_taps(w, 1, j, &left, &right);
        for (int64_t u = top; u < bottom; u++)
          for (int64_t v = left; v < right; v++)
            dx[place(w, i, j, u) + v] +=
                (real)(p->row[0][u] * p->row[1][v]) * dy[i * w->out[1] + j];
      }
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->diff_in[0]->shape;
  pool p = {.dy = sv_diff_out(args, 0), .dx = sv_diff_in(args, 0)};
  SV_TRY(resolve(&p, args->node, x));
  sv_parallel(x->dim[0] * x->dim[1], 1, backward_maps, &p);
  return SV_OK;
}

static const char *const windows[] = {"binomial", "gaussian", "box", NULL};

#define AT(field) offsetof(sv_window_pool_attrs, field)
static const sv_attr attrs[] = {
    {.name = "kernel",
     .type = SV_ATTR_INTS,
     .offset = AT(kernel),
     .min = 1,
     .max = LONGEST,
     .position = 1,
     .help = "size of the window, height x width; none: as many as `numbers`"},
    {.name = "stride",
     .type = SV_ATTR_INTS,
     .offset = AT(stride),
     .min = 1,
     .max = 1 << 24,
     .position = 2,
     .help = "steps from one window to the next; none: 1"},
    {.name = "padding",
     .type = SV_ATTR_PADDING,
     .offset = AT(padding),
     .max = 1 << 24,
     .help = "zeros around the image: same, same_lower, valid, full, or "
             "numbers for all sides, HxW, or top, left, bottom, right"},
    {.name = "window",
     .type = SV_ATTR_CHOICE,
     .offset = AT(window),
     .choices = windows,
     .help = "the numbers along each axis"},
    {.name = "sigma",
     .type = SV_ATTR_FLOAT,
     .offset = AT(sigma),
     .initial = 1,
     .min = 0.1,
     .max = 1e6,
     .help = "of a gaussian, in pixels"},
    {.name = "numbers",
     .type = SV_ATTR_FLOATS,
     .offset = AT(numbers),
     .min = -1e6,
     .max = 1e6,
     .help = "instead of a named window: those along each axis longer than 1, "
             "such as 1,4,6,4,1; they are divided by their sum"},
    {.name = NULL}};

SV_OP(window_pool) = {
    .name = "window_pool",
    .summary = "y[i,j] = sum over the window at i,j of fixed weights times x",
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_window_pool_attrs),
    .settle = settle,
    .infer = infer,
    .cost = cost,
    .expand = expand,
    .ref = {.forward = forward, .backward_data = backward_data},
};
