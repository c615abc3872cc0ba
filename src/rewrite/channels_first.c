/* Node by node: what has become of each value is noted. A map that was N H W C
 * is N C H W; a row that was flattened from one has its numbers in the order C
 * H W, which the linear layer after it undoes by its weight. */
#include "rewrite/channels_first.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/analysis.h"
#include "op/attr_at.h"
#include "op/attrs.h"
#include "op/registry.h"
#include "tensor/tensor.h"

/* What became of a value. */
typedef struct place {
  int id;       /* in the new graph; 0: nothing yet */
  int other;    /* the same in the other order of dimensions; 0: not made */
  bool moved;   /* it was N H W C */
  bool flat;    /* it is a row in the order C H W, of `map` (H W C) */
  sv_shape map; /* 1 H W C */
} place;

typedef struct turner {
  const sv_model *model;
  const sv_graph *from;
  sv_analysis analysis; /* shapes for one image */
  sv_graph *to;
  sv_state *state;
  place *places;
} turner;

static const int to_first[] = {0, 3, 1, 2}, to_last[] = {0, 2, 3, 1};

static const sv_shape *shape_of(const turner *t, int id) {
  return &t->analysis.shapes[id];
}

static sv_shape moved_shape(const sv_shape *shape) {
  sv_shape s = *shape;
  for (int d = 0; s.rank == 4 && d < 4; d++) s.dim[d] = shape->dim[to_first[d]];
  return s;
}

/* ---- Values ---- */

static sv_status add_value(turner *t, int id, bool moved) {
  const sv_value_info *v = &t->from->values[id];
  const sv_shape shape = moved ? moved_shape(&v->shape) : v->shape;
  place *p = &t->places[id];
  p->moved = moved;
  SV_TRY(sv_graph_add_value(t->to, v->name, v->kind, v->role, v->dtype, &shape,
                            &p->id));
  sv_value_info *copy = &t->to->values[p->id];
  if (v->init) SV_TRY(sv_copy_text(&copy->init, v->init));
  if (v->symbol[0]) SV_TRY(sv_copy_text(&copy->symbol[0], v->symbol[0]));
  return SV_OK;
}

static sv_status add_tensor(turner *t, int id, const sv_tensor *tensor) {
  const sv_value_info *v = &t->from->values[id];
  int index;
  SV_TRY(sv_graph_add_value(t->to, v->name, SV_VALUE_STATE, v->role, v->dtype,
                            &tensor->shape, &t->places[id].id));
  SV_TRY(sv_state_add(t->state, v->name, v->role, tensor->dtype, &tensor->shape,
                      NULL, &index));
  return sv_state_set(t->state, v->name, tensor);
}

/* A tensor of the state whose element i is `order[i]` of the old one, in this
 * shape; order NULL: as it is. */
static sv_status bring_as(turner *t, int id, const sv_shape *shape,
                          const int64_t *order) {
  const sv_value_info *v = &t->from->values[id];
  sv_tensor *old, *made;
  if (t->places[id].id) {
    const sv_shape *had = &t->to->values[t->places[id].id].shape;
    if (!order && sv_shape_equal(had, shape)) return SV_OK;
    return sv_fail(SV_UNSUPPORTED,
                   "'%s' is shared by layers of different kinds", v->name);
  }
  SV_TRY(sv_state_get(t->model->state, v->name, &old));
  sv_status status = sv_tensor_new(&made, old->dtype, shape);
  if (status == SV_OK) {
    int64_t count = sv_shape_count(shape);
    for (int64_t i = 0; i < count; i++)
      sv_tensor_set(made, i, sv_tensor_get(old, order ? order[i] : i));
    status = add_tensor(t, id, made);
    sv_tensor_free(made);
  }
  sv_tensor_free(old);
  return status;
}

static sv_status bring(turner *t, int id) {
  const sv_value_info *v = &t->from->values[id];
  if (!id || v->kind == SV_VALUE_NODE) return SV_OK;
  if (v->kind == SV_VALUE_STATE) return bring_as(t, id, &v->shape, NULL);
  if (t->places[id].id) return SV_OK;
  return add_value(t, id, id == sv_graph_data_input(t->from));
}

