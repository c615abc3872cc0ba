/* A classifier made fully convolutional: it slides over images of any size.
 *
 *   flatten            nothing; the map stays one
 *   linear K -> M      a convolution whose kernel is the map's size:
 *                      w[m, c, y, x] = w[m, (c H + y) W + x]; so is a product
 *                      with a weight, and what is added to it or multiplied
 *                      with it becomes a number of each map
 *   global pooling     pooling with a window of the map's size, stride 1, as is
 *                      a mean or maximum over height and width; but where the
 *                      map is scaled by what is made of it (squeeze and
 *                      excitation) the same, over the whole large image
 *   softmax of a row   softmax over the maps, of 1 x 1 maps, too
 *
 * Each position of the result is what the classifier says of a window as large
 * as the images that it was made for, and those lie as far apart as the strides
 * of all layers before take them. Borders inside the network are those of the
 * large image: a window in its middle sees its neighbours where it saw zeros.
 *
 * Source: Sermanet et al., "OverFeat", ICLR 2014, section 3.5; Long, Shelhamer,
 * Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
 */
#include "rewrite/convolve.h"

#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "graph/image_layout.h"
#include "op/attrs.h"
#include "op/registry.h"
#include "rewrite/channels_first.h"
#include "tensor/tensor.h"

/* ---- The graph as it is ---- */

static sv_status set_size(sv_graph *graph, const sv_ints *image) {
  int id = sv_graph_data_input(graph);
  sv_shape *shape = &graph->values[id].shape;
  if (!id || shape->rank != 4)
    return sv_fail(SV_INVALID,
                   "network '%s' does not have exactly one input of N C H W",
                   graph->name);
  for (int d = 0; image && d < 3; d++) {
    if (shape->dim[d + 1] < 0) shape->dim[d + 1] = image->at[d];
    if (shape->dim[d + 1] != image->at[d])
      return sv_fail(SV_INVALID, "input '%s' is %s, not of %lldx%lldx%lld",
                     graph->values[id].name,
                     sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}),
                     (long long)image->at[0], (long long)image->at[1],
                     (long long)image->at[2]);
  }
  return SV_OK;
}

static sv_status start(convolver *c, const sv_ints *image) {
  SV_TRY(sv_graph_copy(&c->from, c->model->graph));
  sv_graph *g = c->from;
  SV_TRY(set_size(g, image));
  int *roots, count = 0;
  SV_TRY(sv_alloc_array(&roots, (size_t)g->output_count, sizeof *roots));
  for (int i = 0; i < g->output_count; i++)
    if (!g->outputs[i].is_loss) roots[count++] = g->outputs[i].value;
  sv_status status = sv_graph_prune(g, roots, count);
  sv_free(roots);
  SV_TRY(status);
  size_t values = (size_t)g->value_count;
  SV_TRY(sv_alloc_array(&c->converted, values, sizeof *c->converted));
  SV_TRY(sv_alloc_array(&c->infos, values, sizeof *c->infos));
  for (size_t i = 1; i < values; i++)
    if (g->values[i].role == SV_LABEL) g->values[i].shape.rank = 0;
  SV_TRY(sv_graph_declared(g, c->model->state, 1, c->infos));
  SV_TRY(sv_graph_infer(g, c->infos, &c->contents));
  return sv_graph_new(&c->to, g->name);
}

/* ---- Values ---- */

/* What no node computes. */
static sv_status bring(convolver *c, int id) {
  const sv_value_info *v = &c->from->values[id];
  sv_shape shape = v->shape;
  if (!id || (c->converted[id].id && v->kind != SV_VALUE_STATE)) return SV_OK;
  if (v->kind == SV_VALUE_INPUT) {
    for (int d = 2; d < shape.rank && id == sv_graph_data_input(c->from); d++)
      shape.dim[d] = -1;
    return sv_convolve_value(c, id, &shape);
  }
  sv_tensor *tensor;
  SV_TRY(sv_state_get(c->model->state, v->name, &tensor));
  sv_status status = sv_convolve_tensor(c, id, tensor);
  sv_tensor_free(tensor);
  return status;
}

