/* Batch normalisations become part of the layers before them, at inference:
 *
 *   y = f (w x + b - mean) + bias,    f = scale / sqrt(var + epsilon)
 *     = (f w) x + (f (b - mean) + bias)
 *
 * The plan's copy of the graph loses the node, and the layer reads a weight and
 * a bias that a step computes once per version of the state, in double. The
 * state itself stays as it is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "rewrite/norm.h"
#include "tensor/tensor.h"

enum { X, W, B };
enum { SCALE = 1, BIAS, MEAN, VAR };

/* ---- The graph ---- */

static const sv_tensor *numbers_of(const sv_plan *plan, const sv_program *p,
                                   int value) {
  int slot =
      value ? sv_state_find(plan->state, p->graph->values[value].name) : -1;
  return slot < 0 ? NULL : &plan->state->slots[slot].tensor;
}

static bool describe(const sv_plan *plan, const sv_program *p,
                     const sv_node *layer, const sv_node *norm,
                     sv_plan_fold *f) {
  const sv_batch_norm_attrs *a = norm->attrs;
  *f = (sv_plan_fold){
      .in = {layer->in[W], layer->in_count > B ? layer->in[B] : 0,
             norm->in[SCALE], norm->in[BIAS], norm->in[MEAN], norm->in[VAR]},
      .epsilon = (double)a->epsilon,
      .beta = sv_norm_beta(layer)};
  const sv_tensor *of[SV_FOLD_INPUTS];
  for (int i = 0; i < SV_FOLD_INPUTS; i++) {
    of[i] = numbers_of(plan, p, f->in[i]);
    bool needed = i != 1 || f->in[i];
    if (needed && (!of[i] || of[i]->dtype != SV_F32)) return false;
  }
  f->shape = of[0]->shape;
  f->channels = sv_shape_count(&of[2]->shape);
  f->map = sv_norm_map_of(layer, &f->shape);
  return sv_norm_fits(layer, &f->shape, of[1] ? &of[1]->shape : NULL,
                      f->channels);
}

static sv_status add_value(sv_program *p, const sv_node *layer,
                           const char *what, sv_role role,
                           const sv_shape *shape, int *id) {
  char *name;
  size_t room = strlen(layer->name) + strlen(what) + 16;
  SV_TRY(sv_alloc(&name, room));
  snprintf(name, room, "%s/folded.%s", layer->name, what);
  sv_status status =
      sv_graph_find(p->graph, name)
          ? sv_fail(SV_UNSUPPORTED, "value '%s' exists already", name)
          : sv_graph_add_value(p->graph, name, SV_VALUE_STATE, role, SV_F32,
                               shape, id);
  sv_free(name);
  return status;
}

static sv_status fold_node(const sv_plan *plan, sv_program *p, int index,
                           const int *readers) {
  sv_node *norm = &p->graph->nodes[index];
  sv_node *layer = sv_norm_layer(p->graph, norm, readers);
  sv_plan_fold f;
  if (!layer || !describe(plan, p, layer, norm, &f)) return SV_OK;
  sv_shape channels = sv_shape_of(1, f.channels);
  SV_TRY(
      sv_grow(&p->folds, p->fold_count, &p->fold_capacity, sizeof *p->folds));
  SV_TRY(add_value(p, layer, "weight", SV_WEIGHT, &f.shape, &f.weight));
  SV_TRY(add_value(p, layer, "bias", SV_BIAS, &channels, &f.bias));
  SV_TRY(sv_norm_make_room(layer));
  p->folds[p->fold_count++] = f;
  layer->in[W] = f.weight;
  layer->in[B] = f.bias;
  sv_norm_take_bias(layer);
  sv_value_info *y = &p->graph->values[norm->out[0]];
  layer->out[0] = norm->out[0];
  y->producer = (int)(layer - p->graph->nodes);
  y->port = 0;
  norm->out_count = 0;
  return SV_OK;
}

sv_status sv_pass_fold(sv_plan *plan, sv_program *p) {
  int *readers;
  sv_status status = SV_OK;
  if (!p->rewrites) return SV_OK;
  SV_TRY(
      sv_alloc_array(&readers, (size_t)p->graph->value_count, sizeof *readers));
  for (int i = 0; i < p->graph->node_count; i++)
    for (int k = 0; k < p->graph->nodes[i].in_count; k++)
      readers[p->graph->nodes[i].in[k]]++;
  for (int i = 0; i < p->kept_count; i++) readers[p->kept[i]]++;
  for (int i = 0; i < p->graph->node_count && status == SV_OK; i++)
    status = fold_node(plan, p, i, readers);
  sv_free(readers);
  SV_TRY(status);
  if (!p->fold_count) return SV_OK;
  return sv_graph_prune(p->graph, p->kept, p->kept_count);
}

