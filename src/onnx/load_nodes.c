/* The graph's values and nodes out of sources and steps. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "onnx/attrs.h"
#include "onnx/load.h"
#include "op/attr_at.h"

/* ---- Values ---- */

static sv_status copy_symbols(sv_value_info *value, const char *const *symbol) {
  for (int d = 0; d < SV_MAX_RANK; d++)
    if (symbol[d]) SV_TRY(sv_copy_text(&value->symbol[d], symbol[d]));
  return SV_OK;
}

static sv_status add_declared(loader *l, source *s, sv_value_kind kind,
                              sv_role role) {
  sv_dtype dtype = SV_F32;
  sv_shape shape = {.rank = -1};
  const char *symbol[SV_MAX_RANK] = {NULL};
  SV_TRY(sv_load_charge_value(l, s->name));
  if (s->declared)
    SV_TRY(sv_onnx_type_read(s->declared->type, &dtype, &shape, symbol));
  SV_TRY(sv_graph_add_value(l->graph, s->name, kind, role, dtype, &shape,
                            &s->value));
  return copy_symbols(&l->graph->values[s->value], symbol);
}

static sv_status add_input(loader *l, source *s) {
  bool label = s->compared && !s->computed;
  SV_TRY(add_declared(l, s, SV_VALUE_INPUT, label ? SV_LABEL : SV_DATA));
  if (l->graph->values[s->value].shape.rank >= 0) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "the number of dimensions of its input is unknown");
}

sv_status sv_load_state_value(loader *l, source *s) {
  sv_dtype dtype;
  sv_shape shape;
  SV_TRY(sv_load_type(s, &dtype, &shape));
  SV_TRY(sv_load_charge_value(l, s->name));
  SV_TRY(sv_load_charge_slot(l, s->name));
  sv_role role = s->has_role ? s->role : SV_CONSTANT;
  return sv_graph_add_value(l->graph, s->name, SV_VALUE_STATE, role, dtype,
                            &shape, &s->value);
}

sv_status sv_load_values(loader *l) {
  for (int i = 0; i < l->source_count; i++) {
    source *s = &l->sources[i];
    if (s->kind != SOURCE_INPUT || s->fixed) continue;
    sv_status status = add_input(l, s);
    if (status != SV_OK) return sv_fail_in(status, "input " SV_NAME, s->name);
  }
  for (int i = 0; i < l->source_count; i++) {
    source *s = &l->sources[i];
    if (!s->used || !(s->fixed || s->kind == SOURCE_TENSOR)) continue;
    sv_status status = sv_load_state_value(l, s);
    if (status != SV_OK) return sv_fail_in(status, "tensor " SV_NAME, s->name);
  }
  return SV_OK;
}

/* ---- Nodes ---- */

enum { MOST_PARTS = 1 << 10 }; /* outputs that a number stands for */

/* A node of the graph under construction. */
typedef struct draft {
  step *from;
  void *attrs;
  int *in, *out;
  int in_count, out_count;
  sv_arena scratch; /* of the arrays */
} draft;

static sv_status set_attribute(draft *d, const sv_attr *row,
                               const source *from) {
  if (from->tensor) {
    sv_tensor *constant;
    sv_status status = sv_onnx_tensor_new(from->tensor, &constant);
    if (status != SV_OK)
      return sv_fail_in(status, "tensor " SV_NAME, from->name);
    status = sv_onnx_attr_set(row, d->attrs, constant);
    sv_tensor_free(constant);
    return status;
  }
  if (from->known) return sv_onnx_attr_set(row, d->attrs, from->known);
  return sv_fail(SV_UNSUPPORTED,
                 "its input " SV_NAME
                 " (%s) is computed at run time, expected a constant",
                 from->name, row->onnx ? row->onnx : row->name);
}

static sv_status connect_input(loader *l, draft *d, int i) {
  const char *name = d->from->proto->input[i];
  if (!name[0]) return SV_OK;
  int port;
  source *from;
  SV_TRY(sv_load_find(l, name, &from));
  const sv_attr *row = sv_load_target(l, d->from, i, from, &port);
  if (row) return set_attribute(d, row, from);
  d->in[port] = from->value;
  if (port >= d->in_count) d->in_count = port + 1;
  return SV_OK;
}

static sv_status connect_inputs(loader *l, draft *d) {
  const sv_op *op = d->from->op;
  size_t given = d->from->proto->n_input;
  int ports = sv_op_in_count(op);
  SV_TRY(sv_arena_take_array(&d->scratch, &d->in, given + (size_t)ports,
                             sizeof *d->in));
  if (!sv_op_is_variadic(op)) d->in_count = ports;
  for (size_t i = 0; i < given; i++) SV_TRY(connect_input(l, d, (int)i));
  for (int i = 0; i < ports || i < d->in_count; i++) {
    const sv_port *port = sv_op_in_port(op, i);
    if (d->in[i] || port->optional) continue;
    return sv_fail(SV_FORMAT, "its input '%s' is missing", port->name);
  }
  return SV_OK;
}

