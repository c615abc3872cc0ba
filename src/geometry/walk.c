#include "geometry/walk.h"

#include <string.h>

#include "base/thread.h"

/* A loop that goes on where the one around it does is part of it. */
void sv_walk_add(sv_walk *walk, int64_t dim, int64_t step) {
  int last = walk->rank - 1;
  if (dim == 1) return;
  if (last >= 0 && walk->step[last] == dim * step) {
    walk->dim[last] *= dim;
    walk->step[last] = step;
    return;
  }
  walk->dim[walk->rank] = dim;
  walk->step[walk->rank++] = step;
}

void sv_walk_steps(const sv_shape *shape, int64_t step[SV_MAX_RANK]) {
  int64_t size = 1;
  for (int d = shape->rank - 1; d >= 0; d--) {
    step[d] = size;
    size *= shape->dim[d];
  }
}

int64_t sv_walk_rows(const sv_walk *walk) {
  int64_t rows = 1;
  for (int d = 0; d < walk->rank - 1; d++) rows *= walk->dim[d];
  return rows;
}

int64_t sv_walk_row(const sv_walk *walk, int64_t row) {
  int64_t at = walk->start;
  for (int d = walk->rank - 2; d >= 0; d--) {
    at += row % walk->dim[d] * walk->step[d];
    row /= walk->dim[d];
  }
  return at;
}

/* ---- Copies ---- */

typedef struct copying {
  const sv_walk *walk;
  size_t element;
  char *other, *dense;
  bool gather;
} copying;

#define COPY_ELEMENTS(type)                                     \
  do {                                                          \
    type *out = to;                                             \
    const type *in = from;                                      \
    for (int64_t i = 0; i < count; i++) out[i * p] = in[i * q]; \
  } while (0)

/* to[i * p] = from[i * q] */
static void copy_row(size_t element, void *to, int64_t p, const void *from,
                     int64_t q, int64_t count) {
  if (p == 1 && q == 1) {
    memcpy(to, from, (size_t)count * element);
    return;
  }
  switch (element) {
    case 1: COPY_ELEMENTS(uint8_t); break;
    case 2: COPY_ELEMENTS(uint16_t); break;
    case 4: COPY_ELEMENTS(uint32_t); break;
    default: COPY_ELEMENTS(uint64_t); break;
  }
}

static void copy_rows(void *context, int64_t begin, int64_t end) {
  const copying *c = context;
  int64_t width = sv_walk_width(c->walk), step = sv_walk_stride(c->walk);
  for (int64_t row = begin; row < end; row++) {
    char *other = c->other + sv_walk_row(c->walk, row) * (int64_t)c->element;
    char *dense = c->dense + row * width * (int64_t)c->element;
    if (c->gather)
      copy_row(c->element, dense, 1, other, step, width);
    else
      copy_row(c->element, other, step, dense, 1, width);
  }
}

static void copy(const sv_walk *walk, size_t element, char *other, char *dense,
                 bool gather) {
  copying c = {walk, element, other, dense, gather};
  int64_t grain = 4096 / (sv_walk_width(walk) + 1) + 1;
  for (int d = 0; d < walk->rank; d++)
    if (walk->dim[d] == 0) return;
  sv_parallel(sv_walk_rows(walk), grain, copy_rows, &c);
}

void sv_walk_gather(const sv_walk *walk, size_t element, const void *other,
                    void *dense) {
  copy(walk, element, (char *)(uintptr_t)other, dense, true);
}

void sv_walk_scatter(const sv_walk *walk, size_t element, const void *dense,
                     void *other) {
  copy(walk, element, other, (char *)(uintptr_t)dense, false);
}
