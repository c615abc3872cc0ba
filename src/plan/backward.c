/* The same schedule read backwards: gradients of every wanted value, node by
 * node. */
#include <string.h>

#include "base/memory.h"
#include "plan/backward.h"
#include "tensor/tensor.h"

/* ---- One node ---- */

typedef struct pass_work {
  const sv_node *node;
  sv_spec *in, *out, *diff_in, *diff_out; /* one allocation, at `in` */
  int *diff_out_cells;
} pass_work;

static sv_status fill_specs(sv_backward *b, pass_work *w) {
  const sv_node *node = w->node;
  sv_program *p = b->p;
  for (int i = 0; i < node->in_count; i++) {
    if (!node->in[i]) continue;
    w->in[i] = sv_cell_spec(p, p->value_cell[node->in[i]]);
    w->diff_in[i] = w->in[i];
    w->diff_in[i].present =
        sv_is_differentiable(p, node, i) && p->wanted[node->in[i]];
    SV_TRY(sv_layout_plain(&w->diff_in[i].layout, w->in[i].dtype,
                           &w->in[i].shape));
  }
  for (int i = 0; i < node->out_count; i++) {
    w->diff_out_cells[i] = -1;
    if (!node->out[i]) continue;
    w->out[i] = sv_cell_spec(p, p->value_cell[node->out[i]]);
    SV_TRY(sv_total_gradient(b, node->out[i], &w->diff_out_cells[i]));
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

static sv_status choose_pass(sv_backward *b, const pass_work *w, sv_pass pass,
                             sv_choice *choice) {
  const sv_step *forward = forward_step(b->p, w->node);
  sv_site site = {.node = w->node,
                  .pass = pass,
                  .training = sv_node_trains(b->plan, b->p, w->node),
                  .backward = true,
                  .exact = b->plan->options.exact,
                  .threads = b->p->threads,
                  .in = w->in,
                  .out = w->out,
                  .diff_in = w->diff_in,
                  .diff_out = w->diff_out,
                  .workspace = forward && forward->workspace >= 0
                                   ? b->p->buffers[forward->workspace].bytes
                                   : 0,
                  .forward = forward ? forward->kernel : NULL};
  return sv_choose(b->plan, &site, choice);
}

/* Forward values and incoming gradients in the layouts that are wanted. */
static sv_status take_cells(sv_backward *b, const pass_work *w,
                            const sv_need *need, int *cells) {
  const sv_node *node = w->node;
  sv_program *p = b->p;
  int *out = cells + node->in_count;
  int *diff_out = out + node->out_count + node->in_count;
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && need->in[i].used)
      SV_TRY(sv_cell_like(b->plan, p, p->value_cell[node->in[i]],
                          need->in[i].dtype, &need->in[i].layout, &cells[i]));
  for (int i = 0; i < node->out_count; i++) {
    if (node->out[i] && need->out[i].used)
      SV_TRY(sv_cell_like(b->plan, p, p->value_cell[node->out[i]],
                          need->out[i].dtype, &need->out[i].layout, &out[i]));
    if (w->diff_out_cells[i] >= 0 && need->diff_out[i].used)
      SV_TRY(sv_cell_like(b->plan, p, w->diff_out_cells[i],
                          need->diff_out[i].dtype, &need->diff_out[i].layout,
                          &diff_out[i]));
  }
  return SV_OK;
}

/* Where gradient i of the node is written: straight into the parameter's place
 * in the arena of gradients if nothing else gives to it and the layout fits. */
static sv_status give_cell(sv_backward *b, const pass_work *w, int i,
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
  bool direct = sv_is_parameter(b, value) && b->values[value].expected == 1 &&
                buffer < 0 && sv_layout_equal(home, &spec.layout);
  return sv_add_cell(p, &spec, direct ? SV_GRADIENT : SV_ARENA, buffer, cell);
}

static bool gives(const pass_work *w, const sv_need *need, int i) {
  return w->diff_in[i].present && need->diff_in[i].used;
}

static sv_status give_cells(sv_backward *b, const pass_work *w,
                            const sv_need *need, int *cells) {
  const sv_node *node = w->node;
  int *diff_in = cells + node->in_count + node->out_count;
  for (int i = 0; i < node->in_count; i++)
    if (gives(w, need, i))
      SV_TRY(give_cell(b, w, i, &need->diff_in[i], diff_in + node->in_count,
                       &diff_in[i]));
  return SV_OK;
}

static sv_status add_pass_step(sv_backward *b, const pass_work *w, sv_pass pass,
                               sv_choice *choice, const int *cells) {
  const sv_node *node = w->node;
  sv_program *p = b->p;
  const sv_step *forward = forward_step(p, node);
  int workspace = forward ? forward->workspace : -1;
  sv_step *step;
  SV_TRY(sv_add_step(p, node, pass, 0, &step));
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
  step->training = sv_node_trains(b->plan, p, node);
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

static sv_status add_pass(sv_backward *b, pass_work *w, sv_pass pass,
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
    status = sv_collect(b, node->in[i], cells[ports + (size_t)i]);
    if (status == SV_OK && sv_is_parameter(b, node->in[i]))
      status = sv_finish_parameter(b, node->in[i]);
  }
  sv_free(cells);
  return status;
}

/* The parameters' pass comes first: its gradients are final the earlier, and
 * the other pass may then write over what came in. */
static sv_status both_passes(sv_backward *b, pass_work *w) {
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

static sv_status backward_node(sv_backward *b, const sv_node *node) {
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
static sv_status finish_asked(sv_backward *b) {
  for (int v = 1; v < b->p->graph->value_count; v++) {
    const sv_value_info *info = &b->p->graph->values[v];
    int cell;
    if (!b->values[v].asked || b->p->gradient[v] >= 0) continue;
    SV_TRY(sv_total_gradient(b, v, &cell));
    if (cell < 0)
      return sv_fail(SV_INVALID, "'%s' has no gradient: no %s depends on it",
                     info->name, b->plan->options.seed_count ? "seed" : "loss");
  }
  return SV_OK;
}

static sv_status run_backward(sv_backward *b, sv_plan *plan) {
  const sv_graph *graph = b->p->graph;
  SV_TRY(sv_mark_asked(b));
  SV_TRY(sv_add_seeds(b, plan));
  sv_count_expected(b);
  for (int i = graph->node_count - 1; i >= 0; i--)
    if (b->active[i]) SV_TRY(backward_node(b, &graph->nodes[i]));
  return finish_asked(b);
}

sv_status sv_pass_backward(sv_plan *plan, sv_program *p) {
  if (!p->backward) return SV_OK;
  sv_backward b = {.plan = plan, .p = p};
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
