/* Functions of the file itself: a node that calls one becomes the nodes of the
 * function, whose own tensors are called OUTPUT/NAME after the first output of
 * the call.
 * Source: https://github.com/onnx/onnx/blob/main/docs/IR.md#functions */
#include <string.h>

#include "onnx/load.h"

enum { DEEPEST = 16, MOST_FUNCTIONS = 1 << 12, MOST_PARAMETERS = 1 << 8 };

static bool same(const char *a, const char *b) {
  return strcmp(a ? a : "", b ? b : "") == 0;
}

static sv_status find_function(const loader *l, const Onnx__NodeProto *n,
                               const Onnx__FunctionProto **found) {
  const Onnx__ModelProto *m = l->proto;
  *found = NULL;
  if (m->n_functions > MOST_FUNCTIONS)
    return sv_fail(SV_UNSUPPORTED, "%zu functions, at most %d are supported",
                   m->n_functions, MOST_FUNCTIONS);
  for (size_t i = 0; i < m->n_functions; i++) {
    const Onnx__FunctionProto *f = m->functions[i];
    if (!same(f->name, n->op_type) || !same(f->domain, n->domain)) continue;
    if (*found)
      return sv_fail(SV_UNSUPPORTED, "two functions have its name and domain");
    *found = f;
  }
  return SV_OK;
}

/* Its operators mean the same as those of the graph. */
static sv_status check_opset(const loader *l, const Onnx__FunctionProto *f) {
  for (size_t i = 0; i < f->n_opset_import; i++) {
    const Onnx__OperatorSetIdProto *set = f->opset_import[i];
    bool usual = same(set->domain, "") || same(set->domain, "ai.onnx");
    if (usual && set->version != l->opset)
      return sv_fail(SV_UNSUPPORTED,
                     "its function is for opset %lld, the model for opset %lld",
                     (long long)set->version, (long long)l->opset);
  }
  return SV_OK;
}

static sv_status check_call(const loader *l, const scope *c) {
  const Onnx__FunctionProto *f = c->function;
  SV_TRY(check_opset(l, f));
  if (f->n_input > MOST_PARAMETERS || f->n_output > MOST_PARAMETERS ||
      f->n_attribute > MOST_PARAMETERS)
    return sv_fail(SV_UNSUPPORTED,
                   "its function has more than %d inputs, outputs or "
                   "attributes",
                   MOST_PARAMETERS);
  if (c->node->n_input <= f->n_input && c->node->n_output <= f->n_output)
    return SV_OK;
  return sv_fail(SV_FORMAT,
                 "%zu inputs and %zu outputs, but its function has %zu and %zu",
                 c->node->n_input, c->node->n_output, f->n_input, f->n_output);
}

/* ---- Names ---- */

/* Inside of a branch the names outside of it are known, too. */
static sv_status rename_in_branch(loader *l, const scope *c, char *name,
                                  char **renamed) {
  if (sv_names_get(&c->own, name) >= 0)
    return sv_arena_text(&l->arena, renamed, "%s/%s", c->prefix, name);
  if (c->outer) return sv_load_rename(l, c->outer, name, renamed);
  return SV_OK;
}

sv_status sv_load_rename(loader *l, const scope *c, char *name,
                         char **renamed) {
  *renamed = name;
  if (!name[0]) return SV_OK;
  if (!c->function) return rename_in_branch(l, c, name, renamed);
  for (size_t i = 0; i < c->function->n_input; i++) {
    if (strcmp(c->function->input[i], name) != 0) continue;
    *renamed = i < c->node->n_input ? c->node->input[i] : "";
    return SV_OK;
  }
  for (size_t i = 0; i < c->function->n_output && i < c->node->n_output; i++) {
    if (strcmp(c->function->output[i], name) != 0) continue;
    if (!c->node->output[i][0]) break;
    *renamed = c->node->output[i];
    return SV_OK;
  }
  return sv_arena_text(&l->arena, renamed, "%s/%s", c->prefix, name);
}

