/* A classifier made fully convolutional: global poolings. */
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "op/attr_at.h"
#include "op/attrs.h"
#include "rewrite/convolve.h"

/* Over height and width, whichever way they are told. */
static bool is_over_image(const sv_node *node, const sv_shape *x) {
  const sv_attr *row = sv_attr_find(node->op, "axes");
  if (!row) return x->rank == 4; /* a global pooling */
  const sv_ints *axes = ints_at(readable(node->attrs), row);
  unsigned set = 0;
  for (int i = 0; i < axes->count; i++)
    set |= 1u << (axes->at[i] + (axes->at[i] < 0 ? x->rank : 0));
  return x->rank == 4 && set == (1u << 2 | 1u << 3);
}

/* The pooling that a node becomes; NULL: none. */
static const char *pooling_of(const convolver *c, const sv_node *node) {
  static const char *const names[][2] = {{"global_avg_pool", "avg_pool"},
                                         {"reduce_mean", "avg_pool"},
                                         {"global_max_pool", "max_pool"},
                                         {"reduce_max", "max_pool"}};
  for (int i = 0; i < 4; i++)
    if (strcmp(node->op->name, names[i][0]) == 0 &&
        is_over_image(node, &c->infos[node->in[0]].shape))
      return names[i][1];
  return NULL;
}

static sv_status put_pool(convolver *c, const sv_node *node, const char *op) {
  const sv_shape *x = &c->infos[node->in[0]].shape;
  sv_pool_attrs pool = sv_pool_default();
  pool.kernel = sv_pair(x->dim[2], x->dim[3]);
  pool.stride = pool.dilation = sv_square(1);
  pool.padding.at = (sv_ints){4, {0}};
  int in[] = {c->converted[node->in[0]].id};
  sv_shape shape = sv_convolve_slid(x->dim[1]);
  c->changed++;
  SV_TRY(sv_convolve_node(c, node, op, &pool, in, 1, &shape));
  converted_value *y = &c->converted[node->out[0]];
  y->is_map = c->infos[node->out[0]].shape.rank == 2;
  y->map = *x;
  y->map.dim[2] = y->map.dim[3] = 1;
  return SV_OK;
}

/* Whether what a global pooling makes meets a map again. */
static sv_status meets_map(const convolver *c, const sv_node *pool,
                           bool *meets) {
  const sv_graph *g = c->from;
  bool *reached;
  SV_TRY(sv_alloc_array(&reached, (size_t)g->value_count, sizeof *reached));
  *meets = false;
  reached[pool->out[0]] = true;
  for (const sv_node *n = pool + 1; n < g->nodes + g->node_count; n++) {
    bool reads = false;
    for (int i = 0; i < n->in_count; i++) reads |= reached[n->in[i]];
    for (int i = 0; i < n->out_count && reads; i++) {
      const sv_shape *y = &c->infos[n->out[i]].shape;
      if (!n->out[i]) continue;
      *meets |= y->rank == 4 && (y->dim[2] > 1 || y->dim[3] > 1);
      reached[n->out[i]] = true;
    }
  }
  sv_free(reached);
  return SV_OK;
}

sv_status sv_convolve_pool(convolver *c, const sv_node *node, bool *done) {
  const char *op = pooling_of(c, node);
  bool meets = true;
  if (op) SV_TRY(meets_map(c, node, &meets));
  *done = !meets;
  return meets ? SV_OK : put_pool(c, node, op);
}
