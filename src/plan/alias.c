/* Concatenation without copying, at inference: where the parts lie one after
 * the other in the whole, each is written into its place there by the step that
 * computes it. */
#include <stdio.h>

#include "base/memory.h"
#include "plan/plan.h"

/* Vectors are loaded from aligned addresses. */
enum { ALIGNMENT = 64 };

/* The part becomes a piece of the whole's memory, unless it has a place already
 * or is not the plan's to place. */
static bool place_part(sv_program *p, const sv_step *step, int i) {
  int cell = step->cells[i], whole = step->cells[step->in_count];
  size_t offset = step->inside[i];
  if (cell < 0 || whole < 0 || offset % ALIGNMENT != 0) return false;
  sv_buffer *b = &p->buffers[p->cells[cell].buffer];
  int parent = p->cells[whole].buffer;
  if (b->where != SV_ARENA || b->part_of >= 0 || b == &p->buffers[parent])
    return false;
  b->part_of = parent;
  b->offset = offset;
  return true;
}

static sv_status nothing(void *impl, const sv_args *args) {
  (void)impl, (void)args;
  return SV_OK;
}

static const sv_kernel in_place = {.run = nothing};

static void drop_kernel(sv_step *step) {
  if (step->impl && step->kernel->destroy) step->kernel->destroy(step->impl);
  step->impl = NULL;
  step->kernel = &in_place;
  snprintf(step->name, sizeof step->name, "in place");
}

sv_status sv_pass_alias(sv_plan *plan, sv_program *p) {
  (void)plan;
  for (int s = 0; p->rewrites && s < p->step_count; s++) {
    sv_step *step = &p->steps[s];
    if (!step->inside || step->once) continue;
    int placed = 0;
    for (int i = 0; i < step->in_count; i++) placed += place_part(p, step, i);
    if (placed == step->in_count) drop_kernel(step);
  }
  return SV_OK;
}
