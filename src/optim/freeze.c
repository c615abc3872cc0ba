#include "optim/freeze.h"

#include <string.h>

#include "base/memory.h"
#include "base/near.h"
#include "base/text.h"

/* ---- The layer ---- */

/* "layer1" of "layer1.0.conv1" and of "/layer1/layer1.0/conv1/Conv". */
static bool is_below(const char *name, const char *block) {
  size_t length = strlen(block);
  if (name[0] == '/' && block[0] != '/') name++;
  return length > 0 && strncmp(name, block, length) == 0 &&
         (name[length] == '.' || name[length] == '/');
}

static bool reads_from(const sv_graph *graph, const sv_node *node,
                       const char *block) {
  for (int i = 0; i < node->in_count; i++) {
    const sv_value_info *value = &graph->values[node->in[i]];
    if (node->in[i] && value->kind == SV_VALUE_STATE &&
        (strcmp(value->name, block) == 0 || is_below(value->name, block)))
      return true;
  }
  return false;
}

static bool mark_layer(const sv_graph *graph, const char *layer, bool *frozen) {
  int node = sv_names_get(&graph->node_names, layer), found = 0;
  if (node >= 0) return frozen[node] = true;
  for (int i = 0; i < graph->node_count; i++)
    found += frozen[i] = is_below(graph->nodes[i].name, layer);
  for (int i = 0; !found && i < graph->node_count; i++)
    frozen[i] = reads_from(graph, &graph->nodes[i], layer);
  for (int i = 0; i < graph->node_count; i++) found += frozen[i];
  return found > 0;
}

/* ---- No such layer ---- */

enum { NAMED = 6 };

static bool resembles(const char *name, const char *layer) {
  return sv_is_near(layer, name) || strstr(name, layer);
}

/* Those that were perhaps meant, else the first layers with parameters. */
static void list_layers(const sv_graph *graph, const char *layer,
                        sv_text *text) {
  int count = 0;
  for (int i = 0; i < graph->node_count && count < NAMED; i++)
    if (resembles(graph->nodes[i].name, layer))
      sv_text_add(text, "%s %s", count++ ? "," : "", graph->nodes[i].name);
  if (count) return;
  for (int i = 0; i < graph->node_count; i++) {
    const sv_node *node = &graph->nodes[i];
    bool has = false;
    for (int k = 0; k < node->in_count; k++)
      has |= graph->values[node->in[k]].role == SV_WEIGHT;
    if (!has) continue;
    if (count++ == NAMED) sv_text_add(text, ", ...");
    if (count > NAMED) continue;
    sv_text_add(text, "%s %s", count > 1 ? "," : "", node->name);
  }
}

static sv_status fail_unknown(const sv_graph *graph, const char *layer) {
  sv_text text = {0};
  char *message;
  sv_text_add(&text,
              "freeze-until: network '%s' has no layer '%s'; its layers:",
              graph->name, layer);
  list_layers(graph, layer, &text);
  SV_TRY(sv_text_take(&text, &message));
  sv_status status = sv_fail(SV_INVALID, "%s", message);
  sv_free(message);
  return status;
}

/* ---- What is frozen with it ---- */

static void add_tensor(sv_freeze *freeze, const sv_value_info *value) {
  if (value->kind == SV_VALUE_STATE && !sv_freeze_has(freeze, value->name))
    freeze->tensors[freeze->tensor_count++] = value->name;
}

static sv_status check_rest(const sv_freeze *freeze, const sv_graph *graph,
                            const char *layer) {
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind == SV_VALUE_STATE && sv_role_is_trained(value->role) &&
        !sv_freeze_has(freeze, value->name))
      return SV_OK;
  }
  return sv_fail(SV_INVALID, "freeze-until '%s' leaves nothing to train",
                 layer);
}

static sv_status list(sv_freeze *freeze, const sv_graph *graph,
                      const bool *frozen) {
  SV_TRY(sv_alloc_array(&freeze->nodes, (size_t)graph->node_count,
                        sizeof *freeze->nodes));
  SV_TRY(sv_alloc_array(&freeze->tensors, (size_t)graph->value_count,
                        sizeof *freeze->tensors));
  for (int i = 0; i < graph->node_count; i++) {
    const sv_node *node = &graph->nodes[i];
    if (!frozen[i]) continue;
    freeze->nodes[freeze->node_count++] = node->name;
    for (int k = 0; k < node->in_count; k++)
      add_tensor(freeze, &graph->values[node->in[k]]);
  }
  return SV_OK;
}

sv_status sv_freeze_until(sv_freeze *freeze, const sv_graph *graph,
                          const char *layer) {
  bool *frozen;
  *freeze = (sv_freeze){0};
  if (!layer) return SV_OK;
  SV_TRY(sv_alloc_array(&frozen, (size_t)graph->node_count, sizeof *frozen));
  sv_status status = SV_OK;
  if (!mark_layer(graph, layer, frozen)) status = fail_unknown(graph, layer);
  sv_graph_mark_sources(graph, frozen);
  if (status == SV_OK) status = list(freeze, graph, frozen);
  if (status == SV_OK) status = check_rest(freeze, graph, layer);
  sv_free(frozen);
  if (status != SV_OK) sv_freeze_free(freeze);
  return status;
}

void sv_freeze_free(sv_freeze *freeze) {
  sv_free(freeze->nodes);
  sv_free(freeze->tensors);
  *freeze = (sv_freeze){0};
}

bool sv_freeze_has(const sv_freeze *freeze, const char *tensor) {
  for (int i = 0; freeze && i < freeze->tensor_count; i++)
    if (strcmp(freeze->tensors[i], tensor) == 0) return true;
  return false;
}
