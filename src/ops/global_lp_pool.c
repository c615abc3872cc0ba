/* global_lp_pool: the p-norm of each map.
 *
 *   y[n,c] = (sum over i,j of |x[n,c,i,j]|^p)^(1/p)
 *   dx[n,c,i,j] = dy[n,c] sign(x) (|x| / y)^(p-1), 0 where y is
 *
 * Shapes: x N C D1 ..., y N C 1 ...
 * Source: https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html */
#include <tgmath.h>

#include "base/thread.h"
#include "template/global.h"

typedef struct lp_attrs {
  int64_t p;
} lp_attrs;

typedef struct pool {
  int64_t size; /* H W */
  real p;
  const real *x, *y, *dy;
  real *to;
} pool;

static pool describe(const sv_args *args) {
  const lp_attrs *a = args->node->attrs;
  return (pool){.size = sv_global_size(&args->in[0]->shape),
                .p = (real)a->p,
                .x = sv_in(args, 0)};
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  for (int64_t map = begin; map < end; map++) {
    double sum = 0;
    for (int64_t i = map * p->size; i < (map + 1) * p->size; i++)
      sum += pow(fabs(p->x[i]), p->p);
    p->to[map] = (real)pow(sum, 1 / (double)p->p);
  }
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p = describe(args);
  p.to = sv_out(args, 0);
  sv_parallel(x->dim[0] * x->dim[1], 1, forward_maps, &p);
  return SV_OK;
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  for (int64_t map = begin; map < end; map++)
    for (int64_t i = map * p->size; i < (map + 1) * p->size; i++) {
      real x = p->x[i], y = p->y[map];
      bool none = x == 0 || y == 0;
      p->to[i] =
          none ? 0 : p->dy[map] * copysign(pow(fabs(x) / y, p->p - 1), x);
    }
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p = describe(args);
  p.y = sv_out(args, 0);
  p.dy = sv_diff_out(args, 0);
  p.to = sv_diff_in(args, 0);
  sv_parallel(x->dim[0] * x->dim[1], 1, backward_maps, &p);
  return SV_OK;
}

static const sv_attr attrs[] = {
    {.name = "p",
     .onnx = "p",
     .type = SV_ATTR_INT,
     .offset = offsetof(lp_attrs, p),
     .initial = 2,
     .min = 1,
     .max = 64,
     .position = 1,
     .help = "order of the norm: 1 for absolute values, 2 for squares, ..."},
    {.name = NULL}};

SV_OP(global_lp_pool) = {
    .name = "global_lp_pool",
    .has_maps = true,
    .summary = "y = (sum over each map of |x|^p)^(1/p)",
    .onnx = (const sv_onnx_name[]){{"GlobalLpPool", 2, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(lp_attrs),
    .infer = sv_global_infer,
    .cost = sv_cost_whole,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0),
            .data_reads_out = SV_PORT(0)},
};
