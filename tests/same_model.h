/* Two models are one: nodes, values, outputs, tensors. For tests that have
 * included cmocka. */
#ifndef SV_TESTS_SAME_MODEL_H
#define SV_TESTS_SAME_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "graph/model.h"
#include "op/attrs.h"

/* Paddings in numbers: a file says them so. */
static inline void *spelt_attrs(const sv_node *node, const sv_shape *x) {
  void *attrs = malloc(node->op->attrs_size + 1);
  assert_non_null(attrs);
  if (node->op->attrs_size) memcpy(attrs, node->attrs, node->op->attrs_size);
  if (node->op->spell && x->rank >= 0) node->op->spell(attrs, x);
  return attrs;
}

static inline void assert_same_attrs(const sv_node *a, const sv_node *b,
                                     const sv_shape *shape) {
  void *left = spelt_attrs(a, shape), *right = spelt_attrs(b, shape);
  for (const sv_attr *row = a->op->attrs; row && row->name; row++) {
    sv_text x = {0}, y = {0};
    sv_attr_print(&x, row, left);
    sv_attr_print(&y, row, right);
    assert_string_equal(x.at ? x.at : "", y.at ? y.at : "");
    sv_text_clear(&x);
    sv_text_clear(&y);
  }
  free(left);
  free(right);
}

static inline void assert_same_nodes(const sv_graph *a, const sv_graph *b) {
  assert_int_equal(a->node_count, b->node_count);
  for (int i = 0; i < a->node_count; i++) {
    const sv_node *x = &a->nodes[i], *y = &b->nodes[i];
    assert_ptr_equal(x->op, y->op);
    assert_string_equal(x->name, y->name);
    assert_same_attrs(x, y, &a->values[x->in_count ? x->in[0] : 0].shape);
    assert_int_equal(x->in_count, y->in_count);
    assert_int_equal(x->out_count, y->out_count);
    for (int k = 0; k < x->in_count; k++) {
      assert_int_equal(!x->in[k], !y->in[k]);
      if (x->in[k])
        assert_int_equal(a->values[x->in[k]].kind, b->values[y->in[k]].kind);
    }
  }
}

/* What follows from a free size, and a file does not declare, is noted for one
 * such size; saved, it is declared as free. */
static inline bool is_same_shape(const sv_value_info *x,
                                 const sv_value_info *y) {
  bool same = x->shape.rank == y->shape.rank;
  for (int d = 0; same && d < x->shape.rank; d++)
    same = x->shape.dim[d] == y->shape.dim[d] ||
           (x->kind == SV_VALUE_NODE && y->shape.dim[d] < 0);
  return same;
}

static inline void assert_same_values(const sv_graph *a, const sv_graph *b) {
  assert_int_equal(a->value_count, b->value_count);
  for (int i = 1; i < a->value_count; i++) {
    const sv_value_info *x = &a->values[i], *y = &b->values[i];
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->kind, y->kind);
    assert_int_equal(x->role, y->role);
    assert_int_equal(x->dtype, y->dtype);
    assert_int_equal(x->producer, y->producer);
    if (x->shape.rank < 0) continue; /* not known: whatever follows, then */
    if (!is_same_shape(x, y))
      fail_msg("%s: %s, %s", x->name,
               sv_shape_text(&x->shape, (char[SV_SHAPE_TEXT]){0}),
               sv_shape_text(&y->shape, (char[SV_SHAPE_TEXT]){0}));
    for (int d = 0; d < x->shape.rank; d++)
      if (x->shape.dim[d] == y->shape.dim[d])
        assert_string_equal(x->symbol[d] ? x->symbol[d] : "",
                            y->symbol[d] ? y->symbol[d] : "");
  }
}

static inline void assert_same_outputs(const sv_graph *a, const sv_graph *b) {
  assert_int_equal(a->output_count, b->output_count);
  for (int i = 0; i < a->output_count; i++) {
    assert_string_equal(a->outputs[i].name, b->outputs[i].name);
    assert_int_equal(a->outputs[i].is_loss, b->outputs[i].is_loss);
    assert_true(a->outputs[i].weight == b->outputs[i].weight);
  }
}

/* Every tensor of b's state is in a's, with the same numbers and role. */
static inline void assert_same_state(const sv_state *a, const sv_state *b) {
  for (int i = 0; i < b->count; i++) {
    int at = sv_state_find(a, b->slots[i].name);
    assert_true(at >= 0);
    const sv_slot *x = &a->slots[at], *y = &b->slots[i];
    assert_int_equal(x->role, y->role);
    assert_int_equal(x->tensor.dtype, y->tensor.dtype);
    assert_true(sv_shape_equal(&x->tensor.shape, &y->tensor.shape));
    assert_memory_equal(x->tensor.data, y->tensor.data, y->tensor.layout.bytes);
  }
}

static inline void assert_same_ids(const sv_graph *a, const sv_graph *b) {
  for (int i = 0; i < a->node_count; i++) {
    const sv_node *x = &a->nodes[i], *y = &b->nodes[i];
    for (int k = 0; k < x->in_count; k++) assert_int_equal(x->in[k], y->in[k]);
    for (int k = 0; k < x->out_count; k++)
      assert_int_equal(x->out[k], y->out[k]);
  }
  for (int i = 0; i < a->output_count; i++)
    assert_int_equal(a->outputs[i].value, b->outputs[i].value);
}

/* All of it, in the same order; metadata too. */
static inline void assert_same_model(const sv_model *a, const sv_model *b) {
  assert_string_equal(a->graph->name, b->graph->name);
  assert_same_nodes(a->graph, b->graph);
  assert_same_values(a->graph, b->graph);
  assert_same_outputs(a->graph, b->graph);
  assert_same_ids(a->graph, b->graph);
  assert_same_state(a->state, b->state);
  assert_same_state(b->state, a->state);
  assert_int_equal(a->meta_count, b->meta_count);
  for (int i = 0; i < a->meta_count; i++) {
    assert_string_equal(a->meta[i].key, b->meta[i].key);
    assert_string_equal(a->meta[i].value, b->meta[i].value);
  }
}

#endif
