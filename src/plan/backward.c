/* The same schedule read backwards: gradients of every wanted value. Kernels
 * overwrite what they give; contributions are collected per value and added
 * up by sum steps, here and nowhere else. */
#include <string.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

/* What has been given so far towards one value's gradient. */
typedef struct collected {
  int *cells;
  int count, capacity;
  int expected; /* contributions that nodes will give */
  bool wanted;  /* something before it needs its gradient */
  bool asked;   /* by the caller */
} collected;

typedef struct backward {
  const sv_plan *plan;
  sv_program *p;
  collected *values;
  bool *active; /* per node: a gradient comes in and one is wanted */
} backward;

/* ---- What is wanted, and what will come ---- */

static bool is_real(const sv_program *p, int value) {
  return p->infos[value].dtype == SV_F32 || p->infos[value].dtype == SV_F64;
}

static bool differentiable(const backward *b, const sv_node *node, int i) {
  return node->in[i] && !sv_op_in_port(node->op, i)->no_gradient &&
         is_real(b->p, node->in[i]);
}

static sv_status mark_wanted(backward *b) {
  const sv_graph *graph = b->p->graph;
  const sv_plan_options *o = &b->plan->options;
  for (int v = 1; v < graph->value_count; v++)
    b->values[v].wanted = graph->values[v].kind == SV_VALUE_STATE &&
                          sv_role_is_trained(graph->values[v].role) &&
                          is_real(b->p, v);
  for (int i = 0; i < o->gradient_count; i++) {
    int v;
    SV_TRY(sv_program_find(graph, o->gradients[i], &v));
    b->values[v].wanted = b->values[v].asked = true;
  }
  for (int i = 0; i < graph->node_count; i++) {
    const sv_node *node = &graph->nodes[i];
    bool wanted = false;
    for (int k = 0; k < node->in_count; k++)
      wanted = wanted ||
               (differentiable(b, node, k) && b->values[node->in[k]].wanted);
    for (int k = 0; k < node->out_count; k++)
      if (node->out[k] && wanted && is_real(b->p, node->out[k]))
        b->values[node->out[k]].wanted = true;
  }
  return SV_OK;
}

/* Which nodes will run backward, and how often each value is given to. */
static void count_expected(backward *b) {
  const sv_graph *graph = b->p->graph;
  for (int i = graph->node_count - 1; i >= 0; i--) {
    const sv_node *node = &graph->nodes[i];
    for (int k = 0; k < node->out_count; k++) {
      const collected *value = &b->values[node->out[k]];
      if (node->out[k] && value->wanted && (value->count || value->expected))
        b->active[i] = true;
    }
    for (int k = 0; b->active[i] && k < node->in_count; k++)
      if (differentiable(b, node, k) && b->values[node->in[k]].wanted)
        b->values[node->in[k]].expected++;
  }
}

static sv_status collect(backward *b, int value, int cell) {
  collected *c = &b->values[value];
  SV_TRY(sv_grow(&c->cells, c->count, &c->capacity, sizeof *c->cells));
  c->cells[c->count++] = cell;
  return SV_OK;
}

static sv_status add_seed(backward *b, int value, sv_where where,
                          double weight) {
  const sv_info *info = &b->p->infos[value];
  sv_spec spec = {true, info->dtype, info->shape, {0}};
  SV_TRY(sv_layout_plain(&spec.layout, spec.dtype, &spec.shape));
  int *cell = &b->p->seed_cell[value];
  SV_TRY(sv_add_cell(b->p, &spec, where, -1, cell));
  sv_buffer *buffer = &b->p->buffers[b->p->cells[*cell].buffer];
  if (spec.dtype == SV_F64)
    buffer->seed.f64 = weight;
  else
    buffer->seed.f32 = (float)weight;
  return collect(b, value, *cell);
}

