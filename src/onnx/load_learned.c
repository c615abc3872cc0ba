/* Which initialisers are learned where no port says so. ONNX writes a linear
 * layer also as a product and a sum, MatMul and Add; a convolution's bias, and
 * a batch normalisation, as Add and Mul, whose inputs are data; a group
 * normalisation as one without scale, a product and a sum; a layer
 * normalisation, before opset 17, as a quotient by a root and these:
 *
 *   an initialiser that is multiplied and accumulated is a weight,
 *   one that is multiplied with what follows a layer is a scale,
 *   one that is added to that, or taken from it, is a bias,
 *   and so is one that comes there, or to a port of that role, transposed or in
 *   another shape or type, or computed.
 *
 * What follows a layer: what a learned weight or a normalisation made, as it
 * is, moved (sv_reference.moves), or after such products and sums. An
 * activation ends it: what is multiplied then is the network's own constant.
 *
 * A Constant stays one, a single number too, and the ones and zeros that stand
 * where a normalisation has no scale and bias; but where a file has all its
 * numbers in Constants, those are its parameters. Files of our own say what
 * their tensors are. */
#include <string.h>

#include "onnx/load.h"
#include "op/attrs.h"

/* What is known of a value. */
typedef struct trace {
  int moved;    /* the state's value that it is made of; 0: none */
  bool follows; /* it follows a layer */
  bool root;    /* a deviation, maybe: what is divided by it is normalised */
} trace;

/* Two inputs, both data, as matrix products and sums have them. */
static bool is_pair(const sv_node *node) {
  const sv_port *in = node->op->in;
  return node->in_count == 2 && !sv_op_is_variadic(node->op) &&
         sv_op_in_count(node->op) == 2 && in[0].role == SV_DATA &&
         in[1].role == SV_DATA && node->op->ref.backward_data;
}

static bool is(const sv_node *node, const char *name) {
  return strcmp(node->op->name, name) == 0;
}

/* Its cost is in multiply-accumulates; to move elements costs nothing. */
static bool is_product(const sv_node *node) {
  return is_pair(node) && node->op->cost;
}

/* Its gradients depend on no input. */
static bool is_sum(const sv_node *node) {
  const sv_op *op = node->op;
  bool several = sv_op_is_variadic(op) && op->in[0].role == SV_DATA &&
                 op->ref.backward_data && !sv_attr_find(op, "axis");
  return (several || is_pair(node)) && !is_product(node) &&
         !op->ref.data_reads_in;
}

static bool is_move(const sv_node *node) {
  return node->op->ref.moves && node->in[0];
}

static const source *source_of(const loader *l, int id) {
  int at = sv_names_get(&l->names, l->graph->values[id].name);
  return at < 0 ? NULL : &l->sources[at];
}

static bool is_open(const loader *l, int id) {
  const sv_value_info *value = &l->graph->values[id];
  if (value->kind != SV_VALUE_STATE || value->role != SV_CONSTANT ||
      value->dtype != SV_F32)
    return false;
  const source *s = source_of(l, id);
  return s && (s->initialiser || l->only_constants) && !s->has_role;
}

/* The state's value that an input is made of; else itself. */
static int behind(const trace *traces, int id) {
  return traces[id].moved ? traces[id].moved : id;
}

static bool is_learned(sv_role role) {
  return role == SV_WEIGHT || role == SV_SCALE || role == SV_BIAS;
}

/* ---- Normalisations ---- */

/* The ones or zeros of a Constant, where a layer has no scale or bias. */
static bool is_filler(const loader *l, int id, sv_role role) {
  const sv_value_info *value = &l->graph->values[id];
  sv_tensor *numbers;
  if (value->kind != SV_VALUE_STATE || value->role != role) return false;
  const source *s = source_of(l, id);
  if (!s || s->kind != SOURCE_TENSOR || s->initialiser) return false;
  if (sv_load_elements(s, &numbers) != SV_OK) return false;
  bool same = true;
  for (int64_t i = 0; same && i < sv_shape_count(&numbers->shape); i++)
    same = sv_tensor_get(numbers, i) == (role == SV_SCALE);
  sv_tensor_free(numbers);
  return same;
}

static int scale_of(const sv_node *node) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && sv_op_in_port(node->op, i)->role == SV_SCALE) return i;
  return -1;
}

static void empty_norm(const loader *l, const sv_node *node) {
  if (scale_of(node) < 0) return;
  for (int i = 0; i < node->in_count; i++) {
    sv_role role = sv_op_in_port(node->op, i)->role;
    if (!node->in[i] || (role != SV_SCALE && role != SV_BIAS)) continue;
    if (is_filler(l, node->in[i], role))
      l->graph->values[node->in[i]].role = SV_CONSTANT;
  }
}

/* ---- Nodes ---- */

