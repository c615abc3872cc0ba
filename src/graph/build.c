/* The builder: values out of values, the first error kept. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "op/attrs.h"
#include "op/registry.h"

static const sv_value poison = {-1};

static sv_value fail(sv_graph *graph, sv_status status) {
  sv_graph_fault(graph, status);
  return poison;
}

static sv_value result(sv_graph *graph, sv_status status, int id) {
  return status == SV_OK ? (sv_value){id} : fail(graph, status);
}

sv_value sv_input(sv_graph *graph, const char *name, sv_dtype dtype,
                  sv_shape shape) {
  if (graph->status != SV_OK) return poison;
  int id = 0;
  sv_status status = sv_graph_add_value(graph, name, SV_VALUE_INPUT, SV_DATA,
                                        dtype, &shape, &id);
  for (int d = 1; d < shape.rank; d++) graph->any_size |= shape.dim[d] < 0;
  return result(graph, status, id);
}

sv_value sv_label(sv_graph *graph, const char *name, sv_shape shape) {
  if (graph->status != SV_OK) return poison;
  int id = 0;
  sv_status status = sv_graph_add_value(graph, name, SV_VALUE_INPUT, SV_LABEL,
                                        SV_I64, &shape, &id);
  return result(graph, status, id);
}

/* ---- Parameters ---- */

static sv_value parameter(sv_graph *graph, const char *name, sv_role role,
                          sv_dtype dtype, sv_shape shape, const char *init) {
  int id = 0;
  sv_status status =
      sv_graph_add_value(graph, name, SV_VALUE_STATE, role, dtype, &shape, &id);
  if (status == SV_OK && sv_shape_count(&shape) < 0)
    status = sv_fail(SV_INVALID, "parameter '%s' has a free dimension", name);
  if (status == SV_OK && init)
    status = sv_copy_text(&graph->values[id].init, init);
  return result(graph, status, id);
}

sv_value sv_parameter(sv_graph *graph, const char *name, sv_role role,
                      sv_dtype dtype, sv_shape shape, const char *init) {
  if (graph->status != SV_OK) return poison;
  char *full;
  sv_status status = sv_graph_scoped(graph, name, &full);
  if (status != SV_OK) return fail(graph, status);
  sv_value value = parameter(graph, full, role, dtype, shape, init);
  sv_free(full);
  return value;
}

/* ---- Nodes ---- */

/* A node under construction. */
typedef struct draft {
  sv_graph *graph;
  sv_node node; /* name, attrs, in, out are owned */
  sv_info *in, *out;
  sv_contents contents; /* of inputs that stand for attributes */
} draft;

static void free_draft(draft *d) {
  sv_free(d->node.name);
  sv_free(d->node.attrs);
  sv_free(d->node.in);
  sv_free(d->node.out);
  sv_free(d->in);
  sv_free(d->out);
  sv_contents_free(&d->contents);
}

static sv_status check_inputs(const draft *d, const sv_value *inputs,
                              int count) {
  const sv_op *op = d->node.op;
  int most = sv_op_in_count(op);
  if (!sv_op_is_variadic(op) && count > most)
    return sv_fail(SV_INVALID, "%s: expected %d input%s, %d given",
                   d->node.name, most, most == 1 ? "" : "s", count);
  for (int i = 0; i < count; i++)
    if (inputs[i].id >= d->graph->value_count)
      return sv_fail(SV_INVALID, "%s: input %d belongs to another graph",
                     d->node.name, i);
  return SV_OK;
}

