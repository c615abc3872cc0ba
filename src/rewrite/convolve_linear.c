/* A classifier made fully convolutional: values, nodes, linear layers. */
#include "rewrite/convolve.h"

#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "op/registry.h"
#include "tensor/tensor.h"

sv_status sv_convolve_value(convolver *c, int id, const sv_shape *shape) {
  const sv_value_info *v = &c->from->values[id];
  converted_value *f = &c->converted[id];
  SV_TRY(sv_graph_add_value(c->to, v->name, v->kind, v->role, v->dtype, shape,
                            &f->id));
  sv_value_info *copy = &c->to->values[f->id];
  if (v->init) SV_TRY(sv_copy_text(&copy->init, v->init));
  for (int d = 0; d < SV_MAX_RANK; d++)
    if (v->symbol[d] && d < shape->rank && shape->dim[d] < 0)
      SV_TRY(sv_copy_text(&copy->symbol[d], v->symbol[d]));
  return SV_OK;
}

static sv_status check_shared(const convolver *c, const char *name,
                              const sv_tensor *tensor) {
  sv_tensor *had;
  SV_TRY(sv_state_get(c->state, name, &had));
  bool same = sv_shape_equal(&had->shape, &tensor->shape) &&
              memcmp(had->data, tensor->data, had->layout.bytes) == 0;
  sv_tensor_free(had);
  return same ? SV_OK
              : sv_fail(SV_UNSUPPORTED,
                        "'%s' is shared by layers of different kinds", name);
}

sv_status sv_convolve_tensor(convolver *c, int id, const sv_tensor *tensor) {
  const char *name = c->from->values[id].name;
  int index;
  if (c->converted[id].id) return check_shared(c, name, tensor);
  SV_TRY(sv_convolve_value(c, id, &tensor->shape));
  SV_TRY(sv_state_add(c->state, name, c->from->values[id].role, tensor->dtype,
                      &tensor->shape, NULL, &index));
  return sv_state_set(c->state, name, tensor);
}

sv_status sv_convolve_node(convolver *c, const sv_node *node, const char *op,
                           const void *attrs, const int *in, int in_count,
                           const sv_shape *shape) {
  const sv_entry *entry;
  SV_TRY(sv_registry_require(&entry, op));
  SV_TRY(sv_convolve_value(c, node->out[0], shape));
  return sv_graph_add_node(c->to, entry->op, node->name, attrs, in, in_count,
                           &c->converted[node->out[0]].id, 1);
}

sv_shape sv_convolve_slid(int64_t channels) {
  return (sv_shape){.rank = 4, .dim = {-1, channels, -1, -1}};
}

/* ---- Linear layers ---- */

static double scaled(const sv_tensor *t, int64_t i, float by) {
  return sv_tensor_get(t, i) * (double)by;
}

/* What a linear layer or a product with a weight on its right is. */
typedef struct layer {
  bool transposed; /* the weight is M x K */
  float alpha, beta;
} layer;

/* M x C x H x W out of M x K, or K x M. */
static sv_status reshape_weight(const layer *a, const sv_shape *map,
                                const sv_tensor *w, sv_tensor **result) {
  int64_t taps = map->dim[1] * map->dim[2] * map->dim[3];
  int64_t outs = sv_shape_count(&w->shape) / taps;
  sv_shape shape = *map;
  shape.dim[0] = outs;
  SV_TRY(sv_tensor_new(result, w->dtype, &shape));
  for (int64_t m = 0; m < outs; m++)
    for (int64_t k = 0; k < taps; k++)
      sv_tensor_set(
          *result, m * taps + k,
          scaled(w, a->transposed ? m * taps + k : k * outs + m, a->alpha));
  return SV_OK;
}

