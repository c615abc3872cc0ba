/* global_avg_pool: the mean of each map.
 *
 *   y[n,c] = sum over i,j of x[n,c,i,j] / (H W)
 *   dx[n,c,i,j] = dy[n,c] / (H W)
 *
 * Shapes: x N C D1 ..., y N C 1 ...
 * Source: Lin, Chen, Yan, "Network In Network", ICLR 2014;
 * https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
#include "base/thread.h"
#include "ops/sum.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_real(node, in));
  const sv_shape *x = &in[0].shape;
  bool empty = x->rank < 3;
  for (int d = 2; d < x->rank; d++) empty |= x->dim[d] < 1;
  if (empty)
    return sv_fail(SV_INVALID, "input x is %s, expected N C H W",
                   sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  out[0].dtype = in[0].dtype;
  out[0].shape = *x;
  for (int d = 2; d < x->rank; d++) out[0].shape.dim[d] = 1;
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)node;
  (void)in;
  (void)out;
  cost->spatial = false;
  return SV_OK;
}

typedef struct pool {
  int64_t maps, size; /* N C, H W */
  const real *x, *dy;
  real *y, *dx;
} pool;

static pool shape_of(const sv_shape *x) {
  pool p = {.maps = x->dim[0] * x->dim[1], .size = 1};
  for (int d = 2; d < x->rank; d++) p.size *= x->dim[d];
  return p;
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
    .summary = "y = mean over each map of x",
    .onnx = (const sv_onnx_name[]){{"GlobalAveragePool", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward, .backward_data = backward_data},
};
