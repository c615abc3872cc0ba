/* Which initialiser a parameter gets, from the graph. */
#include <string.h>

#include "init/init.h"
#include "op/attrs.h"

/* ---- Places ---- */

/* The node that reads the value first, and as which input. */
static const sv_node *reader_of(const sv_graph *graph, int id, int *input) {
  for (int n = 0; n < graph->node_count; n++)
    for (int i = 0; i < graph->nodes[n].in_count; i++)
      if (graph->nodes[n].in[i] == id) {
        *input = i;
        return &graph->nodes[n];
      }
  return NULL;
}

/* What a weight's layer ends in, and what keeps its activations as they should
 * be. Source: Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.
 */
static const struct {
  const char *activation, *init;
} activations[] = {{"selu", "lecun"}};

/* The initialiser that a reader of the value asks of the layer before it; views
 * in between only change the shape. */
static const char *asked_by_readers(const sv_graph *graph, int id) {
  for (int n = 0; n < graph->node_count; n++) {
    const sv_node *node = &graph->nodes[n];
    if (node->in_count == 0 || node->in[0] != id) continue;
    for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++)
      if (strcmp(node->op->name, activations[i].activation) == 0)
        return activations[i].init;
    const char *behind =
        node->op->ref.view ? asked_by_readers(graph, node->out[0]) : NULL;
    if (behind) return behind;
  }
  return NULL;
}

/* ---- The choice ---- */

bool sv_init_is_usual(const char *text) {
  return !text || strcmp(text, "usual") == 0;
}

const char *sv_init_preferred(const char *text) {
  static const char word[] = "prefer ";
  bool is = text && strncmp(text, word, sizeof word - 1) == 0;
  return is ? text + sizeof word - 1 : NULL;
}

/* A layer that takes one of its parameters from a file takes those that have no
 * text of their own from there, too. */
static const char *file_of_layer(const sv_graph *graph, int id) {
  int input;
  const sv_node *node = reader_of(graph, id, &input);
  for (int i = 0; node && i < node->in_count; i++) {
    const sv_value_info *value = &graph->values[node->in[i]];
    if (value->kind == SV_VALUE_STATE && value->init &&
        sv_init_path(value->init))
      return value->init;
  }
  return NULL;
}

const char *sv_init_choose(const sv_graph *graph, int id, const char *network) {
  const sv_value_info *value = &graph->values[id];
  bool weight = value->role == SV_WEIGHT;
  int input;
  const char *own = sv_init_preferred(value->init);
  if (!own && !sv_init_is_usual(value->init)) return value->init;
  if (!value->init || own) {
    const char *file = file_of_layer(graph, id);
    if (file) return file;
    if (!sv_init_is_usual(network) && (weight || sv_init_path(network)))
      return network;
  }
  if (own) return own;
  const sv_node *node = weight ? reader_of(graph, id, &input) : NULL;
  const char *asked = node ? asked_by_readers(graph, node->out[0]) : NULL;
  if (asked) return asked;
  if (weight) return "xavier";
  const sv_node *reader = reader_of(graph, id, &input);
  const sv_port *port = reader ? sv_op_in_port(reader->op, input) : NULL;
  if (port && port->init) return port->init;
  return value->role == SV_SCALE ? "ones" : "zeros";
}

/* ---- Fans ---- */

/* The weight stands right of what it is multiplied with: it is I x O. */
static bool is_inputs_first(const sv_graph *graph, int id) {
  int input = 0;
  const sv_node *node = reader_of(graph, id, &input);
  if (!node || input != 1) return false;
  if (node->op->layer == SV_LAYER_PRODUCT) return true;
  const sv_attr *row = sv_attr_find(node->op, "transpose_w");
  return row && row->type == SV_ATTR_BOOL &&
         !*(const bool *)((const char *)node->attrs + row->offset);
}

sv_status sv_init_fans(const sv_graph *graph, int id, double *fan_in,
                       double *fan_out) {
  const sv_shape *shape = &graph->values[id].shape;
  char text[SV_SHAPE_TEXT];
  if (shape->rank < 2)
    return sv_fail(SV_INVALID, "it needs two dimensions or more, not %s",
                   sv_shape_text(shape, text));
  double taps = 1;
  for (int d = 2; d < shape->rank; d++) taps *= (double)shape->dim[d];
  bool swapped = shape->rank == 2 && is_inputs_first(graph, id);
  *fan_in = (double)shape->dim[swapped ? 0 : 1] * taps;
  *fan_out = (double)shape->dim[swapped ? 1 : 0] * taps;
  return SV_OK;
}
