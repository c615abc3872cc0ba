/* The builder's initialisers: what is said before a node is kept until the node
 * has made its parameters. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"

static void keep(sv_graph *graph, sv_status status) {
  if (status == SV_OK || graph->status != SV_OK) return;
  graph->status = status;
  if (sv_copy_text(&graph->message, sv_error()) != SV_OK) graph->message = NULL;
}

static sv_status add(sv_graph *graph, const char *parameter, const char *init) {
  SV_TRY(sv_grow(&graph->inits, graph->init_count, &graph->init_capacity,
                 sizeof *graph->inits));
  sv_next_init *next = &graph->inits[graph->init_count];
  *next = (sv_next_init){.used = false};
  SV_TRY(sv_copy_text(&next->text, init));
  graph->init_count++;
  return parameter ? sv_copy_text(&next->parameter, parameter) : SV_OK;
}

void sv_init(sv_graph *graph, const char *parameter, const char *init) {
  if (graph->status == SV_OK) keep(graph, add(graph, parameter, init));
}

void sv_init_weights(sv_graph *graph, const char *init) {
  if (graph->status != SV_OK) return;
  sv_free(graph->usual_init);
  graph->usual_init = NULL;
  if (init) keep(graph, sv_copy_text(&graph->usual_init, init));
}

/* The input that `init=` speaks of: the weight, else the first that is trained.
 */
static int main_port(const sv_op *op) {
  int first = -1;
  for (int i = 0; i < sv_op_in_count(op); i++) {
    sv_role role = sv_op_in_port(op, i)->role;
    if (role == SV_WEIGHT) return i;
    if (first < 0 && sv_role_is_trained(role)) first = i;
  }
  return first;
}

const char *sv_graph_init_of(sv_graph *graph, const sv_op *op, int i,
                             const char *part) {
  const sv_port *port = sv_op_in_port(op, i);
  bool weight = port->role == SV_WEIGHT && !port->init;
  const char *text = weight ? graph->usual_init : NULL;
  for (int k = 0; k < graph->init_count; k++) {
    sv_next_init *next = &graph->inits[k];
    bool meant = next->parameter ? strcmp(next->parameter, part) == 0
                                 : main_port(op) == i;
    if (!meant) continue;
    next->used = true;
    text = next->text;
  }
  return text;
}

sv_status sv_graph_end_inits(sv_graph *graph) {
  sv_status status = SV_OK;
  for (int i = 0; i < graph->init_count; i++) {
    sv_next_init *next = &graph->inits[i];
    if (!next->used && status == SV_OK)
      status =
          sv_fail(SV_INVALID, "init '%s': the layer has no parameter '%s'",
                  next->text, next->parameter ? next->parameter : "weight");
    sv_free(next->parameter);
    sv_free(next->text);
  }
  graph->init_count = 0;
  return status;
}
