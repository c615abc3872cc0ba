#include "op/op.h"

#include <string.h>

static int count_ports(const sv_port *ports) {
  int count = 0;
  while (ports[count].name) count++;
  return count;
}

int sv_op_in_count(const sv_op *op) { return count_ports(op->in); }

int sv_op_out_count(const sv_op *op) { return count_ports(op->out); }

bool sv_op_is_variadic(const sv_op *op) {
  int count = sv_op_in_count(op);
  return count > 0 && op->in[count - 1].variadic;
}

const sv_port *sv_op_in_port(const sv_op *op, int i) {
  int count = sv_op_in_count(op);
  if (i < count) return &op->in[i];
  return sv_op_is_variadic(op) ? &op->in[count - 1] : NULL;
}

const sv_port *sv_op_out_port(const sv_op *op, int i) {
  int count = sv_op_out_count(op);
  return &op->out[i < count || !count ? i : count - 1];
}

const sv_attr *sv_op_in_attr(const sv_op *op, int i) {
  const sv_port *port = sv_op_in_port(op, i);
  for (const sv_attr *row = op->attrs; port && row && row->name; row++)
    if (port->optional && strcmp(row->name, port->name) == 0) return row;
  return NULL;
}

int sv_op_attr_port(const sv_op *op, const sv_attr *row) {
  for (int i = 0; op->in[i].name; i++)
    if (op->in[i].optional && strcmp(row->name, op->in[i].name) == 0) return i;
  return -1;
}

static const struct {
  const char *name;
  bool state, trained;
} roles[] = {
    [SV_DATA] = {"data", false, false},
    [SV_WEIGHT] = {"weight", true, true},
    [SV_BIAS] = {"bias", true, true},
    [SV_SCALE] = {"scale", true, true},
    [SV_STATISTIC] = {"statistic", true, false},
    [SV_LABEL] = {"label", false, false},
    [SV_INDEX] = {"index", false, false},
    [SV_CONSTANT] = {"constant", true, false},
    [SV_RECORD] = {"record", true, false},
};

bool sv_role_is_state(sv_role role) { return roles[role].state; }

bool sv_role_is_trained(sv_role role) { return roles[role].trained; }

bool sv_role_is_fixed(sv_role role) {
  return role == SV_CONSTANT || role == SV_INDEX;
}

const char *sv_role_name(sv_role role) { return roles[role].name; }

static bool holds_reals(sv_role role) {
  return role != SV_LABEL && role != SV_INDEX;
}

sv_status sv_check_inputs(const sv_node *node, const sv_info *in) {
  const sv_op *op = node->op;
  int ports = sv_op_in_count(op);
  if (node->in_count > ports && !sv_op_is_variadic(op))
    return sv_fail(SV_INVALID, "%d inputs, %s has %d", node->in_count, op->name,
                   ports);
  for (int i = 0; i < ports; i++)
    if (!op->in[i].optional && !sv_given(node, in, i))
      return sv_fail(SV_INVALID, "input %s is missing", op->in[i].name);
  return SV_OK;
}

/* "f32", or with the whole numbers that it computes. */
static sv_status refuse_type(const sv_port *port, sv_dtype type,
                             unsigned whole) {
  return sv_fail(SV_UNSUPPORTED, "input %s is %s, expected f32%s%s%s",
                 port->name, sv_dtype_name(type), whole ? ", i64, i32" : "",
                 whole >> SV_I8 & 1 ? ", i8" : "",
                 whole >> SV_U8 & 1 ? ", u8" : "");
}

static sv_status check_types(const sv_node *node, const sv_info *in,
                             unsigned whole) {
  SV_TRY(sv_check_inputs(node, in));
  int first = -1;
  for (int i = 0; i < node->in_count; i++) {
    const sv_port *port = sv_op_in_port(node->op, i);
    if (!in[i].present || !holds_reals(port->role)) continue;
    sv_dtype type = in[i].dtype;
    if (type != SV_F32 && type != SV_F64 && !(whole >> type & 1))
      return refuse_type(port, type, whole);
    if (first < 0) first = i;
    if (type != in[first].dtype)
      return sv_fail(SV_INVALID, "input %s is %s, but input %s is %s",
                     port->name, sv_dtype_name(type),
                     sv_op_in_port(node->op, first)->name,
                     sv_dtype_name(in[first].dtype));
  }
  return SV_OK;
}

sv_status sv_check_real(const sv_node *node, const sv_info *in) {
  return check_types(node, in, SV_WHOLE_NONE);
}

sv_status sv_check_numbers(const sv_node *node, const sv_info *in) {
  return check_types(node, in, node->op->ref.whole);
}

sv_status sv_check_shape(const sv_node *node, const sv_info *in, int i,
                         const sv_shape *shape) {
  if (sv_shape_equal(&in[i].shape, shape)) return SV_OK;
  return sv_fail(SV_INVALID, "input %s is %s, expected %s",
                 sv_op_in_port(node->op, i)->name,
                 sv_shape_text(&in[i].shape, (char[SV_SHAPE_TEXT]){0}),
                 sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}));
}

sv_status sv_check_axis(int64_t *axis, int rank) {
  if (*axis < -rank || *axis >= rank)
    return sv_fail(SV_INVALID, "axis is %lld, expected %d to %d",
                   (long long)*axis, -rank, rank - 1);
  if (*axis < 0) *axis += rank;
  return SV_OK;
}

sv_status sv_infer_same(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_check_numbers(node, in));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  return SV_OK;
}

sv_status sv_cost_whole(const sv_node *node, const sv_info *in,
                        const sv_info *out, sv_cost *cost) {
  (void)node;
  (void)in;
  (void)out;
  cost->spatial = false;
  return SV_OK;
}

sv_status sv_cost_image(const sv_node *node, const sv_info *in,
                        const sv_info *out, sv_cost *cost) {
  const sv_shape *x = &in[0].shape, *y = &out[0].shape;
  (void)node;
  for (int d = 2; d < x->rank || d < y->rank; d++)
    if ((d < x->rank ? x->dim[d] : 1) != (d < y->rank ? y->dim[d] : 1))
      cost->spatial = false;
  return SV_OK;
}

static void copy(sv_tensor *to, const sv_tensor *from) {
  if (to->data != from->data) memcpy(to->data, from->data, to->layout.bytes);
}

sv_status sv_view_forward(const sv_args *args) {
  copy(args->out[0], args->in[0]);
  return SV_OK;
}

sv_status sv_view_backward(const sv_args *args) {
  copy(args->diff_in[0], args->diff_out[0]);
  return SV_OK;
}

int64_t sv_times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}
