#include "cli/cli_run.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "op/attrs.h"

/* ---- The graph ---- */

bool cli_is_whole(sv_role role) { return role == SV_LABEL || role == SV_INDEX; }

/* What a plan may have to know: parameters, numbers that shapes follow from. */
static bool is_known(const sv_port *port) {
  return sv_role_is_state(port->role) || port->role == SV_INDEX;
}

/* Where the elements of windows were is an image, too. */
static bool is_image(const sv_op *op, const sv_port *port) {
  bool places = port->role == SV_INDEX && sv_attr_find(op, "kernel") &&
                !sv_op_in_attr(op, (int)(port - op->in));
  return port->role == SV_DATA || port->role == SV_WEIGHT || places;
}

/* Labels of pixels are maps without channels. */
static int rank_of(const cli_run *run, const sv_port *port, int rank) {
  if (is_image(run->op, port)) return rank;
  return port->role == SV_LABEL && run->op->has_maps && rank > 2 ? rank - 1 : 0;
}

static sv_value add_input(cli_run *run, const cli_input *in, int rank) {
  sv_graph *g = run->graph;
  sv_role role = in->port->role;
  sv_shape shape =
      cli_numbers_shape(&in->numbers, rank_of(run, in->port, rank));
  sv_dtype dtype = cli_is_whole(role) ? SV_I64 : SV_F32;
  if (is_known(in->port))
    return sv_parameter(g, in->name, role == SV_INDEX ? SV_CONSTANT : role,
                        dtype, shape, "zeros");
  if (role == SV_LABEL) return sv_label(g, in->name, shape);
  return sv_input(g, in->name, dtype, shape);
}

/* Inputs that were left out are absent, also between others. */
static sv_status build(cli_run *run, int rank) {
  SV_TRY(sv_graph_new(&run->graph, run->op->name));
  sv_value values[CLI_MOST_INPUTS + 8] = {{0}};
  int count = 0;
  for (int i = 0; i < run->in_count; i++) {
    int port = (int)(run->in[i].port - run->op->in);
    int at = port > count || !run->op->in[port].variadic ? port : count;
    values[at] = add_input(run, &run->in[i], rank);
    count = at + 1;
  }
  sv_name(run->graph, "%s", run->op->name);
  sv_value y = sv_apply(run->graph, run->op->name, values, count, run->attrs);
  for (int i = 0; run->op->out[i].name; i++)
    if (!run->op->out[i].optional)
      sv_output(run->graph, run->op->out[i].name,
                i ? sv_output_of(run->graph, y, i) : y);
  return sv_graph_check(run->graph);
}

static int typed_rank(const cli_run *run) {
  int rank = 1;
  for (int i = 0; i < run->in_count; i++) {
    sv_role role = run->in[i].port->role;
    int typed = run->in[i].numbers.shape.rank;
    if ((role == SV_DATA || role == SV_WEIGHT) && typed > rank) rank = typed;
  }
  return rank;
}

/* Input 0 has a shape in front. */
static bool is_shaped(const cli_run *run) {
  return run->in_count > 0 && run->in[0].numbers.fixed;
}

/* A window slides over images, N C H W, and where an operator has maps those
 * that were typed are the maps of one image; other operators take the first
 * rank that they can work with. The fault that is told is the one with
 * matrices, or with what was typed. */
static sv_status build_fitting(cli_run *run) {
  enum { MATRIX = 2, MAPS, IMAGES };
  int rank = typed_rank(run);
  bool maps = run->op->has_maps && !is_shaped(run);
  if (sv_attr_find(run->op, "kernel") && rank < IMAGES)
    return build(run, IMAGES);
  if (maps && rank == MAPS) return build(run, IMAGES);
  char message[1024];
  sv_status told = SV_OK;
  for (int r = rank; r <= IMAGES || r == rank; r++) {
    if (maps && r == MAPS) continue; /* rows are no maps */
    sv_graph_free(run->graph);
    run->graph = NULL;
    sv_status status = build(run, r);
    if (status == SV_OK) return SV_OK;
    if (r != rank && r != MATRIX) continue;
    told = status;
    snprintf(message, sizeof message, "%s", sv_error());
  }
  return sv_fail_as(told, message);
}

