/* The graph that is trained: a model's own with a loss (svertka/task.h). */
#include <math.h>

#include <svertka/task.h>

#include "base/sized.h"
#include "graph/model.h"
#include "task/head.h"
#include "task/loss.h"

sv_loss_options sv_loss_default(void) {
  return (sv_loss_options){.size = sizeof(sv_loss_options)};
}

static sv_status check(const sv_loss_options *o) {
  if (!(o->smoothing >= 0 && o->smoothing <= 1))
    return sv_fail(SV_INVALID, "label smoothing is %g, expected 0 to 1",
                   o->smoothing);
  if (!o->class_weights) return SV_OK;
  if (o->classes < 1)
    return sv_fail(SV_INVALID, "class weights of %d classes", o->classes);
  for (int c = 0; c < o->classes; c++)
    if (!(o->class_weights[c] >= 0 && isfinite(o->class_weights[c])))
      return sv_fail(SV_INVALID, "the weight of class %d is %g", c,
                     (double)o->class_weights[c]);
  return SV_OK;
}

/* A copy of the model's graph with the loss of its scores, if it has none. */
static sv_status attach(sv_graph **graph, const sv_model *model,
                        bool per_pixel) {
  sv_score_kind kind;
  sv_scores scores;
  if (sv_head_has_loss(model->graph)) return sv_graph_copy(graph, model->graph);
  SV_TRY(sv_model_scores(&kind, model));
  SV_TRY(sv_scores_find(&scores, model->graph, model->state, kind, NULL));
  return sv_head_attach(graph, model->graph, &scores, per_pixel);
}

sv_status sv_model_with_loss(sv_graph **graph, sv_model *model,
                             const sv_loss_options *options) {
  sv_loss_options o = sv_loss_default();
  sv_graph *adjusted = NULL;
  *graph = NULL;
  SV_TRY(sv_sized_take(&o, sizeof o, options, "sv_loss_options"));
  SV_TRY(check(&o));
  SV_TRY(sv_graph_check(model->graph));
  SV_TRY(attach(graph, model, o.per_pixel));
  const sv_loss_change change = {.smoothing = o.smoothing,
                                 .weights = o.class_weights,
                                 .classes = o.classes,
                                 .mixed = o.mixed};
  sv_status status = sv_loss_adjust(&adjusted, *graph, model->state, &change);
  if (status == SV_OK && !adjusted) return SV_OK;
  sv_graph_free(*graph);
  *graph = adjusted;
  return status;
}