/* The name of output i, without what a replacing node has before it. */
static const char *output_name(const draft *d, int i) {
  const char *name = d->from->proto->output[i];
  size_t prefix = strlen(SV_ONNX_AS);
  bool replaces = d->from->algorithm && strncmp(name, SV_ONNX_AS, prefix) == 0;
  return replaces ? name + prefix : name;
}

static sv_status connect_outputs(loader *l, draft *d) {
  const sv_op *op = d->from->op;
  d->out_count = op->outputs
                     ? op->outputs(d->attrs, (int)d->from->proto->n_output)
                     : sv_op_out_count(op);
  if (op->outputs && (d->out_count < 0 || d->out_count > MOST_PARTS))
    return sv_fail(SV_UNSUPPORTED, "%d outputs, at most %d are supported",
                   d->out_count, MOST_PARTS);
  SV_TRY(sv_arena_take_array(&d->scratch, &d->out, (size_t)d->out_count,
                             sizeof *d->out));
  for (size_t i = 0; i < d->from->proto->n_output; i++) {
    if (!d->from->proto->output[i][0]) continue;
    const char *name = output_name(d, (int)i);
    source *s = &l->sources[sv_names_get(&l->names, name)];
    if ((int)i >= d->out_count) {
      if (!s->used && (int)i < d->out_count + op->unread_outputs) continue;
      return sv_fail(SV_UNSUPPORTED,
                     "output %zu, " SV_NAME ", is not supported", i, name);
    }
    const sv_port *port = sv_op_out_port(op, (int)i);
    /* A plan asks for a statistic's next value itself. */
    if (port->renews && !s->used) continue;
    sv_status status = add_declared(l, s, SV_VALUE_NODE, port->role);
    if (status != SV_OK) return sv_fail_in(status, "output " SV_NAME, name);
    d->out[i] = s->value;
  }
  for (int i = 0; i < d->out_count; i++)
    if (!d->out[i] && !sv_op_out_port(op, i)->optional)
      return sv_fail(SV_FORMAT, "its output '%s' is missing",
                     sv_op_out_port(op, i)->name);
  return SV_OK;
}

static sv_status sample_inputs(const loader *l, draft *d, sv_info **infos) {
  SV_TRY(sv_arena_take_array(&d->scratch, infos,
                             (size_t)(d->in_count + d->out_count),
                             sizeof **infos));
  for (int i = 0; i < d->in_count; i++)
    (*infos)[i] = sv_graph_sample(l->graph, d->in[i]);
  return SV_OK;
}

/* In a text one number stands for all dimensions of a window, in ONNX it does
 * not; and a window that a weight gives fits the image. */
static sv_status check_window(const draft *d, const sv_info *in) {
  static const char *const names[] = {"kernel", "stride", "dilation"};
  if (d->from->own || !d->in_count || in[0].shape.rank < 3) return SV_OK;
  int wanted = in[0].shape.rank - 2;
  for (int i = 0; i < 3; i++) {
    const sv_attr *row = sv_attr_find(d->from->op, names[i]);
    if (!row || row->type != SV_ATTR_INTS) continue;
    int count = ints_at(d->attrs, row)->count;
    if (count && count != wanted)
      return sv_fail(SV_FORMAT, "attribute '%s' has %d numbers, expected %d",
                     row->onnx, count, wanted);
  }
  return SV_OK;
}

/* No attribute follows from the number that stands for a free size: with others
 * it would be the same. `before`: as they were. */
static sv_status check_free(const loader *l, draft *d, void *before) {
  const sv_op *op = d->from->op;
  sv_info *others;
  bool any = false;
  SV_TRY(sample_inputs(l, d, &others));
  for (int i = 0; i < d->in_count; i++) {
    const sv_shape *said = &l->graph->values[d->in[i]].shape;
    for (int k = 0; k < said->rank; k++) {
      if (said->dim[k] >= 0) continue;
      others[i].shape.dim[k] += 1;
      any = true;
    }
  }
  if (!any) return SV_OK;
  SV_TRY(op->settle(before, others, d->in_count));
  if (sv_attrs_equal(op, before, d->attrs)) return SV_OK;
  return sv_fail(SV_UNSUPPORTED,
                 "its window or number of maps depends on a free size");
}

static sv_status settle_attrs(const loader *l, draft *d, sv_info *infos) {
  const sv_op *op = d->from->op;
  void *before;
  if (!op->settle) return SV_OK;
  SV_TRY(sv_arena_take(&d->scratch, &before, op->attrs_size));
  if (op->attrs_size) memcpy(before, d->attrs, op->attrs_size);
  SV_TRY(op->settle(d->attrs, infos, d->in_count));
  return check_free(l, d, before);
}

