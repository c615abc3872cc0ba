#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "init/init.h"
#include "onnx/attrs.h"
#include "onnx/save.h"
#include "op/attr_at.h"

enum { DEEPEST = 8 }; /* expansions inside of expansions */

/* What ONNX has for this operator; NULL: nothing. */
static const char *type_of(const saver *s, const sv_op *op) {
  for (const sv_onnx_name *row = op->onnx; row && row->type; row++)
    if (row->since <= s->opset && (!row->until || row->until >= s->opset))
      return row->type;
  return NULL;
}

/* ---- Inputs and outputs ---- */

static sv_status new_node(saver *s, part *to, Onnx__NodeProto **proto,
                          const char *name, const char *type, size_t inputs,
                          size_t outputs) {
  SV_TRY(sv_arena_take(&s->arena, proto, sizeof **proto));
  onnx__node_proto__init(*proto);
  SV_TRY(sv_arena_text(&s->arena, &(*proto)->name, "%s", name));
  SV_TRY(sv_arena_text(&s->arena, &(*proto)->op_type, "%s", type));
  SV_TRY(
      sv_arena_take_array(&s->arena, &(*proto)->input, inputs, sizeof(char *)));
  SV_TRY(sv_arena_take_array(&s->arena, &(*proto)->output, outputs,
                             sizeof(char *)));
  return sv_save_add(&to->nodes, *proto);
}

/* Remembers what a reader will take this tensor for. */
static sv_status see_role(saver *s, const sv_node *node, int i,
                          const char *name) {
  sv_role role = sv_op_in_port(node->op, i)->role;
  if (!sv_role_is_state(role) || sv_names_get(&s->roles, name) >= 0)
    return SV_OK;
  return sv_names_put(&s->roles, name, (int)role);
}

static sv_status add_port(saver *s, Onnx__NodeProto *proto, const sv_node *node,
                          int i, char *const *name) {
  char *from = node->in[i] ? name[node->in[i]] : (char *)"";
  proto->input[proto->n_input++] = from;
  return from[0] ? see_role(s, node, i, from) : SV_OK;
}

/* An attribute that is an input: a constant of its own, or nothing. */
static sv_status add_slot(saver *s, part *to, Onnx__NodeProto *proto,
                          const sv_node *node, const sv_attr *row) {
  sv_tensor *constant;
  char *stem, *name;
  SV_TRY(sv_onnx_attr_get(row, node, s->opset, &constant));
  char **input = &proto->input[proto->n_input++];
  *input = (char *)"";
  if (!constant) return SV_OK;
  sv_status status = sv_arena_text(&s->arena, &stem, "%s.%s", proto->name,
                                   row->onnx ? row->onnx : row->name);
  if (status == SV_OK) status = sv_save_name(s, &name, stem);
  if (status != SV_OK) {
    sv_tensor_free(constant);
    return status;
  }
  *input = name;
  return sv_save_own_tensor(s, to, name, constant);
}

static int count_slots(const sv_op *op) {
  int count = 0;
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    count += row->slot > 0;
  return count;
}

/* The input that is an attribute here is computed: it has a port. */
static int computed_port(const sv_node *node, const sv_attr *row) {
  int port = sv_op_attr_port(node->op, row);
  return port >= 0 && port < node->in_count && node->in[port] ? port : -1;
}

/* An attribute that is computed can only be written as an input. */
static sv_status check_computed(const saver *s, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++) {
    const sv_attr *row = node->in[i] ? sv_op_in_attr(node->op, i) : NULL;
    bool said = !row;
    for (int k = 1; k <= count_slots(node->op) + node->in_count && !said; k++) {
      const sv_attr *slot = sv_onnx_slot(node->op, k, s->opset);
      said = slot && slot->offset == row->offset;
    }
    if (!said)
      return sv_fail(
          SV_UNSUPPORTED,
          "%s is computed at run time, which opset %lld cannot express",
          row->name, (long long)s->opset);
  }
  return SV_OK;
}