/* ---- Nodes ---- */

/* softmax and what is like it. */
static bool is_of_row(const sv_node *node) {
  return sv_attr_find(node->op, "flat");
}

static bool is_pair(const sv_node *node) {
  sv_effect effect = node->op->effect;
  return node->in_count == 2 &&
         (effect == SV_EFFECT_ADDS || effect == SV_EFFECT_SUBTRACTS ||
          effect == SV_EFFECT_MULTIPLIES || effect == SV_EFFECT_DIVIDES);
}

/* The first input that is a map. */
static const converted_value *map_of(const convolver *c, const sv_node *node) {
  int i = 0;
  while (i + 1 < node->in_count && !c->converted[node->in[i]].is_map) i++;
  return &c->converted[node->in[i]];
}

/* The same layer on maps; of a row of the flat ones it is one on positions. */
static bool suits_maps(const convolver *c, const sv_node *node) {
  const sv_shape *map = &map_of(c, node)->map;
  bool point = map->dim[2] == 1 && map->dim[3] == 1;
  if (is_of_row(node)) {
    double axis = sv_attr_number(node, "axis");
    return point && (axis == 1 || axis == -1);
  }
  if (node->op->layer == SV_LAYER_NORM) return point;
  bool same = node->op->ref.moves &&
              sv_shape_equal(&c->infos[node->in[0]].shape,
                             &c->infos[node->out[0]].shape) &&
              !sv_attr_find(node->op, "perm");
  return same || is_pair(node) || node->op->ref.pointwise;
}

/* Of several operands all are maps alike, one number, or, where maps are
 * points, a number of each. */
static bool fits(const convolver *c, const sv_node *node, int i) {
  const converted_value *x = map_of(c, node),
                        *other = &c->converted[node->in[i]];
  const sv_shape *own = &c->infos[node->in[i]].shape;
  if (!node->in[i] || other == x) return true;
  if (c->from->values[node->in[i]].kind == SV_VALUE_NODE)
    return other->is_map && sv_shape_equal(&other->map, &x->map);
  bool each = is_pair(node) && own->rank > 0 && own->rank <= 2 &&
              own->dim[own->rank - 1] == x->map.dim[1] && x->map.dim[2] == 1 &&
              x->map.dim[3] == 1;
  return node->op->layer == SV_LAYER_NORM || sv_shape_count(own) == 1 ||
         (each && sv_shape_count(own) == x->map.dim[1]);
}

static sv_status bring_operand(convolver *c, const sv_node *node, int i) {
  int id = node->in[i];
  const converted_value *x = map_of(c, node);
  bool state = id && c->from->values[id].kind == SV_VALUE_STATE;
  if (state && is_pair(node) && x->is_map)
    return sv_convolve_channels(c, id, x->map.dim[1]);
  return bring(c, id);
}

static sv_status put_on_map(convolver *c, const sv_node *node) {
  const converted_value *x = map_of(c, node);
  bool suits = x->is_map && suits_maps(c, node);
  for (int i = 0; i < node->in_count; i++) suits = suits && fits(c, node, i);
  if (!suits)
    return sv_fail(SV_UNSUPPORTED,
                   "%s of a flattened map does not slide over an image",
                   node->op->name);
  int *in;
  SV_TRY(sv_alloc_array(&in, (size_t)node->in_count, sizeof *in));
  for (int i = 0; i < node->in_count; i++) in[i] = c->converted[node->in[i]].id;
  sv_shape shape = sv_convolve_slid(x->map.dim[1]);
  sv_status status = sv_convolve_node(c, node, node->op->name, node->attrs, in,
                                      node->in_count, &shape);
  sv_free(in);
  SV_TRY(status);
  converted_value *y = &c->converted[node->out[0]];
  y->is_map = true;
  y->map = x->map;
  sv_node *copy = &c->to->nodes[c->to->node_count - 1];
  return is_of_row(node)
             ? sv_attrs_parse(copy->op, copy->attrs, "axis=1 flat=false")
             : SV_OK;
}

