/* The public face of a plan: making, running, reading. */
#include "plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sized.h"
#include "base/spare.h"
#include "base/thread.h"
#include "op/registry.h"
#include "tensor/tensor.h"

sv_plan_options sv_plan_default(void) {
  return (sv_plan_options){
      .size = sizeof(sv_plan_options), .mode = SV_INFER, .batch = 1};
}

/* ---- Options are copied: their owner may go ---- */

static sv_status copy_names(const char *const **names, int count) {
  const char *const *from = *names;
  char **copy;
  *names = NULL;
  SV_TRY(sv_alloc_array(&copy, (size_t)count, sizeof *copy));
  *names = (const char *const *)copy;
  for (int i = 0; i < count; i++) SV_TRY(sv_copy_text(&copy[i], from[i]));
  return SV_OK;
}

static sv_status copy_shapes(sv_plan_options *o) {
  const sv_input_shape *from = o->shapes;
  sv_input_shape *copy;
  o->shapes = NULL;
  SV_TRY(sv_alloc_array(&copy, (size_t)o->shape_count, sizeof *copy));
  o->shapes = copy;
  for (int i = 0; i < o->shape_count; i++) {
    copy[i].shape = from[i].shape;
    char *name;
    SV_TRY(sv_copy_text(&name, from[i].name));
    copy[i].name = name;
  }
  return SV_OK;
}

static sv_status copy_options(sv_plan_options *o) {
  sv_plan_options given = *o;
  o->shapes = NULL;
  o->keep = o->gradients = o->seeds = o->frozen = NULL;
  o->backend = NULL;
  if (given.backend) {
    char *name;
    SV_TRY(sv_copy_text(&name, given.backend));
    o->backend = name;
  }
  o->shapes = given.shapes;
  SV_TRY(copy_shapes(o));
  o->keep = given.keep;
  SV_TRY(copy_names(&o->keep, o->keep_count));
  o->gradients = given.gradients;
  SV_TRY(copy_names(&o->gradients, o->gradient_count));
  o->seeds = given.seeds;
  SV_TRY(copy_names(&o->seeds, o->seed_count));
  o->frozen = given.frozen;
  return copy_names(&o->frozen, o->frozen_count);
}

static void free_names(const char *const *names, int count) {
  for (int i = 0; names && i < count; i++) sv_free((char *)names[i]);
  sv_free((void *)names);
}

static void free_options(sv_plan_options *o) {
  for (int i = 0; o->shapes && i < o->shape_count; i++)
    sv_free((char *)o->shapes[i].name);
  sv_free((void *)o->shapes);
  free_names(o->keep, o->keep_count);
  free_names(o->gradients, o->gradient_count);
  free_names(o->seeds, o->seed_count);
  free_names(o->frozen, o->frozen_count);
  sv_free((char *)o->backend);
}

static sv_status fail_backend(const char *name) {
  char known[256] = "";
  for (int i = 0, at = 0; i < sv_backend_count() && at < 200; i++)
    at += snprintf(known + at, sizeof known - (size_t)at, ", %s",
                   sv_backend_at(i)->name);
  return sv_fail(SV_INVALID, "unknown backend '%s': expected ref%s", name,
                 known);
}

static sv_status check_options(const sv_plan *plan) {
  const sv_plan_options *o = &plan->options;
  if (o->batch < 1)
    return sv_fail(SV_INVALID, "a batch of %lld: expected 1 or more",
                   (long long)o->batch);
  if (o->backend && strcmp(o->backend, "ref") != 0 &&
      !sv_backend_find(o->backend))
    return fail_backend(o->backend);
  for (int i = 0; i < o->shape_count; i++) {
    int id = sv_graph_find(plan->source, o->shapes[i].name);
    if (!id || plan->source->values[id].kind != SV_VALUE_INPUT)
      return sv_fail(SV_INVALID, "the network has no input '%s'",
                     o->shapes[i].name);
  }
  return SV_OK;
}

/* ---- Making ---- */

