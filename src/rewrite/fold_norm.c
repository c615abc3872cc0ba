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
#include "rewrite/norm.h"
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

static sv_status new_weight(const merge *m, sv_tensor **w) {
  sv_norm_map map = sv_norm_map_of(m->layer, &m->w->shape);
  SV_TRY(sv_tensor_new(w, m->w->dtype, &m->w->shape));
  int64_t count = sv_shape_count(&m->w->shape);
  for (int64_t e = 0; e < count; e++)
    sv_tensor_set(*w, e,
                  m->factor[sv_norm_channel(&map, e)] * sv_tensor_get(m->w, e));
  return SV_OK;
}

/* A number for each channel; of a linear layer with its beta, which is 1 from
 * then on. */
static sv_status new_bias(const merge *m, sv_tensor **b) {
  double beta = sv_norm_beta(m->layer);
  sv_shape shape = {.rank = 1, .dim = {m->channels}};
  int64_t given = m->b ? sv_shape_count(&m->b->shape) : 0;
  SV_TRY(sv_tensor_new(b, m->w->dtype, &shape));
  for (int64_t c = 0; c < m->channels; c++) {
    double old = given ? beta * sv_tensor_get(m->b, given == 1 ? 0 : c) : 0;
    sv_tensor_set(*b, c, m->factor[c] * old + m->shift[c]);
  }
  return SV_OK;
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

static sv_status change_layer(merge *m) {
  sv_tensor *w = NULL, *b = NULL;
  sv_status status = sv_norm_make_room(m->layer);
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
  if (status == SV_OK) sv_norm_take_bias(m->layer);
  return status;
}

static sv_status fold(merge *m, bool *done) {
  folder *f = m->f;
  bool finite;
  SV_TRY(sv_fold_numbers(f, m->layer->in[W], &m->w));
  if (m->layer->in_count > B && m->layer->in[B])
    SV_TRY(sv_fold_numbers(f, m->layer->in[B], &m->b));
  SV_TRY(read_factors(m, &finite));
  *done = finite && sv_norm_fits(m->layer, &m->w->shape,
                                 m->b ? &m->b->shape : NULL, m->channels);
  return *done ? change_layer(m) : SV_OK;
}

sv_status sv_fold_norm(folder *f, sv_node *norm, bool *done) {
  merge m = {
      .f = f, .norm = norm, .layer = sv_norm_layer(f->graph, norm, f->readers)};
  *done = false;
  if (!m.layer) return SV_OK;
  sv_status status = fold(&m, done);
  sv_free(m.factor);
  sv_free(m.shift);
  if (status == SV_OK && *done)
    sv_fold_away(f, norm, norm->out[0], norm->in[X]);
  return status;
}
