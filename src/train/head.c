#include "train/head.h"

#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "graph/answer.h"
#include "ops/attrs.h"
#include "ops/registry.h"

sv_status sv_head_scores(const sv_graph *graph, int *value) {
  SV_TRY(sv_graph_answer(graph, value));
  int producer = graph->values[*value].producer;
  if (producer >= 0 && strcmp(graph->nodes[producer].op->name, "softmax") == 0)
    *value = graph->nodes[producer].in[0];
  return SV_OK;
}

bool sv_head_has_loss(const sv_graph *graph) {
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i].is_loss) return true;
  return false;
}

bool sv_head_is_of_pixels(const sv_graph *graph) {
  int scores, input = sv_graph_data_input(graph);
  if (!input || sv_head_scores(graph, &scores) != SV_OK) return false;
  const sv_shape *x = &graph->values[input].shape;
  const sv_shape *y = &graph->values[scores].shape;
  const sv_shape usual = sv_graph_sample(graph, input).shape;
  if (x->rank != 4 || y->rank != 4) return false;
  for (int d = 2; d < 4; d++)
    if (y->dim[d] != x->dim[d] && y->dim[d] != usual.dim[d]) return false;
  return y->dim[2] != 1 || y->dim[3] != 1;
}

static sv_status add_value(sv_graph *graph, const char *stem,
                           sv_value_kind kind, sv_role role, sv_dtype dtype,
                           const sv_shape *shape, int *id) {
  char *name;
  if (!sv_graph_find(graph, stem))
    return sv_graph_add_value(graph, stem, kind, role, dtype, shape, id);
  SV_TRY(sv_graph_fresh_name(graph, stem, &name));
  sv_status status =
      sv_graph_add_value(graph, name, kind, role, dtype, shape, id);
  sv_free(name);
  return status;
}

static sv_status add_cross_entropy(sv_graph *graph, const int in[2], int out,
                                   bool of_pixels) {
  const sv_entry *entry;
  SV_TRY(sv_registry_require(&entry, "cross_entropy"));
  void *attrs;
  SV_TRY(sv_alloc(&attrs, entry->op->attrs_size));
  sv_attrs_default(entry->op, attrs);
  char text[32];
  snprintf(text, sizeof text, "ignore_index=%d", SV_NO_CLASS);
  sv_status status = of_pixels ? sv_attrs_parse(entry->op, attrs, text) : SV_OK;
  if (status == SV_OK)
    status = sv_graph_add_node(graph, entry->op, graph->values[out].name, attrs,
                               in, 2, &out, 1);
  sv_free(attrs);
  return status;
}

/* N x C x 1 x 1 is still a row of scores; larger maps are a network without its
 * end. What is not known before the plan, as behind an image of any size, is
 * left to it. */
static sv_status check_row(const sv_graph *graph, int scores) {
  sv_shape shape = graph->values[scores].shape;
  const sv_shape *image = &graph->values[sv_graph_data_input(graph)].shape;
  bool maps = false;
  for (int d = 1; d < image->rank; d++)
    if (image->dim[d] < 0) return SV_OK;
  for (int d = 2; d < shape.rank; d++) maps = maps || shape.dim[d] > 1;
  if (!maps) return SV_OK;
  for (int d = 1; d < shape.rank; d++) shape.dim[d - 1] = shape.dim[d];
  shape.rank--;
  return sv_fail(SV_INVALID,
                 "network '%s' ends in maps of %s, not in a row of class "
                 "scores: it needs flatten and linear at its end",
                 graph->name, sv_shape_text(&shape, (char[SV_SHAPE_TEXT]){0}));
}

static sv_status attach(sv_graph *graph, bool of_pixels) {
  int scores, label, loss;
  SV_TRY(sv_head_scores(graph, &scores));
  if (!of_pixels) SV_TRY(check_row(graph, scores));
  sv_shape batch = sv_shape_of(1, -1), scalar = sv_shape_of(0);
  int input = sv_graph_data_input(graph);
  const sv_shape *image = &graph->values[input].shape;
  if (input) batch.dim[0] = image->dim[0];
  if (input && of_pixels && image->rank == 4)
    batch = (sv_shape){3, {image->dim[0], image->dim[2], image->dim[3]}};
  SV_TRY(add_value(graph, "label", SV_VALUE_INPUT, SV_LABEL, SV_I64, &batch,
                   &label));
  SV_TRY(add_value(graph, "cross_entropy", SV_VALUE_NODE, SV_DATA,
                   graph->values[scores].dtype, &scalar, &loss));
  SV_TRY(add_cross_entropy(graph, (int[]){scores, label}, loss, of_pixels));
  return sv_graph_add_output(graph, "loss", loss, true, 1);
}

sv_status sv_head_attach(sv_graph **trained, const sv_graph *graph,
                         bool of_pixels) {
  SV_TRY(sv_graph_copy(trained, graph));
  sv_status status = attach(*trained, of_pixels);
  if (status != SV_OK) {
    sv_graph_free(*trained);
    *trained = NULL;
  }
  return status;
}