sv_status sv_plan_new(sv_plan **plan, const sv_graph *graph, sv_state *state,
                      const sv_plan_options *options) {
  *plan = NULL;
  sv_plan *fresh;
  SV_TRY(sv_alloc(&fresh, sizeof *fresh));
  fresh->source = graph;
  fresh->state = state;
  fresh->options = sv_plan_default();
  sv_status status = sv_sized_take(&fresh->options, sizeof fresh->options,
                                   options, "sv_plan_options");
  if (status != SV_OK) {
    sv_free(fresh);
    return status;
  }
  fresh->threads = sv_threads_resolve(fresh->options.threads);
  status = copy_options(&fresh->options);
  if (status == SV_OK) status = check_options(fresh);
  if (status == SV_OK) status = sv_backend_check();
  if (status == SV_OK) status = sv_program_new(&fresh->program, fresh);
  if (status != SV_OK) {
    sv_plan_free(fresh);
    return status;
  }
  *plan = fresh;
  return SV_OK;
}

void sv_plan_free(sv_plan *plan) {
  if (!plan) return;
  sv_program_free(plan->program);
  for (int i = 0; i < plan->own_count; i++) {
    sv_free(plan->own[i].name);
    sv_free(plan->own[i].tensor.data);
  }
  sv_free(plan->own);
  free_options(&plan->options);
  sv_free(plan);
}

/* ---- Running ---- */

/* Whether every slot still lies as the program was compiled for. */
static bool layouts_hold(const sv_plan *plan) {
  const sv_program *p = plan->program;
  for (int v = 1; v < p->graph->value_count; v++) {
    if (p->graph->values[v].kind != SV_VALUE_STATE || sv_program_fold_of(p, v))
      continue;
    const sv_cell *cell = &p->cells[p->value_cell[v]];
    int slot = p->buffers[cell->buffer].slot;
    if (!sv_layout_equal(&cell->tensor.layout,
                         &plan->state->slots[slot].tensor.layout))
      return false;
  }
  return true;
}

/* Another plan moved the state's tensors: pointers are bound again. */
static void rebind(sv_plan *plan) {
  if (plan->layouts == plan->state->layouts) return;
  sv_program_bind(plan, plan->program);
  plan->layouts = plan->state->layouts;
}

/* Where a layout changed, or the caller stands where another team forms, the
 * program is compiled again. */
static sv_status refresh(sv_plan *plan) {
  bool moved = plan->layouts != plan->state->layouts && !layouts_hold(plan);
  if (moved || plan->program->threads != sv_plan_team(plan)) {
    sv_program *fresh;
    SV_TRY(sv_program_new(&fresh, plan));
    sv_program_free(plan->program);
    plan->program = fresh;
  }
  rebind(plan);
  return SV_OK;
}

static sv_status call_hook(const sv_plan *plan, const sv_step *step) {
  const sv_program *p = plan->program;
  for (int i = 0; plan->hook && i < step->final_count; i++) {
    int value = p->finals[step->final + i];
    SV_TRY(plan->hook(plan->hook_context, p->graph->values[value].name,
                      &p->cells[p->gradient[value]].tensor));
  }
  return SV_OK;
}

static sv_status run_each(sv_plan *plan, int begin, int end, bool skip_once) {
  sv_program *p = plan->program;
  for (int i = begin; i < end; i++) {
    sv_step *step = &p->steps[i];
    if (step->once && skip_once) continue;
    step->args.random.step = plan->step;
    sv_status status = step->kernel->run(step->impl, &step->args);
    if (status != SV_OK) return sv_fail_in(status, "%s", step->node->name);
    SV_TRY(call_hook(plan, step));
  }
  return SV_OK;
}

/* A pass for the first time: some kernels allocate then. */
static sv_status check_spare(bool *ran) {
  if (!*ran) SV_TRY(sv_spare_check(0));
  *ran = true;
  return SV_OK;
}

