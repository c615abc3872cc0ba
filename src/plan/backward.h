/* The backward half of a program under way: gradients.c collects what each
 * value is given and adds it up, backward.c asks the nodes for it. */
#ifndef SV_PLAN_BACKWARD_H
#define SV_PLAN_BACKWARD_H

#include "plan/plan.h"

/* What has been given so far towards one value's gradient. */
typedef struct sv_collected {
  int *cells;
  int count, capacity;
  int expected; /* contributions that nodes will give */
  bool asked;   /* by the caller */
} sv_collected;

typedef struct sv_backward {
  const sv_plan *plan;
  sv_program *p;
  sv_collected *values;
  bool *active; /* per node: a gradient comes in and one is wanted */
} sv_backward;

/* A trained tensor of the state. */
bool sv_is_parameter(const sv_backward *b, int value);

/* Whose gradients are asked for, where they start, how many nodes will give. */
sv_status sv_mark_asked(sv_backward *b) SV_CHECKED;
sv_status sv_add_seeds(sv_backward *b, sv_plan *plan) SV_CHECKED;
void sv_count_expected(sv_backward *b);

/* One more contribution to a value's gradient. */
sv_status sv_collect(sv_backward *b, int value, int cell) SV_CHECKED;
/* The gradient of a value that all its readers have given to; -1 if none. */
sv_status sv_total_gradient(sv_backward *b, int value, int *cell) SV_CHECKED;
/* Called after each contribution; the last one makes it final. */
sv_status sv_finish_parameter(sv_backward *b, int value) SV_CHECKED;

#endif
