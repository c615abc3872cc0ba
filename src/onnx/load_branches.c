/* If: where its condition follows from constants and shapes, the branch that it
 * chooses takes its place. PyTorch's exporters write so what their own code
 * decides by a shape: whether a dimension is 1 and can be left out.
 *
 * The condition is computed on the part of the network that it comes from, for
 * two sizes of what is free. It may not depend on these: where inputs of a node
 * differ, its outputs do, too, unless it only moves elements, so that one can
 * see which of them are the same.
 *
 * Tensors of the branch are called OUTPUT/NAME after the If's first output.
 * Source: https://onnx.ai/onnx/operators/onnx__If.html */
#include <string.h>

#include "base/memory.h"
#include "onnx/load.h"
#include "tensor/tensor.h"

enum { MOST_BRANCHES = 1 << 10 };

bool sv_load_is_branching(const step *s) {
  const char *domain = s->proto->domain, *type = s->proto->op_type;
  return (!domain || !domain[0] || strcmp(domain, "ai.onnx") == 0) && type &&
         strcmp(type, "If") == 0;
}

/* ---- Whether the condition depends on what is free ---- */

/* Elements of the outputs are elements of the inputs, or their sizes. */
static bool moves(const sv_node *node, const sv_info *in, const sv_info *out,
                  const bool *differs) {
  const sv_reference *ref = &node->op->ref;
  if (ref->folds == SV_FOLD_SHAPES) return true;
  if (!ref->any_type || node->op->out[0].role == SV_INDEX) return false;
  for (int i = 0; i < node->in_count; i++) {
    int id = node->in[i];
    bool place = sv_op_in_port(node->op, i)->role == SV_INDEX;
    if (id && differs[id] && (place || in[id].dtype != out->dtype))
      return false;
  }
  return true;
}

/* Marks in `open` what may depend on a size that is free. */
static void find_open(const sv_graph *g, const sv_info *a, const sv_info *b,
                      bool *differs, bool *open) {
  for (int i = 1; i < g->value_count; i++)
    differs[i] = a[i].present && !sv_load_same(&a[i], &b[i]);
  for (int n = 0; n < g->node_count; n++) {
    const sv_node *node = &g->nodes[n];
    bool from_open = false, from_differing = false;
    for (int i = 0; i < node->in_count; i++) {
      from_open |= open[node->in[i]];
      from_differing |= differs[node->in[i]];
    }
    for (int i = 0; i < node->out_count; i++) {
      int id = node->out[i];
      bool seen = !a[id].content || moves(node, a, &a[id], differs);
      if (id) open[id] = from_open || (from_differing && !seen);
    }
  }
}

static sv_status depends(const sv_graph *g, int id, const sv_sizes *a,
                         const sv_sizes *b) {
  bool *marks;
  size_t count = (size_t)g->value_count;
  SV_TRY(sv_alloc_array(&marks, 2 * count, sizeof *marks));
  find_open(g, a->infos, b->infos, marks, marks + count);
  bool open = marks[id] || marks[count + (size_t)id];
  sv_free(marks);
  if (!open) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "its condition depends on a size that is free in an input; "
                 "export the network with fixed sizes");
}

/* ---- The condition ---- */

static sv_status read_condition(const sv_tensor *number, bool *holds) {
  if (number->dtype != SV_BOOL || sv_shape_count(&number->shape) != 1)
    return sv_fail(SV_FORMAT, "its condition is %s of %s, expected one bool",
                   sv_shape_text(&number->shape, (char[SV_SHAPE_TEXT]){0}),
                   sv_dtype_name(number->dtype));
  *holds = sv_tensor_get(number, 0) != 0;
  return SV_OK;
}

static sv_status see_condition(const sv_info *info, bool *holds) {
  if (!info->content)
    return sv_fail(SV_UNSUPPORTED,
                   "its condition depends on values known only at run time; "
                   "expected one computed from shapes and constants");
  return read_condition(info->content, holds);
}

static sv_status at_sizes(loader *l, int id, void *context) {
  bool *holds = context;
  static const int64_t sides[] = {7, 32, 64};
  sv_sizes a = {0}, b = {0};
  bool also;
  sv_status status = sv_load_sizes(l, &a, 2, 256);
  if (status == SV_OK) status = sv_load_sizes(l, &b, 3, 320);
  if (status == SV_OK) status = see_condition(&a.infos[id], holds);
  if (status == SV_OK) status = see_condition(&b.infos[id], &also);
  if (status == SV_OK) status = depends(l->graph, id, &a, &b);
  sv_load_sizes_free(&b);
  /* What is cut off at a size looks fixed where all is larger. */
  for (int i = 0; i < 3 && status == SV_OK; i++) {
    if (sv_load_sizes(l, &b, 1, sides[i]) == SV_OK)
      status = depends(l->graph, id, &a, &b);
    sv_load_sizes_free(&b);
  }
  sv_load_sizes_free(&a);
  return status;
}

