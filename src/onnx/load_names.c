#include <string.h>

#include "base/memory.h"
#include "onnx/load.h"
#include "op/registry.h"

static bool is_default_domain(const char *domain) {
  return !domain || !domain[0] || strcmp(domain, "ai.onnx") == 0;
}

sv_status sv_load_at(const step *s, sv_status status) {
  const Onnx__NodeProto *n = s->proto;
  const char *name = n->name && n->name[0]            ? n->name
                     : n->n_output && n->output[0][0] ? n->output[0]
                                                      : "?";
  return sv_fail_in(status, "node " SV_NAME " (%.80s)", name,
                    n->op_type ? n->op_type : "?");
}

/* ---- Sources ---- */

static sv_status check_name(const char *name) {
  size_t length = name ? strlen(name) : 0;
  if (length <= SV_ONNX_LONGEST_NAME) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 SV_NAME "...: a name of %zu bytes, at most %d are supported",
                 name, length, SV_ONNX_LONGEST_NAME);
}

sv_status sv_load_add_source(loader *l, const char *name, source_kind kind,
                             source **added) {
  if (!name || !name[0]) return sv_fail(SV_FORMAT, "a tensor has no name");
  SV_TRY(check_name(name));
  if (sv_names_get(&l->names, name) >= 0)
    return sv_fail(SV_FORMAT, "two tensors are named " SV_NAME, name);
  if (l->source_count == SV_ONNX_MOST_VALUES)
    return sv_fail(SV_UNSUPPORTED, "more than %d tensors", SV_ONNX_MOST_VALUES);
  SV_TRY(sv_load_charge_source(l));
  SV_TRY(sv_grow(&l->sources, l->source_count, &l->source_capacity,
                 sizeof *l->sources));
  SV_TRY(sv_names_put(&l->names, name, l->source_count));
  source *s = &l->sources[l->source_count++];
  *s = (source){.name = name, .kind = kind, .step = -1};
  *added = s;
  return SV_OK;
}

/* The names on the way to a source lead there at once from now on. */
static void shorten(loader *l, const char *name, const char *end) {
  while (name != end) {
    source *s = &l->sources[sv_names_get(&l->names, name)];
    if (s->kind != SOURCE_SAME) return;
    name = s->same;
    s->same = end;
  }
}

sv_status sv_load_find(loader *l, const char *name, source **found) {
  const char *start = name;
  *found = NULL;
  for (int hops = 0; hops <= l->source_count; hops++) {
    int at = sv_names_get(&l->names, name);
    if (at < 0)
      return sv_fail(
          SV_FORMAT,
          "no source for the tensor " SV_NAME
          ": it is not an input, an initialiser or the output of a node",
          name);
    if (l->sources[at].refused)
      return sv_fail(SV_UNSUPPORTED, "the tensor " SV_NAME ": %s", name,
                     l->sources[at].refused);
    if (l->sources[at].kind != SOURCE_SAME) {
      *found = &l->sources[at];
      if (hops) shorten(l, start, l->sources[at].name);
      return SV_OK;
    }
    name = l->sources[at].same;
  }
  return sv_fail(SV_FORMAT, "the tensor " SV_NAME " is computed from itself",
                 name);
}

source *sv_load_named(const loader *l, const char *name) {
  source *s = &l->sources[sv_names_get(&l->names, name)];
  while (s->kind == SOURCE_SAME && s->moved)
    s = &l->sources[sv_names_get(&l->names, s->same)];
  return s;
}

sv_status sv_load_type(const source *s, sv_dtype *dtype, sv_shape *shape) {
  if (s->tensor) {
    SV_TRY(sv_onnx_tensor_check(s->tensor, dtype, shape));
    *dtype = sv_onnx_computed(*dtype);
    return SV_OK;
  }
  *dtype = sv_onnx_computed(s->known->dtype);
  *shape = s->known->shape;
  return SV_OK;
}

sv_status sv_load_elements(const source *s, sv_tensor **tensor) {
  sv_dtype dtype;
  sv_shape shape;
  *tensor = NULL;
  if (!s->tensor) return sv_tensor_clone(tensor, s->known);
  SV_TRY(sv_load_type(s, &dtype, &shape));
  SV_TRY(sv_tensor_new(tensor, dtype, &shape));
  sv_onnx_tensor_read(s->tensor, *tensor);
  return SV_OK;
}

/* A text, say, or a sparse tensor may be there as long as nothing reads it:
 * what does is refused, and this says why. */
static sv_status refuse(loader *l, source *s, const char *why) {
  char *copy;
  SV_TRY(sv_arena_text(&l->arena, &copy, "%s", why));
  s->kind = SOURCE_NODE;
  s->refused = copy;
  return SV_OK;
}

