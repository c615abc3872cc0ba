/* Batch normalisation where a channel's numbers lie in long rows: maps of plain
 * images, or maps of blocks of images. A channel is summed up and normalised by
 * the same thread, the second time from its cache. */
#include <math.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "base/thread.h"
#include "simd/simd.h"
#include "tensor/tensor.h"

enum { X, SCALE, BIAS, MEAN, VAR };
enum { Y, NEW_MEAN, NEW_VAR };
enum { SHORTEST_ROW = 16, PART = 4096 };

extern const sv_kernel sv_simd_batch_norm;

/* x as outer x channels x inner. */
typedef struct norm {
  const sv_loops *loops;
  int64_t outer, channels, inner;
  bool batch; /* normalised by its own statistics */
  float epsilon, momentum;
} norm;

/* ---- Planning ---- */

static sv_status describe(norm *n, const sv_site *site) {
  const sv_batch_norm_attrs *a = site->node->attrs;
  const sv_spec *x = &site->in[X];
  bool blocked = sv_simd_lies_so(x);
  bool plain =
      x->layout.kind == SV_PLAIN && sv_layout_is_plain(&x->layout, &x->shape);
  int64_t count = sv_shape_count(&x->shape);
  if (!a->spatial || x->dtype != SV_F32 || count < 1 || !(blocked || plain))
    return SV_UNSUPPORTED;
  int64_t block = blocked ? sv_simd_block(x->shape.dim[0]) : 1;
  *n = (norm){.loops = sv_simd_loops(),
              .outer = x->shape.dim[0] / block,
              .channels = x->shape.dim[1],
              .batch = a->training || site->training,
              .epsilon = a->epsilon,
              .momentum = a->momentum};
  n->inner = count / (n->outer * n->channels);
  return n->inner < SHORTEST_ROW ? SV_UNSUPPORTED : SV_OK;
}

static sv_status need_forward(const sv_site *site, sv_need *need) {
  need->out[Y].layout = site->in[X].layout;
  need->out[Y].over = X;
  return SV_OK;
}

static void need_backward(const norm *n, const sv_site *site, sv_need *need) {
  const sv_layout *layout = &site->in[X].layout;
  need->in[X].used = true;
  need->in[SCALE].used = true;
  need->in[MEAN].used = need->in[VAR].used = !n->batch;
  need->diff_out[Y].layout = need->diff_in[X].layout = *layout;
  need->diff_in[X].over = Y;
  need->both = true;
  for (int i = SCALE; i <= BIAS; i++)
    need->diff_in[i].used = site->diff_in[i].present;
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  norm described, *n;
  bool forward = site->pass == SV_FORWARD;
  if (site->candidate > 0) return SV_UNSUPPORTED;
  SV_TRY(describe(&described, site));
  if (!forward && described.batch && site->forward != &sv_simd_batch_norm)
    return SV_UNSUPPORTED;
  for (int i = SCALE; i <= VAR; i++)
    SV_TRY(sv_layout_plain(&need->in[i].layout, SV_F32, &site->in[i].shape));
  if (forward)
    SV_TRY(need_forward(site, need));
  else
    need_backward(&described, site, need);
  if (forward && described.batch)
    need->workspace = 2 * (size_t)described.channels * sizeof(float);
  sv_simd_name(need);
  SV_TRY(sv_alloc(&n, sizeof *n));
  *n = described;
  *impl = n;
  return SV_OK;
}

/* ---- Running ---- */

typedef struct work {
  const norm *n;
  const sv_args *args;
  float *mean, *factor; /* per channel: m and 1 / sqrt(v + epsilon) */
} work;

static const float *input(const work *w, int i) {
  const sv_tensor *t = w->args->in[i];
  return t ? t->data : NULL;
}

static int64_t offset(const norm *n, int64_t o, int64_t c) {
  return (o * n->channels + c) * n->inner;
}

static int64_t part_at(int64_t count, int64_t i) {
  return count - i < PART ? count - i : PART;
}

/* Mean and variance in one walk over memory: each part of a row gives its own,
 * and they are joined as in Chan, Golub, LeVeque, "Updating Formulae and a
 * Pairwise Algorithm for Computing Sample Variances", 1979. */
