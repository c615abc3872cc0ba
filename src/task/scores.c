#include "task/scores.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "graph/answer.h"
#include "graph/model.h"
#include "task/meaning.h"

/* ---- Names ---- */

static const char *const names[] = {
    [SV_SCORES_UNKNOWN] = "unknown",
    [SV_SCORES_LOGITS] = "logits",
    [SV_SCORES_LOG_PROBABILITIES] = "log-probabilities",
    [SV_SCORES_PROBABILITIES] = "probabilities",
    [SV_SCORES_INDEPENDENT] = "independent"};
enum { NAMES = sizeof names / sizeof names[0] };

const char *sv_score_name(sv_score_kind kind) { return names[kind]; }

sv_status sv_score_parse(sv_score_kind *kind, const char *name) {
  for (int i = SV_SCORES_UNKNOWN + 1; i < NAMES; i++) {
    *kind = (sv_score_kind)i;
    if (strcmp(names[i], name) == 0) return SV_OK;
  }
  return sv_fail(SV_INVALID,
                 "\"%.64s\", expected logits, log-probabilities, probabilities "
                 "or independent",
                 name);
}

/* ---- Which value ---- */

/* What a loss that is a cross-entropy reads; 0: there is none. Of several, the
 * one that has the output's elements, or the first. */
static int trained_scores(const sv_graph *graph, const sv_meaning *of,
                          int output) {
  int found = 0;
  for (int i = 0; i < graph->output_count; i++) {
    int at = graph->values[graph->outputs[i].value].producer;
    if (!graph->outputs[i].is_loss || at < 0) continue;
    const sv_node *loss = &graph->nodes[at];
    if (loss->op->effect != SV_EFFECT_CROSS_ENTROPY) continue;
    if (!found || (of && of[loss->in[0]].root == of[output].root))
      found = loss->in[0];
  }
  return found;
}

/* ---- What the output is ---- */

/* Classes are dimension 1; where a sample has but one dimension of more than
 * one element, that one. */
static bool rows_are_classes(const sv_shape *y, const sv_meaning *m) {
  int64_t all = 1, inner = 1;
  bool row = true;
  if (y->rank < 2) return false;
  for (int d = 1; d < y->rank; d++) {
    row = row && (all == 1 || y->dim[d] == 1);
    all *= y->dim[d];
    if (d > 1) inner *= y->dim[d];
  }
  if (row) return m->count == all && m->inner == 1;
  return m->count == y->dim[1] && m->inner == inner;
}

static sv_score_kind kind_of(const sv_shape *y, const sv_meaning *m) {
  switch (m->form) {
    case SV_FORM_REAL: return SV_SCORES_LOGITS;
    case SV_FORM_SUMS: return m->real ? SV_SCORES_LOGITS : SV_SCORES_UNKNOWN;
    case SV_FORM_UNITS: return SV_SCORES_INDEPENDENT;
    case SV_FORM_SHARES:
      return rows_are_classes(y, m) && fabs(m->total - 1) < 1e-3
                 ? SV_SCORES_PROBABILITIES
                 : SV_SCORES_UNKNOWN;
    case SV_FORM_LOG_SHARES:
      return rows_are_classes(y, m) ? SV_SCORES_LOG_PROBABILITIES
                                    : SV_SCORES_UNKNOWN;
    default: return SV_SCORES_UNKNOWN;
  }
}

sv_status sv_scores_refuse(const sv_graph *graph, int output) {
  const sv_value_info *value = &graph->values[output];
  const char *op =
      value->producer < 0 ? "an input" : graph->nodes[value->producer].op->name;
  return sv_fail(SV_INVALID,
                 "output '%s' (%s) is not recognised as class scores: use "
                 "--scores (" SV_SCORES_KEY
                 ") to say whether it is logits, log-probabilities, "
                 "probabilities or independent probabilities",
                 value->name, op);
}

/* N x C x ... of as many elements as the output, so that rows of it are rows of
 * the output. */
