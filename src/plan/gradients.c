/* Gradients by value: which are wanted, what has been given towards them.
 * Kernels overwrite what they give; contributions are collected per value and
 * added up by sum steps, here and nowhere else. */
#include <string.h>

#include "base/memory.h"
#include "plan/backward.h"
#include "tensor/tensor.h"

/* ---- What is wanted, and what will come ---- */

sv_status sv_mark_asked(sv_backward *b) {
  const sv_plan_options *o = &b->plan->options;
  for (int i = 0; i < o->gradient_count; i++) {
    int v;
    SV_TRY(sv_program_find(b->p->graph, o->gradients[i], &v));
    b->values[v].asked = true;
  }
  return SV_OK;
}

/* Which nodes will run backward, and how often each value is given to. */
void sv_count_expected(sv_backward *b) {
  const sv_graph *graph = b->p->graph;
  for (int i = graph->node_count - 1; i >= 0; i--) {
    const sv_node *node = &graph->nodes[i];
    for (int k = 0; k < node->out_count; k++) {
      const sv_collected *value = &b->values[node->out[k]];
      bool wanted = node->out[k] && b->p->wanted[node->out[k]];
      if (wanted && (value->count || value->expected)) b->active[i] = true;
    }
    for (int k = 0; b->active[i] && k < node->in_count; k++)
      if (sv_is_differentiable(b->p, node, k) && b->p->wanted[node->in[k]])
        b->values[node->in[k]].expected++;
  }
}

sv_status sv_collect(sv_backward *b, int value, int cell) {
  sv_collected *c = &b->values[value];
  SV_TRY(sv_grow(&c->cells, c->count, &c->capacity, sizeof *c->cells));
  c->cells[c->count++] = cell;
  return SV_OK;
}

static sv_status add_seed(sv_backward *b, int value, sv_where where,
                          double weight) {
  const sv_info *info = &b->p->infos[value];
  sv_spec spec = {.present = true, .dtype = info->dtype, .shape = info->shape};
  SV_TRY(sv_layout_plain(&spec.layout, spec.dtype, &spec.shape));
  int *cell = &b->p->seed_cell[value];
  SV_TRY(sv_add_cell(b->p, &spec, where, -1, cell));
  sv_buffer *buffer = &b->p->buffers[b->p->cells[*cell].buffer];
  if (spec.dtype == SV_F64)
    buffer->seed.f64 = weight;
  else
    buffer->seed.f32 = (float)weight;
  return sv_collect(b, value, *cell);
}

sv_status sv_add_seeds(sv_backward *b, sv_plan *plan) {
  const sv_graph *graph = b->p->graph;
  const sv_plan_options *o = &plan->options;
  for (int i = 0; i < o->seed_count; i++) {
    int v, own;
    SV_TRY(sv_program_find(graph, o->seeds[i], &v));
    if (b->p->seed_cell[v] >= 0) continue;
    SV_TRY(add_seed(b, v, SV_OWN, 0));
    SV_TRY(sv_plan_own(plan, v, true, &b->p->infos[v], o->seeds[i], &own));
    b->p->buffers[b->p->cells[b->p->seed_cell[v]].buffer].own = own;
  }
  for (int i = 0; o->seed_count == 0 && i < graph->output_count; i++)
    if (graph->outputs[i].is_loss)
      SV_TRY(add_seed(b, graph->outputs[i].value, SV_SCALAR,
                      graph->outputs[i].weight));
  return SV_OK;
}

/* ---- Adding up ---- */

static sv_status add_sum(sv_backward *b, const sv_collected *c, int dst) {
  sv_program *p = b->p;
  static char name[] = "sum";
  sv_node *node;
  SV_TRY(sv_alloc(&node, sizeof *node));
  *node = (sv_node){.name = name, .in_count = c->count, .out_count = 1};
  sv_step *step;
  sv_status status = sv_add_step(p, node, SV_FORWARD, 0, &step);
  if (status != SV_OK) {
    sv_free(node);
    return status;
  }
  step->kernel = &sv_sum_kernel;
  step->impl = node;
  memcpy(step->name, "sum", 4);
  memcpy(step->cells, c->cells, (size_t)c->count * sizeof *c->cells);
  step->cells[c->count] = dst;
  step->over[c->count] = 0;
  return SV_OK;
}

/* All contributions in one layout, added up in `dst`, or in a new cell if dst
 * is -1. */
static sv_status add_up(sv_backward *b, sv_collected *c,
                        const sv_layout *layout, int dst, int *cell) {
  for (int i = 0; i < c->count; i++)
    SV_TRY(sv_cell_like(b->plan, b->p, c->cells[i],
                        b->p->cells[c->cells[i]].dtype, layout, &c->cells[i]));
  sv_spec spec = sv_cell_spec(b->p, c->cells[0]);
  if (dst < 0) SV_TRY(sv_add_cell(b->p, &spec, SV_ARENA, -1, &dst));
  *cell = dst;
  return add_sum(b, c, dst);
}

/* The gradient of a value that all its readers have given to; -1 if none. */
sv_status sv_total_gradient(sv_backward *b, int value, int *cell) {
  sv_collected *c = &b->values[value];
  *cell = -1;
  if (c->count == 0) return SV_OK;
  *cell = c->cells[0];
  if (c->count > 1) {
    sv_layout layout = b->p->cells[c->cells[0]].tensor.layout;
    SV_TRY(add_up(b, c, &layout, -1, cell));
    c->cells[0] = *cell;
    c->count = 1;
  }
  if (!c->asked) return SV_OK;
  sv_layout plain;
  const sv_info *info = &b->p->infos[value];
  SV_TRY(sv_layout_plain(&plain, info->dtype, &info->shape));
  return sv_cell_like(b->plan, b->p, *cell, b->p->cells[*cell].dtype, &plain,
                      &b->p->gradient[value]);
}

/* ---- Parameters: their gradients lie in one arena ---- */

static sv_status gradient_cell(sv_backward *b, int value, int *cell) {
  sv_spec spec = sv_cell_spec(b->p, b->p->value_cell[value]);
  return sv_add_cell(b->p, &spec, SV_GRADIENT, -1, cell);
}

bool sv_is_parameter(const sv_backward *b, int value) {
  const sv_value_info *info = &b->p->graph->values[value];
  return info->kind == SV_VALUE_STATE && sv_role_is_trained(info->role);
}

/* From the last step on the parameter's gradient is final. One step may end
 * several: a weight's and a bias's. */
static sv_status add_final(sv_program *p, int value) {
  sv_step *step = &p->steps[p->step_count - 1];
  SV_TRY(sv_grow(&p->finals, p->final_count, &p->final_capacity,
                 sizeof *p->finals));
  if (step->final_count++ == 0) step->final = p->final_count;
  p->finals[p->final_count++] = value;
  return SV_OK;
}

/* Called after each contribution; the last one makes it final. */
sv_status sv_finish_parameter(sv_backward *b, int value) {
  sv_collected *c = &b->values[value];
  sv_program *p = b->p;
  if (c->count < c->expected) return SV_OK;
  int *final = &p->gradient[value];
  if (c->count == 1 &&
      p->buffers[p->cells[c->cells[0]].buffer].where == SV_GRADIENT) {
    *final = c->cells[0];
  } else {
    SV_TRY(gradient_cell(b, value, final));
    if (c->count > 1) {
      sv_layout layout = p->cells[*final].tensor.layout;
      int same;
      SV_TRY(add_up(b, c, &layout, *final, &same));
    } else {
      SV_TRY(sv_add_reorder(b->plan, p, c->cells[0], *final, false));
    }
  }
  return add_final(p, value);
}
