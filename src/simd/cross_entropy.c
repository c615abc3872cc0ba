/* Cross-entropy where each class has a map: the positions side by side in
 * memory fill the vectors. The formulas are those of src/ops/cross_entropy.c,
 * without smoothing; log sum over j of e^(x_j) of each position waits in the
 * workspace for the backward pass. */
#include <stdio.h>

#include "base/memory.h"
#include "base/thread.h"
#include "op/attrs.h"
#include "simd/simd.h"
#include "tensor/tensor.h"

enum { X, LABEL, WEIGHTS };
enum { LOSS, LOG_PROB };
enum { NONE, MEAN, SUM };
enum { LEAST = 64, PIECE = 1024 };

extern const sv_kernel sv_simd_cross_entropy;

/* x as N x C x D: D positions in `pieces` parts. */
typedef struct entropy {
  const sv_loops *loops;
  int64_t batch, classes, inner, pieces;
  int64_t ignore;
  bool mean;
  bool keeps; /* a backward pass will follow */
} entropy;

/* What the positions of a piece add up to. */
typedef struct part {
  double loss, weight;
} part;

/* ---- Planning ---- */

static sv_status describe(entropy *e, const sv_site *site) {
  const sv_node *node = site->node;
  const sv_shape *x = &site->in[X].shape;
  int reduction = (int)sv_attr_number(node, "reduction");
  if (site->in[X].dtype != SV_F32 || x->rank < 3 || reduction == NONE ||
      sv_attr_number(node, "smoothing") != 0 ||
      (node->out_count > LOG_PROB && site->out[LOG_PROB].present))
    return SV_UNSUPPORTED;
  *e = (entropy){.loops = sv_simd_loops(),
                 .batch = x->dim[0],
                 .classes = x->dim[1],
                 .inner = 1,
                 .ignore = (int64_t)sv_attr_number(node, "ignore_index"),
                 .mean = reduction == MEAN,
                 .keeps = site->backward || site->pass != SV_FORWARD};
  for (int d = 2; d < x->rank; d++) e->inner *= x->dim[d];
  e->pieces = e->inner / PIECE + (e->inner < PIECE);
  return e->inner < LEAST || e->batch < 1 ? SV_UNSUPPORTED : SV_OK;
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  entropy described, *e;
  bool forward = site->pass == SV_FORWARD;
  if (site->candidate > 0 || site->pass == SV_BACKWARD_PARAMS)
    return SV_UNSUPPORTED;
  if (!forward && site->forward != &sv_simd_cross_entropy)
    return SV_UNSUPPORTED;
  SV_TRY(describe(&described, site));
  for (int i = 0; i < site->node->in_count; i++) {
    if (!site->in[i].present) continue;
    need->in[i].used = true;
    SV_TRY(sv_layout_plain(&need->in[i].layout, site->in[i].dtype,
                           &site->in[i].shape));
  }
  size_t places = (size_t)(described.batch * described.inner);
  size_t parts = (size_t)(described.batch * described.pieces);
  need->scratch = parts * sizeof(part);
  if (forward && described.keeps)
    need->workspace = places * sizeof(float);
  else
    need->scratch += places * sizeof(float);
  sv_simd_name(need);
  SV_TRY(sv_alloc(&e, sizeof *e));
  *e = described;
  *impl = e;
  return SV_OK;
}

/* ---- Running ---- */

typedef struct work {
  const entropy *e;
  const float *x, *weights;
  const sv_tensor *label;
  part *parts;
  float *norms;  /* log sum over j of e^(x_j) of each position */
  float *slopes; /* backward: what l's gradient is there, times its weight */
  float factor, *dx;
} work;

static int64_t label_at(const work *w, int64_t position) {
  if (w->label->dtype == SV_I32)
    return ((const int32_t *)w->label->data)[position];
  return ((const int64_t *)w->label->data)[position];
}

static float weight_of(const work *w, int64_t label) {
  if (label == w->e->ignore) return 0;
  return w->weights ? w->weights[label] : 1;
}

