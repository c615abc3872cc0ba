/* global_max_pool: the greatest number of each map.
 *
 *   y[n,c] = max over i,j of x[n,c,i,j]
 *   dx[n,c,i,j] = dy[n,c] where the maximum is, else 0
 *
 * Of equal numbers the first one wins.
 *
 * Shapes: x N C D1 ..., y N C 1 ...
 * Source: Oquab, Bottou, Laptev, Sivic, "Is Object Localization for Free?",
 * CVPR 2015; https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html */
#include <tgmath.h>

#include "base/thread.h"
#include "template/global.h"

typedef struct pool {
  int64_t size; /* H W */
  const real *x, *dy;
  real *y, *dx;
} pool;

/* What is not a number wins, and so stays visible. */
static int64_t find_max(const real *x, int64_t size) {
  int64_t best = 0;
  for (int64_t i = 1; i < size && !isnan(x[best]); i++)
    if (x[i] > x[best] || isnan(x[i])) best = i;
  return best;
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * p->size;
    p->y[map] = x[find_max(x, p->size)];
  }
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p = {
      .size = sv_global_size(x), .x = sv_in(args, 0), .y = sv_out(args, 0)};
  sv_parallel(x->dim[0] * x->dim[1], 1, forward_maps, &p);
  return SV_OK;
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * p->size;
    real *dx = p->dx + map * p->size;
    for (int64_t i = 0; i < p->size; i++) dx[i] = 0;
    dx[find_max(x, p->size)] = p->dy[map];
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p = {.size = sv_global_size(x),
            .x = sv_in(args, 0),
            .dy = sv_diff_out(args, 0),
            .dx = sv_diff_in(args, 0)};
  sv_parallel(x->dim[0] * x->dim[1], 1, backward_maps, &p);
  return SV_OK;
}

SV_OP(global_max_pool) = {
    .name = "global_max_pool",
    .has_maps = true,
    .summary = "y = max over each map of x",
    .effect = SV_EFFECT_PICKS,
    .onnx = (const sv_onnx_name[]){{"GlobalMaxPool", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = sv_global_infer,
    .cost = sv_cost_whole,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0)},
};