static sv_status start_draft(draft *d, const sv_value *inputs, int count,
                             const void *attrs) {
  const sv_op *op = d->node.op;
  sv_graph *graph = d->graph;
  if (graph->next_name) {
    d->node.name = graph->next_name;
    graph->next_name = NULL;
  } else {
    char *stem;
    SV_TRY(sv_graph_scoped(graph, op->name, &stem));
    sv_status status = sv_graph_fresh_name(graph, stem, &d->node.name);
    sv_free(stem);
    SV_TRY(status);
  }
  SV_TRY(check_inputs(d, inputs, count));
  int ports = sv_op_in_count(op);
  d->node.in_count = count > ports ? count : ports;
  if (sv_op_is_variadic(op)) d->node.in_count = count;
  SV_TRY(sv_alloc(&d->node.attrs, op->attrs_size));
  if (attrs && op->attrs_size)
    memcpy(d->node.attrs, attrs, op->attrs_size);
  else
    sv_attrs_default(op, d->node.attrs);
  SV_TRY(sv_attrs_check(op, d->node.attrs));
  d->node.out_count =
      op->outputs ? op->outputs(d->node.attrs, 0) : sv_op_out_count(op);
  size_t in = (size_t)d->node.in_count, out = (size_t)d->node.out_count;
  SV_TRY(sv_alloc_array(&d->node.in, in, sizeof(int)));
  SV_TRY(sv_alloc_array(&d->node.out, out, sizeof(int)));
  SV_TRY(sv_alloc_array(&d->in, in, sizeof(sv_info)));
  SV_TRY(sv_alloc_array(&d->out, out, sizeof(sv_info)));
  for (int i = 0; i < count; i++) {
    d->node.in[i] = inputs[i].id;
    d->in[i] = sv_graph_sample(graph, inputs[i].id);
  }
  return SV_OK;
}

/* conv1.weight, conv1.bias; ports of other roles by their own names. */
static sv_status name_parameter(const draft *d, const sv_port *port,
                                char **name) {
  bool trained = sv_role_is_trained(port->role);
  const char *part = trained ? sv_role_name(port->role) : port->name;
  size_t length = strlen(d->node.name) + strlen(part) + 2;
  SV_TRY(sv_alloc(name, length));
  snprintf(*name, length, "%s.%s", d->node.name, part);
  return SV_OK;
}

static sv_status add_parameter(draft *d, int i, const sv_shape *shape) {
  const sv_port *port = sv_op_in_port(d->node.op, i);
  char *name;
  SV_TRY(name_parameter(d, port, &name));
  const char *part = name + strlen(d->node.name) + 1;
  const char *init = sv_graph_init_of(d->graph, d->node.op, i, part);
  sv_dtype dtype = d->in[0].present ? d->in[0].dtype : SV_F32;
  sv_value value = parameter(d->graph, name, port->role, dtype, *shape, init);
  sv_free(name);
  if (value.id < 0) return d->graph->status;
  d->node.in[i] = value.id;
  d->in[i] = sv_graph_sample(d->graph, value.id);
  return SV_OK;
}

static sv_status add_parameters(draft *d) {
  const sv_op *op = d->node.op;
  for (int i = 0; i < d->node.in_count; i++) {
    const sv_port *port = sv_op_in_port(op, i);
    if (d->node.in[i]) continue;
    sv_shape shape = {.rank = -1};
    bool open = d->in[0].present && d->in[0].shape.rank < 0;
    if (sv_role_is_state(port->role) && op->parameter && !open)
      SV_TRY(op->parameter(&d->node, d->in, i, &shape));
    if (shape.rank >= 0)
      SV_TRY(sv_graph_check_size(d->graph, &d->node, i, &shape));
    if (shape.rank >= 0)
      SV_TRY(add_parameter(d, i, &shape));
    else if (!port->optional)
      return sv_fail(SV_INVALID, "its input '%s' is missing", port->name);
  }
  return SV_OK;
}

/* A shape that depends on numbers of the run is not known yet. */
static bool is_open(const sv_node *node, const sv_info *in) {
  for (int i = 0; i < node->in_count; i++)
    if (in[i].present && in[i].shape.rank < 0) return true;
  return false;
}