static void measure(const work *w, int64_t c, float *mean, float *var) {
  const norm *n = w->n;
  double seen = 0, centre = 0, squares = 0;
  for (int64_t o = 0; o < n->outer; o++)
    for (int64_t i = 0; i < n->inner; i += PART) {
      const float *x = input(w, X) + offset(n, o, c) + i;
      int64_t count = part_at(n->inner, i);
      double part = n->loops->norm_sum(x, count) / (double)count;
      double far = part - centre, all = seen + (double)count;
      squares += n->loops->norm_squares(x, count, (float)part) +
                 far * far * seen * (double)count / all;
      centre += far * (double)count / all;
      seen = all;
    }
  *mean = (float)centre;
  *var = (float)(squares / seen);
}

static void renew(const work *w, int64_t c, int port, float batch) {
  const sv_args *args = w->args;
  bool wanted = port < args->node->out_count && args->out[port];
  if (!wanted) return;
  float old = input(w, MEAN - NEW_MEAN + port)[c], keep = w->n->momentum;
  float *fresh = args->out[port]->data;
  fresh[c] = w->n->batch ? keep * old + (1 - keep) * batch : old;
}

static void forward_channels(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  const norm *n = w->n;
  float *y = w->args->out[Y]->data;
  for (int64_t c = begin; c < end; c++) {
    float mean, var;
    if (n->batch) {
      measure(w, c, &mean, &var);
    } else {
      mean = input(w, MEAN)[c];
      var = input(w, VAR)[c];
    }
    float factor = 1 / sqrtf(var + n->epsilon);
    if (n->batch) {
      w->mean[c] = mean;
      w->factor[c] = factor;
    }
    renew(w, c, NEW_MEAN, mean);
    renew(w, c, NEW_VAR, var);
    for (int64_t o = 0; o < n->outer; o++) {
      int64_t at = offset(n, o, c);
      n->loops->norm_apply(y + at, input(w, X) + at, n->inner, mean,
                           factor * input(w, SCALE)[c], input(w, BIAS)[c]);
    }
  }
}

/* The sums over channel c of dy and of dy (x - mean). */
static void add_up(const work *w, int64_t c, float mean, double *plain,
                   double *times) {
  const norm *n = w->n;
  const float *dy = w->args->diff_out[Y]->data;
  *plain = *times = 0;
  for (int64_t o = 0; o < n->outer; o++)
    for (int64_t i = 0; i < n->inner; i += PART) {
      int64_t at = offset(n, o, c) + i;
      float part, part_times;
      n->loops->norm_dots(input(w, X) + at, dy + at, part_at(n->inner, i), mean,
                          &part, &part_times);
      *plain += part;
      *times += part_times;
    }
}

static void give(const sv_args *args, int port, int64_t c, double value) {
  if (args->diff_in[port])
    ((float *)args->diff_in[port]->data)[c] = (float)value;
}

static void backward_channels(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  const norm *n = w->n;
  const float *dy = w->args->diff_out[Y]->data;
  float *dx = w->args->diff_in[X] ? w->args->diff_in[X]->data : NULL;
  double count = (double)(n->outer * n->inner);
  for (int64_t c = begin; c < end; c++) {
    float mean = n->batch ? w->mean[c] : input(w, MEAN)[c];
    float factor =
        n->batch ? w->factor[c] : 1 / sqrtf(input(w, VAR)[c] + n->epsilon);
    double plain, times;
    add_up(w, c, mean, &plain, &times);
    give(w->args, SCALE, c, times * factor);
    give(w->args, BIAS, c, plain);
    sv_norm_slope slope = {.factor = input(w, SCALE)[c] * factor, .mean = mean};
    if (n->batch) {
      slope.plain = (float)(plain / count);
      slope.times = (float)(times * factor * factor / count);
    }
    for (int64_t o = 0; dx && o < n->outer; o++) {
      int64_t at = offset(n, o, c);
      n->loops->norm_backward(dx + at, input(w, X) + at, dy + at, n->inner,
                              &slope);
    }
  }
}

static sv_status run(void *impl, const sv_args *args) {
  const norm *n = impl;
  work w = {.n = n, .args = args};
  if (n->batch) {
    w.mean = args->workspace;
    w.factor = w.mean + n->channels;
  }
  bool forward = args->pass == SV_FORWARD;
  sv_parallel(n->channels, 1, forward ? forward_channels : backward_channels,
              &w);
  return SV_OK;
}

const sv_kernel sv_simd_batch_norm = {plan, run, sv_free};
