/* The passes of poolings that compute one value per window. Before including
 * this, operators define
 *
 *     typedef struct pool { sv_window at; ... } pool;
 *     static sv_status prepare(pool *p, const sv_node *node,
 *                              const sv_shape *x);
 *     static real value(const pool *p, const sv_pool_frame *f, const real *x);
 *     static void gradient(const pool *p, const sv_pool_frame *f, real dy,
 *                          real *dx);
 *
 * for a map x and dx; `gradient` adds to dx. With GRADIENT_READS_X_AND_Y its
 * last arguments are the map x and the window's y. */
#ifndef SV_TEMPLATE_POOL_MAPS_H
#define SV_TEMPLATE_POOL_MAPS_H

#include "base/thread.h"
#include "geometry/pool.h"

typedef struct pooling {
  pool p;
  const real *x, *y, *dy;
  real *to; /* y or dx */
} pooling;

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pooling *s = context;
  const sv_window *w = &s->p.at;
  for (int64_t map = begin; map < end; map++) {
    const real *x = s->x + map * w->in[0] * w->in[1];
    real *y = s->to + map * w->out[0] * w->out[1];
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++) {
        sv_pool_frame f = sv_pool_frame_at(w, i, j);
        *y++ = value(&s->p, &f, x);
      }
  }
}

static sv_status forward(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pooling s = {.x = sv_in(args, 0), .to = sv_out(args, 0)};
  SV_TRY(prepare(&s.p, args->node, x));
  sv_parallel(sv_pool_maps(&s.p.at, x), 1, forward_maps, &s);
  return SV_OK;
}

#ifdef GRADIENT_READS_X_AND_Y
#define GRADIENT(dx) gradient(&s->p, &f, s->dy[to], dx, s->x + from, s->y[to])
#define READS .data_reads_in = SV_PORT(0), .data_reads_out = SV_PORT(0)
#else
#define GRADIENT(dx) gradient(&s->p, &f, s->dy[to], dx)
#define READS .data_reads_in = 0
#endif

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pooling *s = context;
  const sv_window *w = &s->p.at;
  int64_t size = w->in[0] * w->in[1];
  for (int64_t map = begin; map < end; map++) {
    int64_t from = map * size, to = map * w->out[0] * w->out[1];
    for (int64_t k = 0; k < size; k++) s->to[from + k] = 0;
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++, to++) {
        sv_pool_frame f = sv_pool_frame_at(w, i, j);
        GRADIENT(s->to + from);
      }
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->diff_in[0]->shape;
  pooling s = {.x = sv_in(args, 0),
               .y = sv_out(args, 0),
               .dy = sv_diff_out(args, 0),
               .to = sv_diff_in(args, 0)};
  SV_TRY(prepare(&s.p, args->node, x));
  sv_parallel(sv_pool_maps(&s.p.at, x), 1, backward_maps, &s);
  return SV_OK;
}

/* Of the descriptor. */
#define SV_POOL_REFERENCE \
  { .forward = forward, .backward_data = backward_data, READS }

#endif
