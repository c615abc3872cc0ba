/* Nodes that read nothing but tensors of the file: a weight that is transposed
 * or cast, or filled by ConstantOfShape and Range and arithmetic on them. Where
 * a layer's weight, bias or statistic, an operand of a product or a sum, or an
 * attribute is computed so, that is done once, here, by the operators'
 * references, and the result is a tensor of the file like any other: loaded as
 * a parameter, trained, counted and saved.
 *
 *   A tensor that is moved (sv_reference.moves) keeps its name if nothing else
 *   reads it; any other result has that of the node's output.
 *   A weight that other nodes read, too, is one tensor for all of them: what is
 *   made of it stays a node, unless a bias or a statistic is needed.
 *   What is computed, not only moved, counts as an initialiser.
 *
 * A few bytes can ask for a huge tensor: there is a bound for all of them. */
#include <string.h>

#include "base/memory.h"
#include "onnx/attrs.h"
#include "onnx/load.h"
#include "tensor/tensor.h"

/* Numbers of all results, 1 GiB of f32: VGG-19 has 144 million. Reads are
 * bounded, too: many nodes may read one large tensor. */
static const int64_t most_numbers = 1 << 28, most_reads = 1ll << 30;

/* ---- Which nodes are constant ---- */

static bool is_parameter(const source *s) {
  sv_dtype dtype;
  sv_shape shape;
  return s->kind == SOURCE_TENSOR && s->initialiser &&
         sv_load_type(s, &dtype, &shape) == SV_OK && dtype == SV_F32 &&
         sv_shape_count(&shape) > 1;
}

static void count_readers(loader *l) {
  for (int k = 0; k < l->order_count; k++) {
    const step *s = &l->steps[l->order[k]];
    for (size_t i = 0; i < s->proto->n_input; i++)
      if (s->proto->input[i][0])
        sv_load_named(l, s->proto->input[i])->readers++;
  }
  const Onnx__GraphProto *graph = l->proto->graph;
  for (size_t i = 0; i < graph->n_output; i++) {
    source *s = sv_load_named(l, graph->output[i]->name);
    s->readers++;
    s->user = -1;
  }
}

/* An output of the graph stays what a node computes. */
static bool makes_output(const loader *l, const step *s) {
  for (size_t i = 0; i < s->proto->n_output; i++)
    if (s->proto->output[i][0] &&
        sv_load_named(l, s->proto->output[i])->declared)
      return true;
  return false;
}

static sv_status find_constant(loader *l, step *s) {
  s->constant = s->op->ref.folds != SV_FOLD_NEVER && s->op->ref.forward &&
                !s->algorithm && !makes_output(l, s);
  bool any = false;
  for (size_t i = 0; i < s->proto->n_input && s->constant; i++) {
    source *from;
    if (!s->proto->input[i][0]) continue;
    any = true;
    SV_TRY(sv_load_find(l, s->proto->input[i], &from));
    s->constant = from->kind == SOURCE_NODE ? l->steps[from->step].constant
                                            : from->kind == SOURCE_TENSOR;
  }
  s->constant = s->constant && any;
  return SV_OK;
}

/* It uses no number of what it reads. */
static bool reads_shapes(const step *s) {
  return s->constant && s->op->ref.folds == SV_FOLD_SHAPES;
}

static void add_user(int *user, int other) {
  if (!*user)
    *user = other;
  else if (other && *user != other)
    *user = -1;
}

/* Readers of a step come before it. */
static sv_status find_users(loader *l, int number) {
  const step *s = &l->steps[number];
  if (reads_shapes(s)) return SV_OK;
  for (size_t i = 0; i < s->proto->n_input; i++) {
    const char *name = s->proto->input[i];
    source *from;
    if (!name[0]) continue;
    SV_TRY(sv_load_find(l, name, &from));
    add_user(from->kind == SOURCE_NODE ? &l->steps[from->step].user
                                       : &sv_load_named(l, name)->user,
             s->constant ? s->user : number + 1);
  }
  return SV_OK;
}

static sv_status find_tied(loader *l, step *s) {
  if (reads_shapes(s)) return SV_OK;
  for (size_t i = 0; i < s->proto->n_input && s->constant; i++) {
    const char *name = s->proto->input[i];
    source *from;
    if (!name[0]) continue;
    SV_TRY(sv_load_find(l, name, &from));
    const source *named = sv_load_named(l, name);
    s->tied |=
        from->kind == SOURCE_NODE
            ? l->steps[from->step].tied
            : named->readers > 1 && named->user < 0 && is_parameter(from);
  }
  return SV_OK;
}

