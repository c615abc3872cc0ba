/* global_avg_pool: the mean of each map.
 *
 *   y[n,c] = sum over i,j of x[n,c,i,j] / (H W)
 *   dx[n,c,i,j] = dy[n,c] / (H W)
 *
 * Shapes: x N C D1 ..., y N C 1 ...
 * Source: Lin, Chen, Yan, "Network In Network", ICLR 2014;
 * https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
#include "base/thread.h"
#include "template/global.h"
#include "template/sum.h"

typedef struct pool {
  int64_t maps, size; /* N C, H W */
  const real *x, *dy;
  real *y, *dx;
} pool;

static pool shape_of(const sv_shape *x) {
  return (pool){.maps = x->dim[0] * x->dim[1], .size = sv_global_size(x)};
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  for (int64_t map = begin; map < end; map++)
    p->y[map] = (real)(sv_sum(p->x + map * p->size, p->size) / (double)p->size);
}

static sv_status forward(const sv_args *args) {
  pool p = shape_of(&args->in[0]->shape);
  p.x = sv_in(args, 0);
  p.y = sv_out(args, 0);
  sv_parallel(p.maps, 1, forward_maps, &p);
  return SV_OK;
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  for (int64_t map = begin; map < end; map++)
    for (int64_t i = 0; i < p->size; i++)
      p->dx[map * p->size + i] = p->dy[map] / (real)p->size;
}

static sv_status backward_data(const sv_args *args) {
  pool p = shape_of(&args->diff_in[0]->shape);
  p.dy = sv_diff_out(args, 0);
  p.dx = sv_diff_in(args, 0);
  sv_parallel(p.maps, 1, backward_maps, &p);
  return SV_OK;
}

SV_OP(global_avg_pool) = {
    .name = "global_avg_pool",
    .has_maps = true,
    .summary = "y = mean over each map of x",
    .effect = SV_EFFECT_POOLS,
    .onnx = (const sv_onnx_name[]){{"GlobalAveragePool", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = sv_global_infer,
    .cost = sv_cost_whole,
    .ref = {.forward = forward, .backward_data = backward_data},
};
