/* The losses of a network: label smoothing, class weights, mixed labels, and
 * their sum. */
#ifndef SV_TASK_LOSS_H
#define SV_TASK_LOSS_H

#include <svertka/plan.h>

#include "graph/graph.h"
#include "graph/state.h"

typedef struct sv_loss_change {
  double smoothing;     /* of labels; 0: none */
  const float *weights; /* of `classes` classes; NULL: none */
  int classes;
  /* The graph gets two more inputs: SV_MIX_LABEL, another label of each sample,
   * and SV_MIX_SHARE, a scalar s. A loss becomes s L(label) + (1 - s) L(other
   * label). */
  bool mixed;
} sv_loss_change;

#define SV_MIX_LABEL "svertka.mix.label"
#define SV_MIX_SHARE "svertka.mix.share"

/* Copies the graph and changes the cross-entropies that are losses; NULL if
 * there is nothing to change. The weights become a record of the state, which
 * is removed with the training's records. SV_INVALID if no loss is a
 * cross-entropy or one already has class weights. Free *changed with
 * sv_graph_free. */
sv_status sv_loss_adjust(sv_graph **changed, const sv_graph *graph,
                         sv_state *state,
                         const sv_loss_change *change) SV_CHECKED;

/* The weighted sum of all losses of the graph, after a forward pass. */
sv_status sv_loss_sum(double *loss, const sv_graph *graph,
                      sv_plan *plan) SV_CHECKED;

#endif
