#include "graph/analysis.h"

#include "base/memory.h"
#include "base/sized.h"
#include "op/attrs.h"
#include "tensor/tensor.h"

/* ---- One node ---- */

typedef struct counter {
  sv_analysis *analysis;
  const sv_state *state;
  sv_contents contents;
  sv_info *infos; /* per value */
  bool *counted;  /* per value: its parameters are */
  sv_fields fields;
} counter;

static sv_status cost_of(const counter *c, const sv_node *node, sv_cost *cost) {
  *cost = sv_cost_pointwise();
  if (!node->op->cost) return SV_OK;
  sv_info *infos;
  SV_TRY(sv_alloc_array(&infos, (size_t)(node->in_count + node->out_count),
                        sizeof *infos));
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i]) infos[i] = c->infos[node->in[i]];
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) infos[node->in_count + i] = c->infos[node->out[i]];
  sv_status status = node->op->cost(node, infos, infos + node->in_count, cost);
  sv_free(infos);
  return status == SV_OK ? SV_OK : sv_fail_in(status, "%s", node->name);
}

static void count_parameters(counter *c, sv_layer *layer) {
  const sv_graph *graph = c->analysis->graph;
  for (int i = 0; i < layer->node->in_count; i++) {
    int id = layer->node->in[i];
    const sv_value_info *value = &graph->values[id];
    if (!id || value->kind != SV_VALUE_STATE || c->counted[id]) continue;
    c->counted[id] = true;
    if (!sv_role_is_trained(value->role)) continue;
    layer->parameters += sv_shape_count(&value->shape);
    layer->weighted |= value->role == SV_WEIGHT;
  }
}

static int64_t per_image(const sv_shape *shape) {
  if (shape->rank == 0) return 1;
  sv_shape image = *shape;
  image.dim[0] = 1;
  return sv_shape_count(&image);
}

static sv_shape data_input(const counter *c, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && sv_op_in_port(node->op, i)->role == SV_DATA)
      return c->infos[node->in[i]].shape;
  return (sv_shape){.rank = -1};
}

/* Every neuron joined to every input, and its bias. */
static int64_t count_connected(const sv_layer *layer) {
  int64_t count;
  bool window = sv_attr_find(layer->node->op, "kernel") != NULL;
  if (layer->input.rank < 0 || (!window && !layer->weighted)) return 0;
  if (__builtin_add_overflow(per_image(&layer->input), 1, &count) ||
      __builtin_mul_overflow(count, layer->neurons, &count))
    return -1;
  return count;
}

static sv_status count_bytes(const counter *c, const sv_node *node,
                             int64_t *total) {
  for (int i = 0; i < node->out_count; i++) {
    const sv_info *info = &c->infos[node->out[i]];
    size_t bytes;
    if (!node->out[i]) continue;
    SV_TRY(sv_tensor_bytes(info->dtype, &info->shape, &bytes));
    if (__builtin_add_overflow(*total, bytes, total))
      return sv_fail(SV_NO_MEMORY, "the outputs are too large");
  }
  return SV_OK;
}

static sv_status add_layer(counter *c, const sv_node *node, sv_layer *layer) {
  sv_cost cost;
  layer->node = node;
  SV_TRY(cost_of(c, node, &cost));
  SV_TRY(sv_fields_add(&c->fields, node, &cost));
  layer->field = sv_fields_of(&c->fields, node->out[0]);
  count_parameters(c, layer);
  layer->output = c->infos[node->out[0]].shape;
  layer->neurons = per_image(&layer->output);
  layer->macs = cost.macs;
  layer->input = data_input(c, node);
  layer->connected = count_connected(layer);
  sv_status status = count_bytes(c, node, &layer->bytes);
  if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  sv_analysis *a = c->analysis;
  a->weight_layers += layer->weighted;
  if (__builtin_add_overflow(a->parameters, layer->parameters,
                             &a->parameters) ||
      __builtin_add_overflow(a->bytes, layer->bytes, &a->bytes) ||
      __builtin_add_overflow(a->macs, layer->macs, &a->macs))
    return sv_fail(SV_NO_MEMORY, "%s: the counts are too large", node->name);
  return SV_OK;
}

/* ---- The graph ---- */

/* Images are seen as they are; parameters and labels do not count. */
static void start_fields(counter *c) {
  sv_analysis *a = c->analysis;
  a->input.rank = -1;
  for (int i = 0; i < a->graph->value_count; i++) {
    const sv_value_info *value = &a->graph->values[i];
    bool image = i && value->kind == SV_VALUE_INPUT && value->role == SV_DATA;
    if (image) sv_fields_image(&c->fields, i);
    if (image && a->input.rank < 0) a->input = c->infos[i].shape;
  }
}

static sv_status count_all(counter *c, int64_t batch) {
  sv_analysis *a = c->analysis;
  size_t values = (size_t)a->graph->value_count;
  SV_TRY(sv_alloc_array(&c->infos, values, sizeof *c->infos));
  SV_TRY(sv_fields_new(&c->fields, values));
  SV_TRY(sv_alloc_array(&c->counted, values, sizeof *c->counted));
  SV_TRY(sv_alloc_array(&a->layers, (size_t)a->graph->node_count,
                        sizeof *a->layers));
  SV_TRY(sv_graph_declared(a->graph, c->state, batch, c->infos));
  SV_TRY(sv_graph_infer(a->graph, c->infos, &c->contents));
  SV_TRY(sv_graph_resolve(a->graph, c->infos));
  SV_TRY(sv_alloc_array(&a->shapes, values, sizeof *a->shapes));
  for (size_t i = 0; i < values; i++) a->shapes[i] = c->infos[i].shape;
  start_fields(c);
  for (; a->count < a->graph->node_count; a->count++)
    SV_TRY(add_layer(c, &a->graph->nodes[a->count], &a->layers[a->count]));
  return SV_OK;
}

