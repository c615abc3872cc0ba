/* What no node computes: inputs, in the shapes of this plan, and the state. */
#include <string.h>

#include "plan/plan.h"
#include "tensor/tensor.h"

static const sv_shape *given_shape(const sv_plan_options *o, const char *name) {
  for (int i = 0; i < o->shape_count; i++)
    if (strcmp(o->shapes[i].name, name) == 0) return &o->shapes[i].shape;
  return NULL;
}

/* Labels of pixels are as many as the image has. */
static void follow_image(const sv_plan_options *o, const sv_graph *graph,
                         const sv_value_info *value, sv_shape *shape) {
  const sv_value_info *image = &graph->values[sv_graph_data_input(graph)];
  if (value->role != SV_LABEL || !image->name) return;
  const sv_shape *given = given_shape(o, image->name);
  const sv_shape *size = given ? given : &image->shape;
  if (size->rank != shape->rank + 1) return;
  for (int d = 1; d < shape->rank; d++)
    if (shape->dim[d] < 0) shape->dim[d] = size->dim[d + 1];
}

static sv_status input_shape(const sv_plan_options *o, const sv_graph *graph,
                             const sv_value_info *value, sv_shape *shape) {
  char declared[SV_SHAPE_TEXT], found[SV_SHAPE_TEXT];
  const sv_shape *given = given_shape(o, value->name);
  *shape = value->shape;
  if (given) {
    bool fits = given->rank == shape->rank;
    for (int d = 0; fits && d < shape->rank; d++)
      fits = shape->dim[d] < 0 ? given->dim[d] >= (d > 0) /* no image is one */
                               : shape->dim[d] == given->dim[d];
    if (!fits)
      return sv_fail(SV_INVALID, "input '%s': expected %s, found %s",
                     value->name,
                     sv_dims_text(shape->dim, shape->rank, declared),
                     sv_shape_text(given, found));
    *shape = *given;
  }
  if (shape->rank && shape->dim[0] < 0) shape->dim[0] = o->batch;
  follow_image(o, graph, value, shape);
  for (int d = 0; d < shape->rank; d++)
    if (shape->dim[d] < 0)
      return sv_fail(
          SV_INVALID, "input '%s' is %s: give its sizes", value->name,
          sv_dims_text(value->shape.dim, value->shape.rank, declared));
  if (sv_shape_fits(shape)) return SV_OK;
  return sv_fail(SV_INVALID, "input '%s': a shape of %s is too large",
                 value->name, sv_shape_text(shape, found));
}

static sv_dtype real_dtype(const sv_plan *plan, sv_dtype dtype) {
  return dtype == SV_F32 ? plan->state->precision : dtype;
}

static sv_status check_slot(const sv_plan *plan, const sv_value_info *value,
                            int *slot) {
  char expected[SV_SHAPE_TEXT], found[SV_SHAPE_TEXT];
  *slot = sv_state_find(plan->state, value->name);
  if (*slot < 0)
    return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
  const sv_tensor *tensor = &plan->state->slots[*slot].tensor;
  if (sv_shape_equal(&tensor->shape, &value->shape)) return SV_OK;
  return sv_fail(SV_INVALID, "%s: expected %s, the state has %s", value->name,
                 sv_shape_text(&value->shape, expected),
                 sv_shape_text(&tensor->shape, found));
}

/* A folded layer's weight or bias, which a step will compute. */
static void add_folded(sv_program *p, int v) {
  p->infos[v] = (sv_info){
      .present = true, .dtype = SV_F32, .shape = p->graph->values[v].shape};
}

sv_status sv_program_add_sources(sv_plan *plan, sv_program *p) {
  for (int v = 1; v < p->graph->value_count; v++) {
    const sv_value_info *value = &p->graph->values[v];
    if (value->kind == SV_VALUE_NODE) continue;
    if (sv_program_fold_of(p, v)) {
      add_folded(p, v);
      continue;
    }
    sv_info *info = &p->infos[v];
    *info = (sv_info){.present = true, .dtype = real_dtype(plan, value->dtype)};
    sv_spec spec = {.present = true, .dtype = info->dtype};
    int slot = -1, own = -1;
    if (value->kind == SV_VALUE_STATE) {
      SV_TRY(check_slot(plan, value, &slot));
      const sv_tensor *tensor = &plan->state->slots[slot].tensor;
      info->shape = tensor->shape;
      spec.dtype = info->dtype = tensor->dtype;
      spec.layout = tensor->layout;
      if (sv_role_is_fixed(value->role)) info->content = tensor;
    } else {
      SV_TRY(input_shape(&plan->options, p->graph, value, &info->shape));
      SV_TRY(sv_plan_own(plan, v, false, info, value->name, &own));
      SV_TRY(sv_layout_plain(&spec.layout, spec.dtype, &info->shape));
    }
    spec.shape = info->shape;
    int *cell = &p->value_cell[v];
    SV_TRY(sv_add_cell(p, &spec, slot >= 0 ? SV_STATE : SV_OWN, -1, cell));
    sv_buffer *buffer = &p->buffers[p->cells[*cell].buffer];
    buffer->slot = slot;
    buffer->own = own;
    p->cells[*cell].once = slot >= 0 && plan->options.mode == SV_INFER &&
                           plan->options.seed_count == 0;
  }
  return SV_OK;
}
