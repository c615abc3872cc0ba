/* Which nodes are needed, and in which order: the file's, unless a node there
 * comes before what it reads. */
#include <string.h>

#include "base/memory.h"
#include "onnx/load.h"
#include "op/registry.h"

/* A place in the walk: a step, and the input to be looked at next. */
typedef struct place {
  int step;
  size_t input;
} place;

/* The source that a node's input comes from; NULL where it is left out. */
static sv_status input_source(loader *l, const step *s, size_t i,
                              source **from) {
  *from = NULL;
  const char *name = s->proto->input[i];
  return name[0] ? sv_load_find(l, name, from) : SV_OK;
}

static sv_status choose_operator(const loader *l, step *s) {
  const char *type = s->proto->op_type, *domain = s->proto->domain;
  if (s->own) {
    const sv_entry *entry = sv_registry_find(type);
    s->op = entry ? entry->op : NULL;
    if (s->op) return SV_OK;
    return sv_fail(SV_UNSUPPORTED, "unknown operator");
  }
  if (domain && domain[0] && strcmp(domain, "ai.onnx") != 0)
    return sv_fail(SV_UNSUPPORTED, "domain " SV_NAME " is not supported",
                   domain);
  if (!l->opset) return sv_fail(SV_FORMAT, "the file does not name its opset");
  s->op = sv_registry_onnx(type, l->opset);
  if (s->op) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "operator is not supported at opset %lld",
                 (long long)l->opset);
}

/* ---- What is needed ---- */

static sv_status need(loader *l, const char *name, int *depth, int *branch) {
  source *from;
  SV_TRY(sv_load_find(l, name, &from));
  if (from->kind != SOURCE_NODE || l->steps[from->step].walk == l->walk)
    return SV_OK;
  step *s = &l->steps[from->step];
  s->walk = l->walk;
  if (sv_load_is_branching(s))
    *branch = from->step;
  else
    l->walk_open[(*depth)++] = from->step;
  return SV_OK;
}

static sv_status need_inputs(loader *l, step *s, int *depth, int *branch) {
  if (!s->own) SV_TRY(sv_load_part(l, s));
  SV_TRY(choose_operator(l, s));
  for (size_t i = 0; i < s->proto->n_input && *branch < 0; i++)
    if (s->proto->input[i][0])
      SV_TRY(need(l, s->proto->input[i], depth, branch));
  return SV_OK;
}

sv_status sv_load_walk(loader *l, const char *name, int *branch) {
  int depth = 0;
  *branch = -1;
  if (!l->walk_open)
    SV_TRY(sv_arena_take_array(&l->arena, &l->walk_open, SV_ONNX_MOST_NODES,
                               sizeof *l->walk_open));
  SV_TRY(need(l, name, &depth, branch));
  while (depth > 0 && *branch < 0) {
    step *s = &l->steps[l->walk_open[--depth]];
    sv_status status = need_inputs(l, s, &depth, branch);
    if (status != SV_OK) return sv_load_at(s, status);
  }
  return SV_OK;
}

static sv_status need_outputs(loader *l, const Onnx__GraphProto *graph,
                              int *branch) {
  for (size_t i = 0; graph && i < graph->n_output && *branch < 0; i++) {
    const char *name = graph->output[i]->name;
    bool known = name && sv_names_get(&l->names, name) >= 0;
    sv_status status = sv_load_walk(l, name ? name : "", branch);
    if (status != SV_OK)
      return known ? status
                   : sv_fail_in(status, "output " SV_NAME, name ? name : "");
  }
  return SV_OK;
}

/* All that is needed, from the start again after each change. */
static sv_status need_all(loader *l) {
  for (bool changed = true; changed;) {
    int branch = -1;
    l->walk++;
    SV_TRY(need_outputs(l, l->proto->graph, &branch));
    if (branch < 0) SV_TRY(need_outputs(l, l->algorithm, &branch));
    if (branch < 0)
      SV_TRY(sv_load_lrn(l, &changed));
    else
      SV_TRY(sv_load_branch(l, branch));
  }
  return SV_OK;
}

/* ---- The order ---- */

/* Depth first, without recursion: a step is placed after its inputs' steps. */
static sv_status place_step(loader *l, int number, place *stack) {
  int depth = 0;
  stack[depth++] = (place){number, 0};
  l->steps[number].open = true;
  while (depth > 0) {
    place *top = &stack[depth - 1];
    step *s = &l->steps[top->step];
    if (top->input == s->proto->n_input) {
      s->open = false;
      s->placed = true;
      l->order[l->order_count++] = top->step;
      depth--;
      continue;
    }
    source *from;
    SV_TRY(input_source(l, s, top->input++, &from));
    if (!from || from->kind != SOURCE_NODE || l->steps[from->step].placed)
      continue;
    if (l->steps[from->step].open)
      return sv_load_at(
          s, sv_fail(SV_FORMAT,
                     "its input " SV_NAME " is computed from its own output",
                     from->name));
    l->steps[from->step].open = true;
    stack[depth++] = (place){from->step, 0};
  }
  return SV_OK;
}

sv_status sv_load_place(loader *l) {
  place *stack;
  size_t count = (size_t)l->step_count;
  l->order_count = 0;
  SV_TRY(sv_arena_take_array(&l->arena, &l->order, count, sizeof *l->order));
  SV_TRY(sv_arena_take_array(&l->arena, &stack, count, sizeof *stack));
  for (int i = 0; i < l->step_count; i++)
    if (l->steps[i].walk == l->walk && !l->steps[i].placed)
      SV_TRY(place_step(l, i, stack));
  return SV_OK;
}

sv_status sv_load_order(loader *l) {
  SV_TRY(need_all(l));
  return sv_load_place(l);
}