static sv_status add_seeds(backward *b, sv_plan *plan) {
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

static sv_status add_sum(backward *b, const collected *c, int dst) {
  sv_program *p = b->p;
  static char name[] = "sum";
  sv_node *node;
  SV_TRY(sv_alloc(&node, sizeof *node));
  *node = (sv_node){.name = name, .in_count = c->count, .out_count = 1};
  sv_step *step;
  sv_status status = sv_add_step(p, node, SV_FORWARD, &step);
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
static sv_status add_up(backward *b, collected *c, const sv_layout *layout,
                        int dst, int *cell) {
  for (int i = 0; i < c->count; i++)
    SV_TRY(sv_cell_in_layout(b->plan, b->p, c->cells[i], layout, &c->cells[i]));
  sv_spec spec = sv_cell_spec(b->p, c->cells[0]);
  if (dst < 0) SV_TRY(sv_add_cell(b->p, &spec, SV_ARENA, -1, &dst));
  *cell = dst;
  return add_sum(b, c, dst);
}

/* The gradient of a value that all its readers have given to; -1 if none. */
static sv_status total(backward *b, int value, int *cell) {
  collected *c = &b->values[value];
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
  return sv_cell_in_layout(b->plan, b->p, *cell, &plain,
                           &b->p->gradient[value]);
}

/* ---- Parameters: their gradients lie in one arena ---- */

static sv_status gradient_cell(backward *b, int value, int *cell) {
  sv_spec spec = sv_cell_spec(b->p, b->p->value_cell[value]);
  return sv_add_cell(b->p, &spec, SV_GRADIENT, -1, cell);
}

static bool is_parameter(const backward *b, int value) {
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
static sv_status finish_parameter(backward *b, int value) {
  collected *c = &b->values[value];
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

/* ---- One node ---- */

typedef struct pass_work {
  const sv_node *node;
  sv_spec *in, *out, *diff_in, *diff_out; /* one allocation, at `in` */
  int *diff_out_cells;
} pass_work;

static sv_status fill_specs(backward *b, pass_work *w) {
  const sv_node *node = w->node;
  sv_program *p = b->p;
  for (int i = 0; i < node->in_count; i++) {
    if (!node->in[i]) continue;
    w->in[i] = sv_cell_spec(p, p->value_cell[node->in[i]]);
    w->diff_in[i] = w->in[i];
    w->diff_in[i].present =
        differentiable(b, node, i) && b->values[node->in[i]].wanted;
    SV_TRY(sv_layout_plain(&w->diff_in[i].layout, w->in[i].dtype,
                           &w->in[i].shape));
  }
  for (int i = 0; i < node->out_count; i++) {
    w->diff_out_cells[i] = -1;
    if (!node->out[i]) continue;
    w->out[i] = sv_cell_spec(p, p->value_cell[node->out[i]]);
    SV_TRY(total(b, node->out[i], &w->diff_out_cells[i]));
    if (w->diff_out_cells[i] >= 0)
      w->diff_out[i] = sv_cell_spec(p, w->diff_out_cells[i]);
  }
  return SV_OK;
}

static bool pass_wanted(const pass_work *w, sv_pass pass) {
  for (int i = 0; i < w->node->in_count; i++) {
    sv_role role = sv_op_in_port(w->node->op, i)->role;
    if (w->diff_in[i].present &&
        sv_role_is_state(role) == (pass == SV_BACKWARD_PARAMS))
      return true;
  }
  return false;
}

static const sv_step *forward_step(const sv_program *p, const sv_node *node) {
  for (int i = 0; i < p->forward_count; i++)
    if (p->steps[i].node == node) return &p->steps[i];
  return NULL;
}

static sv_status choose_pass(backward *b, const pass_work *w, sv_pass pass,
                             sv_choice *choice) {
  const sv_step *forward = forward_step(b->p, w->node);
  sv_site site = {.node = w->node,
                  .pass = pass,
                  .training = b->plan->options.mode == SV_TRAIN,
                  .backward = true,
                  .exact = b->plan->options.exact,
                  .threads = b->plan->options.threads,
                  .in = w->in,
                  .out = w->out,
                  .diff_in = w->diff_in,
                  .diff_out = w->diff_out,
                  .forward = forward ? forward->kernel : NULL};
  return sv_choose(b->plan, &site, choice);
}

/* Forward values and incoming gradients in the layouts that are wanted. */
static sv_status take_cells(backward *b, const pass_work *w,
                            const sv_need *need, int *cells) {
  const sv_node *node = w->node;
  sv_program *p = b->p;
  int *out = cells + node->in_count;
  int *diff_out = out + node->out_count + node->in_count;
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && need->in[i].used)
      SV_TRY(sv_cell_in_layout(b->plan, p, p->value_cell[node->in[i]],
                               &need->in[i].layout, &cells[i]));
  for (int i = 0; i < node->out_count; i++) {
    if (node->out[i] && need->out[i].used)
      SV_TRY(sv_cell_in_layout(b->plan, p, p->value_cell[node->out[i]],
                               &need->out[i].layout, &out[i]));
    if (w->diff_out_cells[i] >= 0 && need->diff_out[i].used)
      SV_TRY(sv_cell_in_layout(b->plan, p, w->diff_out_cells[i],
                               &need->diff_out[i].layout, &diff_out[i]));
  }
  return SV_OK;
}

/* Where gradient i of the node is written: straight into the parameter's place
 * in the arena of gradients if nothing else gives to it and the layout fits. */
static sv_status give_cell(backward *b, const pass_work *w, int i,
                           const sv_place *place, const int *diff_out,
                           int *cell) {
  int value = w->node->in[i];
  sv_program *p = b->p;
  sv_spec spec = w->diff_in[i];
  spec.layout = place->layout;
  int buffer = place->view >= 0 && diff_out[place->view] >= 0
                   ? p->cells[diff_out[place->view]].buffer
                   : -1;
  const sv_layout *home = &p->cells[p->value_cell[value]].tensor.layout;
  bool direct = is_parameter(b, value) && b->values[value].expected == 1 &&
                buffer < 0 && sv_layout_equal(home, &spec.layout);
  return sv_add_cell(p, &spec, direct ? SV_GRADIENT : SV_ARENA, buffer, cell);
}

static bool gives(const pass_work *w, const sv_need *need, int i) {
  return w->diff_in[i].present && need->diff_in[i].used;
}

static sv_status give_cells(backward *b, const pass_work *w,
                            const sv_need *need, int *cells) {
  const sv_node *node = w->node;
  int *diff_in = cells + node->in_count + node->out_count;
  for (int i = 0; i < node->in_count; i++)
    if (gives(w, need, i))
      SV_TRY(give_cell(b, w, i, &need->diff_in[i], diff_in + node->in_count,
                       &diff_in[i]));
  return SV_OK;
}

static sv_status add_pass_step(backward *b, const pass_work *w, sv_pass pass,
                               sv_choice *choice, const int *cells) {
  const sv_node *node = w->node;
  sv_program *p = b->p;
  const sv_step *forward = forward_step(p, node);
  int workspace = forward ? forward->workspace : -1;
  sv_step *step;
  SV_TRY(sv_add_step(p, node, pass, &step));
  size_t ports = (size_t)(node->in_count + node->out_count);
  memcpy(step->cells, cells, 2 * ports * sizeof *cells);
  for (int i = 0; i < node->in_count; i++) {
    int over = choice->need.diff_in[i].over;
    if (over >= 0) over += (int)ports + node->in_count;
    step->over[ports + (size_t)i] = over;
  }
  step->kernel = choice->kernel;
  step->impl = choice->impl;
  choice->impl = NULL;
  step->workspace = workspace;
  memcpy(step->name, choice->need.name, sizeof step->name);
  if (choice->need.scratch)
    SV_TRY(sv_add_buffer(p, SV_ARENA, choice->need.scratch, &step->scratch));
  return SV_OK;
}

static bool all_views(const pass_work *w, const sv_need *need) {
  for (int i = 0; i < w->node->in_count; i++)
    if (gives(w, need, i) && need->diff_in[i].view < 0) return false;
  return true;
}

static sv_status add_pass(backward *b, pass_work *w, sv_pass pass,
                          sv_choice *choice) {
  const sv_node *node = w->node;
  size_t ports = (size_t)(node->in_count + node->out_count);
  int *cells;
  SV_TRY(sv_alloc_array(&cells, 2 * ports, sizeof *cells));
  for (size_t i = 0; i < 2 * ports; i++) cells[i] = -1;
  sv_status status = take_cells(b, w, &choice->need, cells);
  if (status == SV_OK) status = give_cells(b, w, &choice->need, cells);
  if (status == SV_OK && !all_views(w, &choice->need))
    status = add_pass_step(b, w, pass, choice, cells);
  for (int i = 0; i < node->in_count && status == SV_OK; i++) {
    if (!gives(w, &choice->need, i)) continue;
    status = collect(b, node->in[i], cells[ports + (size_t)i]);
    if (status == SV_OK && is_parameter(b, node->in[i]))
      status = finish_parameter(b, node->in[i]);
  }
  sv_free(cells);
  return status;
}

/* The parameters' pass comes first: its gradients are final the earlier, and
 * the other pass may then write over what came in. */
static sv_status both_passes(backward *b, pass_work *w) {
  sv_choice data = {0}, params = {0};
  SV_TRY(fill_specs(b, w));
  bool want_data = pass_wanted(w, SV_BACKWARD_DATA);
  sv_status status = SV_OK;
  if (want_data) status = choose_pass(b, w, SV_BACKWARD_DATA, &data);
  bool want_params =
      pass_wanted(w, SV_BACKWARD_PARAMS) && !(want_data && data.need.both);
  if (status == SV_OK && want_params) {
    status = choose_pass(b, w, SV_BACKWARD_PARAMS, &params);
    if (status == SV_OK) status = add_pass(b, w, SV_BACKWARD_PARAMS, &params);
  }
  if (status == SV_OK && want_data)
    status = add_pass(b, w, SV_BACKWARD_DATA, &data);
  sv_choice_free(&params);
  sv_choice_free(&data);
  return status;
}

static sv_status backward_node(backward *b, const sv_node *node) {
  size_t in = (size_t)node->in_count, out = (size_t)node->out_count;
  pass_work w = {.node = node};
  SV_TRY(sv_alloc_array(&w.in, 2 * (in + out), sizeof *w.in));
  sv_status status = sv_alloc_array(&w.diff_out_cells, out, sizeof(int));
  w.out = w.in + in;
  w.diff_in = w.out + out;
  w.diff_out = w.diff_in + in;
  if (status == SV_OK) status = both_passes(b, &w);
  sv_free(w.in);
  sv_free(w.diff_out_cells);
  return status;
}

/* Inputs, and parameters that the caller asked for by name. */
static sv_status finish_asked(backward *b) {
  for (int v = 1; v < b->p->graph->value_count; v++) {
    const sv_value_info *info = &b->p->graph->values[v];
    int cell;
    if (!b->values[v].asked || b->p->gradient[v] >= 0) continue;
    SV_TRY(total(b, v, &cell));
    if (cell < 0)
      return sv_fail(SV_INVALID, "'%s' has no gradient: no %s depends on it",
                     info->name, b->plan->options.seed_count ? "seed" : "loss");
  }
  return SV_OK;
}

static sv_status run_backward(backward *b, sv_plan *plan) {
  const sv_graph *graph = b->p->graph;
  SV_TRY(mark_wanted(b));
  SV_TRY(add_seeds(b, plan));
  count_expected(b);
  for (int i = graph->node_count - 1; i >= 0; i--)
    if (b->active[i]) SV_TRY(backward_node(b, &graph->nodes[i]));
  return finish_asked(b);
}

sv_status sv_program_backward(sv_plan *plan, sv_program *p) {
  backward b = {.plan = plan, .p = p};
  size_t values = (size_t)p->graph->value_count;
  SV_TRY(sv_alloc_array(&b.values, values, sizeof *b.values));
  sv_status status =
      sv_alloc_array(&b.active, (size_t)p->graph->node_count, sizeof(bool));
  if (status == SV_OK) status = run_backward(&b, plan);
  for (size_t v = 0; v < values; v++) sv_free(b.values[v].cells);
  sv_free(b.values);
  sv_free(b.active);
  return status;
}