static void look_at_ports(const loader *l, const sv_node *node,
                          const trace *traces) {
  for (int i = 0; i < node->in_count; i++) {
    int id = node->in[i] ? traces[node->in[i]].moved : 0;
    sv_role role = sv_op_in_port(node->op, i)->role;
    if (id && is_learned(role) && is_open(l, id))
      l->graph->values[id].role = role;
  }
}

static bool is_of_state(const loader *l, const trace *traces, int id) {
  return l->graph->values[behind(traces, id)].kind == SV_VALUE_STATE;
}

/* A single number is the network's own, unless it is a list or a map of one
 * that comes to one channel. */
static bool is_enough(const sv_shape *own, const sv_shape *other) {
  if (sv_shape_count(own) > 1) return true;
  int last = other->rank - 1;
  return own->rank > 0 && other->rank > 1 &&
         (other->dim[1] == 1 || other->dim[last] == 1);
}

static void look_at_pair(const loader *l, const sv_node *node,
                         const trace *traces) {
  sv_value_info *values = l->graph->values;
  for (int i = 0; i < 2; i++) {
    int id = behind(traces, node->in[i]), other = node->in[1 - i];
    if (!is_open(l, id) || is_of_state(l, traces, other)) continue;
    const sv_shape *own = &values[id].shape;
    if (is_product(node) && (own->rank > 1 || sv_shape_count(own) > 1))
      values[id].role = SV_WEIGHT;
    if (!is_enough(own, &values[other].shape)) continue;
    if (is(node, "mul") && traces[other].follows) values[id].role = SV_SCALE;
    if (is_sum(node) && traces[other].follows) values[id].role = SV_BIAS;
  }
}

static bool has_learned(const loader *l, const sv_node *node,
                        const trace *traces) {
  for (int i = 0; i < node->in_count; i++) {
    int id = node->in[i] ? behind(traces, node->in[i]) : 0;
    sv_role role = l->graph->values[id].role;
    if (id && (role == SV_WEIGHT || (role == SV_SCALE && is_pair(node))))
      return true;
  }
  return false;
}

/* Sums of what follows, and it scaled and shifted by numbers of the state. */
static bool goes_on(const loader *l, const sv_node *node, const trace *traces) {
  bool any = false, state = false;
  for (int i = 0; i < node->in_count; i++) {
    if (!node->in[i]) continue;
    any |= traces[node->in[i]].follows;
    state |= is_of_state(l, traces, node->in[i]);
  }
  if (is_move(node)) return traces[node->in[0]].follows;
  return any && (is_sum(node) || (is_pair(node) && state && !is(node, "pow")));
}

static bool follows(const loader *l, const sv_node *node, const trace *traces) {
  if (is(node, "div") && traces[node->in[1]].root) return true;
  return sv_attr_find(node->op, "epsilon") || /* a normalisation */
         has_learned(l, node, traces) || goes_on(l, node, traces);
}

/* Of what it is made, where that is the state alone. */
static int made_of(const loader *l, const sv_node *node, const trace *traces) {
  int found = 0;
  for (int i = 0; i < node->in_count; i++) {
    int id = node->in[i] ? behind(traces, node->in[i]) : 0;
    if (!id) continue;
    if (l->graph->values[id].kind != SV_VALUE_STATE) return 0;
    bool taken = found && is_learned(l->graph->values[found].role);
    if (!found || is_learned(l->graph->values[id].role) ||
        (!taken && !is_open(l, found)))
      found = id;
  }
  return found;
}

static void look_at(const loader *l, const sv_node *node, trace *traces) {
  empty_norm(l, node);
  look_at_ports(l, node, traces);
  if (is_pair(node) || (is_sum(node) && node->in_count == 2))
    look_at_pair(l, node, traces);
  trace out = {.moved = made_of(l, node, traces), .root = is(node, "sqrt")};
  out.follows = !out.moved && follows(l, node, traces);
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) traces[node->out[i]] = out;
}

/* Whether no initialiser holds real numbers, but for single ones. */
static bool has_only_constants(const loader *l) {
  for (int i = 0; i < l->source_count; i++) {
    const source *s = &l->sources[i];
    sv_dtype dtype;
    sv_shape shape;
    if (s->kind == SOURCE_TENSOR && s->initialiser && !s->algorithm &&
        sv_load_type(s, &dtype, &shape) == SV_OK && dtype == SV_F32 &&
        sv_shape_count(&shape) > 1)
      return false;
  }
  return true;
}

sv_status sv_load_learned(loader *l) {
  const char *producer = l->proto->producer_name;
  trace *traces;
  if (producer && strcmp(producer, SV_ONNX_PRODUCER) == 0) return SV_OK;
  l->only_constants = has_only_constants(l);
  SV_TRY(sv_arena_take_array(&l->arena, &traces, (size_t)l->graph->value_count,
                             sizeof *traces));
  for (int i = 0; i < l->graph->node_count; i++)
    look_at(l, &l->graph->nodes[i], traces);
  return SV_OK;
}