/* Other branches that the condition is computed from are chosen first. */
static sv_status find_condition(loader *l, const char *name, bool *holds) {
  source *from;
  for (int branch = 0; branch >= 0;) {
    l->walk++;
    SV_TRY(sv_load_walk(l, name, &branch));
    if (branch >= 0) SV_TRY(sv_load_branch(l, branch));
  }
  SV_TRY(sv_load_find(l, name, &from));
  if (from->kind == SOURCE_NODE) return sv_load_trial(l, name, at_sizes, holds);
  if (from->known) return read_condition(from->known, holds);
  if (from->kind == SOURCE_INPUT)
    return sv_fail(SV_UNSUPPORTED,
                   "its condition is the input " SV_NAME
                   "; expected one computed from shapes and constants",
                   from->name);
  sv_tensor *number;
  SV_TRY(sv_onnx_tensor_new(from->tensor, &number));
  sv_status status = read_condition(number, holds);
  sv_tensor_free(number);
  return status;
}

/* ---- The branch ---- */

static const Onnx__GraphProto *branch_of(const Onnx__NodeProto *n, bool holds) {
  const char *name = holds ? "then_branch" : "else_branch";
  for (size_t i = 0; i < n->n_attribute; i++)
    if (n->attribute[i]->name && strcmp(n->attribute[i]->name, name) == 0)
      return n->attribute[i]->g;
  return NULL;
}

static sv_status check_branch(const Onnx__NodeProto *n,
                              const Onnx__GraphProto *g) {
  if (!g) return sv_fail(SV_FORMAT, "one of its branches is missing");
  if (g->n_input)
    return sv_fail(SV_FORMAT, "one of its branches has inputs, expected none");
  if (g->n_sparse_initializer || g->n_quantization_annotation)
    return sv_fail(SV_UNSUPPORTED,
                   "one of its branches has sparse or quantised tensors");
  if (g->n_output == n->n_output) return SV_OK;
  return sv_fail(SV_FORMAT, "%zu outputs, its branch has %zu", n->n_output,
                 g->n_output);
}

static sv_status open_scope(loader *l, const step *s, const Onnx__GraphProto *g,
                            scope **opened) {
  scope *b;
  SV_TRY(sv_arena_take(&l->arena, &b, sizeof *b));
  *b = (scope){
      .outer = s->scope, .prefix = s->proto->output[0], .next = l->scopes};
  l->scopes = *opened = b;
  for (size_t i = 0; i < g->n_initializer; i++)
    if (g->initializer[i]->name)
      SV_TRY(sv_names_put(&b->own, g->initializer[i]->name, 0));
  for (size_t i = 0; i < g->n_node; i++)
    for (size_t k = 0; k < g->node[i]->n_output; k++)
      if (g->node[i]->output[k][0])
        SV_TRY(sv_names_put(&b->own, g->node[i]->output[k], 0));
  return SV_OK;
}

static sv_status add_initialiser(loader *l, const scope *b, bool algorithm,
                                 const Onnx__TensorProto *tensor) {
  source *made;
  char *name;
  SV_TRY(sv_load_rename(l, b, tensor->name ? tensor->name : "", &name));
  SV_TRY(sv_load_add_source(l, name, SOURCE_TENSOR, &made));
  made->algorithm = algorithm;
  made->initialiser = true;
  sv_status status = sv_load_tensor(l, made, tensor);
  return status == SV_OK ? SV_OK
                         : sv_fail_in(status, "tensor " SV_NAME, made->name);
}

/* The If's outputs become other names of the branch's. */
static sv_status take(loader *l, const step *s, const Onnx__GraphProto *g) {
  scope *b;
  SV_TRY(check_branch(s->proto, g));
  SV_TRY(open_scope(l, s, g, &b));
  for (size_t i = 0; i < g->n_initializer; i++)
    SV_TRY(add_initialiser(l, b, s->algorithm, g->initializer[i]));
  for (size_t i = 0; i < g->n_node; i++)
    SV_TRY(sv_load_copy(l, b, s->algorithm, g->node[i], 0));
  for (size_t i = 0; i < g->n_output; i++) {
    char *name, *outside = s->proto->output[i];
    if (!outside[0]) continue;
    SV_TRY(sv_load_rename(
        l, b, g->output[i]->name ? g->output[i]->name : (char *)"", &name));
    source *made = &l->sources[sv_names_get(&l->names, outside)];
    made->kind = SOURCE_SAME;
    made->same = name;
  }
  return SV_OK;
}

static sv_status choose(loader *l, int number) {
  const step s = l->steps[number]; /* adding steps moves them */
  bool holds;
  if (s.choosing)
    return sv_fail(SV_FORMAT, "its condition is computed from its own output");
  if (++l->branches > MOST_BRANCHES)
    return sv_fail(SV_UNSUPPORTED, "more than %d branches are taken",
                   MOST_BRANCHES);
  if (s.proto->n_input != 1 || s.proto->n_output < 1 || !s.proto->output[0][0])
    return sv_fail(
        SV_FORMAT,
        "%zu inputs and %zu outputs, expected 1 input and at least 1 output",
        s.proto->n_input, s.proto->n_output);
  l->steps[number].choosing = true;
  SV_TRY(find_condition(l, s.proto->input[0], &holds));
  l->steps[number].choosing = false;
  return take(l, &s, branch_of(s.proto, holds));
}

sv_status sv_load_branch(loader *l, int number) {
  sv_status status = choose(l, number);
  return status == SV_OK ? SV_OK : sv_load_at(&l->steps[number], status);
}
