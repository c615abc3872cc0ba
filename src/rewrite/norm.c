#include "rewrite/norm.h"

#include <string.h>
#include <svertka/layers.h>

#include "base/memory.h"

enum { X, W, B };
enum { SCALE = 1, VAR = 4 };

static bool is_state(const sv_graph *graph, int id) {
  return id && graph->values[id].kind == SV_VALUE_STATE;
}

/* Running statistics of channels that are not updated. */
static bool is_plain(const sv_graph *graph, const sv_node *norm) {
  if (norm->op->layer != SV_LAYER_NORM) return false;
  const sv_batch_norm_attrs *a = norm->attrs;
  bool plain = a->spatial && !a->training && norm->in_count > VAR;
  for (int k = 1; k < norm->out_count; k++) plain &= !norm->out[k];
  for (int i = SCALE; plain && i <= VAR; i++)
    plain = is_state(graph, norm->in[i]);
  return plain;
}

sv_node *sv_norm_layer(const sv_graph *graph, const sv_node *norm,
                       const int *readers) {
  if (!is_plain(graph, norm)) return NULL;
  const sv_value_info *x = &graph->values[norm->in[X]];
  if (x->kind != SV_VALUE_NODE || readers[norm->in[X]] != 1) return NULL;
  sv_node *layer = &graph->nodes[x->producer];
  bool biased = layer->in_count > B && layer->in[B];
  sv_layer_form form = layer->op->layer;
  bool known = form == SV_LAYER_CONV || form == SV_LAYER_CONV_TRANSPOSE ||
               form == SV_LAYER_LINEAR;
  if (!known || !is_state(graph, layer->in[W]) ||
      (biased && !is_state(graph, layer->in[B])))
    return NULL;
  return layer;
}

sv_norm_map sv_norm_map_of(const sv_node *layer, const sv_shape *w) {
  int64_t all = sv_shape_count(w), outer = w->dim[0] ? w->dim[0] : 1;
  if (layer->op->layer == SV_LAYER_CONV)
    return (sv_norm_map){all / outer, outer, all};
  if (layer->op->layer == SV_LAYER_LINEAR) {
    const sv_linear_attrs *a = layer->attrs;
    return a->transpose_w ? (sv_norm_map){all / outer, outer, all}
                          : (sv_norm_map){1, w->dim[1], all};
  }
  const sv_conv_transpose_attrs *a = layer->attrs;
  int64_t inner = outer * w->dim[1];
  return (sv_norm_map){all / (inner ? inner : 1), w->dim[1], all / a->group};
}

/* A bias of a linear layer may differ from sample to sample. */
static bool bias_fits(const sv_shape *b, int64_t channels) {
  if (!b || sv_shape_count(b) == 1) return true;
  return sv_shape_count(b) == channels && b->dim[b->rank - 1] == channels;
}

bool sv_norm_fits(const sv_node *layer, const sv_shape *w, const sv_shape *b,
                  int64_t channels) {
  sv_norm_map map = sv_norm_map_of(layer, w);
  int64_t groups = map.group ? sv_shape_count(w) / map.group : 0;
  return map.size > 0 && groups * map.count == channels &&
         bias_fits(b, channels);
}

double sv_norm_beta(const sv_node *layer) {
  if (layer->op->layer != SV_LAYER_LINEAR) return 1;
  return (double)((const sv_linear_attrs *)layer->attrs)->beta;
}

sv_status sv_norm_make_room(sv_node *layer) {
  int *in;
  if (layer->in_count > B) return SV_OK;
  SV_TRY(sv_alloc_array(&in, B + 1, sizeof *in));
  memcpy(in, layer->in, (size_t)layer->in_count * sizeof *in);
  sv_free(layer->in);
  layer->in = in;
  layer->in_count = B + 1;
  return SV_OK;
}

void sv_norm_take_bias(sv_node *layer) {
  if (layer->op->layer == SV_LAYER_CONV) {
    ((sv_conv_attrs *)layer->attrs)->bias = true;
  } else if (layer->op->layer == SV_LAYER_LINEAR) {
    ((sv_linear_attrs *)layer->attrs)->bias = true;
    ((sv_linear_attrs *)layer->attrs)->beta = 1;
  } else {
    ((sv_conv_transpose_attrs *)layer->attrs)->bias = true;
  }
}