/* Drops what reaches no output. */
static sv_status keep_inference(sv_graph *graph) {
  int *roots, count = 0;
  SV_TRY(sv_alloc_array(&roots, (size_t)graph->output_count, sizeof *roots));
  for (int i = 0; i < graph->output_count; i++)
    if (!graph->outputs[i].is_loss) roots[count++] = graph->outputs[i].value;
  sv_status status = count ? sv_graph_prune(graph, roots, count) : SV_OK;
  sv_free(roots);
  return status;
}

/* Writes the size of one image into the declaration. */
static sv_status resize_image(sv_graph *graph, const sv_ints *image) {
  int id = sv_graph_data_input(graph);
  if (!id)
    return sv_fail(
        SV_INVALID,
        "the network does not have exactly one image input to resize");
  sv_value_info *value = &graph->values[id];
  if (value->shape.rank != image->count + 1)
    return sv_fail(
        SV_INVALID,
        "input '%s' has %d dimensions besides the batch, but %d were given",
        value->name, value->shape.rank - 1, image->count);
  for (int i = 0; i < image->count; i++) value->shape.dim[i + 1] = image->at[i];
  /* Labels of pixels follow. */
  sv_shape *label = &graph->values[sv_graph_label_input(graph)].shape;
  for (int d = 1; d < label->rank && label->rank == image->count; d++)
    if (label->dim[d] < 0) label->dim[d] = image->at[d];
  return SV_OK;
}

sv_status sv_analyse(sv_analysis *analysis, const sv_graph *graph,
                     const sv_state *state, int64_t batch, const sv_ints *image,
                     bool training) {
  *analysis = (sv_analysis){0};
  counter c = {.analysis = analysis, .state = state};
  sv_status status = sv_graph_copy(&analysis->graph, graph);
  if (status == SV_OK && image) status = resize_image(analysis->graph, image);
  if (status == SV_OK && !training) status = keep_inference(analysis->graph);
  if (status == SV_OK) status = count_all(&c, batch);
  sv_contents_free(&c.contents);
  sv_free(c.infos);
  sv_fields_free(&c.fields);
  sv_free(c.counted);
  if (status != SV_OK) sv_analysis_clear(analysis);
  return status;
}

void sv_analysis_clear(sv_analysis *analysis) {
  sv_graph_free(analysis->graph);
  sv_free(analysis->layers);
  sv_free(analysis->shapes);
  *analysis = (sv_analysis){0};
}

/* ---- For host programs ---- */

sv_analysis_options sv_analysis_default(void) {
  return (sv_analysis_options){.size = sizeof(sv_analysis_options), .batch = 1};
}

sv_status sv_analysis_new(sv_analysis **analysis, const sv_graph *graph,
                          const sv_analysis_options *options) {
  sv_analysis_options o = sv_analysis_default();
  sv_analysis *a;
  *analysis = NULL;
  SV_TRY(sv_sized_take(&o, sizeof o, options, "sv_analysis_options"));
  if (o.batch < 1)
    return sv_fail(SV_INVALID, "batch is %lld, expected 1 or more",
                   (long long)o.batch);
  if (o.image && (o.image->count < 1 || o.image->count >= SV_MAX_RANK))
    return sv_fail(SV_INVALID, "an image of %d dimensions, expected 1 to %d",
                   o.image->count, SV_MAX_RANK - 1);
  SV_TRY(sv_graph_check(graph));
  SV_TRY(sv_alloc(&a, sizeof *a));
  sv_status status =
      sv_analyse(a, graph, o.state, o.batch, o.image, o.training);
  if (status == SV_OK)
    *analysis = a;
  else
    sv_free(a);
  return status;
}

void sv_analysis_free(sv_analysis *a) {
  if (!a) return;
  sv_analysis_clear(a);
  sv_free(a);
}

int sv_analysis_count(const sv_analysis *a) { return a->count; }

const sv_layer *sv_analysis_layer(const sv_analysis *a, int i) {
  return i >= 0 && i < a->count ? &a->layers[i] : NULL;
}

const sv_graph *sv_analysis_graph(const sv_analysis *a) { return a->graph; }

sv_shape sv_analysis_shape(const sv_analysis *a, sv_value value) {
  bool known = value.id > 0 && value.id < a->graph->value_count;
  return known ? a->shapes[value.id] : (sv_shape){.rank = -1};
}

sv_totals sv_analysis_totals(const sv_analysis *a) {
  return (sv_totals){a->parameters, a->macs, a->bytes, a->weight_layers,
                     a->input};
}

double sv_receptive_step(const sv_receptive *s) {
  return (double)s->step / (double)s->per;
}

double sv_receptive_centre(const sv_receptive *s) {
  return 0.5 * (double)(s->first + s->last);
}
