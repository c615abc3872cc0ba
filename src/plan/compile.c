/* From graph and options to a program: the forward half. */
#include <string.h>

#include "base/memory.h"
#include "ops/registry.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

/* ---- What is computed ---- */

typedef struct id_list {
  int *ids;
  int count;
} id_list;

static sv_status add_named(const sv_graph *graph, const char *const *names,
                           int count, id_list *list) {
  for (int i = 0; i < count; i++)
    SV_TRY(sv_program_find(graph, names[i], &list->ids[list->count++]));
  return SV_OK;
}

/* The values that a run must leave readable. */
static sv_status find_kept(const sv_plan *plan, id_list *kept) {
  const sv_graph *graph = plan->source;
  const sv_plan_options *o = &plan->options;
  size_t most = (size_t)(graph->output_count + o->keep_count + o->seed_count);
  SV_TRY(sv_alloc_array(&kept->ids, most, sizeof *kept->ids));
  for (int i = 0; i < graph->output_count; i++)
    if (graph->outputs[i].is_loss == (o->mode == SV_TRAIN))
      kept->ids[kept->count++] = graph->outputs[i].value;
  SV_TRY(add_named(graph, o->keep, o->keep_count, kept));
  SV_TRY(add_named(graph, o->seeds, o->seed_count, kept));
  if (kept->count) return SV_OK;
  return sv_fail(SV_INVALID, "network '%s' has no %s", graph->name,
                 o->mode == SV_TRAIN ? "loss to train with" : "output");
}

/* ---- Shapes ---- */

static const sv_shape *given_shape(const sv_plan_options *o, const char *name) {
  for (int i = 0; i < o->shape_count; i++)
    if (strcmp(o->shapes[i].name, name) == 0) return &o->shapes[i].shape;
  return NULL;
}

/* Labels of pixels are as many as the image has. */
static void follow_image(const sv_plan_options *o, const sv_graph *graph,
                         const sv_value_info *value, sv_shape *shape) {
  const sv_value_info *image = &graph->values[sv_graph_data_input(graph)];
  if (value->role != SV_LABEL || !image->name) return;
  const sv_shape *given = given_shape(o, image->name);
  const sv_shape *size = given ? given : &image->shape;
  if (size->rank != shape->rank + 1) return;
  for (int d = 1; d < shape->rank; d++)
    if (shape->dim[d] < 0) shape->dim[d] = size->dim[d + 1];
}

static sv_status input_shape(const sv_plan_options *o, const sv_graph *graph,
                             const sv_value_info *value, sv_shape *shape) {
  char declared[SV_SHAPE_TEXT], found[SV_SHAPE_TEXT];
  const sv_shape *given = given_shape(o, value->name);
  *shape = value->shape;
  if (given) {
    bool fits = given->rank == shape->rank;
    for (int d = 0; fits && d < shape->rank; d++)
      fits = shape->dim[d] < 0 ? given->dim[d] > 0
                               : shape->dim[d] == given->dim[d];
    if (!fits)
      return sv_fail(SV_INVALID, "input '%s': expected %s (-1: any), found %s",
                     value->name, sv_shape_text(shape, declared),
                     sv_shape_text(given, found));
    *shape = *given;
  }
  if (shape->rank && shape->dim[0] < 0) shape->dim[0] = o->batch;
  follow_image(o, graph, value, shape);
  for (int d = 0; d < shape->rank; d++)
    if (shape->dim[d] < 0)
      return sv_fail(SV_INVALID, "input '%s' is %s: give a size for -1",
                     value->name, sv_shape_text(&value->shape, declared));
  if (sv_shape_fits(shape)) return SV_OK;
  return sv_fail(SV_INVALID, "input '%s': a shape of %s is too large",
                 value->name, sv_shape_text(shape, found));
}

static sv_dtype real_dtype(const sv_plan *plan, sv_dtype dtype) {
  return dtype == SV_F32 ? plan->state->precision : dtype;
}

