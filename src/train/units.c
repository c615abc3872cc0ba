/* What the units of a network do on data: dead and saturated ones, and what a
 * shift of the picture leaves as it is.
 *
 * Nair, Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines",
 * 2010 (units that are off); Glorot, Bengio, "Understanding the difficulty of
 * training deep feedforward neural networks", 2010 (saturation); Goodfellow,
 * Bengio, Courville, "Deep Learning", 9.3 (shifts and pooling). */
#include <svertka/train.h>

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/sized.h"
#include "data/preprocess.h"
#include "data/reader.h"
#include "graph/model.h"
#include "task/metrics.h"
#include "task/scores.h"
#include "tensor/tensor.h"
#include "train/runner.h"

sv_units_options sv_units_default(void) {
  return (sv_units_options){.size = sizeof(sv_units_options),
                            .samples = 1000,
                            .tolerance = 0.05,
                            .batch = 20,
                            .seed = 1};
}

/* The counters behind a row of the result. */
typedef struct tally {
  const char *value;  /* its name */
  double least, most; /* the unit is active between them */
  int64_t values, off;
  int64_t lit, unchanged; /* not 0 in both images */
  bool *alive;            /* units active in any image */
} tally;

typedef struct units_job {
  const sv_model *model;
  const sv_dataset *dataset;
  const sv_units_options *options;
  sv_preprocess preprocess;
  sv_samples samples;
  sv_loader *loader;
  sv_runner plain, shifted;
  const char **names; /* of the values to keep */
  tally *tallies;     /* one for each row */
  float *pixels;      /* of a shifted batch */
  int64_t same_class;
  sv_units *units;
} units_job;

/* ---- Beginning ---- */

/* The nodes that the value needs, including its own. */
static sv_status mark_needed(const sv_graph *g, int value, bool **needed) {
  SV_TRY(sv_alloc_array(needed, (size_t)g->node_count, sizeof **needed));
  if (g->values[value].producer >= 0)
    (*needed)[g->values[value].producer] = true;
  sv_graph_mark_sources(g, *needed);
  return SV_OK;
}

/* A fortieth of the range on either side: |tanh| of 0.95. */
static void set_bounds(const sv_op *op, sv_units_row *row, tally *t) {
  double edge = isfinite(op->high) ? (op->high - op->low) / 40 : 0;
  row->saturates = op->low < op->high;
  t->least = op->low + edge;
  t->most = op->high - edge;
}

/* Without a shift the scores are not reported, so any kind will do. */
static sv_status find_scores(units_job *job, sv_scores *scores) {
  sv_preprocess *p = &job->preprocess;
  const sv_ints image = sv_preprocess_sizes(p);
  const sv_model *m = job->model;
  sv_status status =
      sv_scores_find(scores, m->graph, m->state, p->scores, &image);
  if (status == SV_OK || job->options->shift) return status;
  p->scores = SV_SCORES_LOGITS;
  return sv_scores_find(scores, m->graph, m->state, p->scores, &image);
}

static sv_status list_rows(units_job *job) {
  const sv_graph *g = job->model->graph;
  sv_units *u = job->units;
  bool *needed = NULL;
  sv_scores scores;
  size_t nodes = (size_t)g->node_count;
  SV_TRY(find_scores(job, &scores));
  SV_TRY(sv_alloc_array(&u->rows, nodes, sizeof *u->rows));
  SV_TRY(sv_alloc_array(&job->tallies, nodes, sizeof *job->tallies));
  SV_TRY(sv_alloc_array(&job->names, nodes, sizeof *job->names));
  SV_TRY(mark_needed(g, scores.value, &needed));
  for (int n = 0; n < g->node_count; n++) {
    const sv_node *node = &g->nodes[n];
    const sv_value_info *value = &g->values[node->out[0]];
    if (!needed[n] || !node->out[0] || value->dtype != SV_F32) continue;
    u->rows[u->count] =
        (sv_units_row){.name = node->name, .op = node->op->name};
    job->tallies[u->count] = (tally){.value = value->name};
    set_bounds(node->op, &u->rows[u->count], &job->tallies[u->count]);
    job->names[u->count++] = value->name;
  }
  sv_free(needed);
  return SV_OK;
}

static sv_status choose_samples(units_job *job) {
  const sv_units_options *o = job->options;
  SV_TRY(sv_samples_all(&job->samples, job->dataset));
  if (o->samples < 1 || o->samples >= job->samples.count) return SV_OK;
  return sv_samples_draw(&job->samples, job->dataset, o->samples, o->seed);
}

