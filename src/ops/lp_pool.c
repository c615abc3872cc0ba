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

#include "template/pool_apart.h"

typedef struct lp_attrs {
  sv_pool_attrs pool;
  int64_t p;
} lp_attrs;

typedef struct pool {
  sv_window at;
  real p;
} pool;

static sv_status prepare(pool *p, const sv_node *node, const sv_shape *x) {
  const lp_attrs *a = node->attrs;
  p->p = (real)a->p;
  return sv_pool_resolve(&p->at, &a->pool, x);
}

static real value(const pool *p, const sv_pool_frame *f, const real *x) {
  double sum = 0;
  for (int64_t u = f->first[0]; u < f->last[0]; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++)
      sum += pow(fabs(x[sv_pool_place(f, &p->at, u, v)]), p->p);
  return (real)pow(sum, 1 / (double)p->p);
}

#define GRADIENT_READS_X_AND_Y
static void gradient(const pool *p, const sv_pool_frame *f, real dy, real *dx,
                     const real *x, real y) {
  for (int64_t u = f->first[0]; u < f->last[0] && y != 0; u++)
    for (int64_t v = f->first[1]; v < f->last[1]; v++) {
      int64_t at = sv_pool_place(f, &p->at, u, v);
      real slope = pow(fabs(x[at]) / y, p->p - 1);
      if (x[at] != 0) dx[at] += dy * copysign(slope, x[at]);
    }
}

#include "template/pool_maps.h"

#define AT(field) offsetof(lp_attrs, field)
static const sv_attr attrs[] = {
    {SV_KERNEL_ATTR, .offset = AT(pool.kernel), .position = 1,
     .required = true},
    {SV_POOL_STRIDE_ATTR, .offset = AT(pool.stride), .position = 2},
    {.name = "p",
     .onnx = "p",
     .type = SV_ATTR_INT,
     .offset = AT(p),
     .initial = 2,
     .min = 1,
     .max = 64,
     .help = "order of the norm: 1 for absolute values, 2 for squares, ..."},
    {SV_PADDING_ATTR, .offset = AT(pool.padding),
     .help = "zeros added around the image: " SV_PADDING_WORDS},
    {SV_DILATION_ATTR, .offset = AT(pool.dilation), .since = 18},
    {SV_CEIL_MODE_ATTR, .offset = AT(pool.ceil_mode), .since = 18},
    {.name = NULL}};

static bool refused(const sv_node *node) {
  return pool_is_apart(&((const lp_attrs *)node->attrs)->pool);
}

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  lp_attrs rest = *(const lp_attrs *)node->attrs;
  sv_value padded = pool_pad(graph, in[0], 0, &rest.pool);
  out[0] = sv_one(graph, "lp_pool", padded, &rest);
  return sv_graph_check(graph);
}

SV_OP(lp_pool) = {
    .name = "lp_pool",
    .has_maps = true,
    .summary = "y[i,j] = (sum over the window at i,j of |x|^p)^(1/p)",
    .onnx = (const sv_onnx_name[]){{"LpPool", 2, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(lp_attrs),
    .settle = sv_pool_settle,
    .spell = sv_pool_spell,
    .refused = refused,
    .expand = expand,
    .infer = sv_pool_infer,
    .cost = sv_pool_cost,
    .ref = SV_POOL_REFERENCE,
};
