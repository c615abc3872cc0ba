/* sub: the difference of two tensors.
 *
 *   y = a - b
 *   da = dy, db = -dy, each summed over the dimensions in which it is repeated
 *
 * Shapes: a and b such as numpy brings to one shape, which is y's.
 * Source: https://onnx.ai/onnx/operators/onnx__Sub.html */
#include "base/thread.h"
#include "ops/broadcast.h"

enum { GRAIN = 1 << 14 };

typedef struct difference {
  sv_broadcast shape;
  const real *a, *b;
  real *y;
} difference;

static void forward_part(void *context, int64_t begin, int64_t end) {
  const difference *s = context;
  sv_run run = {.next = begin};
  while (sv_broadcast_next(&s->shape, end, &run)) {
    const real *a = s->a + run.a, *b = s->b + run.b;
    real *y = s->y + run.y;
    for (int64_t i = 0; i < run.count; i++)
      y[i] = a[i * run.a_step] - b[i * run.b_step];
  }
}

static sv_status forward(const sv_args *args) {
  difference s = {
      .shape = sv_broadcast_of(&args->in[0]->shape, &args->in[1]->shape),
      .a = sv_in(args, 0),
      .b = sv_in(args, 1),
      .y = sv_out(args, 0)};
  sv_parallel(sv_broadcast_count(&s.shape), GRAIN, forward_part, &s);
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  for (int i = 0; i < 2; i++)
    if (sv_diff_in(args, i))
      sv_broadcast_gradient(args->diff_in[i], args->diff_out[0], NULL,
                            i == 0 ? 1 : -1);
  return SV_OK;
}

SV_OP(sub) = {
    .name = "sub",
    .summary = "y = a - b",
    .onnx = (const sv_onnx_name[]){{"Sub", 7, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "a"}, {.name = "b"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = sv_broadcast_infer,
    .ref = {.forward = forward, .backward_data = backward_data},
};
