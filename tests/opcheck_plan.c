/* One case as a network of one node, through the public face of a plan. */
#include <math.h>
#include <stdio.h>

#include <svertka/plan.h>

#include "opcheck.h"
#include "tensor/tensor.h"

typedef struct network {
  const oc_case *c;
  sv_graph *graph;
  sv_state *state;
  sv_plan *plan;
  char in[OC_PORTS][16], out[OC_PORTS][16];
  const char *gradients[OC_PORTS], *seeds[OC_PORTS], *keep[OC_PORTS];
  int in_count, gradient_count, seed_count, keep_count;
} network;

/* Numbers that a shape depends on have to be known before the run. */
static bool is_known(const network *n, int i) {
  const sv_op *op = n->c->entry->op;
  return op->in[0].role == SV_INDEX && sv_op_in_port(op, i)->role == SV_INDEX;
}

static bool is_parameter(const network *n, int i) {
  return is_known(n, i) ||
         sv_role_is_state(sv_op_in_port(n->c->entry->op, i)->role);
}

static sv_value add_input(network *n, int i) {
  const sv_tensor *x = n->c->in[i];
  const sv_port *port = sv_op_in_port(n->c->entry->op, i);
  if (!x) return (sv_value){0};
  if (is_known(n, i))
    return sv_parameter(n->graph, n->in[i], SV_CONSTANT, x->dtype, x->shape,
                        NULL);
  if (is_parameter(n, i))
    return sv_parameter(n->graph, n->in[i], port->role, SV_F32, x->shape, NULL);
  if (x->dtype == SV_I64) return sv_label(n->graph, n->in[i], x->shape);
  return sv_input(n->graph, n->in[i], SV_F32, x->shape);
}

static sv_status build(network *n) {
  const oc_case *c = n->c;
  sv_value in[OC_PORTS];
  SV_TRY(sv_graph_new(&n->graph, "case"));
  for (int i = 0; i < OC_PORTS; i++) {
    snprintf(n->in[i], sizeof n->in[i], "in%d", i);
    snprintf(n->out[i], sizeof n->out[i], "out%d", i);
    if (i < sv_op_in_count(c->entry->op) || c->in[i]) n->in_count = i + 1;
  }
  for (int i = 0; i < n->in_count; i++) {
    in[i] = add_input(n, i);
    if (c->diff[i] && !is_parameter(n, i))
      n->gradients[n->gradient_count++] = n->in[i];
  }
  sv_value y =
      sv_apply_text(n->graph, c->entry->op->name, in, n->in_count, c->attrs);
  for (int i = 0; i < OC_PORTS; i++) {
    if (c->out[i]) sv_output(n->graph, n->out[i], sv_output_of(n->graph, y, i));
    if (c->out[i]) n->keep[n->keep_count++] = n->out[i];
    if (c->seed[i]) n->seeds[n->seed_count++] = n->out[i];
  }
  return sv_graph_check(n->graph);
}

static sv_status fill_state(network *n) {
  for (int i = 0; i < n->in_count; i++)
    if (n->c->in[i] && is_parameter(n, i))
      SV_TRY(sv_state_set(n->state, n->in[i], n->c->in[i]));
  return SV_OK;
}

static sv_status fill(network *n) {
  const oc_case *c = n->c;
  sv_tensor view;
  for (int i = 0; i < n->in_count; i++) {
    if (!c->in[i] || is_parameter(n, i)) continue;
    SV_TRY(sv_plan_input(n->plan, n->in[i], &view));
    SV_TRY(sv_tensor_copy(&view, c->in[i]));
  }
  for (int i = 0; i < OC_PORTS; i++) {
    if (!c->seed[i]) continue;
    SV_TRY(sv_plan_seed(n->plan, n->out[i], &view));
    SV_TRY(sv_tensor_copy(&view, c->seed[i]));
  }
  return SV_OK;
}

static sv_status compare(const sv_tensor *view, const sv_tensor *expected,
                         double *error) {
  sv_tensor *plain;
  SV_TRY(sv_tensor_clone(&plain, view));
  *error = fmax(*error, oc_error(plain, expected, 0));
  sv_tensor_free(plain);
  return SV_OK;
}

static sv_status compare_all(const network *n, double *error) {
  const oc_case *c = n->c;
  sv_tensor view;
  *error = 0;
  for (int i = 0; i < OC_PORTS; i++) {
    if (c->out[i]) {
      SV_TRY(sv_plan_value(n->plan, n->out[i], &view));
      SV_TRY(compare(&view, c->out[i], error));
    }
    if (c->diff[i]) {
      SV_TRY(sv_plan_gradient(n->plan, n->in[i], &view));
      SV_TRY(compare(&view, c->diff[i], error));
    }
  }
  return SV_OK;
}

static sv_status run(network *n, const char *backend, double *error) {
  sv_plan_options o = sv_plan_default();
  SV_TRY(build(n));
  SV_TRY(sv_state_new(&n->state, n->graph, SV_F32));
  SV_TRY(fill_state(n));
  o.backend = backend;
  o.mode = n->c->inference ? SV_INFER : SV_TRAIN;
  o.exact = true;
  o.keep = n->keep;
  o.keep_count = n->keep_count;
  o.gradients = n->gradients;
  o.gradient_count = n->gradient_count;
  o.seeds = n->seeds;
  o.seed_count = n->seed_count;
  SV_TRY(sv_plan_new(&n->plan, n->graph, n->state, &o));
  SV_TRY(fill(n));
  SV_TRY(sv_plan_forward(n->plan));
  if (n->seed_count) SV_TRY(sv_plan_backward(n->plan));
  return compare_all(n, error);
}

sv_status oc_try_plan(const oc_case *c, const char *backend, double *error) {
  network n = {.c = c};
  sv_status status = run(&n, backend, error);
  sv_plan_free(n.plan);
  sv_state_free(n.state);
  sv_graph_free(n.graph);
  return status;
}