static bool lies_as(const sv_analysis *a, int value, int output) {
  const sv_shape *x = &a->shapes[value], *y = &a->shapes[output];
  if (x->rank < 2 || y->rank < 2 || x->dim[0] != y->dim[0]) return false;
  for (int d = 1; d < x->rank || d < y->rank; d++) {
    int64_t of_x = d < x->rank ? x->dim[d] : 1;
    if (of_x != (d < y->rank ? y->dim[d] : 1)) return false;
  }
  return true;
}

static sv_status decide(sv_scores *s, const sv_graph *graph,
                        const sv_state *state, sv_score_kind said,
                        const sv_analysis *a) {
  sv_meaning *of;
  SV_TRY(sv_meanings(&of, a, state));
  const sv_meaning *m = &of[s->output];
  sv_score_kind found = kind_of(&a->shapes[s->output], m);
  int trained = trained_scores(graph, of, s->output);
  bool itself = trained && of[trained].root == m->root;
  if (itself) found = SV_SCORES_LOGITS;
  s->kind = said ? said : found;
  s->value = s->output;
  s->read = s->kind;
  bool below = s->kind == found && m->of && !itself &&
               (found == SV_SCORES_PROBABILITIES ||
                found == SV_SCORES_LOG_PROBABILITIES);
  if (below && lies_as(a, m->of, s->output)) {
    s->value = m->of;
    s->read = SV_SCORES_LOGITS;
  }
  sv_free(of);
  if (s->kind) return SV_OK;
  if (!trained) return sv_scores_refuse(graph, s->output);
  s->value = trained;
  s->read = SV_SCORES_LOGITS;
  return SV_OK;
}

/* Sizes that the input leaves free: the image's, else those of a sample. */
static const sv_ints *sizes(const sv_graph *graph, const sv_ints *image,
                            sv_ints *own) {
  int input = sv_graph_data_input(graph);
  const sv_shape *x = &graph->values[input].shape;
  const sv_shape usual = sv_graph_sample(graph, input).shape;
  bool is_free = false;
  if (!input || x->rank < 2 || x->rank > SV_MAX_RANK) return NULL;
  *own = (sv_ints){.count = x->rank - 1};
  for (int d = 1; d < x->rank; d++) {
    bool given = image && image->count == own->count;
    own->at[d - 1] = x->dim[d] >= 0 ? x->dim[d]
                     : given        ? image->at[d - 1]
                                    : usual.dim[d];
    is_free = is_free || x->dim[d] < 0;
  }
  return is_free ? own : NULL;
}

/* Two images, so that rows over the batch show; one, where only that fits. */
static sv_status analyse(sv_analysis *a, const sv_graph *graph,
                         const sv_state *state, const sv_ints *image) {
  sv_ints own;
  const sv_ints *size = sizes(graph, image, &own);
  if (sv_analyse(a, graph, state, 2, size, false) == SV_OK) return SV_OK;
  return sv_analyse(a, graph, state, 1, size, false);
}

sv_status sv_scores_find(sv_scores *scores, const sv_graph *graph,
                         const sv_state *state, sv_score_kind said,
                         const sv_ints *image) {
  sv_analysis a;
  *scores = (sv_scores){.kind = said, .read = said};
  SV_TRY(sv_graph_answer(graph, &scores->output));
  scores->value = scores->output;
  sv_status status = analyse(&a, graph, state, image);
  if (status != SV_OK) return said ? SV_OK : status;
  status = decide(scores, graph, state, said, &a);
  sv_analysis_clear(&a);
  return status;
}

/* ---- Rows ---- */

int64_t sv_scores_classes(sv_score_kind kind, int64_t channels) {
  return kind == SV_SCORES_INDEPENDENT && channels == 1 ? 2 : channels;
}

/* p = e^(s - max) / sum e^(s - max) */
static void softmax(float *p, int64_t classes, int64_t step) {
  float most = p[0];
  double sum = 0;
  for (int64_t i = step; i < classes * step; i += step)
    if (p[i] > most) most = p[i];
  for (int64_t i = 0; i < classes * step; i += step)
    sum += exp((double)p[i] - most);
  for (int64_t i = 0; i < classes * step; i += step)
    p[i] = (float)(exp((double)p[i] - most) / sum);
}

