/* Visits elements of one tensor in the order of another: for transpositions,
 * slices and repetitions. */
#ifndef SV_GEOMETRY_WALK_H
#define SV_GEOMETRY_WALK_H

#include "op/op.h"

enum { SV_WALK_RANK = 2 * SV_MAX_RANK };

/* Loops, outermost first, over a dense tensor; each advances by `step` elements
 * in the other one (0: the same element again). Start from {0}. */
typedef struct sv_walk {
  int rank;
  int64_t dim[SV_WALK_RANK], step[SV_WALK_RANK];
  int64_t start; /* of the other one */
} sv_walk;

/* Adds an inner loop. */
void sv_walk_add(sv_walk *walk, int64_t dim, int64_t step);

/* step[d] = elements from one index of dimension d to the next. */
void sv_walk_steps(const sv_shape *shape, int64_t step[SV_MAX_RANK]);

/* The number of rows, that is, iterations of all loops except the innermost,
 * and the position of row `row` in the other tensor. */
int64_t sv_walk_rows(const sv_walk *walk);
int64_t sv_walk_row(const sv_walk *walk, int64_t row);
static inline int64_t sv_walk_width(const sv_walk *walk) {
  return walk->rank ? walk->dim[walk->rank - 1] : 1;
}
static inline int64_t sv_walk_stride(const sv_walk *walk) {
  return walk->rank ? walk->step[walk->rank - 1] : 1;
}

/* dense = the other's elements of `size` bytes each; and the reverse, if no
 * element of the other one is visited twice. */
void sv_walk_gather(const sv_walk *walk, size_t element, const void *other,
                    void *dense);
void sv_walk_scatter(const sv_walk *walk, size_t element, const void *dense,
                     void *other);

/* other += dense; elements may be visited any number of times. */
static inline void sv_walk_sum(const sv_walk *walk, const real *dense,
                               real *other) {
  int64_t rows = sv_walk_rows(walk), width = sv_walk_width(walk);
  int64_t stride = sv_walk_stride(walk);
  for (int64_t row = 0; row < rows; row++) {
    real *to = other + sv_walk_row(walk, row);
    for (int64_t i = 0; i < width; i++)
      to[i * stride] += dense[row * width + i];
  }
}

#endif