/* Ports in their order, around the inputs that are attributes here. */
static sv_status add_inputs(saver *s, part *to, Onnx__NodeProto *proto,
                            const sv_node *node, char *const *name) {
  int port = 0, most = node->in_count + count_slots(node->op);
  SV_TRY(check_computed(s, node));
  for (int i = 0; i < most; i++) {
    const sv_attr *row = sv_onnx_slot(node->op, i, s->opset);
    int computed = row ? computed_port(node, row) : -1;
    if (computed >= 0)
      SV_TRY(add_port(s, proto, node, computed, name));
    else if (row)
      SV_TRY(add_slot(s, to, proto, node, row));
    else if (port < node->in_count && !sv_op_in_attr(node->op, port))
      SV_TRY(add_port(s, proto, node, port++, name));
  }
  while (proto->n_input && !proto->input[proto->n_input - 1][0])
    proto->n_input--;
  return SV_OK;
}

static sv_status add_outputs(saver *s, Onnx__NodeProto *proto,
                             const sv_node *node, char *const *name,
                             const char *prefix) {
  for (int i = 0; i < node->out_count; i++) {
    char **output = &proto->output[proto->n_output++];
    *output = (char *)"";
    if (node->out[i])
      SV_TRY(
          sv_arena_text(&s->arena, output, "%s%s", prefix, name[node->out[i]]));
  }
  while (proto->n_output && !proto->output[proto->n_output - 1][0])
    proto->n_output--;
  return SV_OK;
}

static bool wants_all_outputs(const saver *s, const sv_node *node) {
  for (const sv_attr *row = node->op->attrs; row && row->name; row++)
    if (row->all_outputs && sv_onnx_valid(row, s->opset) &&
        *bool_at(node->attrs, row))
      return true;
  return false;
}

/* Those that nobody reads; the loader leaves them out again. */
static sv_status name_outputs(saver *s, Onnx__NodeProto *proto,
                              const sv_node *node) {
  for (int i = 0; i < node->out_count; i++) {
    char *stem;
    if (node->out[i]) continue;
    SV_TRY(sv_arena_text(&s->arena, &stem, "%s.%s", proto->name,
                         sv_op_out_port(node->op, i)->name));
    SV_TRY(sv_save_name(s, &proto->output[i], stem));
  }
  proto->n_output = (size_t)node->out_count;
  return SV_OK;
}

/* ---- Nodes ---- */

static sv_shape shape_of(const saver *s, const sv_graph *graph, int id) {
  if (graph == s->graph && s->few) return s->few[id].shape;
  return graph->values[id].shape;
}

/* *in = what is known of the node's inputs, behind them room for its outputs.
 */
static sv_status sample_ports(saver *s, const sv_graph *graph,
                              const sv_node *node, sv_info **in) {
  size_t count = (size_t)(node->in_count + node->out_count);
  SV_TRY(sv_arena_take_array(&s->arena, in, count, sizeof **in));
  for (int i = 0; i < node->in_count; i++)
    (*in)[i] = sv_graph_sample(graph, node->in[i]);
  return SV_OK;
}

/* Whoever reads the file knows the shapes of inputs and state. */
static sv_status check_own(saver *s, const sv_graph *graph,
                           const sv_node *node) {
  sv_info *infos;
  SV_TRY(sample_ports(s, graph, node, &infos));
  return sv_onnx_own_check(node, infos, s->opset);
}

bool sv_save_is_plain(saver *s, const sv_graph *graph, const sv_node *node) {
  return type_of(s, node->op) && check_own(s, graph, node) == SV_OK;
}

static sv_status save_plain(saver *s, part *to, const sv_graph *graph,
                            const sv_node *node, const char *title,
                            char *const *name) {
  Onnx__NodeProto *proto;
  int slots = count_slots(node->op);
  SV_TRY(check_own(s, graph, node));
  SV_TRY(new_node(s, to, &proto, title, type_of(s, node->op),
                  (size_t)(node->in_count + slots), (size_t)node->out_count));
  SV_TRY(add_inputs(s, to, proto, node, name));
  SV_TRY(add_outputs(s, proto, node, name, ""));
  if (wants_all_outputs(s, node)) SV_TRY(name_outputs(s, proto, node));
  int rank =
      node->in_count && node->in[0] ? shape_of(s, graph, node->in[0]).rank : 0;
  return sv_onnx_attrs_write(proto, node, rank > 2 ? rank - 2 : 0, s->opset,
                             &s->arena);
}