/* ---- Which of them are wanted ---- */

/* Both operands are data, and gradients come to them: sums, products. */
static bool is_pair(const sv_op *op) {
  return sv_op_in_count(op) == 2 && !sv_op_is_variadic(op) &&
         op->in[0].role == SV_DATA && op->in[1].role == SV_DATA &&
         op->ref.backward_data;
}

static bool wants(const loader *l, const step *s, int i, const source *from) {
  int port = i;
  const step *made = &l->steps[from->step];
  if (!made->constant) return false;
  if (sv_load_target(l, s, i, from, &port)) return true;
  const sv_port *to = sv_op_in_port(s->op, port);
  if (!to) return false;
  if (!s->own && sv_onnx_slot(s->op, i, l->opset)) return true;
  bool alone = to->role == SV_BIAS || to->role == SV_STATISTIC;
  bool wanted = alone || sv_role_is_state(to->role) || is_pair(s->op);
  return wanted && (alone || !made->tied);
}

static sv_status want(loader *l, int number, int *stack) {
  int depth = 0;
  if (l->steps[number].wanted) return SV_OK;
  l->steps[number].wanted = true;
  stack[depth++] = number;
  while (depth > 0) {
    const step *s = &l->steps[stack[--depth]];
    for (size_t i = 0; i < s->proto->n_input; i++) {
      source *from;
      if (!s->proto->input[i][0]) continue;
      SV_TRY(sv_load_find(l, s->proto->input[i], &from));
      if (from->kind != SOURCE_NODE || l->steps[from->step].wanted) continue;
      l->steps[from->step].wanted = true;
      stack[depth++] = from->step;
    }
  }
  return SV_OK;
}

static sv_status want_inputs(loader *l, const step *s, int *stack) {
  for (size_t i = 0; i < s->proto->n_input && !s->constant; i++) {
    source *from;
    if (!s->proto->input[i][0]) continue;
    SV_TRY(sv_load_find(l, s->proto->input[i], &from));
    if (from->kind == SOURCE_NODE && wants(l, s, (int)i, from))
      SV_TRY(want(l, from->step, stack));
  }
  return SV_OK;
}

/* ---- Their results ---- */

typedef struct computing {
  sv_names taken;
  sv_info *infos;    /* of a node's inputs, then its outputs */
  sv_tensor **reads; /* of its inputs: those that lie in the file */
  int64_t read;
} computing;

static source *source_of(const loader *l, int id) {
  return &l->sources[sv_names_get(&l->names, l->graph->values[id].name)];
}

static sv_status read_inputs(loader *l, computing *c, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++) {
    if (!node->in[i]) continue;
    const source *from = source_of(l, node->in[i]);
    sv_info *info = &c->infos[i];
    if (from->tensor) SV_TRY(sv_load_elements(from, &c->reads[i]));
    info->content = from->tensor ? c->reads[i] : from->known;
    info->present = true;
    info->dtype = info->content->dtype;
    info->shape = info->content->shape;
    c->read += sv_shape_count(&info->shape);
  }
  if (c->read <= most_reads) return SV_OK;
  return sv_fail(
      SV_UNSUPPORTED,
      "the nodes that compute constants read more than %lld elements",
      (long long)most_reads);
}

/* The tensor that the node moves, which nothing else reads; NULL: none. */
static source *moved_source(const loader *l, const step *s) {
  source *from = sv_load_named(l, s->proto->input[0]);
  bool alone = s->op->ref.moves && from->kind == SOURCE_TENSOR &&
               from->initialiser && from->readers == 1;
  return alone ? from : NULL;
}

static bool is_initialiser(const loader *l, const step *s) {
  const source *from;
  if (!s->op->ref.moves) return true;
  from = sv_load_named(l, s->proto->input[0]);
  while (from->kind == SOURCE_SAME)
    from = &l->sources[sv_names_get(&l->names, from->same)];
  return from->initialiser;
}

static void keep(loader *l, const step *s, int k, const sv_tensor *content) {
  source *made = sv_load_named(l, s->proto->output[k]);
  source *moved = moved_source(l, s);
  sv_value_info *value = &l->graph->values[made->value];
  value->shape = content->shape;
  value->dtype = content->dtype;
  made->kind = SOURCE_TENSOR;
  made->initialiser = is_initialiser(l, s);
  made->known = content;
  if (!moved) return;
  moved->tensor = NULL;
  moved->known = content;
  moved->value = made->value;
  made->kind = SOURCE_SAME;
  made->same = moved->name;
  made->moved = true;
}