static sv_status compile(units_job *job) {
  const sv_units_options *o = job->options;
  const sv_preprocess *p = &job->preprocess;
  sv_plan_options options = sv_plan_default();
  int64_t count = job->samples.count;
  options.batch = o->batch < count || count == 0 ? o->batch : count;
  options.threads = o->threads;
  options.backend = o->backend;
  options.keep = job->names;
  options.keep_count = job->units->count;
  sv_state *state = sv_model_state(job->model);
  SV_TRY(sv_runner_new(&job->plain, job->model->graph, state, p, &options));
  sv_loader_setup loader = {.dataset = job->dataset,
                            .preprocess = p,
                            .batch = job->plain.options.batch,
                            .threads = SV_LOADER_AUTO};
  SV_TRY(sv_loader_make(&job->loader, &loader));
  if (o->shift == 0) return SV_OK;
  size_t image = (size_t)p->channels * (size_t)p->height * (size_t)p->width;
  SV_TRY(sv_alloc_array(&job->pixels, (size_t)job->plain.options.batch * image,
                        sizeof *job->pixels));
  return sv_runner_new(&job->shifted, job->model->graph, state, p, &options);
}

static sv_status check(const units_job *job) {
  const sv_units_options *o = job->options;
  const sv_preprocess *p = &job->preprocess;
  if (!(o->tolerance >= 0 && o->tolerance <= 1))
    return sv_fail(SV_INVALID, "tolerance is %g, expected 0 to 1",
                   o->tolerance);
  if (o->shift == 0) return SV_OK;
  if (p->permuted)
    return sv_fail(SV_INVALID,
                   "the model was trained on permuted pixels: shifting an "
                   "image is meaningless");
  if (o->shift <= -p->width || o->shift >= p->width)
    return sv_fail(SV_INVALID,
                   "a shift of %d pixels, but the images are %d wide", o->shift,
                   p->width);
  return SV_OK;
}

static sv_status prepare(units_job *job) {
  SV_TRY(sv_preprocess_load(&job->preprocess, job->model));
  SV_TRY(sv_model_check_learned(job->model));
  SV_TRY(check(job));
  SV_TRY(choose_samples(job));
  SV_TRY(list_rows(job));
  SV_TRY(compile(job));
  return sv_loader_start(job->loader, job->samples.at, job->samples.count, 0);
}

/* ---- A batch ---- */

/* x'[i] = x[i - shift]; beyond the edge, the edge's value. */
static void shift_rows(const sv_preprocess *p, int shift, const float *src,
                       float *dst, int64_t images) {
  int each = p->layout == SV_IMAGE_NHWC ? p->channels : 1; /* side by side */
  int64_t rows = images * p->channels * p->height / each;
  for (int64_t r = 0; r < rows; r++)
    for (int x = 0; x < p->width; x++, dst += each) {
      int from = x - shift;
      from = from < 0 ? 0 : from < p->width ? from : p->width - 1;
      memcpy(dst, src + (r * p->width + from) * each,
             (size_t)each * sizeof *dst);
    }
}

/* Units of a tensor N x C x ...: C of them. */
static int64_t units_of(const sv_shape *shape) {
  return shape->rank > 1 ? shape->dim[1] : 1;
}

static sv_status count_off(sv_units_row *row, tally *t, const sv_tensor *y) {
  int64_t units = units_of(&y->shape), all = sv_shape_count(&y->shape);
  int64_t images = y->shape.rank > 0 ? y->shape.dim[0] : 1;
  int64_t places = images && units ? all / (images * units) : 0;
  const float *at = y->data;
  row->units = units;
  t->values += all;
  if (!row->saturates) return SV_OK;
  if (!t->alive) SV_TRY(sv_alloc_array(&t->alive, (size_t)units, 1));
  for (int64_t i = 0; i < images * units; i++)
    for (int64_t k = 0; k < places; k++, at++) {
      bool off = *at <= t->least || *at >= t->most;
      t->off += off;
      if (!off) t->alive[i % units] = true;
    }
  return SV_OK;
}