const sv_plan_fold *sv_program_fold_of(const sv_program *p, int value) {
  for (int i = 0; i < p->fold_count; i++)
    if (p->folds[i].weight == value || p->folds[i].bias == value)
      return &p->folds[i];
  return NULL;
}

/* ---- The step ---- */

typedef struct folding {
  sv_node node; /* of the step: the graph has none */
  int in[SV_FOLD_INPUTS], out[2];
  sv_plan_fold f;
} folding;

static sv_status run(void *impl, const sv_args *args) {
  const folding *k = impl;
  const float *of[SV_FOLD_INPUTS];
  for (int i = 0; i < SV_FOLD_INPUTS; i++)
    of[i] = args->in[i] ? args->in[i]->data : NULL;
  const float *w = of[0], *b = of[1];
  float *weight = args->out[0]->data, *bias = args->out[1]->data;
  int64_t count = sv_shape_count(&k->f.shape);
  bool one = b && sv_shape_count(&args->in[1]->shape) == 1;
  for (int64_t e = 0; e < count; e++) {
    int64_t c = sv_norm_channel(&k->f.map, e);
    weight[e] = (float)(w[e] * (of[SCALE + 1][c] /
                                sqrt(of[VAR + 1][c] + k->f.epsilon)));
  }
  for (int64_t c = 0; c < k->f.channels; c++) {
    double f = of[SCALE + 1][c] / sqrt(of[VAR + 1][c] + k->f.epsilon);
    double old = b ? k->f.beta * b[one ? 0 : c] : 0;
    bias[c] = (float)(f * (old - of[MEAN + 1][c]) + of[BIAS + 1][c]);
  }
  return SV_OK;
}

static const sv_kernel kernel = {.run = run, .destroy = sv_free};

static sv_status plain_cell(const sv_plan *plan, sv_program *p, int value,
                            int *cell) {
  sv_layout plain;
  const sv_info *info = &p->infos[value];
  SV_TRY(sv_layout_plain(&plain, info->dtype, &info->shape));
  return sv_cell_like(plan, p, p->value_cell[value], info->dtype, &plain, cell);
}

static sv_status result_cell(sv_program *p, int value, int *cell) {
  sv_spec spec = {
      .present = true, .dtype = SV_F32, .shape = p->infos[value].shape};
  SV_TRY(sv_layout_plain(&spec.layout, SV_F32, &spec.shape));
  SV_TRY(sv_add_cell(p, &spec, SV_FIXED, -1, cell));
  p->cells[*cell].once = true;
  p->value_cell[value] = *cell;
  return SV_OK;
}

static sv_status add_step(const sv_plan *plan, sv_program *p,
                          const sv_plan_fold *f) {
  static char name[] = "batch_norm";
  int cells[SV_FOLD_INPUTS + 2];
  folding *k;
  for (int i = 0; i < SV_FOLD_INPUTS; i++) {
    cells[i] = -1;
    if (f->in[i]) SV_TRY(plain_cell(plan, p, f->in[i], &cells[i]));
  }
  SV_TRY(result_cell(p, f->weight, &cells[SV_FOLD_INPUTS]));
  SV_TRY(result_cell(p, f->bias, &cells[SV_FOLD_INPUTS + 1]));
  SV_TRY(sv_alloc(&k, sizeof *k));
  *k = (folding){
      .f = *f,
      .node = {.name = name, .in_count = SV_FOLD_INPUTS, .out_count = 2}};
  k->node.in = k->in;
  k->node.out = k->out;
  sv_step *step;
  sv_status status = sv_add_step(p, &k->node, SV_FORWARD, 0, &step);
  if (status != SV_OK) {
    sv_free(k);
    return status;
  }
  step->kernel = &kernel;
  step->impl = k;
  step->once = true;
  snprintf(step->name, sizeof step->name, "fold");
  memcpy(step->cells, cells, sizeof cells);
  return SV_OK;
}

sv_status sv_program_add_fold(const sv_plan *plan, sv_program *p,
                              const sv_node *node) {
  for (int i = 0; i < node->in_count; i++) {
    const sv_plan_fold *f =
        node->in[i] ? sv_program_fold_of(p, node->in[i]) : NULL;
    if (f && p->value_cell[f->weight] < 0) return add_step(plan, p, f);
  }
  return SV_OK;
}