/* ---- State and plan ---- */

static sv_status fill_state(cli_run *run) {
  SV_TRY(sv_state_new(&run->state, run->graph, SV_F32));
  SV_TRY(sv_state_init(run->state, run->graph, 0));
  for (int i = 0; i < run->in_count; i++) {
    if (!is_known(run->in[i].port)) continue;
    sv_tensor *tensor;
    SV_TRY(sv_state_get(run->state, run->in[i].name, &tensor));
    cli_numbers_fill(&run->in[i].numbers, tensor);
    sv_status status = sv_state_set(run->state, run->in[i].name, tensor);
    sv_tensor_free(tensor);
    SV_TRY(status);
  }
  return SV_OK;
}

static sv_status compile(cli_run *run) {
  const char *wanted[CLI_MOST_INPUTS], *seed = run->op->out[0].name;
  sv_plan_options options = sv_plan_default();
  options.mode = SV_INFER;
  options.backend = run->backend;
  if (run->backward) {
    options.seeds = &seed;
    options.seed_count = 1;
    for (int i = 0; i < run->in_count; i++)
      if (run->in[i].port->role == SV_DATA && !run->in[i].port->no_gradient)
        wanted[options.gradient_count++] = run->in[i].name;
    options.gradients = wanted;
  }
  return sv_plan_new(&run->plan, run->graph, run->state, &options);
}

static sv_status fill_inputs(cli_run *run) {
  for (int i = 0; i < run->in_count; i++) {
    if (is_known(run->in[i].port)) continue;
    sv_tensor view;
    SV_TRY(sv_plan_input(run->plan, run->in[i].name, &view));
    cli_numbers_fill(&run->in[i].numbers, &view);
  }
  return SV_OK;
}

static sv_status fill_seed(cli_run *run) {
  sv_tensor dy;
  SV_TRY(sv_plan_seed(run->plan, run->op->out[0].name, &dy));
  int64_t count = sv_shape_count(&dy.shape);
  if (run->dy.count && run->dy.count != count)
    return sv_fail(SV_INVALID, "--dy: %d values given, but the output is %s",
                   run->dy.count,
                   sv_shape_text(&dy.shape, (char[SV_SHAPE_TEXT]){0}));
  if (run->dy.count)
    cli_numbers_fill(&run->dy, &dy);
  else
    for (int64_t i = 0; i < count; i++) sv_tensor_set(&dy, i, 1);
  return SV_OK;
}

sv_status cli_run_start(cli_run *run) {
  SV_TRY(build_fitting(run));
  SV_TRY(fill_state(run));
  SV_TRY(compile(run));
  SV_TRY(fill_inputs(run));
  SV_TRY(sv_plan_forward(run->plan));
  if (!run->backward) return SV_OK;
  SV_TRY(fill_seed(run));
  return sv_plan_backward(run->plan);
}

void cli_run_free(cli_run *run) {
  for (int i = 0; i < run->in_count; i++) cli_numbers_free(&run->in[i].numbers);
  cli_numbers_free(&run->dy);
  sv_free(run->attrs);
  sv_plan_free(run->plan);
  sv_state_free(run->state);
  sv_graph_free(run->graph);
  *run = (cli_run){0};
}

const sv_node *cli_run_node(const cli_run *run) {
  return &run->graph->nodes[0];
}

sv_status cli_run_gradient(cli_run *run, int i, sv_tensor **copy) {
  const sv_port *port = run->in[i].port;
  *copy = NULL;
  if (port->no_gradient || cli_is_whole(port->role)) return SV_OK;
  if (sv_role_is_state(port->role) && !sv_role_is_trained(port->role))
    return SV_OK;
  sv_tensor view;
  SV_TRY(sv_plan_gradient(run->plan, run->in[i].name, &view));
  return sv_tensor_clone(copy, &view);
}

sv_status cli_run_input(cli_run *run, int i, sv_tensor **copy) {
  if (is_known(run->in[i].port))
    return sv_state_get(run->state, run->in[i].name, copy);
  sv_tensor view;
  SV_TRY(sv_plan_input(run->plan, run->in[i].name, &view));
  return sv_tensor_clone(copy, &view);
}
