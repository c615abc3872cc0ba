/* Groups of elements: the elements along some axes form a group. */
#ifndef SV_TEMPLATE_GROUPS_H
#define SV_TEMPLATE_GROUPS_H

#include "geometry/axis_set.h"
#include "geometry/walk.h"

typedef struct sv_groups {
  sv_walk across, along;       /* from group to group; inside of one */
  int64_t count, size;         /* groups, elements of each */
  int64_t rows, width, stride; /* of a group */
} sv_groups;

static inline sv_status sv_groups_of(sv_groups *g, const sv_shape *x,
                                     const sv_ints *axes) {
  int64_t step[SV_MAX_RANK];
  unsigned inside;
  SV_TRY(sv_axis_set_of(&inside, axes, x->rank));
  *g = (sv_groups){.count = 1, .size = 1};
  sv_walk_steps(x, step);
  for (int d = 0; d < x->rank; d++) {
    bool along = inside >> d & 1;
    sv_walk_add(along ? &g->along : &g->across, x->dim[d], step[d]);
    *(along ? &g->size : &g->count) *= x->dim[d];
  }
  g->rows = g->size ? sv_walk_rows(&g->along) : 0;
  g->width = sv_walk_width(&g->along);
  g->stride = sv_walk_stride(&g->along);
  return SV_OK;
}

/* The beginning of a group in x. */
static inline int64_t sv_groups_begin(const sv_groups *g, int64_t group) {
  int64_t width = sv_walk_width(&g->across);
  return sv_walk_row(&g->across, group / width) +
         group % width * sv_walk_stride(&g->across);
}

/* i: position of each element of the group that begins there. */
#define SV_EACH_OF(g, begin, i)                                \
  for (int64_t row_ = 0; row_ < (g)->rows; row_++)             \
    for (int64_t i = (begin) + sv_walk_row(&(g)->along, row_), \
                 left_ = (g)->width;                           \
         left_ > 0; left_--, i += (g)->stride)

/* The number of groups that are worth a thread. */
static inline int64_t sv_groups_grain(const sv_groups *g) {
  return 1 + (1 << 12) / (1 + g->size);
}

#endif