sv_status sv_save_own_node(saver *s, part *to, const sv_node *node,
                           char *const *name, const char *prefix) {
  Onnx__NodeProto *proto;
  SV_TRY(new_node(s, to, &proto, node->name, node->op->name,
                  (size_t)node->in_count, (size_t)node->out_count));
  SV_TRY(sv_arena_text(&s->arena, &proto->domain, SV_ONNX_DOMAIN));
  for (int i = 0; i < node->in_count; i++)
    SV_TRY(add_port(s, proto, node, i, name));
  SV_TRY(add_outputs(s, proto, node, name, prefix));
  return sv_onnx_texts_write(proto, node, &s->arena);
}

sv_status sv_save_identity(saver *s, part *to, const char *from,
                           const char *name) {
  Onnx__NodeProto *proto;
  SV_TRY(new_node(s, to, &proto, name, "Identity", 1, 1));
  SV_TRY(sv_arena_text(&s->arena, &proto->input[proto->n_input++], "%s", from));
  return sv_arena_text(&s->arena, &proto->output[proto->n_output++], "%s",
                       name);
}

/* ---- Expansion: a small graph in the place of a node ---- */

typedef struct expansion {
  saver *s;
  part *to;
  const sv_node *node;
  const char *title; /* before the names of nodes and values inside */
  sv_graph *graph;
  sv_state *state; /* of the constants made inside */
  char **name;     /* per value of graph: in the file */
  int depth;
} expansion;

static sv_status save_any(saver *s, part *to, const sv_graph *graph,
                          const sv_node *node, const char *title,
                          char *const *name, int depth);

/* The inputs of the small graph: the node's own, named 1, 2, ... */
static sv_status enter(expansion *e, const sv_graph *outer, sv_value *in) {
  for (int i = 0; i < e->node->in_count; i++) {
    int id = e->node->in[i];
    const sv_value_info *value = &outer->values[id];
    char name[16];
    if (!id) continue;
    snprintf(name, sizeof name, "%d", i + 1);
    sv_shape shape = shape_of(e->s, outer, id);
    if (shape.rank < 0)
      return sv_fail(SV_UNSUPPORTED, "the shape of '%.80s' is unknown",
                     value->name);
    in[i] = value->kind == SV_VALUE_STATE
                ? sv_parameter(e->graph, name, value->role, value->dtype, shape,
                               NULL)
                : sv_input(e->graph, name, value->dtype, shape);
  }
  return sv_graph_check(e->graph);
}

static sv_status name_inside(expansion *e, int id) {
  char *stem;
  SV_TRY(sv_arena_text(&e->s->arena, &stem, "%s/%s", e->title,
                       e->graph->values[id].name));
  return sv_save_name(e->s, &e->name[id], stem);
}

static sv_status save_constant(expansion *e, int id) {
  sv_tensor *constant;
  if (!e->state) {
    SV_TRY(sv_state_new(&e->state, e->graph, SV_F32));
    SV_TRY(sv_init_run(e->state, e->graph, &(sv_init_options){.seed = 0}));
  }
  SV_TRY(sv_save_add(&e->s->fixed, e->name[id]));
  SV_TRY(sv_state_get(e->state, e->graph->values[id].name, &constant));
  return sv_save_own_tensor(e->s, e->to, e->name[id], constant);
}

/* Inputs and outputs keep the names they have outside. */
static sv_status name_values(expansion *e, const sv_value *in,
                             const sv_value *out, char *const *outside) {
  for (int i = 0; i < e->node->in_count; i++)
    if (e->node->in[i]) e->name[in[i].id] = outside[e->node->in[i]];
  for (int i = 0; i < e->node->out_count; i++) {
    if (!e->node->out[i]) continue;
    if (!e->name[out[i].id]) e->name[out[i].id] = outside[e->node->out[i]];
  }
  for (int id = 1; id < e->graph->value_count; id++) {
    if (e->name[id]) continue;
    SV_TRY(name_inside(e, id));
    if (e->graph->values[id].kind == SV_VALUE_STATE)
      SV_TRY(save_constant(e, id));
  }
  return SV_OK;
}

static sv_status save_inside(expansion *e, const sv_value *out,
                             char *const *outside) {
  for (int i = 0; i < e->graph->node_count; i++) {
    const sv_node *node = &e->graph->nodes[i];
    char *title;
    SV_TRY(sv_arena_text(&e->s->arena, &title, "%s/%s", e->title, node->name));
    SV_TRY(save_any(e->s, e->to, e->graph, node, title, e->name, e->depth));
  }
  for (int i = 0; i < e->node->out_count; i++) {
    const char *from = e->node->out[i] ? e->name[out[i].id] : NULL;
    const char *name = from ? outside[e->node->out[i]] : NULL;
    if (from && strcmp(from, name) != 0)
      SV_TRY(sv_save_identity(e->s, e->to, from, name));
  }
  return SV_OK;
}

