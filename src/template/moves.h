/* y has x's elements in another order. Operators that include this define the
 * order over y, in x:
 *
 *     static sv_walk walk_over(const sv_node *node, const sv_shape *x,
 *                              const sv_shape *y);
 *
 * and define REPEATS before that if an element may occur more than once. */
#ifndef SV_TEMPLATE_MOVES_H
#define SV_TEMPLATE_MOVES_H

#include <string.h>

#include "geometry/walk.h"
#include "template/sum.h"

static sv_walk walk_over(const sv_node *node, const sv_shape *x,
                         const sv_shape *y);

static sv_status forward(const sv_args *args) {
  const sv_tensor *x = args->in[0], *y = args->out[0];
  sv_walk walk = walk_over(args->node, &x->shape, &y->shape);
  sv_walk_gather(&walk, sv_dtype_size(x->dtype), x->data, y->data);
  return SV_OK;
}

#ifdef REPEATS
typedef struct repeated {
  const sv_walk *walk;
  const real *dy;
} repeated;

static void add_repeated(const void *context, int64_t begin, int64_t end,
                         double *sums) {
  const repeated *r = context;
  int64_t rows = sv_walk_rows(r->walk), width = sv_walk_width(r->walk);
  int64_t stride = sv_walk_stride(r->walk);
  const real *dy = r->dy;
  for (int64_t row = 0; row < rows; row++) {
    int64_t at = sv_walk_row(r->walk, row);
    for (int64_t i = 0; i < width; i++, at += stride, dy++)
      if (at >= begin && at < end) sums[at - begin] += *dy;
  }
}
#endif

static sv_status backward_data(const sv_args *args) {
  const sv_tensor *dx = args->diff_in[0], *dy = args->diff_out[0];
  sv_walk walk = walk_over(args->node, &dx->shape, &dy->shape);
#ifdef REPEATS
  int64_t own = sv_shape_count(&dx->shape);
  if (sv_shape_count(&dy->shape) > own * SV_LONG_SUM) {
    sv_sum_tiles(dx->data, own, add_repeated, &(repeated){&walk, dy->data});
    return SV_OK;
  }
  memset(dx->data, 0, (size_t)own * sizeof(real));
  sv_walk_sum(&walk, dy->data, dx->data);
#else
  sv_walk_scatter(&walk, sizeof(real), dy->data, dx->data);
#endif
  return SV_OK;
}

#endif
