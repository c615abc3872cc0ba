/* The scores of a network: their kind, the value that holds them, and
 * conversion to probabilities or logits. All code that reads a network's scores
 * uses this. */
#ifndef SV_TASK_SCORES_H
#define SV_TASK_SCORES_H

#include <svertka/model.h>

#include "graph/graph.h"

#define SV_SCORES_KEY "svertka.scores"

/* sv_score_name read back. SV_INVALID lists the names. */
sv_status sv_score_parse(sv_score_kind *kind, const char *name) SV_CHECKED;

typedef struct sv_scores {
  int output;         /* the value of sv_graph_answer */
  sv_score_kind kind; /* of the output */
  /* The value to read: the logits before the output's softmax if they have the
   * layout of the output, else the output; and the kind of that value. */
  int value;
  sv_score_kind read;
} sv_scores;

/* `said` is the kind from metadata or an option; with SV_SCORES_UNKNOWN it is
 * derived from the graph. `state` (may be NULL) has the constants, `image` (C H
 * W; may be NULL) the sizes that the graph leaves free. SV_INVALID if the kind
 * is not recognised. But if a loss is a cross-entropy, `value` is at least the
 * input of that loss, and `kind` may be unknown. */
sv_status sv_scores_find(sv_scores *scores, const sv_graph *graph,
                         const sv_state *state, sv_score_kind said,
                         const sv_ints *image) SV_CHECKED;

/* The error for scores of an unknown kind. */
sv_status sv_scores_refuse(const sv_graph *graph, int output) SV_CHECKED;

/* The number of classes for this number of channels: a single probability makes
 * two classes, it and its complement. */
int64_t sv_scores_classes(sv_score_kind kind, int64_t channels);

/* dst = classes x places probabilities from channels x places scores.
 * SV_NUMERIC if the scores are not of this kind. */
sv_status sv_scores_probabilities(float *dst, const float *src,
                                  int64_t channels, int64_t places,
                                  sv_score_kind kind) SV_CHECKED;

/* dst = logits whose softmax is those probabilities; for several independent
 * ones, which have no such logits, the probabilities. 0 counts as FLT_MIN. */
sv_status sv_scores_logits(float *dst, const float *src, int64_t channels,
                           int64_t places, sv_score_kind kind) SV_CHECKED;

#endif
