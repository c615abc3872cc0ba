/* From graph and options to a program: the forward half. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "op/registry.h"
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

static void extra_specs(const sv_program *p, const sv_node *node,
                        const sv_tails *tails, sv_spec *in) {
  for (int i = 0; i < tails->extra_count; i++)
    in[node->in_count + i] = sv_cell_spec(p, p->value_cell[tails->extra[i]]);
}

/* Input cells in the layouts that the kernel wants. */
static sv_status take_inputs(sv_plan *plan, sv_program *p, const sv_node *node,
                             const sv_tails *tails, const sv_choice *choice,
                             int *cells) {
  for (int i = 0; i < node->in_count; i++) {
    cells[i] = -1;
    if (!node->in[i] || !choice->need.in[i].used) continue;
    int cell = p->value_cell[node->in[i]];
    const sv_layout *layout = &choice->need.in[i].layout;
    SV_TRY(settle_parameter(plan, p, cell, layout));
    SV_TRY(sv_cell_in_layout(plan, p, cell, layout, &cells[i]));
  }
  for (int i = 0; i < tails->extra_count; i++) {
    int at = node->in_count + i;
    cells[at] = -1;
    if (!choice->need.in[at].used) continue;
    SV_TRY(sv_cell_in_layout(plan, p, p->value_cell[tails->extra[i]],
                             &choice->need.in[at].layout, &cells[at]));
  }
  return SV_OK;
}

/* The value that output i of the node's step is. */
static int value_of(const sv_node *node, const sv_tails *tails,
                    const sv_choice *choice, int i) {
  int taken = choice->need.tail;
  return i == 0 && taken ? tails->at[taken - 1].node->out[0] : node->out[i];
}

static sv_status make_outputs(sv_program *p, const sv_node *node,
                              const sv_tails *tails, const sv_spec *specs,
                              const sv_choice *choice, bool once, int *cells) {
  int *outs = cells + node->in_count + tails->extra_count;
  for (int i = 0; i < node->out_count; i++) {
    int *cell = &outs[i];
    *cell = -1;
    if (!node->out[i]) continue;
    const sv_place *place = &choice->need.out[i];
    sv_spec spec = specs[i];
    spec.layout = place->layout;
    int shared = place->onto >= 0 ? place->onto : place->view;
    int buffer = shared >= 0 ? p->cells[cells[shared]].buffer : -1;
    if (place->onto >= 0) sv_program_write_over(p, cells[shared]);
    SV_TRY(sv_add_cell(p, &spec, once ? SV_FIXED : SV_ARENA, buffer, cell));
    p->cells[*cell].once = once;
    p->value_cell[value_of(node, tails, choice, i)] = *cell;
  }
  return SV_OK;
}

/* The step stands for the taken nodes, too: "jit:avx2+add+relu". */
static void take_tail(sv_program *p, const sv_tails *tails, sv_choice *choice) {
  char *name = choice->need.name;
  for (int i = 0; i < choice->need.tail; i++) {
    const sv_node *node = tails->at[i].node;
    size_t length = strlen(name);
    p->taken[node - p->graph->nodes] = true;
    sv_program_has_read(p, node);
    snprintf(name + length, sizeof choice->need.name - length, "+%s",
             node->op->name);
  }
}

static bool only_views(const sv_node *node, const sv_choice *choice) {
  bool views = node->out_count > 0;
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) views = views && choice->need.out[i].view >= 0;
  return views;
}

static sv_status add_forward_step(sv_program *p, const sv_node *node, int extra,
                                  sv_choice *choice, bool once, bool training,
                                  const int *cells) {
  sv_step *step;
  SV_TRY(sv_add_step(p, node, SV_FORWARD, extra, &step));
  size_t count = (size_t)(step->in_count + node->out_count);
  if (count) memcpy(step->cells, cells, count * sizeof *cells);
  for (int i = 0; i < node->out_count; i++)
    step->over[step->in_count + i] = choice->need.out[i].over;
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
  if (all_known(p, node)) return known_outputs(plan, p, node);
  SV_TRY(sv_program_add_fold(plan, p, node));
  bool once = all_once(p, node);
  sv_tails tails = {.count = 0};
  if (!once) sv_program_tail(p, node, &tails);
  sv_spec *out = specs + node->in_count + tails.extra_count;
  forward_specs(p, node, specs, out);
  extra_specs(p, node, &tails, specs);
  for (int i = 0; i < node->out_count; i++)
    if (out[i].present)
      SV_TRY(sv_layout_plain(&out[i].layout, out[i].dtype, &out[i].shape));
  sv_site site = {.node = node,
                  .pass = SV_FORWARD,
                  .training = sv_node_trains(plan, p, node),
                  .backward = sv_node_has_gradient(p, node),
                  .exact = plan->options.exact,
                  .threads = p->threads,
                  .tail = tails.at,
                  .tail_count = tails.count,
                  .extra_count = tails.extra_count,
                  .in = specs,
                  .out = out};
  sv_choice choice;
  SV_TRY(sv_choose(plan, &site, &choice));
  take_tail(p, &tails, &choice);
  sv_status status = take_inputs(plan, p, node, &tails, &choice, cells);
  if (status == SV_OK)
    status = make_outputs(p, node, &tails, out, &choice, once, cells);
  if (status == SV_OK && !only_views(node, &choice))
    status = add_forward_step(p, node, tails.extra_count, &choice, once,
                              site.training, cells);
  sv_choice_free(&choice);
  return status;
}