static sv_status add_sparse(loader *l, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_sparse_initializer; i++) {
    const Onnx__TensorProto *values = graph->sparse_initializer[i]->values;
    source *s;
    if (!values || !values->name || !values->name[0])
      return sv_fail(SV_FORMAT, "a sparse initialiser has no name");
    SV_TRY(sv_load_add_source(l, values->name, SOURCE_NODE, &s));
    SV_TRY(refuse(l, s, "is sparse"));
  }
  return SV_OK;
}

static sv_status add_initialisers(loader *l, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_initializer; i++) {
    source *s;
    SV_TRY(
        sv_load_add_source(l, graph->initializer[i]->name, SOURCE_TENSOR, &s));
    s->algorithm = graph == l->algorithm;
    s->initialiser = true;
    sv_status status = sv_load_tensor(l, s, graph->initializer[i]);
    if (status != SV_OK) return sv_fail_in(status, "tensor " SV_NAME, s->name);
  }
  return add_sparse(l, graph);
}

static const sv_tensor *known_value(const loader *l, const char *name) {
  for (int i = 0; i < l->options.known_count; i++)
    if (strcmp(l->options.known[i].name, name) == 0)
      return l->options.known[i].value;
  return NULL;
}

/* An input that has an initialiser is no input: it is the default that nobody
 * replaces. */
static sv_status add_inputs(loader *l, const Onnx__GraphProto *graph) {
  sv_names seen = {0};
  sv_status status = SV_OK;
  for (size_t i = 0; status == SV_OK && i < graph->n_input; i++) {
    const Onnx__ValueInfoProto *input = graph->input[i];
    const char *name = input->name ? input->name : "";
    int at = sv_names_get(&l->names, name);
    bool twice = sv_names_get(&seen, name) >= 0;
    SV_TRY_GOTO(status, sv_names_put(&seen, name, 0), done);
    bool given = at >= 0 && (l->sources[at].kind == SOURCE_TENSOR ||
                             l->sources[at].refused);
    if (given && !twice) continue;
    source *s;
    SV_TRY_GOTO(status, sv_load_add_source(l, name, SOURCE_INPUT, &s), done);
    s->declared = input;
    s->known = known_value(l, name);
    s->algorithm = graph == l->algorithm;
  }
done:
  sv_names_free(&seen);
  return status;
}

/* ---- Constants ---- */

typedef Onnx__AttributeProto attribute;

/* A tensor of numbers that lie in an attribute; list: its only dimension. */
static sv_status make_constant(loader *l, int type, size_t count, bool list,
                               Onnx__TensorProto **made) {
  SV_TRY(sv_arena_take(&l->arena, made, sizeof **made));
  onnx__tensor_proto__init(*made);
  SV_TRY(sv_arena_take(&l->arena, &(*made)->dims, sizeof(int64_t)));
  (*made)->n_dims = list;
  (*made)->dims[0] = (int64_t)count;
  (*made)->has_data_type = true;
  (*made)->data_type = type;
  return SV_OK;
}

sv_status sv_load_constant_ints(loader *l, const int64_t *at, size_t count,
                                bool list, const Onnx__TensorProto **tensor) {
  Onnx__TensorProto *made;
  SV_TRY(make_constant(l, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, count, list,
                       &made));
  made->n_int64_data = count;
  made->int64_data = (int64_t *)(uintptr_t)at;
  *tensor = made;
  return SV_OK;
}

static sv_status constant_floats(loader *l, const float *at, size_t count,
                                 bool list, const Onnx__TensorProto **tensor) {
  Onnx__TensorProto *made;
  SV_TRY(make_constant(l, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, count, list,
                       &made));
  made->n_float_data = count;
  made->float_data = (float *)(uintptr_t)at;
  *tensor = made;
  return SV_OK;
}

static sv_status read_constant(loader *l, const Onnx__NodeProto *node,
                               const Onnx__TensorProto **tensor) {
  const attribute *a = node->n_attribute == 1 ? node->attribute[0] : NULL;
  if (!a || !a->name)
    return sv_fail(SV_FORMAT, "%zu attributes, expected one with a name",
                   node->n_attribute);
  if (strcmp(a->name, "value") == 0 && a->t) {
    *tensor = a->t;
    return SV_OK;
  }
  if (strcmp(a->name, "value_int") == 0)
    return sv_load_constant_ints(l, &a->i, 1, false, tensor);
  if (strcmp(a->name, "value_ints") == 0)
    return sv_load_constant_ints(l, a->ints, a->n_ints, true, tensor);
  if (strcmp(a->name, "value_float") == 0)
    return constant_floats(l, &a->f, 1, false, tensor);
  if (strcmp(a->name, "value_floats") == 0)
    return constant_floats(l, a->floats, a->n_floats, true, tensor);
  return sv_fail(SV_UNSUPPORTED, "attribute " SV_NAME " is not supported",
                 a->name);
}

static sv_status add_constant(loader *l, const Onnx__NodeProto *n,
                              source *made) {
  const Onnx__TensorProto *tensor = NULL;
  sv_status status = read_constant(l, n, &tensor);
  if (status == SV_OK) status = sv_load_tensor(l, made, tensor);
  return status == SV_UNSUPPORTED ? refuse(l, made, sv_error()) : status;
}

