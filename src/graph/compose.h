/* Helpers to add nodes with one or two inputs, for `expand` and layers.h. */
#ifndef SV_GRAPH_COMPOSE_H
#define SV_GRAPH_COMPOSE_H

#include <stdio.h>

#include "op/op.h"

/* op(x); attributes as sv_apply takes them. */
static inline sv_value sv_one(sv_graph *graph, const char *op, sv_value x,
                              const void *attrs) {
  return sv_apply(graph, op, &x, 1, attrs);
}

/* op(a, b) */
static inline sv_value sv_two(sv_graph *graph, const char *op, sv_value a,
                              sv_value b) {
  return sv_apply(graph, op, (sv_value[]){a, b}, 2, NULL);
}

/* op(x, number), the number a constant under this name. */
static inline sv_value sv_with(sv_graph *graph, const char *op, sv_value x,
                               const char *name, double number) {
  char init[40];
  snprintf(init, sizeof init, "constant %.9g", number);
  sv_shape scalar = {.rank = 0};
  return sv_two(graph, op, x,
                sv_parameter(graph, name, SV_CONSTANT, SV_F32, scalar, init));
}

#endif