/* ---- Nodes ---- */

static sv_status put(turner *t, const sv_node *node, const sv_op *op,
                     const void *attrs, const int *in, bool moved) {
  int *out;
  SV_TRY(sv_alloc_array(&out, (size_t)node->out_count, sizeof *out));
  sv_status status = SV_OK;
  for (int i = 0; i < node->out_count && status == SV_OK; i++) {
    if (!node->out[i]) continue;
    status = add_value(t, node->out[i], moved);
    out[i] = t->places[node->out[i]].id;
  }
  if (status == SV_OK)
    status = sv_graph_add_node(t->to, op, node->name, attrs, in, node->in_count,
                               out, node->out_count);
  sv_free(out);
  return status;
}

/* *other = the value in the other order, by a Transpose. */
static sv_status turn(turner *t, int id, int *other) {
  place *p = &t->places[id];
  const sv_entry *entry;
  const sv_value_info from = t->to->values[p->id];
  const int *perm = p->moved ? to_last : to_first;
  char name[256], text[64];
  *other = p->other;
  if (p->other) return SV_OK;
  snprintf(name, sizeof name, "%.200s.turned", from.name);
  sv_shape shape = from.shape;
  for (int d = 0; shape.rank == 4 && d < 4; d++)
    shape.dim[d] = from.shape.dim[perm[d]];
  SV_TRY(sv_graph_add_value(t->to, name, SV_VALUE_NODE, SV_DATA, from.dtype,
                            &shape, &p->other));
  SV_TRY(sv_registry_require(&entry, "transpose"));
  void *attrs;
  SV_TRY(sv_alloc(&attrs, entry->op->attrs_size));
  snprintf(text, sizeof text, "perm=%dx%dx%dx%d", perm[0], perm[1], perm[2],
           perm[3]);
  sv_attrs_default(entry->op, attrs);
  sv_status status = sv_attrs_parse(entry->op, attrs, text);
  if (status == SV_OK)
    status = sv_graph_add_node(t->to, entry->op, name, attrs, &p->id, 1,
                               &p->other, 1);
  sv_free(attrs);
  *other = p->other;
  return status;
}

/* As it was: what is moved is turned back. */
static sv_status put_same(turner *t, const sv_node *node) {
  int *in;
  sv_status status = SV_OK;
  SV_TRY(sv_alloc_array(&in, (size_t)node->in_count, sizeof *in));
  for (int i = 0; i < node->in_count && status == SV_OK; i++) {
    const place *p = &t->places[node->in[i]];
    in[i] = p->id;
    if (node->in[i] && p->moved) status = turn(t, node->in[i], &in[i]);
  }
  if (status == SV_OK) status = put(t, node, node->op, node->attrs, in, false);
  sv_free(in);
  return status;
}

/* ---- Transposes between the orders ---- */

static bool is_order(const sv_node *node, const int wanted[4]) {
  const sv_attr *row = sv_attr_find(node->op, "perm");
  const sv_ints *perm = row ? ints_at(readable(node->attrs), row) : NULL;
  if (!perm || perm->count != 4) return false;
  for (int d = 0; d < 4; d++)
    if (perm->at[d] != wanted[d]) return false;
  return true;
}

/* The same value under another name, whose order is as it is here. */
static bool is_undone(const turner *t, const sv_node *node) {
  const place *x = &t->places[node->in[0]];
  return x->moved ? is_order(node, to_first)
                  : !x->flat && is_order(node, to_last);
}

/* ---- Nodes of maps in the new order ---- */

