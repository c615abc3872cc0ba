#include <math.h>
#include <stdlib.h>
#include <svertka/rate.h>

#include "base/memory.h"
#include "base/sized.h"
#include "train/fit.h"

enum { LEAST_STEPS = 20, MOST_STEPS = 1000000 };
static const double divergence_factor = 4; /* times the lowest loss */
/* A smaller fall of the loss counts as chance: as a share of the loss, and as a
 * multiple of the losses' deviation from their mean. */
static const double least_fall = 0.02, least_noise = 2;

sv_rate_options sv_rate_default(void) {
  return (sv_rate_options){
      .size = sizeof(sv_rate_options), .from = 1e-6, .to = 10, .steps = 200};
}

void sv_rate_curve_free(sv_rate_curve *curve) {
  sv_free(curve->points);
  *curve = (sv_rate_curve){0};
}

static sv_status check(const sv_rate_options *o) {
  if (!(o->from > 0 && o->from < o->to && isfinite(o->to)))
    return sv_fail(SV_INVALID, "rates from %g to %g, expected 0 < from < to",
                   o->from, o->to);
  if (o->steps < LEAST_STEPS || o->steps > MOST_STEPS)
    return sv_fail(SV_INVALID, "%d steps, expected %d to %d", o->steps,
                   LEAST_STEPS, MOST_STEPS);
  return SV_OK;
}

/* ---- The curve ---- */

/* Points on each side that a mean includes. */
static int reach_of(int steps) { return steps / 25 + 1; }

/* A mean over the points around i, weights falling linearly to both sides; at
 * an end of the curve over those that there are. */
static double smooth(const sv_rate_curve *curve, int i, int reach) {
  double sum = 0, weights = 0;
  for (int k = -reach; k <= reach; k++) {
    if (i + k < 0 || i + k >= curve->count) continue;
    double weight = reach + 1 - abs(k);
    sum += weight * curve->points[i + k].loss;
    weights += weight;
  }
  return sum / weights;
}

/* Decided by the mean around the last point, which has points on one side
 * only. */
static bool has_diverged(sv_rate_curve *curve, int reach, double *lowest) {
  double now = smooth(curve, curve->count - 1, reach);
  if (curve->count <= reach) return false;
  *lowest = fmin(*lowest, now);
  return now > divergence_factor * *lowest;
}

/* The deviation of losses from their mean, up to the lowest point. */
static double noise_of(const sv_rate_curve *curve) {
  double sum = 0;
  for (int i = 0; i <= curve->lowest; i++) {
    double off = curve->points[i].loss - curve->points[i].smoothed;
    sum += off * off;
  }
  return sqrt(sum / (curve->lowest + 1));
}

/* Slopes are taken over the reach of the means, so that neighbours' noise does
 * not decide; rates grow evenly on a logarithmic axis. */
static void read_curve(sv_rate_curve *curve, int reach) {
  sv_rate_point *p = curve->points;
  int last = curve->count - 1;
  for (int i = 0; i <= last; i++) p[i].smoothed = smooth(curve, i, reach);
  for (int i = 1; i <= last; i++)
    if (p[i].smoothed < p[curve->lowest].smoothed) curve->lowest = i;
  double steepest = 0;
  for (int i = reach; i + reach <= last && i <= curve->lowest; i++) {
    double rise = p[i + reach].smoothed - p[i - reach].smoothed;
    if (rise >= steepest) continue;
    steepest = rise;
    curve->steepest = i;
  }
  double start = p[0].smoothed, fall = start - p[curve->lowest].smoothed;
  if (steepest < 0 && fall > least_fall * fabs(start) &&
      fall > least_noise * noise_of(curve))
    curve->suggested = p[curve->lowest].rate / 10;
}

/* ---- The training ---- */

static sv_status copy_model(sv_model **copy, const sv_model *model) {
  sv_graph *graph;
  sv_state *state;
  *copy = NULL;
  SV_TRY(sv_graph_copy(&graph, model->graph));
  sv_status status = sv_state_copy(&state, model->state);
  if (status != SV_OK) {
    sv_graph_free(graph);
    return status;
  }
  SV_TRY(sv_model_wrap(copy, graph, state));
  status = sv_model_inherit(*copy, model);
  if (status == SV_OK) return SV_OK;
  sv_model_free(*copy);
  *copy = NULL;
  return status;
}

/* The next batch; after the last one of an epoch the first of another. */
static sv_status next_batch(sv_fit_job *job, sv_batch *batch) {
  sv_counters *c = &job->counters;
  if (c->step == c->epochs * job->steps) {
    SV_TRY(sv_fit_start_epoch(job, 0));
    c->epochs++;
  }
  return sv_loader_next(job->loader, batch);
}

static sv_status run(sv_fit_job *job, sv_rate_curve *curve,
                     const sv_rate_options *o) {
  int reach = reach_of(o->steps);
  double lowest = INFINITY;
  for (int i = 0; i < o->steps && !curve->diverged; i++) {
    sv_batch batch;
    sv_rate_point *p = &curve->points[i];
    p->rate = o->from * pow(o->to / o->from, i / (o->steps - 1.0));
    SV_TRY(next_batch(job, &batch));
    sv_status status = sv_fit_step(job, &batch, p->rate, &p->loss);
    if (status == SV_NUMERIC && curve->count > 2 * reach) {
      curve->diverged = true;
      return SV_OK;
    }
    SV_TRY(status);
    curve->count++;
    curve->diverged = has_diverged(curve, reach, &lowest);
    bool go_on = !o->report || o->report(o->context, i + 1, o->steps);
    if (!go_on || sv_stop_requested(o->stop))
      return sv_fail(SV_INTERRUPTED, "stopped after step %d of %d", i + 1,
                     o->steps);
  }
  return SV_OK;
}

static sv_status find(sv_rate_curve *curve, sv_fit_job *job,
                      const sv_rate_options *o) {
  SV_TRY(
      sv_alloc_array(&curve->points, (size_t)o->steps, sizeof *curve->points));
  SV_TRY(sv_fit_prepare(job));
  SV_TRY(run(job, curve, o));
  read_curve(curve, reach_of(o->steps));
  return SV_OK;
}

sv_status sv_rate_find(sv_rate_curve *curve, const sv_model *model,
                       const sv_dataset *dataset, const sv_fit_options *fit,
                       const sv_rate_options *options) {
  sv_rate_options own = sv_rate_default();
  sv_fit_options o = sv_fit_default();
  sv_fit_job job = {.dataset = dataset, .options = &o};
  *curve = (sv_rate_curve){0};
  SV_TRY(sv_sized_take(&own, sizeof own, options, "sv_rate_options"));
  SV_TRY(sv_sized_take(&o, sizeof o, fit, "sv_fit_options"));
  SV_TRY(check(&own));
  o.run = NULL;
  o.resume = false;
  o.schedule = "constant";
  o.warm_up = o.ema = 0;
  o.patience = 0;
  o.log_gradients = false;
  SV_TRY(copy_model(&job.model, model));
  sv_status status = find(curve, &job, &own);
  if (status != SV_OK) sv_rate_curve_free(curve);
  sv_fit_release(&job);
  sv_model_free(job.model);
  return status;
}
