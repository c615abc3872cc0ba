/* The same value in another layout or type. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "op/registry.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

static int reorder_value[1] = {0};
static char reorder_name[] = "reorder";
static const sv_node reorder_node = {.name = reorder_name,
                                     .in_count = 1,
                                     .out_count = 1,
                                     .in = reorder_value,
                                     .out = reorder_value};

sv_status sv_plan_reorder(const sv_plan *plan, int threads, const sv_spec *from,
                          const sv_spec *to, sv_step *step, size_t *scratch) {
  sv_site site = {.node = &reorder_node,
                  .pass = SV_FORWARD,
                  .threads = threads,
                  .in = from,
                  .out = to};
  sv_place in = {
      .used = true, .layout = from->layout, .over = -1, .view = -1, .onto = -1};
  sv_place out = {
      .used = true, .layout = to->layout, .over = -1, .view = -1, .onto = -1};
  sv_status status = SV_UNSUPPORTED;
  for (int b = 0; b <= sv_backend_count() && status == SV_UNSUPPORTED; b++) {
    bool last = b == sv_backend_count();
    const sv_backend *backend = last ? NULL : sv_backend_at(b);
    if (!last && !sv_backend_allowed(plan, backend->name)) continue;
    sv_need need = {.in = &in, .out = &out};
    step->kernel = last ? &sv_ref_reorder : &backend->reorder;
    step->impl = NULL;
    status = step->kernel->plan(&site, &need, &step->impl);
    if (status != SV_OK) continue;
    snprintf(step->name, sizeof step->name, "%s",
             need.name[0] ? need.name
             : last       ? "ref"
                          : backend->name);
    *scratch = need.scratch;
  }
  return status;
}

/* What lies there, in its type. */
static sv_spec lying(const sv_program *p, int cell) {
  const sv_tensor *t = &p->cells[cell].tensor;
  return (sv_spec){.present = true,
                   .dtype = t->dtype,
                   .stored = t->dtype,
                   .shape = t->shape,
                   .layout = t->layout};
}

sv_status sv_add_reorder(const sv_plan *plan, sv_program *p, int src, int dst,
                         bool once) {
  sv_spec from = lying(p, src), to = lying(p, dst);
  sv_step *step;
  size_t scratch = 0;
  SV_TRY(sv_add_step(p, &reorder_node, SV_FORWARD, 0, &step));
  SV_TRY(sv_plan_reorder(plan, p->threads, &from, &to, step, &scratch));
  step->cells[0] = src;
  step->cells[1] = dst;
  step->once = once;
  return scratch ? sv_add_buffer(p, SV_ARENA, scratch, &step->scratch) : SV_OK;
}

/* Whether the elements lie in the same places under both layouts: a blocked
 * one whose every extra stride belongs to a dimension of one block. */
static bool same_memory(const sv_shape *shape, const sv_layout *blocked,
                        const sv_layout *plain) {
  if (blocked->kind != SV_BLOCKED || plain->kind != SV_PLAIN ||
      blocked->bytes != plain->bytes || blocked->inner_count != 1)
    return false;
  int dim = blocked->inner_dim[0];
  int64_t block = blocked->inner_size[0];
  if (shape->dim[dim] % block != 0) return false;
  if (plain->stride[dim] != 1) return false;
  for (int i = 0; i < shape->rank; i++) {
    int64_t size = i == dim ? shape->dim[i] / block : shape->dim[i];
    int64_t stride = i == dim ? plain->stride[i] * block : plain->stride[i];
    if (size > 1 && blocked->stride[i] != stride) return false;
  }
  return true;
}

static bool same_elements(const sv_shape *shape, const sv_layout *a,
                          const sv_layout *b) {
  if (sv_layout_equal(a, b)) return true;
  if (a->kind == SV_PLAIN && b->kind == SV_PLAIN && a->bytes == b->bytes)
    return sv_layout_is_plain(a, shape) && sv_layout_is_plain(b, shape);
  return same_memory(shape, a, b) || same_memory(shape, b, a);
}

static sv_status add_like(const sv_plan *plan, sv_program *p, int cell,
                          sv_dtype dtype, const sv_layout *layout, int *found) {
  const sv_cell *from = &p->cells[cell];
  bool view = from->tensor.dtype == dtype &&
              same_elements(&from->tensor.shape, &from->tensor.layout, layout);
  bool once = from->once;
  int buffer = view ? from->buffer : -1;
  sv_spec spec = {.present = true,
                  .dtype = from->dtype,
                  .shape = from->tensor.shape,
                  .layout = *layout};
  SV_TRY(sv_add_cell(p, &spec, once ? SV_FIXED : SV_ARENA, buffer, found));
  p->cells[*found].tensor.dtype = dtype;
  p->cells[*found].once = once;
  return view ? SV_OK : sv_add_reorder(plan, p, cell, *found, once);
}

sv_status sv_cell_like(const sv_plan *plan, sv_program *p, int cell,
                       sv_dtype dtype, const sv_layout *layout, int *found) {
  int last = cell;
  for (int c = cell; c >= 0; c = p->cells[c].next) {
    last = c;
    if (p->cells[c].tensor.dtype != dtype ||
        !sv_layout_equal(&p->cells[c].tensor.layout, layout))
      continue;
    *found = c;
    return SV_OK;
  }
  SV_TRY(add_like(plan, p, cell, dtype, layout, found));
  p->cells[last].next = *found;
  return SV_OK;
}

sv_status sv_store_as(const sv_plan *plan, sv_program *p, int value,
                      sv_dtype dtype) {
  int *cell = &p->value_cell[value], stored;
  const sv_tensor *t = &p->cells[*cell].tensor;
  if (t->dtype == dtype || t->layout.kind == SV_OPAQUE) return SV_OK;
  sv_layout layout = t->layout;
  layout.bytes = layout.bytes / sv_dtype_size(t->dtype) * sv_dtype_size(dtype);
  SV_TRY(add_like(plan, p, *cell, dtype, &layout, &stored));
  *cell = stored;
  return SV_OK;
}
