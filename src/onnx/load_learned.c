/* Which initialisers are learned where no port says so. ONNX writes a linear
 * layer also as a product and a sum, MatMul and Add, whose inputs are data, and
 * a group normalisation as one without scale, a product and a sum, a layer
 * normalisation, before opset 17, as a quotient by a root and these:
 *
 *   an initialiser that is multiplied and accumulated is a weight,
 *   one that is multiplied with what a normalisation without a learned scale
 *   made is a scale,
 *   one that is added to what either made is a bias,
 *   and so is one that comes there, or to a port of that role, transposed or in
 *   another shape or type.
 *
 * A Constant stays one, a single number too, and the ones and zeros that stand
 * where a normalisation has no scale and bias. Files of our own say what their
 * tensors are. */
#include <string.h>

#include "onnx/load.h"

/* What is known of a value. */
typedef struct trace {
  int moved;     /* the state's value that it is in another shape; 0: none */
  bool weighted; /* a weight or a scale made it */
  bool normed;   /* a normalisation without a learned scale made it */
  bool root;     /* a deviation, maybe: what is divided by it is normed */
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
  return is_pair(node) && !node->op->cost && !node->op->ref.data_reads_in;
}

/* y is x, in another order, shape or type. */
static bool is_move(const sv_node *node) {
  static const char *const names[] = {"transpose", "reshape",  "squeeze",
                                      "unsqueeze", "flatten",  "identity",
                                      "cast",      "cast_like"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is(node, names[i])) return true;
  return false;
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
  return s && s->initialiser && !s->has_role;
}

/* The state's value that an input is, maybe moved; else itself. */
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
  if (!s || !s->tensor || s->initialiser) return false;
  if (sv_onnx_tensor_new(s->tensor, &numbers) != SV_OK) return false;
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

static bool makes_normed(const loader *l, const sv_node *node,
                         const trace *traces) {
  int scale = scale_of(node);
  if (is_move(node) && node->in[0]) return traces[node->in[0]].normed;
  if (is(node, "div")) return traces[node->in[1]].root;
  if (scale < 0) return false;
  int id = behind(traces, node->in[scale]);
  return !is_learned(l->graph->values[id].role);
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

static void look_at_pair(const loader *l, const sv_node *node,
                         const trace *traces) {
  sv_value_info *values = l->graph->values;
  for (int i = 0; i < 2; i++) {
    int id = behind(traces, node->in[i]), other = node->in[1 - i];
    if (!is_open(l, id) || sv_shape_count(&values[id].shape) < 2 ||
        values[behind(traces, other)].kind == SV_VALUE_STATE)
      continue;
    if (is_product(node)) values[id].role = SV_WEIGHT;
    if (is(node, "mul") && traces[other].normed) values[id].role = SV_SCALE;
    if (is_sum(node) && traces[other].weighted) values[id].role = SV_BIAS;
  }
}

static bool has_weight(const loader *l, const sv_node *node,
                       const trace *traces) {
  for (int i = 0; i < node->in_count; i++) {
    int id = node->in[i] ? behind(traces, node->in[i]) : 0;
    if (!id || is_move(node)) continue;
    sv_role role = l->graph->values[id].role;
    if (role == SV_WEIGHT || (role == SV_SCALE && is_pair(node))) return true;
  }
  return false;
}

static void look_at(const loader *l, const sv_node *node, trace *traces) {
  empty_norm(l, node);
  look_at_ports(l, node, traces);
  if (is_pair(node)) look_at_pair(l, node, traces);
  trace out = {.weighted = has_weight(l, node, traces),
               .normed = makes_normed(l, node, traces),
               .root = is(node, "sqrt")};
  if (is_move(node) && node->in[0]) {
    int id = behind(traces, node->in[0]);
    if (l->graph->values[id].kind == SV_VALUE_STATE) out.moved = id;
  }
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i]) traces[node->out[i]] = out;
}

sv_status sv_load_learned(loader *l) {
  const char *producer = l->proto->producer_name;
  trace *traces;
  if (producer && strcmp(producer, SV_ONNX_PRODUCER) == 0) return SV_OK;
  SV_TRY(sv_arena_take_array(&l->arena, &traces, (size_t)l->graph->value_count,
                             sizeof *traces));
  for (int i = 0; i < l->graph->node_count; i++)
    look_at(l, &l->graph->nodes[i], traces);
  return SV_OK;
}
