/* The forward steps: a kernel for each node, or for a node and its tail. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "op/registry.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

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
    out[i] =
        (sv_spec){.present = true, .dtype = info->dtype, .shape = info->shape};
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
    SV_TRY(sv_cell_like(plan, p, cell, choice->need.in[i].dtype, layout,
                        &cells[i]));
  }
  for (int i = 0; i < tails->extra_count; i++) {
    int at = node->in_count + i;
    cells[at] = -1;
    if (!choice->need.in[at].used) continue;
    SV_TRY(sv_cell_like(plan, p, p->value_cell[tails->extra[i]],
                        choice->need.in[at].dtype, &choice->need.in[at].layout,
                        &cells[at]));
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
    p->cells[*cell].tensor.dtype = place->dtype;
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

/* Casts outputs that are stored in another type than the kernel writes. */
static sv_status store_outputs(const sv_plan *plan, sv_program *p,
                               const sv_node *node, const sv_tails *tails,
                               const sv_choice *choice) {
  for (int i = 0; i < node->out_count; i++) {
    if (!node->out[i]) continue;
    int value = value_of(node, tails, choice, i);
    SV_TRY(sv_store_as(plan, p, value, p->stored[value]));
  }
  return SV_OK;
}

static bool only_views(const sv_node *node, const sv_choice *choice) {
  bool views = node->out_count > 0;
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) views = views && choice->need.out[i].view >= 0;
  return views;
}

/* All inputs, or none. */
static sv_status note_inside(const sv_node *node, const sv_choice *choice,
                             sv_step *step) {
  for (int i = 0; i < node->in_count; i++)
    if (!choice->need.in[i].inside) return SV_OK;
  if (!node->in_count) return SV_OK;
  SV_TRY(sv_alloc_array(&step->inside, (size_t)step->in_count,
                        sizeof *step->inside));
  for (int i = 0; i < node->in_count; i++)
    step->inside[i] = choice->need.in[i].offset;
  return SV_OK;
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
  SV_TRY(note_inside(node, choice, step));
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

/* Whether inference has computed all outputs already: then no step runs. */
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
    sv_spec spec = {.present = true,
                    .dtype = content->dtype,
                    .shape = content->shape,
                    .layout = content->layout};
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
  if (status == SV_OK) status = store_outputs(plan, p, node, &tails, &choice);
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
  return sv_cell_like(plan, p, p->value_cell[v], info->dtype, &plain,
                      &p->value_plain[v]);
}

static sv_status keep_readable(const sv_plan *plan, sv_program *p) {
  for (int i = 0; i < p->kept_count; i++)
    SV_TRY(keep_value(plan, p, p->kept[i]));
  for (int i = 0; i < p->renewal_count; i++)
    SV_TRY(keep_value(plan, p, p->renewals[i].next));
  return SV_OK;
}

sv_status sv_pass_forward(sv_plan *plan, sv_program *p) {
  SV_TRY(sv_alloc_array(&p->taken, (size_t)p->graph->node_count,
                        sizeof *p->taken));
  SV_TRY(sv_alloc_array(&p->readers, (size_t)p->graph->value_count,
                        sizeof *p->readers));
  sv_count_readers(p->graph, p->kept, p->kept_count, p->readers);
  SV_TRY(forward_steps(plan, p));
  SV_TRY(keep_readable(plan, p));
  p->forward_count = p->step_count;
  return SV_OK;
}