/* Expansions trust what inference checks: it was done for the nodes of another
 * expansion, and for the whole graph if `few` is known. */
static sv_status check_node(expansion *e, const sv_graph *outer) {
  sv_info *in;
  if (outer != e->s->graph || e->s->few) return SV_OK;
  SV_TRY(sample_ports(e->s, outer, e->node, &in));
  sv_info *out = in + e->node->in_count;
  for (int i = 0; i < e->node->out_count; i++)
    out[i].present = e->node->out[i] != 0;
  return sv_graph_infer_known(outer, e->node, in, out);
}

static sv_status expand(expansion *e, const sv_graph *outer,
                        char *const *outside) {
  sv_arena *arena = &e->s->arena;
  sv_value *in, *out;
  size_t ins = (size_t)e->node->in_count, outs = (size_t)e->node->out_count;
  SV_TRY(sv_arena_take_array(arena, &in, ins, sizeof *in));
  SV_TRY(sv_arena_take_array(arena, &out, outs, sizeof *out));
  SV_TRY(sv_graph_new(&e->graph, ""));
  SV_TRY(enter(e, outer, in));
  SV_TRY(check_node(e, outer));
  SV_TRY(e->node->op->expand(e->node, e->graph, in, out));
  SV_TRY(sv_graph_check(e->graph));
  for (size_t i = 0; i < outs; i++)
    if (e->node->out[i] && out[i].id <= 0)
      return sv_fail(SV_UNSUPPORTED, "its expansion lacks output %zu", i);
  SV_TRY(sv_arena_take_array(arena, &e->name, (size_t)e->graph->value_count,
                             sizeof *e->name));
  SV_TRY(name_values(e, in, out, outside));
  return save_inside(e, out, outside);
}

static sv_status save_expanded(saver *s, part *to, const sv_graph *graph,
                               const sv_node *node, const char *title,
                               char *const *name, int depth) {
  if (!node->op->expand || depth == DEEPEST)
    return sv_fail(SV_UNSUPPORTED, "ONNX has no operator for %s",
                   node->op->name);
  expansion e = {s, to, node, title, NULL, NULL, NULL, depth + 1};
  sv_status status = expand(&e, graph, name);
  sv_state_free(e.state);
  sv_graph_free(e.graph);
  return status;
}

static sv_status save_any(saver *s, part *to, const sv_graph *graph,
                          const sv_node *node, const char *title,
                          char *const *name, int depth) {
  bool refused = node->op->refused && node->op->refused(node);
  bool plain = type_of(s, node->op) && (!node->op->expand || node->op->refused);
  if (!refused && (plain || sv_save_is_plain(s, graph, node)))
    return save_plain(s, to, graph, node, title, name);
  return save_expanded(s, to, graph, node, title, name, depth);
}

/* ---- The graph's own nodes ---- */

/* *x = the shape of a value, where it is known to be the same at every run;
 * other sizes are -1. */
static bool fixed_shape(const saver *s, int id, sv_shape *x) {
  const sv_value_info *value = &s->graph->values[id];
  bool followed = value->kind != SV_VALUE_NODE;
  *x = s->few ? s->few[id].shape : value->shape;
  for (int d = 0; d < x->rank; d++)
    if (s->few ? x->dim[d] != s->many[id].shape.dim[d] : !followed)
      x->dim[d] = -1;
  return id && x->rank >= 0;
}

/* A copy whose padding is in numbers. */
static sv_status spell(saver *s, const sv_node *node, sv_node *spelt) {
  const sv_op *op = node->op;
  sv_shape x;
  *spelt = *node;
  if (!op->spell || !fixed_shape(s, node->in[0], &x)) return SV_OK;
  SV_TRY(sv_arena_take(&s->arena, &spelt->attrs, op->attrs_size));
  memcpy(spelt->attrs, node->attrs, op->attrs_size);
  op->spell(spelt->attrs, &x);
  return SV_OK;
}

sv_status sv_save_node(saver *s, part *to, const sv_node *node) {
  sv_node spelt;
  SV_TRY(spell(s, node, &spelt));
  return save_any(s, to, s->graph, &spelt, node->name, s->name, 0);
}
