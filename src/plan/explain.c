/* The program as a table, for --explain-plan. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "plan/plan.h"
#include "tensor/tensor.h"

static const char *pass_names[] = {"forward", "backward data",
                                   "backward params"};

static void add_cell(sv_text *text, const sv_program *p, int cell) {
  const sv_tensor *t = &p->cells[cell].tensor;
  char shape[SV_SHAPE_TEXT], layout[SV_LAYOUT_TEXT];
  bool plain = sv_layout_is_plain(&t->layout, &t->shape);
  sv_text_add(text, " %s", sv_shape_text(&t->shape, shape));
  if (t->dtype != p->cells[cell].dtype)
    sv_text_add(text, ":%s", sv_dtype_name(t->dtype));
  if (!plain)
    sv_text_add(text, ":%s", sv_layout_text(&t->layout, t->shape.rank, layout));
}

static void add_cells(sv_text *text, const sv_program *p, const int *cells,
                      int count) {
  for (int i = 0; i < count; i++)
    if (cells[i] >= 0) add_cell(text, p, cells[i]);
}

static void add_step(sv_text *text, const sv_program *p, int s) {
  const sv_step *step = &p->steps[s];
  const int *out = step->cells + step->in_count;
  const int *diff_in = out + step->out_count;
  const int *diff_out = diff_in + step->in_count;
  bool forward = step->pass == SV_FORWARD;
  bool graph_node = step->node->op != NULL;
  sv_text_add(text, "%4d  %-16s %-16s %-24s", s, step->node->name,
              graph_node ? pass_names[step->pass] : "", step->name);
  add_cells(text, p, step->cells, step->in_count);
  if (!forward) {
    add_cells(text, p, out, step->out_count);
    add_cells(text, p, diff_out, step->out_count);
  }
  sv_text_add(text, " ->");
  if (forward)
    add_cells(text, p, out, step->out_count);
  else
    add_cells(text, p, diff_in, step->in_count);
  if (step->once) sv_text_add(text, "  (once per state)");
  sv_text_add(text, "\n");
}

static const char *plural(int count) { return count == 1 ? "" : "s"; }

sv_status sv_plan_explain(const sv_plan *plan, char **result) {
  const sv_program *p = plan->program;
  const sv_plan_memory *m = &p->memory;
  sv_text text = {0};
  int reorders = 0;
  sv_text_add(&text, "%4s  %-16s %-16s %-24s %s\n", "step", "node", "pass",
              "kernel", "shapes:layouts (plain if none is given)");
  for (int s = 0; s < p->step_count; s++) {
    add_step(&text, p, s);
    reorders += strcmp(p->steps[s].node->name, "reorder") == 0;
  }
  sv_text_add(&text,
              "%d step%s, %d of them reorder%s; arena %.1f KiB (live at once "
              "%.1f KiB, all buffers %.1f KiB), constants %.1f KiB, "
              "gradients %.1f KiB\n",
              p->step_count, plural(p->step_count), reorders, plural(reorders),
              (double)m->arena / 1024, (double)m->peak / 1024,
              (double)m->total / 1024, (double)m->constant / 1024,
              (double)m->gradient / 1024);
  return sv_text_take(&text, result);
}

void sv_plan_text_free(char *text) { sv_free(text); }