sv_status sv_graph_infer_known(const sv_graph *graph, const sv_node *node,
                               const sv_info *in, sv_info *out) {
  if (sv_node_has_computed(node))
    return sv_graph_infer_computed(graph, node, in, out);
  if (!is_open(node, in)) return node->op->infer(node, in, out);
  sv_graph_leave_open(node, in, out);
  return SV_OK;
}

/* What a size is computed from is gone through again each time: a short text
 * with a repeat in it would take minutes. */
static sv_status check_sampled(draft *d) {
  enum { MOST = 1 << 22 };
  if (!sv_node_has_computed(&d->node)) return SV_OK;
  d->graph->sampled += d->graph->value_count;
  if (d->graph->sampled <= MOST) return SV_OK;
  return sv_fail(SV_INVALID,
                 "too many computed sizes in a network of %d values",
                 d->graph->value_count);
}

static sv_status infer_draft(draft *d) {
  const sv_op *op = d->node.op;
  SV_TRY(check_sampled(d));
  SV_TRY(sv_graph_sample_contents(d->graph, &d->node, d->in, &d->contents));
  if (op->settle) SV_TRY(op->settle(d->node.attrs, d->in, d->node.in_count));
  SV_TRY(sv_attrs_check(op, d->node.attrs));
  SV_TRY(add_parameters(d));
  SV_TRY(sv_graph_end_inits(d->graph));
  for (int i = 0; i < d->node.out_count; i++)
    d->out[i].present = !sv_op_out_port(op, i)->optional;
  return sv_graph_infer_known(d->graph, &d->node, d->in, d->out);
}

/* The first output bears the node's name, the others their port's too, and a
 * number if that repeats. */
static sv_status add_output_value(sv_graph *graph, const sv_node *node, int i,
                                  const sv_info *info, int *id) {
  char *name;
  const sv_port *port = sv_op_out_port(node->op, i);
  size_t length = strlen(node->name) + strlen(port->name) + 16;
  SV_TRY(sv_alloc(&name, length));
  if (port->variadic)
    snprintf(name, length, i ? "%s.%s%d" : "%s", node->name, port->name, i + 1);
  else
    snprintf(name, length, i ? "%s.%s" : "%s", node->name, port->name);
  sv_status status = sv_graph_add_value(graph, name, SV_VALUE_NODE, port->role,
                                        info->dtype, &info->shape, id);
  sv_free(name);
  return status;
}

static sv_status finish_draft(draft *d, int *id) {
  for (int i = 0; i < d->node.out_count; i++)
    if (d->out[i].present)
      SV_TRY(
          add_output_value(d->graph, &d->node, i, &d->out[i], &d->node.out[i]));
  *id = d->node.out[0];
  SV_TRY(sv_graph_follow(d->graph, &d->node));
  return sv_graph_add_node(d->graph, d->node.op, d->node.name, d->node.attrs,
                           d->node.in, d->node.in_count, d->node.out,
                           d->node.out_count);
}

static sv_status apply(sv_graph *graph, const sv_op *op, const sv_value *inputs,
                       int count, const void *attrs, int *id) {
  draft d = {.graph = graph, .node = {.op = op}};
  sv_status status = start_draft(&d, inputs, count, attrs);
  if (status == SV_OK) {
    status = infer_draft(&d);
    if (status != SV_OK) status = sv_fail_in(status, "%s", d.node.name);
  }
  if (status == SV_OK) status = finish_draft(&d, id);
  free_draft(&d);
  return status;
}

static bool is_poisoned(const sv_graph *graph, const sv_value *inputs,
                        int count) {
  for (int i = 0; i < count; i++)
    if (inputs[i].id < 0) return true;
  return graph->status != SV_OK;
}

sv_value sv_apply(sv_graph *graph, const char *op, const sv_value *inputs,
                  int input_count, const void *attrs) {
  if (is_poisoned(graph, inputs, input_count)) return poison;
  const sv_entry *entry;
  int id = 0;
  sv_status status = sv_registry_require(&entry, op);
  if (status == SV_OK)
    status = apply(graph, entry->op, inputs, input_count, attrs, &id);
  return result(graph, status, id);
}