/* N x C x H x W seen as N x CHW, or the latter again, or a row as points. */
static bool flattens(const convolver *c, const sv_node *node) {
  const sv_shape *x = &c->infos[node->in[0]].shape;
  const sv_shape *y = &c->infos[node->out[0]].shape;
  const converted_value *f = &c->converted[node->in[0]];
  if (!node->op->ref.view || x->dim[0] != y->dim[0]) return false;
  bool point = f->is_map && f->map.dim[2] == 1 && f->map.dim[3] == 1;
  if (y->rank == 4 && x->rank == 2) return point && y->dim[1] == x->dim[1];
  return y->rank == 2 && (x->rank == 4 || (x->rank == 2 && f->is_map));
}

static sv_status take_flat(convolver *c, const sv_node *node) {
  converted_value *y = &c->converted[node->out[0]];
  const converted_value *x = &c->converted[node->in[0]];
  SV_TRY(bring(c, node->in[0]));
  *y = *x;
  if (!x->is_map) y->map = c->infos[node->in[0]].shape;
  y->is_map = true;
  return SV_OK;
}

/* A row that goes on beyond its axis, but there is 1 x 1: as it is over the
 * maps alone it stays a row of each position. */
static bool ends_in_point(const convolver *c, const sv_node *node) {
  const sv_shape *x = &c->infos[node->in[0]].shape;
  int64_t axis = (int64_t)sv_attr_number(node, "axis");
  for (int d = (int)(axis < 0 ? axis + x->rank : axis) + 1; d < x->rank; d++)
    if (x->dim[d] != 1) return false;
  return true;
}

static sv_status put_same(convolver *c, const sv_node *node) {
  int *ids, ins = node->in_count, outs = node->out_count;
  SV_TRY(sv_alloc_array(&ids, (size_t)(ins + outs), sizeof *ids));
  sv_status status = SV_OK;
  for (int i = 0; i < ins; i++) ids[i] = c->converted[node->in[i]].id;
  for (int i = 0; i < outs && status == SV_OK; i++) {
    if (!node->out[i]) continue;
    sv_shape shape = c->from->values[node->out[i]].shape;
    for (int d = 2; d < shape.rank; d++) shape.dim[d] = -1;
    status = sv_convolve_value(c, node->out[i], &shape);
    ids[ins + i] = c->converted[node->out[i]].id;
  }
  if (status == SV_OK)
    status = sv_graph_add_node(c->to, node->op, node->name, node->attrs, ids,
                               ins, ids + ins, outs);
  sv_free(ids);
  SV_TRY(status);
  sv_node *copy = &c->to->nodes[c->to->node_count - 1];
  return is_of_row(node) && ends_in_point(c, node)
             ? sv_attrs_parse(copy->op, copy->attrs, "flat=false")
             : SV_OK;
}

static sv_status put(convolver *c, const sv_node *node) {
  bool linear = node->op->layer == SV_LAYER_LINEAR, on_map = false;
  if (flattens(c, node)) return take_flat(c, node);
  for (int i = 0; i < node->in_count; i++)
    on_map |= c->converted[node->in[i]].is_map;
  if (linear && c->converted[node->in[0]].is_map)
    return sv_convolve_linear(c, node);
  if (on_map && node->op->layer == SV_LAYER_PRODUCT)
    return sv_convolve_product(c, node);
  for (int i = 0; i < node->in_count; i++) SV_TRY(bring_operand(c, node, i));
  if (on_map) return put_on_map(c, node);
  bool pooled;
  SV_TRY(sv_convolve_pool(c, node, &pooled));
  return pooled ? SV_OK : put_same(c, node);
}

/* Infers shapes for an image `times` as large; the caller frees *infos. */
static sv_status infer_larger(convolver *c, int64_t times, sv_info **infos) {
  sv_graph *g = c->to;
  const sv_shape *image = &c->infos[sv_graph_data_input(c->from)].shape;
  sv_shape *input = &g->values[sv_graph_data_input(g)].shape, any = *input;
  sv_contents contents = {0};
  SV_TRY(sv_alloc_array(infos, (size_t)g->value_count, sizeof **infos));
  for (int d = 2; d < 4; d++) input->dim[d] = times * image->dim[d];
  sv_status status = sv_graph_declared(g, c->state, 1, *infos);
  if (status == SV_OK) status = sv_graph_infer(g, *infos, &contents);
  *input = any;
  sv_contents_free(&contents);
  return status;
}

