/* What the scores are that a network ends in, where they are, and rows of
 * probabilities or of logits made of them. Everything that reads a network's
 * answer asks here. */
#ifndef SV_GRAPH_SCORES_H
#define SV_GRAPH_SCORES_H

#include <svertka/model.h>

#include "graph/graph.h"

#define SV_SCORES_KEY "svertka.scores"

/* sv_score_name read back. SV_INVALID lists the names. */
sv_status sv_score_parse(sv_score_kind *kind, const char *name) SV_CHECKED;

typedef struct sv_scores {
  int output;         /* the value of sv_graph_answer */
  sv_score_kind kind; /* of the output */
  /* Where they are best read: the logits below the output's softmax if they lie
   * as the output does, else the output; and what they are there. */
  int value;
  sv_score_kind read;
} sv_scores;

/* `said` is what metadata or an option say, SV_SCORES_UNKNOWN if they do not:
 * then it is found from what the graph computes. `state` (may be NULL) has the
 * constants, `image` (C H W; may be NULL) the sizes that the graph leaves free.
 * SV_INVALID if the scores are not recognised. But where a loss is a
 * cross-entropy, `value` is what that reads at least, and `kind` may be
 * unknown. */
sv_status sv_scores_find(sv_scores *scores, const sv_graph *graph,
                         const sv_state *state, sv_score_kind said,
                         const sv_ints *image) SV_CHECKED;

/* The error for scores of an unknown kind. */
sv_status sv_scores_refuse(const sv_graph *graph, int output) SV_CHECKED;

/* How many classes so many channels tell: of one that is a probability two, not
 * it and it. */
int64_t sv_scores_classes(sv_score_kind kind, int64_t channels);

/* dst = classes x places probabilities of channels x places scores.
 * SV_NUMERIC if they are not what `kind` says. */
sv_status sv_scores_probabilities(float *dst, const float *src,
                                  int64_t channels, int64_t places,
                                  sv_score_kind kind) SV_CHECKED;

/* dst = what softmax makes those probabilities of; of several independent ones,
 * which no softmax makes, the probabilities. What is 0 counts as FLT_MIN. */
sv_status sv_scores_logits(float *dst, const float *src, int64_t channels,
                           int64_t places, sv_score_kind kind) SV_CHECKED;

#endif