/* A number for each output, of M, of 1 x M or of one for all. */
static sv_status spread_bias(const layer *a, const sv_tensor *b, int64_t outs,
                             sv_tensor **result) {
  int64_t count = sv_shape_count(&b->shape);
  if (count != 1 && count != outs)
    return sv_fail(SV_UNSUPPORTED, "its bias is %s, expected %lld values",
                   sv_shape_text(&b->shape, (char[SV_SHAPE_TEXT]){0}),
                   (long long)outs);
  sv_shape shape = {.rank = 1, .dim = {outs}};
  SV_TRY(sv_tensor_new(result, b->dtype, &shape));
  for (int64_t i = 0; i < outs; i++)
    sv_tensor_set(*result, i, scaled(b, count == 1 ? 0 : i, a->beta));
  return SV_OK;
}

/* The parameter in its new form. */
static sv_status change_parameter(convolver *c, const layer *a, int id,
                                  const sv_shape *map, int64_t outs) {
  const sv_value_info *v = &c->from->values[id];
  sv_tensor *old, *tensor = NULL;
  if (v->kind != SV_VALUE_STATE)
    return sv_fail(SV_UNSUPPORTED, "'%s' is computed", v->name);
  SV_TRY(sv_state_get(c->model->state, v->name, &old));
  sv_status status = map ? reshape_weight(a, map, old, &tensor)
                         : spread_bias(a, old, outs, &tensor);
  if (status == SV_OK) status = sv_convolve_tensor(c, id, tensor);
  sv_tensor_free(tensor);
  sv_tensor_free(old);
  return status;
}

static sv_status put_conv(convolver *c, const sv_node *node, const layer *a) {
  const converted_value *x = &c->converted[node->in[0]];
  bool biased = node->in_count > 2 && node->in[2];
  const sv_shape *w = &c->infos[node->in[1]].shape;
  int64_t outs = w->dim[a->transposed ? 0 : 1];
  SV_TRY(change_parameter(c, a, node->in[1], &x->map, outs));
  if (biased) SV_TRY(change_parameter(c, a, node->in[2], NULL, outs));
  sv_conv_attrs conv = sv_conv_default();
  conv.channels = outs;
  conv.kernel = sv_pair(x->map.dim[2], x->map.dim[3]);
  conv.bias = biased;
  int in[] = {x->id, c->converted[node->in[1]].id,
              biased ? c->converted[node->in[2]].id : 0};
  sv_shape shape = sv_convolve_slid(outs);
  SV_TRY(sv_convolve_node(c, node, "conv", &conv, in, 3, &shape));
  converted_value *y = &c->converted[node->out[0]];
  y->is_map = true;
  y->map = (sv_shape){.rank = 4, .dim = {1, outs, 1, 1}};
  c->changed++;
  return SV_OK;
}

sv_status sv_convolve_linear(convolver *c, const sv_node *node) {
  const sv_linear_attrs *a = node->attrs;
  const layer linear = {a->transpose_w, a->alpha, a->beta};
  if (a->transpose_x) return sv_fail(SV_UNSUPPORTED, "it transposes its input");
  return put_conv(c, node, &linear);
}

sv_status sv_convolve_product(convolver *c, const sv_node *node) {
  const layer product = {.alpha = 1};
  const converted_value *x = &c->converted[node->in[0]];
  if (!x->is_map || c->infos[node->in[1]].shape.rank != 2)
    return sv_fail(SV_UNSUPPORTED,
                   "a product with a flattened map on its right, or of more "
                   "than two dimensions, does not slide over an image");
  return put_conv(c, node, &product);
}

/* ---- Numbers of each channel ---- */

sv_status sv_convolve_channels(convolver *c, int id, int64_t channels) {
  const sv_value_info *v = &c->from->values[id];
  sv_tensor *tensor;
  sv_status status = sv_state_get(c->model->state, v->name, &tensor);
  if (status != SV_OK) return status;
  if (tensor->shape.rank <= 2 && sv_shape_count(&tensor->shape) == channels) {
    tensor->shape = (sv_shape){.rank = 4, .dim = {1, channels, 1, 1}};
    status = sv_layout_plain(&tensor->layout, tensor->dtype, &tensor->shape);
  }
  if (status == SV_OK) status = sv_convolve_tensor(c, id, tensor);
  sv_tensor_free(tensor);
  return status;
}
