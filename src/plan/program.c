/* The program as data: cells, buffers and steps are added here, and freed. */
#include <string.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

sv_status sv_add_buffer(sv_program *p, sv_where where, size_t bytes,
                        int *index) {
  SV_TRY(sv_grow(&p->buffers, p->buffer_count, &p->buffer_capacity,
                 sizeof *p->buffers));
  *index = p->buffer_count++;
  p->buffers[*index] = (sv_buffer){.where = where,
                                   .bytes = bytes,
                                   .slot = -1,
                                   .own = -1,
                                   .first = -1,
                                   .last = -1,
                                   .part_of = -1,
                                   .same_as = -1};
  return SV_OK;
}

sv_status sv_add_cell(sv_program *p, const sv_spec *spec, sv_where where,
                      int buffer, int *index) {
  if (buffer < 0) SV_TRY(sv_add_buffer(p, where, spec->layout.bytes, &buffer));
  SV_TRY(
      sv_grow(&p->cells, p->cell_count, &p->cell_capacity, sizeof *p->cells));
  *index = p->cell_count++;
  p->cells[*index] = (sv_cell){.dtype = spec->dtype,
                               .tensor = {.dtype = spec->dtype,
                                          .shape = spec->shape,
                                          .layout = spec->layout},
                               .buffer = buffer,
                               .next = -1};
  return SV_OK;
}

sv_status sv_add_step(sv_program *p, const sv_node *node, sv_pass pass,
                      int extra, sv_step **step) {
  SV_TRY(
      sv_grow(&p->steps, p->step_count, &p->step_capacity, sizeof *p->steps));
  sv_step *s = &p->steps[p->step_count];
  size_t cells = 2 * (size_t)(node->in_count + extra + node->out_count);
  *s = (sv_step){.node = node,
                 .pass = pass,
                 .in_count = node->in_count + extra,
                 .out_count = node->out_count,
                 .workspace = -1,
                 .scratch = -1};
  SV_TRY(sv_alloc_array(&s->cells, cells, sizeof *s->cells));
  p->step_count++; /* from here on sv_program_free sees it */
  SV_TRY(sv_alloc_array(&s->over, cells, sizeof *s->over));
  SV_TRY(sv_alloc_array(&s->tensors, cells, sizeof *s->tensors));
  for (size_t i = 0; i < cells; i++) s->cells[i] = s->over[i] = -1;
  *step = s;
  return SV_OK;
}

/* The layout's bytes are those that the value has in its own type. */
sv_spec sv_cell_spec(const sv_program *p, int cell) {
  const sv_tensor *t = &p->cells[cell].tensor;
  sv_spec spec = {.present = true,
                  .dtype = p->cells[cell].dtype,
                  .stored = t->dtype,
                  .shape = t->shape,
                  .layout = t->layout};
  if (spec.stored != spec.dtype)
    spec.layout.bytes = t->layout.bytes / sv_dtype_size(spec.stored) *
                        sv_dtype_size(spec.dtype);
  return spec;
}

sv_status sv_program_find(const sv_graph *graph, const char *name, int *value) {
  *value = 0;
  for (int i = 0; i < graph->output_count; i++)
    if (strcmp(graph->outputs[i].name, name) == 0)
      *value = graph->outputs[i].value;
  if (!*value) *value = sv_graph_find(graph, name);
  if (*value) return SV_OK;
  return sv_fail(SV_INVALID, "the network has no value '%s'", name);
}

sv_status sv_plan_own(sv_plan *plan, int value, bool is_seed,
                      const sv_info *info, const char *name, int *index) {
  for (*index = 0; *index < plan->own_count; ++*index)
    if (plan->own[*index].value == value &&
        plan->own[*index].is_seed == is_seed)
      return SV_OK;
  SV_TRY(sv_grow(&plan->own, plan->own_count, &plan->own_capacity,
                 sizeof *plan->own));
  sv_own *own = &plan->own[plan->own_count];
  *own = (sv_own){.value = value, .is_seed = is_seed};
  own->tensor.dtype = info->dtype;
  own->tensor.shape = info->shape;
  SV_TRY(sv_layout_plain(&own->tensor.layout, info->dtype, &info->shape));
  SV_TRY(sv_copy_text(&own->name, name));
  plan->own_count++;
  return sv_alloc(&own->tensor.data, own->tensor.layout.bytes);
}

void sv_program_free(sv_program *p) {
  if (!p) return;
  for (int i = 0; i < p->step_count; i++) {
    sv_step *step = &p->steps[i];
    if (step->impl && step->kernel->destroy) step->kernel->destroy(step->impl);
    sv_free(step->cells);
    sv_free(step->over);
    sv_free(step->inside);
    sv_free(step->tensors);
  }
  sv_free(p->steps);
  sv_free(p->cells);
  sv_free(p->buffers);
  sv_free(p->kept);
  sv_free(p->stored);
  sv_free(p->infos);
  sv_contents_free(&p->contents);
  sv_free(p->frozen);
  sv_free(p->wanted);
  sv_free(p->readers);
  sv_free(p->taken);
  sv_free(p->folds);
  sv_free(p->renewals);
  sv_free(p->value_cell);
  sv_free(p->value_plain);
  sv_free(p->gradient);
  sv_free(p->finals);
  sv_free(p->seed_cell);
  sv_free(p->arena);
  sv_free(p->fixed);
  sv_free(p->gradients);
  sv_graph_free(p->graph);
  sv_free(p);
}