static sv_status forward_steps(sv_plan *plan, sv_program *p) {
  for (int i = 0; i < p->graph->node_count; i++) {
    const sv_node *node = &p->graph->nodes[i];
    if (p->taken[i]) continue;
    size_t ports = (size_t)(node->in_count + node->out_count) + SV_LONGEST_TAIL;
    sv_spec *specs;
    int *cells = NULL;
    SV_TRY(sv_alloc_array(&specs, ports, sizeof *specs));
    sv_status status = sv_alloc_array(&cells, ports, sizeof *cells);
    if (status == SV_OK) status = forward_node(plan, p, node, specs, cells);
    sv_free(specs);
    sv_free(cells);
    SV_TRY(status);
    sv_program_has_read(p, node);
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

static sv_status add_steps(sv_plan *plan, sv_program *p, const id_list *kept) {
  p->backward = plan->options.mode == SV_TRAIN || plan->options.seed_count > 0;
  SV_TRY(sv_program_want(plan, p));
  SV_TRY(forward_steps(plan, p));
  SV_TRY(keep_readable(plan, p, kept));
  p->forward_count = p->step_count;
  return p->backward ? sv_program_backward(plan, p) : SV_OK;
}

/* True if the plan need not compute what the graph says to the letter: nothing
 * but the outputs is read. */
static bool may_rewrite(const sv_plan *plan) {
  const sv_plan_options *o = &plan->options;
  bool only_reference = o->backend && strcmp(o->backend, "ref") == 0;
  return o->mode == SV_INFER && !o->seed_count && !o->exact &&
         !only_reference && plan->state->precision == SV_F32;
}

static sv_status rewrite(const sv_plan *plan, sv_program *p,
                         const id_list *kept) {
  p->rewrites = may_rewrite(plan);
  if (p->rewrites) SV_TRY(sv_program_fold(plan, p, kept->ids, kept->count));
  SV_TRY(sv_alloc_array(&p->taken, (size_t)p->graph->node_count,
                        sizeof *p->taken));
  SV_TRY(sv_alloc_array(&p->readers, (size_t)p->graph->value_count,
                        sizeof *p->readers));
  sv_count_readers(p->graph, kept->ids, kept->count, p->readers);
  return SV_OK;
}

static sv_status compile(sv_plan *plan, sv_program *p, const id_list *kept) {
  SV_TRY(sv_graph_copy(&p->graph, plan->source));
  SV_TRY(sv_graph_prune(p->graph, kept->ids, kept->count));
  SV_TRY(rewrite(plan, p, kept));
  SV_TRY(sv_program_freeze(plan, p));
  if (plan->options.mode == SV_TRAIN) SV_TRY(sv_program_find_renewals(p));
  int values = p->graph->value_count;
  SV_TRY(sv_alloc_array(&p->infos, (size_t)values, sizeof *p->infos));
  SV_TRY(fill_with_none(&p->value_cell, values));
  SV_TRY(fill_with_none(&p->value_plain, values));
  SV_TRY(fill_with_none(&p->gradient, values));
  SV_TRY(fill_with_none(&p->seed_cell, values));
  SV_TRY(sv_program_add_sources(plan, p));
  SV_TRY(sv_graph_infer(p->graph, p->infos, &p->contents));
  SV_TRY(sv_graph_resolve(p->graph, p->infos));
  SV_TRY(check_nodes(plan, p));
  SV_TRY(sv_program_threads(plan, p));
  sv_team outer;
  sv_team_begin(&outer, p->threads);
  sv_status status = add_steps(plan, p, kept);
  sv_team_end(&outer);
  return status == SV_OK ? sv_program_pack(plan, p) : status;
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