static sv_status check_slot(const sv_plan *plan, const sv_value_info *value,
                            int *slot) {
  char expected[SV_SHAPE_TEXT], found[SV_SHAPE_TEXT];
  *slot = sv_state_find(plan->state, value->name);
  if (*slot < 0)
    return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
  const sv_tensor *tensor = &plan->state->slots[*slot].tensor;
  if (sv_shape_equal(&tensor->shape, &value->shape)) return SV_OK;
  return sv_fail(SV_INVALID, "%s: expected %s, the state has %s", value->name,
                 sv_shape_text(&value->shape, expected),
                 sv_shape_text(&tensor->shape, found));
}

/* Cells and shapes of everything that no node computes. */
static sv_status add_sources(sv_plan *plan, sv_program *p) {
  for (int v = 1; v < p->graph->value_count; v++) {
    const sv_value_info *value = &p->graph->values[v];
    if (value->kind == SV_VALUE_NODE) continue;
    sv_info *info = &p->infos[v];
    *info = (sv_info){.present = true, .dtype = real_dtype(plan, value->dtype)};
    sv_spec spec = {.present = true, .dtype = info->dtype};
    int slot = -1, own = -1;
    if (value->kind == SV_VALUE_STATE) {
      SV_TRY(check_slot(plan, value, &slot));
      const sv_tensor *tensor = &plan->state->slots[slot].tensor;
      info->shape = tensor->shape;
      spec.dtype = info->dtype = tensor->dtype;
      spec.layout = tensor->layout;
      if (sv_role_is_fixed(value->role)) info->content = tensor;
    } else {
      SV_TRY(input_shape(&plan->options, p->graph, value, &info->shape));
      SV_TRY(sv_plan_own(plan, v, false, info, value->name, &own));
      SV_TRY(sv_layout_plain(&spec.layout, spec.dtype, &info->shape));
    }
    spec.shape = info->shape;
    int *cell = &p->value_cell[v];
    SV_TRY(sv_add_cell(p, &spec, slot >= 0 ? SV_STATE : SV_OWN, -1, cell));
    sv_buffer *buffer = &p->buffers[p->cells[*cell].buffer];
    buffer->slot = slot;
    buffer->own = own;
    p->cells[*cell].once = slot >= 0 && plan->options.mode == SV_INFER &&
                           plan->options.seed_count == 0;
  }
  return SV_OK;
}

/* ---- Forward steps ---- */

/* A parameter that no plan has laid out yet moves to what this one prefers;
 * cells that name it follow. */
static sv_status settle_parameter(sv_plan *plan, sv_program *p, int cell,
                                  const sv_layout *layout) {
  int slot = p->buffers[p->cells[cell].buffer].slot;
  if (plan->options.mode != SV_TRAIN || slot < 0 ||
      plan->state->slots[slot].settled || layout->kind == SV_OPAQUE ||
      p->cells[cell].next >= 0)
    return SV_OK;
  SV_TRY(sv_state_settle(plan->state, slot, layout));
  p->cells[cell].tensor.layout = *layout;
  p->buffers[p->cells[cell].buffer].bytes = layout->bytes;
  return SV_OK;
}

static bool all_once(const sv_program *p, const sv_node *node) {
  bool once = true;
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i]) once = once && p->cells[p->value_cell[node->in[i]]].once;
  return once && node->in_count > 0;
}

static void forward_specs(const sv_program *p, const sv_node *node, sv_spec *in,
                          sv_spec *out) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i]) in[i] = sv_cell_spec(p, p->value_cell[node->in[i]]);
  for (int i = 0; i < node->out_count; i++) {
    const sv_info *info = &p->infos[node->out[i]];
    if (!node->out[i]) continue;
    out[i] = (sv_spec){true, info->dtype, info->shape, {0}};
  }
}

/* Input cells in the layouts that the kernel wants. */
static sv_status take_inputs(sv_plan *plan, sv_program *p, const sv_node *node,
                             const sv_choice *choice, int *cells) {
  for (int i = 0; i < node->in_count; i++) {
    cells[i] = -1;
    if (!node->in[i] || !choice->need.in[i].used) continue;
    int cell = p->value_cell[node->in[i]];
    const sv_layout *layout = &choice->need.in[i].layout;
    SV_TRY(settle_parameter(plan, p, cell, layout));
    SV_TRY(sv_cell_in_layout(plan, p, cell, layout, &cells[i]));
  }
  return SV_OK;
}