static void count_unchanged(tally *t, const sv_tensor *y,
                            const sv_tensor *after, double tolerance) {
  int64_t all = sv_shape_count(&y->shape);
  const float *a = y->data, *b = after->data;
  float share = (float)tolerance;
  for (int64_t i = 0; i < all; i++) {
    float x = fabsf(a[i]), z = fabsf(b[i]), more = x > z ? x : z;
    t->lit += more > 0;
    t->unchanged += more > 0 && fabsf(a[i] - b[i]) <= share * more;
  }
}

static void count_classes(units_job *job, const sv_tensor *a,
                          const sv_tensor *b) {
  int classes = (int)a->shape.dim[1];
  const float *x = a->data, *y = b->data;
  for (int64_t i = 0; i < a->shape.dim[0]; i++, x += classes, y += classes)
    job->same_class +=
        sv_highest_score(x, classes) == sv_highest_score(y, classes);
}

static sv_status run_batch(units_job *job, const sv_batch *batch) {
  const sv_units_options *o = job->options;
  sv_plan *plan, *after = NULL;
  sv_tensor scores, moved, y, z;
  SV_TRY(sv_runner_forward(&job->plain, batch, 0, &plan, &scores));
  if (o->shift) {
    sv_batch other = *batch;
    shift_rows(&job->preprocess, o->shift, batch->pixels, job->pixels,
               batch->count);
    other.pixels = job->pixels;
    SV_TRY(sv_runner_forward(&job->shifted, &other, 0, &after, &moved));
    count_classes(job, &scores, &moved);
  }
  for (int i = 0; i < job->units->count; i++) {
    tally *t = &job->tallies[i];
    SV_TRY(sv_plan_value(plan, t->value, &y));
    sv_runner_trim(&job->plain, batch->count, &y);
    SV_TRY(count_off(&job->units->rows[i], t, &y));
    if (!o->shift) continue;
    SV_TRY(sv_plan_value(after, t->value, &z));
    count_unchanged(t, &y, &z, o->tolerance);
  }
  job->units->samples += batch->count;
  return SV_OK;
}

static sv_status run(units_job *job) {
  const sv_units_options *o = job->options;
  for (;;) {
    sv_batch batch;
    SV_TRY(sv_loader_next(job->loader, &batch));
    if (batch.count == 0) return SV_OK;
    SV_TRY(run_batch(job, &batch));
    bool go_on = !o->report ||
                 o->report(o->context, job->units->samples, job->samples.count);
    if (!go_on || sv_stop_requested(o->stop))
      return sv_fail(SV_INTERRUPTED, "stopped after %lld samples",
                     (long long)job->units->samples);
  }
}

/* ---- The result ---- */

static void finish(units_job *job) {
  sv_units *u = job->units;
  double samples = u->samples ? (double)u->samples : 1;
  for (int i = 0; i < u->count; i++) {
    sv_units_row *row = &u->rows[i];
    const tally *t = &job->tallies[i];
    double values = t->values ? (double)t->values : 1;
    row->off = (double)t->off / values;
    row->unchanged = t->lit ? (double)t->unchanged / (double)t->lit : 1;
    for (int64_t k = 0; t->alive && k < row->units; k++)
      row->dead += !t->alive[k];
  }
  u->same_class = (double)job->same_class / samples;
}

static void release(units_job *job) {
  for (int i = 0; job->tallies && i < job->units->count; i++)
    sv_free(job->tallies[i].alive);
  sv_free(job->tallies);
  sv_free(job->names);
  sv_free(job->pixels);
  sv_loader_free(job->loader);
  sv_runner_free(&job->plain);
  sv_runner_free(&job->shifted);
  sv_samples_free(&job->samples);
  sv_preprocess_free(&job->preprocess);
}

sv_status sv_units_measure(sv_units *units, const sv_model *model,
                           const sv_dataset *dataset,
                           const sv_units_options *options) {
  sv_units_options own = sv_units_default();
  units_job job = {.model = model,
                   .dataset = dataset,
                   .options = &own,
                   .preprocess = sv_preprocess_default(),
                   .units = units};
  *units = (sv_units){0};
  sv_status status =
      sv_sized_take(&own, sizeof own, options, "sv_units_options");
  if (status == SV_OK) status = prepare(&job);
  if (status == SV_OK) status = run(&job);
  if (status == SV_OK) finish(&job);
  release(&job);
  if (status != SV_OK) sv_units_free(units);
  return status;
}

void sv_units_free(sv_units *units) {
  sv_free(units->rows);
  *units = (sv_units){0};
}
