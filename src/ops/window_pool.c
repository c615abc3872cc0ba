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
#include "geometry/pool.h"

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
    return sv_fail(SV_INVALID, "kernel is %lld, but the window has %d values",
                   (long long)size, a->numbers.count);
  for (int64_t u = 0; u < size; u++) {
    row[u] = given ? (double)a->numbers.at[u] : named(a, size, u);
    sum += row[u];
    largest = fmax(largest, fabs(row[u]));
  }
  if (!(fabs(sum) > 1e-6 * largest))
    return sv_fail(SV_INVALID, "the values of the window add up to 0");
  for (int64_t u = 0; u < size; u++) row[u] /= sum;
  return SV_OK;
}

typedef struct pool {
  sv_window at;
  double row[2][LONGEST]; /* a, b */
} pool;

static sv_status prepare(pool *p, const sv_node *node, const sv_shape *x) {
  const sv_window_pool_attrs *a = node->attrs;
  SV_TRY(sv_window_resolve(&p->at, x, &a->kernel, &a->stride, &(sv_ints){0},
                           &a->padding, false));
  for (int d = 0; d < 2; d++) SV_TRY(weigh(p->row[d], a, p->at.kernel[d]));
  return SV_OK;
}

static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_window_pool_attrs *a = attrs;
  if (a->kernel.count == 0 && a->numbers.count > 0)
    a->kernel = (sv_ints){1, {a->numbers.count}};
  sv_window_settle(in, in_count, &a->kernel, &a->stride, &(sv_ints){0},
                   &a->padding);
  return SV_OK;
}

static void spell(void *attrs, const sv_shape *x) {
  sv_window_pool_attrs *a = attrs;
  sv_window_spell(x, &a->kernel, &a->stride, &(sv_ints){0}, &a->padding);
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  pool p;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(prepare(&p, node, &in[0].shape));
  out[0].dtype = in[0].dtype;
  out[0].shape = sv_window_output(&p.at, &in[0].shape, in[0].shape.dim[1]);
  return SV_OK;
}

/* As the convolution that it is: N C OH OW sums of KH KW products. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  pool p;
  SV_TRY(prepare(&p, node, &in[0].shape));
  sv_window_cost(&p.at, cost);
  cost->macs =
      sv_times(sv_shape_count(&out[0].shape), p.at.kernel[0] * p.at.kernel[1]);
  return SV_OK;
}

/* ---- As a convolution of each map, whose weight is a constant ---- */

/* The initialiser of every map's KH x KW numbers. */
static sv_status spell_window(const pool *p, char **init) {
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
  SV_TRY(prepare(&p, node, &x));
  SV_TRY(spell_window(&p, &init));
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

static real value(const pool *p, const sv_pool_frame *f, const real *x) {
  double sum = 0;
  for (int64_t u = f->first[0]; u < f->last[0]; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++)
      sum += (real)(p->row[0][u] * p->row[1][v]) *
             x[sv_pool_place(f, &p->at, u, v)];
  return (real)sum;
}

static void gradient(const pool *p, const sv_pool_frame *f, real dy, real *dx) {
  for (int64_t u = f->first[0]; u < f->last[0]; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++)
      dx[sv_pool_place(f, &p->at, u, v)] +=
          (real)(p->row[0][u] * p->row[1][v]) * dy;
}

#include "template/pool_maps.h"

/* ---- Tables ---- */

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
     .help = "step of the window; none: 1"},
    {.name = "padding",
     .type = SV_ATTR_PADDING,
     .offset = AT(padding),
     .max = 1 << 24,
     .help = "zeros added around the image: " SV_PADDING_WORDS},
    {.name = "window",
     .type = SV_ATTR_CHOICE,
     .offset = AT(window),
     .choices = windows,
     .help = "the values along each axis"},
    {.name = "sigma",
     .type = SV_ATTR_FLOAT,
     .offset = AT(sigma),
     .initial = 1,
     .min = 0.1,
     .max = 1e6,
     .help = "standard deviation of a gaussian in pixels"},
    {.name = "numbers",
     .type = SV_ATTR_FLOATS,
     .offset = AT(numbers),
     .min = -1e6,
     .max = 1e6,
     .help =
         "values of the window along each axis longer than 1, such as "
         "1,4,6,4,1, instead of a named window; they are divided by their sum"},
    {.name = NULL}};

SV_OP(window_pool) = {
    .name = "window_pool",
    .has_maps = true,
    .summary = "y[i,j] = sum over the window at i,j of fixed weights times x",
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_window_pool_attrs),
    .settle = settle,
    .spell = spell,
    .infer = infer,
    .cost = cost,
    .expand = expand,
    .ref = SV_POOL_REFERENCE,
};