static sv_status make_outputs(sv_program *p, const sv_node *node,
                              const sv_spec *specs, const sv_choice *choice,
                              bool once, int *cells) {
  for (int i = 0; i < node->out_count; i++) {
    int *cell = &cells[node->in_count + i];
    *cell = -1;
    if (!node->out[i]) continue;
    const sv_place *place = &choice->need.out[i];
    sv_spec spec = specs[i];
    spec.layout = place->layout;
    int buffer = place->view >= 0 ? p->cells[cells[place->view]].buffer : -1;
    SV_TRY(sv_add_cell(p, &spec, once ? SV_FIXED : SV_ARENA, buffer, cell));
    p->cells[*cell].once = once;
    p->value_cell[node->out[i]] = *cell;
  }
  return SV_OK;
}

static bool only_views(const sv_node *node, const sv_choice *choice) {
  bool views = node->out_count > 0;
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) views = views && choice->need.out[i].view >= 0;
  return views;
}

static sv_status add_forward_step(sv_program *p, const sv_node *node,
                                  sv_choice *choice, bool once, bool training,
                                  const int *cells) {
  sv_step *step;
  SV_TRY(sv_add_step(p, node, SV_FORWARD, &step));
  size_t count = (size_t)(node->in_count + node->out_count);
  if (count) memcpy(step->cells, cells, count * sizeof *cells);
  for (int i = 0; i < node->out_count; i++)
    step->over[node->in_count + i] = choice->need.out[i].over;
  step->kernel = choice->kernel;
  step->impl = choice->impl;
  choice->impl = NULL;
  step->once = once;
  step->training = training;
  memcpy(step->name, choice->need.name, sizeof step->name);
  if (choice->need.workspace)
    SV_TRY(
        sv_add_buffer(p, SV_ARENA, choice->need.workspace, &step->workspace));
  if (choice->need.scratch)
    SV_TRY(sv_add_buffer(p, SV_ARENA, choice->need.scratch, &step->scratch));
  return SV_OK;
}

/* Nothing runs where inference has found what a run would. */
static bool all_known(const sv_program *p, const sv_node *node) {
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i] && !p->infos[node->out[i]].content) return false;
  return true;
}

static sv_status known_outputs(const sv_plan *plan, sv_program *p,
                               const sv_node *node) {
  for (int i = 0; i < node->out_count; i++) {
    int v = node->out[i], *cell = &p->value_cell[v];
    if (!v) continue;
    const sv_tensor *content = p->infos[v].content;
    sv_spec spec = {true, content->dtype, content->shape, content->layout};
    SV_TRY(sv_add_cell(p, &spec, SV_KNOWN, -1, cell));
    p->buffers[p->cells[*cell].buffer].known = content->data;
    p->cells[*cell].once =
        plan->options.mode == SV_INFER && plan->options.seed_count == 0;
  }
  return SV_OK;
}

/* `specs` and `cells` have room for a node's inputs and outputs. */
static sv_status forward_node(sv_plan *plan, sv_program *p, const sv_node *node,
                              sv_spec *specs, int *cells) {
  sv_spec *out = specs + node->in_count;
  if (all_known(p, node)) return known_outputs(plan, p, node);
  forward_specs(p, node, specs, out);
  for (int i = 0; i < node->out_count; i++)
    if (out[i].present)
      SV_TRY(sv_layout_plain(&out[i].layout, out[i].dtype, &out[i].shape));
  sv_site site = {.node = node,
                  .pass = SV_FORWARD,
                  .training = sv_node_trains(plan, p, node),
                  .backward = sv_node_has_gradient(p, node),
                  .exact = plan->options.exact,
                  .threads = plan->options.threads,
                  .in = specs,
                  .out = out};
  sv_choice choice;
  SV_TRY(sv_choose(plan, &site, &choice));
  bool once = all_once(p, node);
  sv_status status = take_inputs(plan, p, node, &choice, cells);
  if (status == SV_OK)
    status = make_outputs(p, node, out, &choice, once, cells);
  if (status == SV_OK && !only_views(node, &choice))
    status = add_forward_step(p, node, &choice, once, site.training, cells);
  sv_choice_free(&choice);
  return status;
}