static sv_status run_steps(sv_plan *plan, int begin, int end, bool skip_once) {
  sv_team outer;
  sv_team_begin(&outer, plan->program->threads);
  sv_status status = run_each(plan, begin, end, skip_once);
  sv_team_end(&outer);
  return status;
}

sv_status sv_plan_forward(sv_plan *plan) {
  SV_TRY(refresh(plan));
  sv_program *p = plan->program;
  SV_TRY(check_spare(&p->forward_ran));
  bool fresh =
      p->fixed_ready && !p->stale && p->version == plan->state->version;
  SV_TRY(run_steps(plan, 0, p->forward_count, fresh));
  p->fixed_ready = true;
  p->version = plan->state->version;
  p->stale = false;
  return SV_OK;
}

sv_status sv_plan_backward(sv_plan *plan) {
  sv_program *p = plan->program;
  if (!p->backward)
    return sv_fail(SV_INVALID,
                   "this plan has no backward pass: compile it for "
                   "training, or with seeds");
  if (!p->fixed_ready)
    return sv_fail(SV_INVALID, "a backward pass needs a forward pass first");
  if (plan->layouts != plan->state->layouts && !layouts_hold(plan))
    return sv_fail(SV_INVALID,
                   "another plan changed the parameters after the forward "
                   "pass: run the forward pass again");
  if (p->threads > sv_team_size(p->threads))
    return sv_fail(SV_INVALID,
                   "the forward pass had %d threads, but here are %d: run both "
                   "passes inside or both outside a parallel region",
                   p->threads, sv_team_size(p->threads));
  rebind(plan);
  SV_TRY(check_spare(&p->backward_ran));
  return run_steps(plan, p->forward_count, p->step_count, false);
}

/* ---- Reading ---- */

static sv_status find_own(sv_plan *plan, const char *name, bool is_seed,
                          sv_tensor *view) {
  for (int i = 0; i < plan->own_count; i++) {
    if (plan->own[i].is_seed != is_seed || strcmp(plan->own[i].name, name) != 0)
      continue;
    *view = plan->own[i].tensor;
    return SV_OK;
  }
  return sv_fail(SV_INVALID, "the plan has no %s '%s'",
                 is_seed ? "seed" : "input", name);
}

sv_status sv_plan_input(sv_plan *plan, const char *name, sv_tensor *view) {
  return find_own(plan, name, false, view);
}

sv_status sv_plan_seed(sv_plan *plan, const char *name, sv_tensor *view) {
  return find_own(plan, name, true, view);
}

sv_status sv_plan_value(sv_plan *plan, const char *name, sv_tensor *view) {
  const sv_program *p = plan->program;
  int value;
  SV_TRY(sv_program_find(p->graph, name, &value));
  if (p->value_plain[value] < 0)
    return sv_fail(SV_INVALID, "'%s' was not kept: name it in options.keep",
                   name);
  *view = p->cells[p->value_plain[value]].tensor;
  return SV_OK;
}

sv_status sv_plan_gradient(sv_plan *plan, const char *name, sv_tensor *view) {
  const sv_program *p = plan->program;
  int value;
  SV_TRY(sv_program_find(p->graph, name, &value));
  if (p->gradient[value] < 0)
    return sv_fail(SV_INVALID, "the plan has no gradient of '%s'", name);
  *view = p->cells[p->gradient[value]].tensor;
  return SV_OK;
}

sv_status sv_plan_gradient_copy(sv_plan *plan, const char *name,
                                sv_tensor **copy) {
  sv_tensor view;
  *copy = NULL;
  SV_TRY(sv_plan_gradient(plan, name, &view));
  return sv_tensor_clone(copy, &view);
}

void sv_plan_on_gradient(sv_plan *plan, sv_gradient_hook hook, void *context) {
  plan->hook = hook;
  plan->hook_context = context;
}

void sv_plan_set_step(sv_plan *plan, uint64_t step) { plan->step = step; }

sv_plan_memory sv_plan_memory_use(const sv_plan *plan) {
  return plan->program->memory;
}