/* N H W C, 1 where it has fewer dimensions, in the new order. */
static sv_status bring_operand(turner *t, int id) {
  const sv_shape *own = &t->from->values[id].shape;
  sv_shape last = {.rank = 4, .dim = {1, 1, 1, 1}};
  int64_t count = sv_shape_count(own), *order, at = 0;
  if (count == 1) return bring(t, id);
  for (int d = 0; d < own->rank; d++) last.dim[4 - own->rank + d] = own->dim[d];
  const sv_shape first = moved_shape(&last);
  const int64_t h = last.dim[1], w = last.dim[2], c = last.dim[3];
  SV_TRY(sv_alloc_array(&order, (size_t)count, sizeof *order));
  for (int64_t n = 0; n < last.dim[0]; n++)
    for (int64_t k = 0; k < c; k++)
      for (int64_t i = 0; i < h * w; i++) order[at++] = (n * h * w + i) * c + k;
  sv_status status = bring_as(t, id, &first, order);
  sv_free(order);
  return status;
}

/* Element by element, the result as large as the map. */
static bool is_elementwise(const turner *t, const sv_node *node) {
  const sv_reference *ref = &node->op->ref;
  bool folds = ref->folds == SV_FOLD_CONTENTS && !ref->view &&
               !sv_attr_find(node->op, "perm") &&
               !sv_attr_find(node->op, "axis");
  if (!ref->pointwise && !folds && !(ref->moves && !ref->view)) return false;
  for (int i = 0; i < node->in_count; i++) {
    const sv_value_info *v = &t->from->values[node->in[i]];
    const sv_shape *x = shape_of(t, node->in[i]);
    if (!node->in[i] || sv_op_in_attr(node->op, i)) continue;
    if (x->rank > 4 ||
        (v->kind != SV_VALUE_STATE && x->rank != 4 && sv_shape_count(x) != 1))
      return false;
    if (t->places[node->in[i]].moved &&
        !sv_shape_equal(x, shape_of(t, node->out[0])))
      return false;
  }
  return true;
}

static sv_status put_elementwise(turner *t, const sv_node *node) {
  int *in;
  sv_status status = SV_OK;
  SV_TRY(sv_alloc_array(&in, (size_t)node->in_count, sizeof *in));
  for (int i = 0; i < node->in_count && status == SV_OK; i++) {
    int id = node->in[i];
    bool state = t->from->values[id].kind == SV_VALUE_STATE;
    if (!id) continue;
    if (state)
      status = sv_op_in_attr(node->op, i) ? bring(t, id) : bring_operand(t, id);
    const place *p = &t->places[id];
    in[i] = p->id;
    if (status == SV_OK && !state && !p->moved && shape_of(t, id)->rank == 4)
      status = turn(t, id, &in[i]);
  }
  if (status == SV_OK) status = put(t, node, node->op, node->attrs, in, true);
  sv_free(in);
  return status;
}

/* Along an axis or several of the old order: a sum over the image, say. */
static sv_status put_axes(turner *t, const sv_node *node, bool *done) {
  static const int now[] = {0, 2, 3, 1}; /* of dimension d of N H W C */
  const sv_attr *one = sv_attr_find(node->op, "axis");
  const sv_attr *several = sv_attr_find(node->op, "axes");
  const sv_shape *y = shape_of(t, node->out[0]);
  bool all = true;
  int *in = NULL;
  void *attrs;
  *done = false;
  for (int i = 0; i < node->in_count; i++)
    all = all && (!node->in[i] || t->places[node->in[i]].moved);
  bool keeps = y->rank == 4;
  if (!all || (!one && !several) || node->op->ref.view) return SV_OK;
  if (sv_attr_number(node, "flat") > 0) return SV_OK;
  SV_TRY(sv_alloc(&attrs, node->op->attrs_size));
  memcpy(attrs, node->attrs, node->op->attrs_size);
  if (one && one->type == SV_ATTR_INT) {
    int64_t axis = *int_at(attrs, one);
    *int_at(attrs, one) = now[axis < 0 ? axis + 4 : axis];
  }
  unsigned set = 0;
  for (int i = 0; several && i < ints_at(attrs, several)->count; i++) {
    int64_t *axis = &ints_at(attrs, several)->at[i];
    set |= 1u << (*axis < 0 ? *axis + 4 : *axis);
    *axis = now[*axis < 0 ? *axis + 4 : *axis];
  }
  /* N x C is the same in both orders; what is left else is not. */
  *done = keeps || set == (1u << 1 | 1u << 2);
  sv_status status = sv_alloc_array(&in, (size_t)node->in_count, sizeof *in);
  for (int i = 0; status == SV_OK && i < node->in_count; i++)
    in[i] = t->places[node->in[i]].id;
  if (status == SV_OK && *done)
    status = put(t, node, node->op, attrs, in, keeps);
  sv_free(in);
  sv_free(attrs);
  return status;
}