static sv_status run(loader *l, computing *c, const step *s,
                     const sv_node *node) {
  sv_info *out = c->infos + node->in_count;
  SV_TRY(read_inputs(l, c, node));
  for (int k = 0; k < node->out_count; k++) out[k].present = node->out[k] != 0;
  SV_TRY(sv_graph_infer_node(l->graph, node, most_numbers - l->computed.numbers,
                             c->infos, out, &l->computed));
  for (int k = 0; k < node->out_count; k++) {
    if (!node->out[k]) continue;
    if (!out[k].content)
      return sv_fail(SV_UNSUPPORTED,
                     "it computes a constant of %s, but at most %lld elements "
                     "are computed in total",
                     sv_shape_text(&out[k].shape, (char[SV_SHAPE_TEXT]){0}),
                     (long long)most_numbers);
  }
  for (int k = 0; k < node->out_count; k++)
    if (node->out[k]) keep(l, s, k, out[k].content);
  return SV_OK;
}

static sv_status add_inputs(loader *l, const step *s) {
  for (size_t i = 0; i < s->proto->n_input; i++) {
    source *from;
    if (!s->proto->input[i][0]) continue;
    SV_TRY(sv_load_find(l, s->proto->input[i], &from));
    if (from->value) continue;
    sv_status status = sv_load_state_value(l, from);
    if (status != SV_OK)
      return sv_fail_in(status, "tensor " SV_NAME, from->name);
  }
  return SV_OK;
}

static sv_status compute(loader *l, computing *c, step *s) {
  SV_TRY(add_inputs(l, s));
  SV_TRY(sv_load_node(l, &c->taken, s));
  const sv_node *node = &l->graph->nodes[l->graph->node_count - 1];
  size_t count = (size_t)(node->in_count + node->out_count);
  sv_status status = sv_alloc_array(&c->infos, count, sizeof *c->infos);
  if (status == SV_OK)
    status = sv_alloc_array(&c->reads, count, sizeof *c->reads);
  if (status == SV_OK) status = run(l, c, s, node);
  for (size_t i = 0; c->reads && i < count; i++) sv_tensor_free(c->reads[i]);
  sv_free(c->reads);
  sv_free(c->infos);
  c->reads = NULL;
  c->infos = NULL;
  return status;
}

/* On a graph for the time being: the nodes' attributes are read, their types
 * and shapes checked as in any other. */
static sv_status compute_all(loader *l) {
  computing c = {0};
  int rest = 0;
  sv_status status = sv_graph_new(&l->graph, "constants");
  for (int k = 0; k < l->order_count && status == SV_OK; k++) {
    step *s = &l->steps[l->order[k]];
    if (!s->wanted) {
      l->order[rest++] = l->order[k];
      continue;
    }
    status = compute(l, &c, s);
    if (status != SV_OK) status = sv_load_at(s, status);
  }
  l->order_count = rest;
  for (int i = 0; i < l->source_count; i++) l->sources[i].value = 0;
  sv_names_free(&c.taken);
  sv_graph_free(l->graph);
  l->graph = NULL;
  return status;
}

sv_status sv_load_constants(loader *l) {
  const char *producer = l->proto->producer_name;
  int *stack;
  bool any = false;
  if (producer && strcmp(producer, SV_ONNX_PRODUCER) == 0) return SV_OK;
  SV_TRY(sv_arena_take_array(&l->arena, &stack, (size_t)l->step_count,
                             sizeof *stack));
  count_readers(l);
  for (int k = 0; k < l->order_count; k++)
    SV_TRY(find_constant(l, &l->steps[l->order[k]]));
  for (int k = l->order_count - 1; k >= 0; k--)
    SV_TRY(find_users(l, l->order[k]));
  for (int k = 0; k < l->order_count; k++)
    SV_TRY(find_tied(l, &l->steps[l->order[k]]));
  for (int k = 0; k < l->order_count; k++) {
    const step *s = &l->steps[l->order[k]];
    SV_TRY(want_inputs(l, s, stack));
  }
  for (int k = 0; k < l->order_count && !any; k++)
    any = l->steps[l->order[k]].wanted;
  return any ? compute_all(l) : SV_OK;
}