sv_value sv_apply_text(sv_graph *graph, const char *op, const sv_value *inputs,
                       int input_count, const char *text) {
  if (is_poisoned(graph, inputs, input_count)) return poison;
  const sv_entry *entry;
  sv_status status = sv_registry_require(&entry, op);
  if (status != SV_OK) return fail(graph, status);
  void *attrs;
  status = sv_alloc(&attrs, entry->op->attrs_size);
  if (status != SV_OK) return fail(graph, status);
  sv_attrs_default(entry->op, attrs);
  int id = 0;
  status = sv_attrs_parse(entry->op, attrs, text);
  if (status == SV_OK)
    status = apply(graph, entry->op, inputs, input_count, attrs, &id);
  sv_free(attrs);
  return result(graph, status, id);
}

/* An optional output that nobody has asked for is made now. */
static sv_status demand_output(sv_graph *graph, int producer, int index) {
  sv_node *node = &graph->nodes[producer];
  size_t in = (size_t)node->in_count, out = (size_t)node->out_count;
  sv_info *infos;
  SV_TRY(sv_alloc_array(&infos, in + out, sizeof *infos));
  for (size_t i = 0; i < in; i++)
    infos[i] = sv_graph_sample(graph, node->in[i]);
  for (size_t i = 0; i < out; i++)
    infos[in + i].present = node->out[i] || (int)i == index;
  sv_status status = sv_graph_infer_known(graph, node, infos, infos + in);
  int id = 0;
  if (status == SV_OK)
    status =
        add_output_value(graph, node, index, &infos[in + (size_t)index], &id);
  sv_free(infos);
  if (status != SV_OK) return status;
  graph->values[id].producer = producer;
  graph->values[id].port = index;
  node->out[index] = id;
  return SV_OK;
}

sv_value sv_output_of(sv_graph *graph, sv_value value, int index) {
  if (is_poisoned(graph, &value, 1)) return poison;
  int producer = graph->values[value.id].producer;
  const sv_node *node = producer < 0 ? NULL : &graph->nodes[producer];
  if (!node || index < 0 || index >= node->out_count)
    return fail(graph, sv_fail(SV_INVALID, "%s has no output %d",
                               graph->values[value.id].name, index));
  if (!node->out[index]) {
    sv_status status = demand_output(graph, producer, index);
    if (status != SV_OK) return fail(graph, status);
  }
  return (sv_value){graph->nodes[producer].out[index]};
}

static void add_output(sv_graph *graph, const char *name, sv_value value,
                       bool is_loss, double weight) {
  if (is_poisoned(graph, &value, 1)) return;
  sv_status status = SV_OK;
  if (value.id == 0)
    status = sv_fail(SV_INVALID, "output '%s' is the null value", name);
  else if (is_loss && sv_shape_count(&graph->values[value.id].shape) != 1)
    status =
        sv_fail(SV_INVALID, "loss '%s' is not a scalar: the shape of %s is %s",
                name, graph->values[value.id].name,
                sv_shape_text(&graph->values[value.id].shape,
                              (char[SV_SHAPE_TEXT]){0}));
  if (status == SV_OK)
    status = sv_graph_add_output(graph, name, value.id, is_loss, weight);
  if (status != SV_OK) fail(graph, status);
}

void sv_output(sv_graph *graph, const char *name, sv_value value) {
  add_output(graph, name, value, false, 0);
}

void sv_loss(sv_graph *graph, const char *name, sv_value value, double weight) {
  add_output(graph, name, value, true, weight);
}

sv_shape sv_value_shape(const sv_graph *graph, sv_value value) {
  if (value.id <= 0 || value.id >= graph->value_count)
    return (sv_shape){.rank = -1};
  return sv_graph_sample(graph, value.id).shape;
}