/* ---- Rows ---- */

static bool flattens(const turner *t, const sv_node *node) {
  const sv_shape *x = shape_of(t, node->in[0]), *y = shape_of(t, node->out[0]);
  return node->op->ref.view && x->rank == 4 && y->rank == 2 &&
         x->dim[0] == y->dim[0];
}

static sv_status put_flat(turner *t, const sv_node *node) {
  const place *x = &t->places[node->in[0]];
  place *y = &t->places[node->out[0]];
  const sv_entry *entry;
  void *attrs;
  SV_TRY(sv_registry_require(&entry, "flatten"));
  SV_TRY(add_value(t, node->out[0], false));
  SV_TRY(sv_alloc(&attrs, entry->op->attrs_size));
  sv_attrs_default(entry->op, attrs);
  y->map = *shape_of(t, node->in[0]);
  y->flat = y->map.dim[3] > 1 && y->map.dim[1] * y->map.dim[2] > 1;
  sv_status status = sv_graph_add_node(t->to, entry->op, node->name, attrs,
                                       &x->id, 1, &y->id, 1);
  sv_free(attrs);
  return status;
}

/* The weight's rows, or columns if it is transposed, in the order C H W. */
static sv_status bring_weight(turner *t, int id, const sv_shape *map,
                              bool transposed) {
  const sv_shape *own = &t->from->values[id].shape;
  int64_t c = map->dim[3], hw = map->dim[1] * map->dim[2], taps = c * hw;
  int64_t count = sv_shape_count(own), outs = count / taps, *order;
  SV_TRY(sv_alloc_array(&order, (size_t)count, sizeof *order));
  for (int64_t k = 0; k < taps; k++) {
    int64_t old = k % hw * c + k / hw;
    for (int64_t m = 0; m < outs; m++)
      order[transposed ? m * taps + k : k * outs + m] =
          transposed ? m * taps + old : old * outs + m;
  }
  sv_status status = bring_as(t, id, own, order);
  sv_free(order);
  return status;
}

static sv_status put_on_flat(turner *t, const sv_node *node) {
  const place *x = &t->places[node->in[0]];
  const sv_reference *ref = &node->op->ref;
  bool same =
      node->in_count == 1 && (ref->pointwise || ref->moves) &&
      sv_shape_equal(shape_of(t, node->in[0]), shape_of(t, node->out[0]));
  if (same) {
    sv_shape map = x->map;
    SV_TRY(put(t, node, node->op, node->attrs, &x->id, false));
    t->places[node->out[0]].flat = true;
    t->places[node->out[0]].map = map;
    return SV_OK;
  }
  bool product = node->in_count >= 2 && x->flat &&
                 t->from->values[node->in[1]].kind == SV_VALUE_STATE &&
                 t->from->values[node->in[1]].shape.rank == 2 &&
                 !sv_attr_number(node, "transpose_x") &&
                 (node->op->layer == SV_LAYER_PRODUCT ||
                  node->op->layer == SV_LAYER_LINEAR);
  if (!product)
    return sv_fail(SV_UNSUPPORTED,
                   "%s of a map that was flattened with its channels last",
                   node->op->name);
  int in[3] = {x->id};
  SV_TRY(bring_weight(t, node->in[1], &x->map,
                      sv_attr_number(node, "transpose_w") > 0));
  for (int i = 1; i < node->in_count && i < 3; i++) {
    if (i > 1) SV_TRY(bring(t, node->in[i]));
    in[i] = t->places[node->in[i]].id;
  }
  return put(t, node, node->op, node->attrs, in, false);
}