static sv_status settle(const loader *l, draft *d) {
  const sv_op *op = d->from->op;
  sv_info *infos;
  SV_TRY(sample_inputs(l, d, &infos));
  SV_TRY(check_window(d, infos));
  SV_TRY(settle_attrs(l, d, infos));
  SV_TRY(check_window(d, infos));
  return sv_attrs_check(op, d->attrs);
}

/* Shapes of outputs, as the builder notes them. Where the size that stands for
 * a free one does not fit, or a shape is computed, nothing is known: a plan
 * will see the real ones. */
static sv_status note_shapes(loader *l, draft *d) {
  sv_info *in, *out;
  SV_TRY(sample_inputs(l, d, &in));
  out = in + d->in_count;
  for (int i = 0; i < d->in_count; i++)
    if (in[i].present &&
        (in[i].shape.rank < 0 || sv_op_in_attr(d->from->op, i)))
      return SV_OK;
  for (int i = 0; i < d->out_count; i++) out[i].present = d->out[i] != 0;
  const sv_node *node = &l->graph->nodes[l->graph->node_count - 1];
  if (node->op->infer(node, in, out) != SV_OK) return SV_OK;
  for (int i = 0; i < d->out_count; i++) {
    sv_value_info *value = &l->graph->values[d->out[i]];
    if (!d->out[i] || value->shape.rank >= 0) continue;
    const sv_shape *shape = &out[i].shape;
    if (shape->rank < 0 || sv_shape_count(shape) < 0 || !sv_shape_fits(shape))
      continue;
    value->shape = out[i].shape;
    value->dtype = out[i].dtype;
  }
  return SV_OK;
}

/* What the number of outputs said before ONNX had an attribute for it. */
static void read_outputs(const loader *l, draft *d) {
  const Onnx__NodeProto *n = d->from->proto;
  bool more = false;
  for (size_t i = 1; i < n->n_output; i++) more |= n->output[i][0] != 0;
  for (const sv_attr *row = d->from->op->attrs; row && row->name; row++)
    if (more && row->all_outputs && l->opset < row->since)
      *bool_at(d->attrs, row) = true;
}

static sv_status read_attributes(const loader *l, draft *d) {
  const step *s = d->from;
  SV_TRY(sv_onnx_attrs_read(s->op, d->attrs, s->proto, l->opset));
  read_outputs(l, d);
  return sv_onnx_required_check(s->op, s->proto, l->opset);
}

static sv_status fill_draft(loader *l, draft *d) {
  const step *s = d->from;
  SV_TRY(sv_arena_take(&d->scratch, &d->attrs, s->op->attrs_size));
  if (s->own)
    SV_TRY(sv_onnx_texts_read(s->op, d->attrs, s->proto));
  else
    SV_TRY(read_attributes(l, d));
  SV_TRY(connect_inputs(l, d));
  SV_TRY(sv_attrs_check(s->op, d->attrs)); /* whatever follows may trust them */
  SV_TRY(sv_load_spread(l, s, d->attrs, d->in, d->in_count));
  SV_TRY(connect_outputs(l, d));
  sv_attrs_forget(s->op, d->attrs, d->out, d->out_count);
  return settle(l, d);
}

/* The file's name or the first output's; NAME_2, NAME_3, ... if another node
 * has it. `taken` holds the last number of each. */
static sv_status name_node(loader *l, sv_names *taken, const draft *d,
                           char **name) {
  const Onnx__NodeProto *n = d->from->proto;
  const char *stem = n->name && n->name[0] ? n->name : output_name(d, 0);
  int last = sv_names_get(taken, stem);
  SV_TRY(sv_arena_text(&l->arena, name, "%s", stem));
  while (last >= 0 && sv_names_get(taken, *name) >= 0)
    SV_TRY(sv_arena_text(&l->arena, name, "%s_%d", stem, ++last));
  if (last >= 0) SV_TRY(sv_names_put(taken, stem, last));
  return sv_names_put(taken, *name, 1);
}

sv_status sv_load_node(loader *l, sv_names *taken, step *s) {
  draft d = {.from = s, .scratch.limit = sv_load_left(l)};
  char *name;
  sv_status status = fill_draft(l, &d);
  if (status == SV_OK) status = name_node(l, taken, &d, &name);
  if (status == SV_OK)
    status = sv_load_charge_node(l, s->op, name, d.in_count + d.out_count);
  if (status == SV_OK)
    status = sv_graph_add_node(l->graph, s->op, name, d.attrs, d.in, d.in_count,
                               d.out, d.out_count);
  if (status == SV_OK) status = note_shapes(l, &d);
  sv_arena_free(&d.scratch);
  return status;
}

sv_status sv_load_nodes(loader *l) {
  sv_names taken = {0};
  sv_status status = SV_OK;
  for (int k = 0; k < l->order_count && status == SV_OK; k++) {
    step *s = &l->steps[l->order[k]];
    status = sv_load_node(l, &taken, s);
    if (status != SV_OK) status = sv_load_at(s, status);
  }
  sv_names_free(&taken);
  return status;
}
