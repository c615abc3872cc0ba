/* A batch normalisation becomes part of the layer right before it.
 *
 *   y = f (w x + b - mean) + bias,    f = scale / sqrt(var + epsilon)
 *     = (f w) x + (f (b - mean) + bias)
 *
 * with f for each output channel m: element w[m, ...] of a convolution, w[c, j,
 * ...] of a transposed one, where m = g OC/G + j and c lies in group g, w[m, k]
 * or w[k, m] of a linear layer. In double; the result is rounded once. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <svertka/layers.h>

#include "base/memory.h"
#include "rewrite/fold.h"
#include "tensor/tensor.h"

enum { X, W, B };
enum { SCALE = 1, BIAS, MEAN, VAR };

typedef struct merge {
  folder *f;
  sv_node *norm, *layer;
  const sv_tensor *w, *b; /* b may be NULL */
  int64_t channels;
  double *factor, *shift; /* y = factor (w x + b) + shift */
} merge;

/* ---- The layer before ---- */

static bool is_state(const folder *f, int id) {
  return id && f->graph->values[id].kind == SV_VALUE_STATE;
}

static bool is_layer(const char *name) {
  static const char *const names[] = {"conv", "conv_transpose", "linear"};
  for (int i = 0; i < 3; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

/* Running statistics of channels, which nobody wants to have renewed. */
static bool is_plain_norm(const folder *f, const sv_node *norm) {
  const sv_batch_norm_attrs *a = norm->attrs;
  bool plain = a->spatial && !a->training && norm->in_count > VAR;
  for (int k = 1; k < norm->out_count; k++) plain &= !norm->out[k];
  for (int i = SCALE; plain && i <= VAR; i++) plain = is_state(f, norm->in[i]);
  return plain;
}

/* NULL if nothing can be folded. */
static sv_node *layer_of(const folder *f, const sv_node *norm) {
  const sv_value_info *x = &f->graph->values[norm->in[X]];
  if (!is_plain_norm(f, norm) || x->kind != SV_VALUE_NODE ||
      f->readers[norm->in[X]] != 1)
    return NULL;
  sv_node *layer = &f->graph->nodes[x->producer];
  bool biased = layer->in_count > B && layer->in[B];
  if (!is_layer(layer->op->name) || !is_state(f, layer->in[W]) ||
      (biased && !is_state(f, layer->in[B])))
    return NULL;
  return layer;
}

/* ---- Numbers ---- */

static sv_status read_factors(merge *m, bool *finite) {
  const sv_tensor *of[VAR + 1] = {NULL};
  const sv_batch_norm_attrs *a = m->norm->attrs;
  for (int i = SCALE; i <= VAR; i++)
    SV_TRY(sv_fold_numbers(m->f, m->norm->in[i], &of[i]));
  m->channels = sv_shape_count(&of[SCALE]->shape);
  SV_TRY(sv_alloc_array(&m->factor, (size_t)m->channels, sizeof *m->factor));
  SV_TRY(sv_alloc_array(&m->shift, (size_t)m->channels, sizeof *m->shift));
  *finite = true;
  for (int64_t c = 0; c < m->channels; c++) {
    double var = sv_tensor_get(of[VAR], c) + (double)a->epsilon;
    m->factor[c] = sv_tensor_get(of[SCALE], c) / sqrt(var);
    m->shift[c] =
        sv_tensor_get(of[BIAS], c) - m->factor[c] * sv_tensor_get(of[MEAN], c);
    *finite &= isfinite(m->factor[c]) && isfinite(m->shift[c]);
  }
  return SV_OK;
}

/* How the elements of w belong to channels: element e to (e / size) % count of
 * the group that it lies in. */
typedef struct channel_map {
  int64_t size, count, group; /* elements of a group; its channels follow */
} channel_map;

static channel_map map_of(const sv_node *layer, const sv_tensor *w) {
  const sv_shape *s = &w->shape;
  int64_t all = sv_shape_count(s), outer = s->dim[0] ? s->dim[0] : 1;
  if (strcmp(layer->op->name, "conv") == 0)
    return (channel_map){all / outer, outer, all};
  if (strcmp(layer->op->name, "linear") == 0) {
    const sv_linear_attrs *a = layer->attrs;
    return a->transpose_w ? (channel_map){all / outer, outer, all}
                          : (channel_map){1, s->dim[1], all};
  }
  const sv_conv_transpose_attrs *a = layer->attrs;
  int64_t inner = outer * s->dim[1];
  return (channel_map){all / (inner ? inner : 1), s->dim[1], all / a->group};
}

static int64_t channel_at(const channel_map *map, int64_t e) {
  return e / map->group * map->count + e / map->size % map->count;
}

static sv_status new_weight(const merge *m, sv_tensor **w) {
  channel_map map = map_of(m->layer, m->w);
  SV_TRY(sv_tensor_new(w, m->w->dtype, &m->w->shape));
  int64_t count = sv_shape_count(&m->w->shape);
  for (int64_t e = 0; e < count; e++)
    sv_tensor_set(*w, e,
                  m->factor[channel_at(&map, e)] * sv_tensor_get(m->w, e));
  return SV_OK;
}

/* A number for each channel; of a linear layer with its beta, which is 1 from
 * then on. */
static sv_status new_bias(const merge *m, sv_tensor **b) {
  bool linear = strcmp(m->layer->op->name, "linear") == 0;
  double beta =
      linear ? (double)((const sv_linear_attrs *)m->layer->attrs)->beta : 1;
  sv_shape shape = {.rank = 1, .dim = {m->channels}};
  int64_t given = m->b ? sv_shape_count(&m->b->shape) : 0;
  SV_TRY(sv_tensor_new(b, m->w->dtype, &shape));
  for (int64_t c = 0; c < m->channels; c++) {
    double old = given ? beta * sv_tensor_get(m->b, given == 1 ? 0 : c) : 0;
    sv_tensor_set(*b, c, m->factor[c] * old + m->shift[c]);
  }
  return SV_OK;
}

/* A bias of a linear layer may differ from sample to sample. */
static bool bias_fits(const merge *m) {
  const sv_shape *s = m->b ? &m->b->shape : NULL;
  if (!s || sv_shape_count(s) == 1) return true;
  return sv_shape_count(s) == m->channels && s->dim[s->rank - 1] == m->channels;
}

static bool weight_fits(const merge *m) {
  channel_map map = map_of(m->layer, m->w);
  int64_t groups = map.group ? sv_shape_count(&m->w->shape) / map.group : 0;
  return map.size > 0 && groups * map.count == m->channels;
}

/* ---- The state ---- */

/* STEM, or STEM_2, STEM_3, ... if there is such a value. */
static sv_status free_name(const folder *f, const char *stem, char **name) {
  size_t room = strlen(stem) + 16;
  SV_TRY(sv_alloc(name, room));
  snprintf(*name, room, "%s", stem);
  for (int i = 2; sv_graph_find(f->graph, *name); i++)
    snprintf(*name, room, "%s_%d", stem, i);
  return SV_OK;
}

/* conv1.bias where the weight is conv1.weight; else NODE.bias. */
static sv_status bias_name(const merge *m, char **name) {
  static const char weight[] = "weight", bias[] = "bias";
  const char *of = m->f->graph->values[m->layer->in[W]].name;
  size_t length = strlen(of), end = sizeof weight - 1;
  bool ends = length >= end && strcmp(of + length - end, weight) == 0;
  size_t stem = ends ? length - end : strlen(m->layer->name);
  char *text;
  SV_TRY(sv_alloc(&text, stem + sizeof bias + 1));
  memcpy(text, ends ? of : m->layer->name, stem);
  if (!ends) text[stem++] = '.';
  memcpy(text + stem, bias, sizeof bias);
  sv_status status = free_name(m->f, text, name);
  sv_free(text);
  return status;
}

/* The tensor in the place of the layer's input i: in its old one's if nobody
 * else reads that. Takes the tensor over. */
static sv_status put(merge *m, int i, sv_role role, sv_tensor *tensor) {
  folder *f = m->f;
  int old = m->layer->in[i], id;
  if (old && f->readers[old] == 1) {
    sv_tensor_free(f->numbers[old]);
    f->numbers[old] = tensor;
    f->graph->values[old].shape = tensor->shape;
    return SV_OK;
  }
  char *name = NULL;
  sv_status status = old ? free_name(f, f->graph->values[old].name, &name)
                         : bias_name(m, &name);
  if (status != SV_OK)
    sv_tensor_free(tensor);
  else
    status = sv_fold_add(f, name, role, tensor, &id);
  sv_free(name);
  SV_TRY(status);
  f->readers[old]--;
  f->readers[id] = 1;
  m->layer->in[i] = id;
  return SV_OK;
}

/* The layer has an input for a bias from now on. */
static sv_status make_room(sv_node *layer) {
  int *in;
  if (layer->in_count > B) return SV_OK;
  SV_TRY(sv_alloc_array(&in, B + 1, sizeof *in));
  memcpy(in, layer->in, (size_t)layer->in_count * sizeof *in);
  sv_free(layer->in);
  layer->in = in;
  layer->in_count = B + 1;
  return SV_OK;
}

static void tell_attributes(sv_node *layer) {
  if (strcmp(layer->op->name, "conv") == 0) {
    ((sv_conv_attrs *)layer->attrs)->bias = true;
  } else if (strcmp(layer->op->name, "linear") == 0) {
    ((sv_linear_attrs *)layer->attrs)->bias = true;
    ((sv_linear_attrs *)layer->attrs)->beta = 1;
  } else {
    ((sv_conv_transpose_attrs *)layer->attrs)->bias = true;
  }
}

static sv_status change_layer(merge *m) {
  sv_tensor *w = NULL, *b = NULL;
  sv_status status = make_room(m->layer);
  if (status == SV_OK) status = new_weight(m, &w);
  if (status == SV_OK) status = new_bias(m, &b);
  if (status != SV_OK) {
    sv_tensor_free(w);
    sv_tensor_free(b);
    return status;
  }
  status = put(m, W, SV_WEIGHT, w);
  if (status == SV_OK)
    status = put(m, B, SV_BIAS, b);
  else
    sv_tensor_free(b);
  if (status == SV_OK) tell_attributes(m->layer);
  return status;
}

static sv_status fold(merge *m, bool *done) {
  folder *f = m->f;
  bool finite;
  SV_TRY(sv_fold_numbers(f, m->layer->in[W], &m->w));
  if (m->layer->in_count > B && m->layer->in[B])
    SV_TRY(sv_fold_numbers(f, m->layer->in[B], &m->b));
  SV_TRY(read_factors(m, &finite));
  *done = finite && weight_fits(m) && bias_fits(m);
  return *done ? change_layer(m) : SV_OK;
}

sv_status sv_fold_norm(folder *f, sv_node *norm, bool *done) {
  merge m = {.f = f, .norm = norm, .layer = layer_of(f, norm)};
  *done = false;
  if (!m.layer) return SV_OK;
  sv_status status = fold(&m, done);
  sv_free(m.factor);
  sv_free(m.shift);
  if (status == SV_OK && *done)
    sv_fold_away(f, norm, norm->out[0], norm->in[X]);
  return status;
}
