/* Building the backward pass of a program: gradients.c collects and sums the
 * contributions to each value's gradient, backward.c adds the nodes' backward
 * steps. */
#ifndef SV_PLAN_BACKWARD_H
#define SV_PLAN_BACKWARD_H

#include "plan/plan.h"

/* The contributions to one value's gradient so far. */
typedef struct sv_collected {
  int *cells;
  int count, capacity;
  int expected; /* number of contributions to come */
  bool asked;   /* requested by the caller */
} sv_collected;

typedef struct sv_backward {
  const sv_plan *plan;
  sv_program *p;
  sv_collected *values;
  bool *active; /* per node: a gradient comes in, and one is needed */
} sv_backward;

/* A trained tensor of the state. */
bool sv_is_parameter(const sv_backward *b, int value);

/* Finds the requested gradients, where they start, and the number of
 * contributions. */
sv_status sv_mark_asked(sv_backward *b) SV_CHECKED;
sv_status sv_add_seeds(sv_backward *b, sv_plan *plan) SV_CHECKED;
void sv_count_expected(sv_backward *b);

/* Adds a contribution to a value's gradient. */
sv_status sv_collect(sv_backward *b, int value, int cell) SV_CHECKED;
/* The complete gradient of a value; -1 if none. */
sv_status sv_total_gradient(sv_backward *b, int value, int *cell) SV_CHECKED;
/* Call it after each contribution; the last one makes the gradient final. */
sv_status sv_finish_parameter(sv_backward *b, int value) SV_CHECKED;

#endif