/* ---- All of it ---- */

static sv_status take(turner *t, const sv_node *node) {
  bool moved = false, flat = false, done;
  for (int i = 0; i < node->in_count; i++) {
    if (t->from->values[node->in[i]].kind == SV_VALUE_INPUT)
      SV_TRY(bring(t, node->in[i]));
    moved |= node->in[i] && t->places[node->in[i]].moved;
    flat |= node->in[i] && t->places[node->in[i]].flat;
  }
  if (is_undone(t, node)) {
    t->places[node->out[0]] = t->places[node->in[0]];
    t->places[node->out[0]].moved = !t->places[node->in[0]].moved;
    return SV_OK;
  }
  if (flat) return put_on_flat(t, node);
  if (moved && t->places[node->in[0]].moved && flattens(t, node))
    return put_flat(t, node);
  if (moved) {
    SV_TRY(put_axes(t, node, &done));
    if (done) return SV_OK;
    if (is_elementwise(t, node)) return put_elementwise(t, node);
  }
  for (int i = 0; i < node->in_count; i++) SV_TRY(bring(t, node->in[i]));
  return put_same(t, node);
}

static sv_status take_output(turner *t, const sv_graph_output *o) {
  int id = t->places[o->value].id;
  if (t->places[o->value].flat)
    return sv_fail(SV_UNSUPPORTED,
                   "output '%s' is a map that was flattened with its channels "
                   "last",
                   o->name);
  if (t->places[o->value].moved) SV_TRY(turn(t, o->value, &id));
  return sv_graph_add_output(t->to, o->name, id, false, 0);
}

static sv_status take_all(turner *t) {
  const sv_graph *g = t->analysis.graph; /* what reaches an output */
  SV_TRY(bring(t, sv_graph_data_input(t->from)));
  for (int i = 0; i < g->node_count; i++) {
    int at = sv_names_get(&t->from->node_names, g->nodes[i].name);
    const sv_node *node = &t->from->nodes[at];
    sv_status status = take(t, node);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  for (int i = 0; i < t->from->output_count; i++)
    if (!t->from->outputs[i].is_loss)
      SV_TRY(take_output(t, &t->from->outputs[i]));
  return SV_OK;
}

static sv_status start(turner *t, const sv_ints *image) {
  sv_ints last = {3, {0}};
  for (int d = 0; image && d < 3; d++) last.at[d] = image->at[(d + 1) % 3];
  t->from = t->model->graph;
  SV_TRY(sv_analyse(&t->analysis, t->from, t->model->state, 1,
                    image ? &last : NULL, false));
  SV_TRY(sv_alloc_array(&t->places, (size_t)t->from->value_count,
                        sizeof *t->places));
  SV_TRY(sv_graph_new(&t->to, t->from->name));
  t->to->opset = t->from->opset;
  SV_TRY(sv_alloc(&t->state, sizeof *t->state));
  t->state->precision = t->model->state->precision;
  return SV_OK;
}

sv_status sv_model_channels_first(sv_model **turned, const sv_model *model,
                                  const sv_ints *image) {
  turner t = {.model = model};
  *turned = NULL;
  sv_status status = start(&t, image);
  if (status == SV_OK) status = take_all(&t);
  if (status == SV_OK) {
    status = sv_model_wrap(turned, t.to, t.state);
    t.to = NULL;
    t.state = NULL;
  }
  if (status == SV_OK) status = sv_model_inherit(*turned, model);
  if (status == SV_OK && sv_model_meta(model, "svertka.image.layout"))
    status = sv_model_set_meta(*turned, "svertka.image.layout", "nchw");
  if (status != SV_OK) {
    sv_model_free(*turned);
    *turned = NULL;
  }
  sv_free(t.places);
  sv_graph_free(t.to);
  sv_state_free(t.state);
  sv_analysis_clear(&t.analysis);
  return status;
}