/* A crop or a resize to a size in numbers, say, leaves one window. */
static sv_status check_grown(const convolver *c, const sv_info *infos) {
  for (int i = 0; i < c->from->output_count; i++) {
    const sv_graph_output *o = &c->from->outputs[i];
    const converted_value *f = &c->converted[o->value];
    const sv_shape *own = f->is_map ? &f->map : &c->infos[o->value].shape;
    const sv_shape *y = &infos[f->id].shape;
    if (o->is_loss || own->rank != 4 || y->rank != 4 ||
        y->dim[2] > own->dim[2] || y->dim[3] > own->dim[3])
      continue;
    return sv_fail(
        SV_UNSUPPORTED,
        "it cannot slide: '%s' is %lldx%lld whatever the size of the image",
        c->to->values[f->id].name, (long long)y->dim[2], (long long)y->dim[3]);
  }
  return SV_OK;
}

/* What has sizes in numbers, a reshape say, stops it: nothing but an image of
 * another size shows that. 64 times are more than any network's steps. */
static sv_status check_slides(convolver *c) {
  sv_info *infos = NULL;
  sv_status status = infer_larger(c, 2, &infos);
  sv_free(infos);
  if (status != SV_OK)
    return sv_fail(SV_UNSUPPORTED,
                   "it cannot slide over an image twice as large: %s",
                   sv_error());
  infos = NULL;
  if (infer_larger(c, 64, &infos) == SV_OK) status = check_grown(c, infos);
  sv_free(infos);
  return status;
}

/* ---- The model ---- */

static sv_status put_all(convolver *c) {
  for (int i = 0; i < c->from->node_count; i++) {
    const sv_node *node = &c->from->nodes[i];
    sv_status status = put(c, node);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  for (int i = 0; i < c->from->output_count; i++) {
    const sv_graph_output *o = &c->from->outputs[i];
    if (o->is_loss) continue;
    SV_TRY(bring(c, o->value));
    SV_TRY(sv_graph_add_output(c->to, o->name, c->converted[o->value].id, false,
                               0));
  }
  if (c->changed) return check_slides(c);
  return sv_fail(SV_INVALID,
                 "network '%s' has neither linear layers on a flattened map "
                 "nor global pooling: nothing to convert to convolutions",
                 c->from->name);
}

static sv_status wrap(convolver *c, sv_model **converted) {
  sv_status status = sv_model_wrap(converted, c->to, c->state);
  c->to = NULL;
  c->state = NULL;
  if (status == SV_OK) status = sv_model_inherit(*converted, c->model);
  if (status == SV_OK) return SV_OK;
  sv_model_free(*converted);
  *converted = NULL;
  return status;
}

/* Of a network whose channels come last: of the same with them first. */
static sv_status convolve_turned(sv_model **converted, const sv_model *model,
                                 const sv_ints *image) {
  sv_model *turned;
  SV_TRY(sv_model_channels_first(&turned, model, image));
  sv_status status = sv_model_convolve(converted, turned, image);
  sv_model_free(turned);
  return status;
}

sv_status sv_model_convolve(sv_model **converted, const sv_model *model,
                            const sv_ints *image) {
  *converted = NULL;
  if (sv_graph_channels_last(model->graph))
    return convolve_turned(converted, model, image);
  convolver c = {.model = model};
  *converted = NULL;
  sv_status status = start(&c, image);
  if (status == SV_OK) status = sv_alloc(&c.state, sizeof *c.state);
  if (status == SV_OK) {
    c.state->precision = model->state->precision;
    status = put_all(&c);
  }
  if (status == SV_OK) status = wrap(&c, converted);
  sv_contents_free(&c.contents);
  sv_free(c.infos);
  sv_free(c.converted);
  sv_graph_free(c.from);
  sv_graph_free(c.to);
  sv_state_free(c.state);
  return status;
}