static sv_status forward_steps(sv_plan *plan, sv_program *p) {
  for (int i = 0; i < p->graph->node_count; i++) {
    const sv_node *node = &p->graph->nodes[i];
    size_t ports = (size_t)(node->in_count + node->out_count);
    sv_spec *specs;
    int *cells = NULL;
    SV_TRY(sv_alloc_array(&specs, ports, sizeof *specs));
    sv_status status = sv_alloc_array(&cells, ports, sizeof *cells);
    if (status == SV_OK) status = forward_node(plan, p, node, specs, cells);
    sv_free(specs);
    sv_free(cells);
    SV_TRY(status);
  }
  return SV_OK;
}

static sv_status keep_value(const sv_plan *plan, sv_program *p, int v) {
  sv_layout plain;
  const sv_info *info = &p->infos[v];
  if (p->value_cell[v] < 0)
    return sv_fail(SV_INVALID, "nothing computes '%s'",
                   p->graph->values[v].name);
  SV_TRY(sv_layout_plain(&plain, info->dtype, &info->shape));
  return sv_cell_in_layout(plan, p, p->value_cell[v], &plain,
                           &p->value_plain[v]);
}

static sv_status keep_readable(const sv_plan *plan, sv_program *p,
                               const id_list *kept) {
  for (int i = 0; i < kept->count; i++)
    SV_TRY(keep_value(plan, p, kept->ids[i]));
  for (int i = 0; i < p->renewal_count; i++)
    SV_TRY(keep_value(plan, p, p->renewals[i].next));
  return SV_OK;
}

/* ---- The whole ---- */

static sv_status fill_with_none(int **ids, int count) {
  SV_TRY(sv_alloc_array(ids, (size_t)count, sizeof **ids));
  for (int i = 0; i < count; i++) (*ids)[i] = -1;
  return SV_OK;
}

static sv_status check_nodes(const sv_plan *plan, const sv_program *p) {
  for (int i = 0; i < p->graph->node_count; i++) {
    const sv_node *node = &p->graph->nodes[i];
    if (!node->op->check) continue;
    sv_status status = node->op->check(node, &p->infos[node->in[0]].shape,
                                       sv_node_trains(plan, p, node));
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  return SV_OK;
}

static sv_status compile(sv_plan *plan, sv_program *p, const id_list *kept) {
  SV_TRY(sv_graph_copy(&p->graph, plan->source));
  SV_TRY(sv_graph_prune(p->graph, kept->ids, kept->count));
  SV_TRY(sv_program_freeze(plan, p));
  if (plan->options.mode == SV_TRAIN) SV_TRY(sv_program_find_renewals(p));
  int values = p->graph->value_count;
  SV_TRY(sv_alloc_array(&p->infos, (size_t)values, sizeof *p->infos));
  SV_TRY(fill_with_none(&p->value_cell, values));
  SV_TRY(fill_with_none(&p->value_plain, values));
  SV_TRY(fill_with_none(&p->gradient, values));
  SV_TRY(fill_with_none(&p->seed_cell, values));
  SV_TRY(add_sources(plan, p));
  SV_TRY(sv_graph_infer(p->graph, p->infos, &p->contents));
  SV_TRY(sv_graph_resolve(p->graph, p->infos));
  SV_TRY(check_nodes(plan, p));
  SV_TRY(sv_program_threads(plan, p));
  p->backward = plan->options.mode == SV_TRAIN || plan->options.seed_count > 0;
  SV_TRY(sv_program_want(plan, p));
  SV_TRY(forward_steps(plan, p));
  SV_TRY(keep_readable(plan, p, kept));
  p->forward_count = p->step_count;
  if (p->backward) SV_TRY(sv_program_backward(plan, p));
  return sv_program_pack(plan, p);
}

sv_status sv_program_new(sv_program **program, sv_plan *plan) {
  *program = NULL;
  sv_program *p;
  id_list kept = {0};
  SV_TRY(sv_graph_check(plan->source));
  SV_TRY(sv_alloc(&p, sizeof *p));
  sv_status status = find_kept(plan, &kept);
  if (status == SV_OK) status = compile(plan, p, &kept);
  sv_free(kept.ids);
  if (status != SV_OK) {
    sv_program_free(p);
    return status;
  }
  plan->layouts = plan->state->layouts;
  sv_program_bind(plan, p);
  *program = p;
  return SV_OK;
}