/* Rounding, and 16 bits of others, are allowed for; NaN is others' to find. */
static sv_status check_row(const float *p, int64_t classes, int64_t step,
                           sv_score_kind kind) {
  const double slack = 0.01;
  double sum = 0, least = 0, most = 0;
  bool logs = kind == SV_SCORES_LOG_PROBABILITIES;
  for (int64_t i = 0; i < classes * step; i += step) {
    double x = logs ? exp((double)p[i]) : (double)p[i];
    sum += x;
    if (x < least) least = x;
    if (x > most) most = x;
  }
  bool alone = kind == SV_SCORES_INDEPENDENT;
  if (least < -slack || (alone && most > 1 + slack))
    return sv_fail(SV_NUMERIC,
                   "the network's scores are not %s: %g is not from 0 to 1 "
                   "(--scores, " SV_SCORES_KEY ")",
                   alone ? "independent probabilities" : names[kind],
                   least < -slack ? least : most);
  if (!alone && (sum < 1 - slack || sum > 1 + slack))
    return sv_fail(SV_NUMERIC,
                   "the network's scores are not %s: those of an image sum to "
                   "%g, not to 1 (--scores, " SV_SCORES_KEY ")",
                   names[kind], sum);
  return SV_OK;
}

static sv_status check_rows(const float *src, int64_t channels, int64_t places,
                            sv_score_kind kind) {
  for (int64_t i = 0; kind != SV_SCORES_LOGITS && i < places; i++)
    SV_TRY(check_row(src + i, channels, places, kind));
  return SV_OK;
}

sv_status sv_scores_probabilities(float *dst, const float *src,
                                  int64_t channels, int64_t places,
                                  sv_score_kind kind) {
  size_t count = (size_t)(channels * places);
  int64_t more = sv_scores_classes(kind, channels) - channels;
  SV_TRY(check_rows(src, channels, places, kind));
  memcpy(dst + more * places, src, count * sizeof *dst);
  for (int64_t i = 0; more && i < places; i++) dst[i] = 1 - src[i];
  bool logs = kind == SV_SCORES_LOGITS || kind == SV_SCORES_LOG_PROBABILITIES;
  for (int64_t i = 0; logs && i < places; i++)
    softmax(dst + i, channels, places);
  return SV_OK;
}

sv_status sv_scores_logits(float *dst, const float *src, int64_t channels,
                           int64_t places, sv_score_kind kind) {
  int64_t classes = sv_scores_classes(kind, channels);
  bool logs = kind == SV_SCORES_PROBABILITIES || classes > channels;
  if (kind == SV_SCORES_LOGITS || kind == SV_SCORES_LOG_PROBABILITIES) {
    SV_TRY(check_rows(src, channels, places, kind));
    memcpy(dst, src, (size_t)(channels * places) * sizeof *dst);
    return SV_OK;
  }
  SV_TRY(sv_scores_probabilities(dst, src, channels, places, kind));
  for (int64_t i = 0; logs && i < classes * places; i++)
    dst[i] = logf(dst[i] < FLT_MIN ? FLT_MIN : dst[i]);
  return SV_OK;
}

/* ---- A model's scores ---- */

sv_status sv_model_scores(sv_score_kind *kind, const sv_model *model) {
  const char *said = sv_model_meta(model, SV_SCORES_KEY);
  sv_scores scores;
  *kind = SV_SCORES_UNKNOWN;
  if (said) {
    sv_status status = sv_score_parse(kind, said);
    if (status == SV_OK) return SV_OK;
    return sv_fail_in(SV_FORMAT, SV_SCORES_KEY);
  }
  SV_TRY(sv_scores_find(&scores, model->graph, model->state, *kind, NULL));
  *kind = scores.kind;
  if (*kind) return SV_OK;
  return sv_scores_refuse(model->graph, scores.output);
}