/* Piece i: `count` positions from `place` on, whose first class is x[at]. */
static int64_t find_piece(const entropy *e, int64_t i, int64_t *place,
                          int64_t *at) {
  int64_t n = i / e->pieces, k = i % e->pieces;
  int64_t begin = e->inner * k / e->pieces;
  *place = n * e->inner + begin;
  *at = n * e->classes * e->inner + begin;
  return e->inner * (k + 1) / e->pieces - begin;
}

static void forward_pieces(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  const entropy *e = w->e;
  for (int64_t i = begin; i < end; i++) {
    int64_t place, at, count = find_piece(e, i, &place, &at);
    const float *x = w->x + at;
    float *norms = w->norms + place;
    part sum = {0};
    e->loops->log_sums(norms, x, count, e->classes, e->inner);
    for (int64_t p = 0; p < count; p++) {
      int64_t label = label_at(w, place + p);
      if (label == e->ignore) continue;
      float weight = weight_of(w, label);
      sum.loss += weight * (norms[p] - x[label * e->inner + p]);
      sum.weight += weight;
    }
    w->parts[i] = sum;
  }
}

static void backward_pieces(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  const entropy *e = w->e;
  for (int64_t i = begin; i < end; i++) {
    int64_t place, at, count = find_piece(e, i, &place, &at);
    float *dx = w->dx + at, *slopes = w->slopes + place;
    for (int64_t p = 0; p < count; p++)
      slopes[p] = w->factor * weight_of(w, label_at(w, place + p));
    e->loops->softmax_slopes(dx, w->x + at, w->norms + place, slopes, count,
                             e->classes, e->inner);
    for (int64_t p = 0; p < count; p++) {
      int64_t label = label_at(w, place + p);
      if (label != e->ignore) dx[label * e->inner + p] -= slopes[p];
    }
  }
}

static sv_status check_labels(const work *w) {
  const entropy *e = w->e;
  for (int64_t p = 0; p < e->batch * e->inner; p++) {
    int64_t label = label_at(w, p);
    if (label != e->ignore && (label < 0 || label >= e->classes))
      return sv_fail(
          SV_INVALID, "label %lld of sample %lld is not one of %lld classes",
          (long long)label, (long long)(p / e->inner), (long long)e->classes);
  }
  return SV_OK;
}

static void forward(work *w, float *loss) {
  const entropy *e = w->e;
  int64_t parts = e->batch * e->pieces;
  part sum = {0};
  sv_parallel(parts, 1, forward_pieces, w);
  for (int64_t i = 0; i < parts; i++) {
    sum.loss += w->parts[i].loss;
    sum.weight += w->parts[i].weight;
  }
  if (e->mean) sum.loss = sum.weight != 0 ? sum.loss / sum.weight : 0;
  *loss = (float)sum.loss;
}

static void backward(work *w, float dloss) {
  const entropy *e = w->e;
  double total = 0;
  for (int64_t p = 0; p < e->batch * e->inner && e->mean; p++)
    total += weight_of(w, label_at(w, p));
  double share = !e->mean ? 1 : total != 0 ? 1 / total : 0;
  w->factor = (float)share * dloss;
  sv_parallel(e->batch * e->pieces, 1, backward_pieces, w);
}

static sv_status run(void *impl, const sv_args *args) {
  const entropy *e = impl;
  const sv_tensor *weights =
      args->node->in_count > WEIGHTS ? args->in[WEIGHTS] : NULL;
  work w = {.e = e,
            .x = args->in[X]->data,
            .label = args->in[LABEL],
            .weights = weights ? weights->data : NULL,
            .parts = args->scratch};
  float *places = (float *)(w.parts + e->batch * e->pieces);
  w.norms = e->keeps ? args->workspace : places;
  w.slopes = places;
  SV_TRY(check_labels(&w));
  if (args->pass == SV_FORWARD) {
    forward(&w, args->out[LOSS]->data);
    return SV_OK;
  }
  w.dx = args->diff_in[X]->data;
  backward(&w, *(const float *)args->diff_out[LOSS]->data);
  return SV_OK;
}

const sv_kernel sv_simd_cross_entropy = {plan, run, sv_free};