/* Another name for an initialiser or a Constant. */
static bool is_alias(const loader *l, const Onnx__NodeProto *n) {
  if (strcmp(n->op_type, "Identity") != 0 || n->n_input != 1) return false;
  int at = sv_names_get(&l->names, n->input[0]);
  bool constant = at >= 0 && (l->sources[at].kind == SOURCE_TENSOR ||
                              l->sources[at].kind == SOURCE_SAME);
  return constant || !sv_registry_onnx("Identity", l->opset);
}

/* Constants, and other names of theirs, are no nodes here. */
static sv_status add_name(loader *l, const step *s, bool *done) {
  const Onnx__NodeProto *n = s->proto;
  bool constant = strcmp(n->op_type, "Constant") == 0;
  source *made = NULL;
  *done = constant || is_alias(l, n);
  if (!*done) return SV_OK;
  if (n->n_output != 1 || n->n_input != (constant ? 0 : 1))
    return sv_fail(SV_FORMAT, "%zu inputs and %zu outputs, expected %d and 1",
                   n->n_input, n->n_output, !constant);
  SV_TRY(sv_load_add_source(l, n->output[0],
                            constant ? SOURCE_TENSOR : SOURCE_SAME, &made));
  made->same = constant ? NULL : n->input[0];
  return constant ? add_constant(l, n, made) : SV_OK;
}

/* ---- Nodes ---- */

/* An output of the algorithm named "svertka.as/x" takes the place of x. */
static sv_status replace_source(loader *l, const char *name, source **s) {
  int at = sv_names_get(&l->names, name + strlen(SV_ONNX_AS));
  if (at < 0 || l->sources[at].kind != SOURCE_NODE)
    return sv_fail(SV_FORMAT, SV_NAME " replaces a value that no node computes",
                   name);
  *s = &l->sources[at];
  return SV_OK;
}

static sv_status add_outputs(loader *l, const step *s, int number) {
  const Onnx__NodeProto *n = s->proto;
  for (size_t i = 0; i < n->n_output; i++) {
    source *made = NULL;
    if (!n->output[i][0]) continue;
    if (s->algorithm &&
        strncmp(n->output[i], SV_ONNX_AS, strlen(SV_ONNX_AS)) == 0)
      SV_TRY(replace_source(l, n->output[i], &made));
    else
      SV_TRY(sv_load_add_source(l, n->output[i], SOURCE_NODE, &made));
    made->step = number;
    made->port = (int)i;
  }
  return SV_OK;
}

sv_status sv_load_step(loader *l, step *s, int depth) {
  const Onnx__NodeProto *n = s->proto;
  bool done = false;
  if (!n->op_type || !n->op_type[0])
    return sv_fail(SV_FORMAT, "has no operator");
  SV_TRY(check_name(n->name));
  s->own = n->domain && strcmp(n->domain, SV_ONNX_DOMAIN) == 0;
  if (is_default_domain(n->domain))
    SV_TRY(add_name(l, s, &done));
  else if (!s->own)
    SV_TRY(sv_load_call(l, s, depth, &done));
  if (done) return SV_OK;
  if (l->step_count == SV_ONNX_MOST_NODES)
    return sv_fail(SV_UNSUPPORTED, "more than %d nodes", SV_ONNX_MOST_NODES);
  SV_TRY(sv_load_charge_step(l));
  SV_TRY(add_outputs(l, s, l->step_count));
  SV_TRY(
      sv_grow(&l->steps, l->step_count, &l->step_capacity, sizeof *l->steps));
  l->steps[l->step_count++] = *s;
  return SV_OK;
}

static sv_status add_steps(loader *l, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_node; i++) {
    step s = {.proto = graph->node[i], .algorithm = graph == l->algorithm};
    sv_status status = sv_load_step(l, &s, 0);
    if (status != SV_OK) return sv_load_at(&s, status);
  }
  return SV_OK;
}

static void declare_outputs(loader *l, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_output; i++) {
    const char *name = graph->output[i]->name;
    int at = name ? sv_names_get(&l->names, name) : -1;
    if (at >= 0 && l->sources[at].kind == SOURCE_NODE)
      l->sources[at].declared = graph->output[i];
  }
}

static sv_status add_graph(loader *l, const Onnx__GraphProto *graph) {
  if (graph->n_quantization_annotation)
    return sv_fail(SV_UNSUPPORTED, "its tensors are quantised");
  SV_TRY(add_initialisers(l, graph));
  SV_TRY(add_inputs(l, graph));
  SV_TRY(add_steps(l, graph));
  declare_outputs(l, graph);
  return SV_OK;
}

sv_status sv_load_names(loader *l) {
  SV_TRY(add_graph(l, l->proto->graph));
  return l->algorithm ? add_graph(l, l->algorithm) : SV_OK;
}