static sv_status rename_values(loader *l, const scope *c, char ***names,
                               size_t count) {
  char **renamed;
  SV_TRY(sv_arena_take_array(&l->arena, &renamed, count, sizeof *renamed));
  for (size_t i = 0; i < count; i++)
    SV_TRY(sv_load_rename(l, c, (*names)[i], &renamed[i]));
  *names = renamed;
  return SV_OK;
}

/* ---- Attributes ---- */

/* What the call says for an attribute that refers to one of the function's;
 * NULL: nothing, so that the operator's default holds. */
static sv_status find_attribute(const scope *c, const char *name,
                                const Onnx__AttributeProto **found) {
  *found = NULL;
  while (c && !c->function) c = c->outer;
  if (!c)
    return sv_fail(SV_FORMAT, "refers to " SV_NAME " outside a function", name);
  for (size_t i = 0; i < c->node->n_attribute && !*found; i++)
    if (same(c->node->attribute[i]->name, name)) *found = c->node->attribute[i];
  if (*found) return SV_OK;
  for (size_t i = 0; i < c->function->n_attribute; i++)
    if (same(c->function->attribute[i], name)) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "the function's default of its attribute " SV_NAME
                 " is not supported",
                 name);
}

static sv_status fill_attributes(loader *l, const scope *c,
                                 Onnx__NodeProto *node) {
  Onnx__AttributeProto **from = node->attribute;
  size_t count = node->n_attribute;
  SV_TRY(sv_arena_take_array(&l->arena, &node->attribute, count, sizeof *from));
  node->n_attribute = 0;
  for (size_t i = 0; i < count; i++) {
    Onnx__AttributeProto *to = from[i];
    if (to->ref_attr_name && to->ref_attr_name[0]) {
      const Onnx__AttributeProto *said;
      SV_TRY(find_attribute(c, to->ref_attr_name, &said));
      if (!said) continue;
      SV_TRY(sv_arena_take(&l->arena, &to, sizeof *to));
      *to = *said;
      to->name = from[i]->name;
    }
    node->attribute[node->n_attribute++] = to;
  }
  return SV_OK;
}

/* ---- The call ---- */

sv_status sv_load_copy(loader *l, const scope *c, bool algorithm,
                       const Onnx__NodeProto *node, int depth) {
  Onnx__NodeProto *copy;
  SV_TRY(sv_arena_take(&l->arena, &copy, sizeof *copy));
  *copy = *node;
  SV_TRY(rename_values(l, c, &copy->input, copy->n_input));
  SV_TRY(rename_values(l, c, &copy->output, copy->n_output));
  SV_TRY(fill_attributes(l, c, copy));
  if (node->name && node->name[0])
    SV_TRY(
        sv_arena_text(&l->arena, &copy->name, "%s/%s", c->prefix, node->name));
  step s = {.proto = copy, .algorithm = algorithm};
  if (sv_load_is_branching(&s)) {
    scope *kept;
    SV_TRY(sv_arena_take(&l->arena, &kept, sizeof *kept));
    *kept = *c;
    s.scope = kept;
  }
  sv_status status = sv_load_step(l, &s, depth + 1);
  return status == SV_OK ? SV_OK : sv_load_at(&s, status);
}

static const char *prefix_of(const Onnx__NodeProto *n) {
  for (size_t i = 0; i < n->n_output; i++)
    if (n->output[i][0]) return n->output[i];
  return "";
}

sv_status sv_load_call(loader *l, const step *s, int depth, bool *done) {
  scope c = {.node = s->proto, .prefix = prefix_of(s->proto)};
  *done = false;
  SV_TRY(find_function(l, c.node, &c.function));
  if (!c.function) return SV_OK;
  *done = true;
  SV_TRY(check_call(l, &c));
  if (depth >= DEEPEST)
    return sv_fail(SV_UNSUPPORTED,
                   "function calls are nested more than %d deep", DEEPEST);
  if (++l->calls > SV_ONNX_MOST_NODES)
    return sv_fail(SV_UNSUPPORTED, "more than %d function calls",
                   SV_ONNX_MOST_NODES);
  for (size_t i = 0; i < c.function->n_node; i++)
    SV_TRY(sv_load_copy(l, &c, s->algorithm, c.function->node[i], depth));
  return SV_OK;
}
