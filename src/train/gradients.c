#include "train/gradients.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "graph/graph.h"
#include "optim/sums.h"

typedef struct parameter {
  const char *name;
  int layer;
} parameter;

struct sv_gradients {
  sv_state *state;
  int record; /* slot of the state: a sum for each layer, and the steps */
  const char **layers;
  int layer_count;
  parameter *parameters;
  int parameter_count;
  double *squares; /* of this step, for each layer */
};

static const char record_name[] = "svertka.train.gradients";

static double *sums_of(const sv_gradients *g) {
  return g->state->slots[g->record].tensor.data;
}

/* ---- Beginning ---- */

static bool is_known(const sv_gradients *g, const char *name) {
  for (int i = 0; i < g->parameter_count; i++)
    if (strcmp(g->parameters[i].name, name) == 0) return true;
  return false;
}

static void add_layer(sv_gradients *g, const sv_graph *graph,
                      const sv_node *node) {
  int before = g->parameter_count;
  for (int i = 0; i < node->in_count; i++) {
    const sv_value_info *value = &graph->values[node->in[i]];
    if (!node->in[i] || value->kind != SV_VALUE_STATE ||
        !sv_role_is_trained(value->role) || is_known(g, value->name))
      continue;
    g->parameters[g->parameter_count++] =
        (parameter){value->name, g->layer_count};
  }
  if (g->parameter_count > before) g->layers[g->layer_count++] = node->name;
}

static sv_status list_layers(sv_gradients *g, const sv_graph *graph) {
  SV_TRY(sv_alloc_array(&g->parameters, (size_t)graph->value_count,
                        sizeof *g->parameters));
  SV_TRY(
      sv_alloc_array(&g->layers, (size_t)graph->node_count, sizeof *g->layers));
  for (int i = 0; i < graph->node_count; i++)
    add_layer(g, graph, &graph->nodes[i]);
  if (g->layer_count == 0)
    return sv_fail(SV_INVALID, "network '%s' has no layer with parameters",
                   graph->name);
  return sv_alloc_array(&g->squares, (size_t)g->layer_count,
                        sizeof *g->squares);
}

static sv_status find_record(sv_gradients *g) {
  sv_shape shape = sv_shape_of(1, g->layer_count + 1);
  g->record = sv_state_find(g->state, record_name);
  if (g->record < 0)
    return sv_state_add(g->state, record_name, SV_RECORD, SV_F64, &shape, NULL,
                        &g->record);
  const sv_tensor *found = &g->state->slots[g->record].tensor;
  if (found->dtype == SV_F64 && sv_shape_equal(&found->shape, &shape))
    return SV_OK;
  return sv_fail(SV_FORMAT, "'%s' does not belong to this network",
                 record_name);
}

sv_status sv_gradients_new(sv_gradients **gradients, const sv_graph *graph,
                           sv_state *state) {
  *gradients = NULL;
  sv_gradients *g;
  SV_TRY(sv_alloc(&g, sizeof *g));
  g->state = state;
  sv_status status = list_layers(g, graph);
  if (status == SV_OK) status = find_record(g);
  if (status == SV_OK)
    *gradients = g;
  else
    sv_gradients_free(g);
  return status;
}

void sv_gradients_free(sv_gradients *g) {
  if (!g) return;
  sv_free(g->layers);
  sv_free(g->parameters);
  sv_free(g->squares);
  sv_free(g);
}

/* ---- Step by step ---- */

/* What a plan has no gradient of reaches no loss: 0. The padding of a layout is
 * zero. */
sv_status sv_gradients_add(sv_gradients *g, sv_plan *plan) {
  double *sums = sums_of(g);
  for (int i = 0; i < g->layer_count; i++) g->squares[i] = 0;
  for (int i = 0; i < g->parameter_count; i++) {
    const parameter *p = &g->parameters[i];
    sv_tensor gradient;
    if (sv_plan_gradient(plan, p->name, &gradient) != SV_OK) continue;
    if (gradient.dtype != SV_F32)
      return sv_fail(SV_UNSUPPORTED, "%s: its gradient is not f32", p->name);
    int64_t count = (int64_t)(gradient.layout.bytes / sizeof(float));
    g->squares[p->layer] += sv_squares(gradient.data, count, INFINITY);
  }
  for (int i = 0; i < g->layer_count; i++) sums[i] += sqrt(g->squares[i]);
  sums[g->layer_count]++;
  return SV_OK;
}

/* ---- Rows ---- */

void sv_gradients_header(const sv_gradients *g, sv_text *text) {
  sv_text_add(text, "epoch");
  for (int i = 0; i < g->layer_count; i++) {
    sv_text_add(text, ",");
    sv_text_add_field(text, g->layers[i]);
  }
  sv_text_add(text, "\n");
}

/* Six digits are enough to see, and few enough to read. */
static void add_number(sv_text *text, double number) {
  char shown[SV_NUMBER_TEXT];
  double power = number > 0 ? pow(10, 5 - floor(log10(number))) : 1;
  if (isfinite(power) && power > 0) number = round(number * power) / power;
  sv_text_add(text, ",%s", sv_number_text(number, shown));
}

void sv_gradients_row(sv_gradients *g, int epoch, sv_text *text) {
  double *sums = sums_of(g), steps = fmax(sums[g->layer_count], 1);
  sv_text_add(text, "%d", epoch);
  for (int i = 0; i < g->layer_count; i++) add_number(text, sums[i] / steps);
  sv_text_add(text, "\n");
  for (int i = 0; i <= g->layer_count; i++) sums[i] = 0;
}
