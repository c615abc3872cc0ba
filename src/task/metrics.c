#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "task/metrics.h"

#include <svertka/layers.h>

sv_status sv_metrics_new(sv_metrics *metrics, int classes) {
  *metrics = (sv_metrics){.classes = classes};
  if (classes < 1) return sv_fail(SV_INVALID, "metrics of %d classes", classes);
  sv_status status =
      sv_alloc_array(&metrics->confusion, (size_t)classes,
                     (size_t)classes * sizeof *metrics->confusion);
  if (status == SV_OK)
    status = sv_alloc_array(&metrics->ranks, (size_t)classes,
                            sizeof *metrics->ranks);
  if (status == SV_OK)
    status =
        sv_alloc_array(&metrics->row, (size_t)classes, sizeof *metrics->row);
  if (status != SV_OK) sv_metrics_free(metrics);
  return status;
}

void sv_metrics_free(sv_metrics *metrics) {
  sv_free(metrics->confusion);
  sv_free(metrics->ranks);
  sv_free(metrics->row);
  *metrics = (sv_metrics){0};
}

void sv_metrics_clear(sv_metrics *metrics) {
  size_t classes = (size_t)metrics->classes;
  int64_t *confusion = metrics->confusion, *ranks = metrics->ranks;
  float *row = metrics->row;
  bool independent = metrics->independent;
  memset(confusion, 0, classes * classes * sizeof *confusion);
  memset(ranks, 0, classes * sizeof *ranks);
  *metrics = (sv_metrics){.classes = (int)classes,
                          .confusion = confusion,
                          .ranks = ranks,
                          .row = row,
                          .independent = independent};
}

/* ---- A sample ---- */

int sv_highest_score(const float *s, int classes) {
  int best = 0;
  for (int j = 1; j < classes; j++)
    if (s[j] > s[best]) best = j;
  return best;
}

/* Logarithms end at -100, as in PyTorch's binary cross-entropy. */
static double bounded_log(double p) {
  return p > 0 ? fmax(log(p), -100) : -100;
}

static sv_told told_by_each(const float *p, int classes, int64_t y) {
  int best = sv_highest_score(p, classes);
  double loss = 0, brier = 0;
  for (int j = 0; j < classes; j++) {
    double right = j == y ? (double)p[j] : 1 - (double)p[j];
    loss -= bounded_log(right);
    brier += (1 - right) * (1 - right);
  }
  return (sv_told){.predicted = best,
                   .probability = (double)p[best],
                   .truth = (double)p[y],
                   .loss = loss / classes,
                   .brier = brier};
}

sv_told sv_told_by(const float *s, int classes, int64_t y, bool independent) {
  if (independent) return told_by_each(s, classes, y);
  int best = sv_highest_score(s, classes);
  double sum = 0, others = 0; /* others: squares of all but y */
  for (int j = 0; j < classes; j++) {
    double e = exp((double)s[j] - s[best]);
    sum += e;
    if (j != y) others += e * e;
  }
  double truth = exp((double)s[y] - s[best]) / sum;
  return (sv_told){.predicted = best,
                   .probability = 1 / sum,
                   .truth = truth,
                   .loss = log(sum) + s[best] - s[y],
                   .brier = others / (sum * sum) + (1 - truth) * (1 - truth)};
}

/* See sv_metrics. */
static int rank_of(const float *s, int classes, int64_t y) {
  int above = 0;
  for (int j = 0; j < classes; j++)
    above += j < y ? !(s[j] < s[y]) : j > y && !(s[j] <= s[y]);
  return above;
}

int64_t sv_count_top1(const float *scores, const int64_t *labels, int64_t count,
                      int classes) {
  int64_t right = 0;
  for (int64_t i = 0; i < count; i++)
    right += rank_of(scores + i * classes, classes, labels[i]) == 0;
  return right;
}

/* What is no number falls into the first bin and is seen in its sum. */
static void add_confidence(sv_metrics *m, double confidence, bool right) {
  int b = 0;
  while (b < SV_CALIBRATION_BINS - 1 &&
         confidence > (b + 1) / (double)SV_CALIBRATION_BINS)
    b++;
  m->bins[b].samples++;
  m->bins[b].right += right;
  m->bins[b].confidence += confidence;
}

/* sum_b n_b / n |right_b / n_b - confidence_b / n_b| */
static double calibration_error(const sv_metrics *m) {
  double sum = 0;
  for (int b = 0; b < SV_CALIBRATION_BINS; b++)
    sum += fabs((double)m->bins[b].right - m->bins[b].confidence);
  return sum / (double)m->samples;
}

static void add(sv_metrics *m, const float *s, int64_t y) {
  sv_told told = sv_told_by(s, m->classes, y, m->independent);
  m->loss_sum += told.loss;
  m->brier_sum += told.brier;
  m->ranks[rank_of(s, m->classes, y)]++;
  m->confusion[y * m->classes + told.predicted]++;
  add_confidence(m, told.probability, told.predicted == y);
  m->samples++;
}

static void sum_up(sv_metrics *m) {
  if (m->samples == 0) return;
  m->loss = m->loss_sum / (double)m->samples;
  m->brier = m->brier_sum / (double)m->samples;
  m->top1_count = m->ranks[0];
  m->top1 = sv_metrics_top(m, 1);
  m->top5 = sv_metrics_top(m, 5);
  m->calibration_error = calibration_error(m);
}

void sv_metrics_add(sv_metrics *m, const float *scores, const int64_t *labels,
                    int64_t count) {
  for (int64_t i = 0; i < count; i++)
    add(m, scores + i * m->classes, labels[i]);
  sum_up(m);
}

/* The scores of one place, side by side. */
static void gather(float *row, const float *scores, int classes,
                   int64_t places) {
  for (int c = 0; c < classes; c++) row[c] = scores[c * places];
}

void sv_metrics_add_pixels(sv_metrics *m, const float *scores,
                           const int64_t *labels, int64_t count,
                           int64_t places) {
  for (int64_t n = 0; n < count; n++, scores += m->classes * places)
    for (int64_t i = 0; i < places; i++) {
      int64_t y = *labels++;
      if (y == SV_NO_CLASS) continue;
      gather(m->row, scores + i, m->classes, places);
      add(m, m->row, y);
    }
  sum_up(m);
}

int64_t sv_count_pixels(const float *scores, const int64_t *labels,
                        int64_t count, int classes, int64_t places) {
  int64_t right = 0, all = 0;
  for (int64_t n = 0; n < count; n++, scores += classes * places)
    for (int64_t i = 0; i < places; i++) {
      int64_t y = *labels++;
      bool best = y != SV_NO_CLASS;
      all += best;
      for (int c = 0; c < classes && best; c++)
        best = c == y || scores[c * places + i] < scores[y * places + i];
      right += best;
    }
  return all ? llround((double)right / (double)all * (double)(count * places))
             : 0;
}

/* ---- Over the samples ---- */

static double share(int64_t part, int64_t whole) {
  return whole ? (double)part / (double)whole : 0;
}

double sv_metrics_top(const sv_metrics *m, int k) {
  int64_t within = 0;
  for (int r = 0; r < k && r < m->classes; r++) within += m->ranks[r];
  return share(within, m->samples);
}

static int64_t told_as(const sv_metrics *m, int c) {
  int64_t told = 0;
  for (int i = 0; i < m->classes; i++)
    told += m->confusion[(size_t)i * (size_t)m->classes + (size_t)c];
  return told;
}

sv_class_metrics sv_metrics_of_class(const sv_metrics *m, int c) {
  const int64_t *row = m->confusion + (size_t)c * (size_t)m->classes;
  int64_t right = row[c], told = told_as(m, c), support = 0;
  for (int i = 0; i < m->classes; i++) support += row[i];
  return (sv_class_metrics){.precision = share(right, told),
                            .recall = share(right, support),
                            .f1 = share(2 * right, told + support),
                            .iou = share(right, told + support - right),
                            .support = support};
}

static sv_class_metrics average(const sv_metrics *m, bool by_support) {
  sv_class_metrics mean = {.support = m->samples};
  double weights = 0;
  for (int c = 0; c < m->classes; c++) {
    sv_class_metrics of = sv_metrics_of_class(m, c);
    bool occurs = of.support > 0 || told_as(m, c) > 0;
    double weight = by_support ? (double)of.support : occurs;
    weights += weight;
    mean.precision += weight * of.precision;
    mean.recall += weight * of.recall;
    mean.f1 += weight * of.f1;
    mean.iou += weight * of.iou;
  }
  if (weights == 0) return mean;
  mean.precision /= weights;
  mean.recall /= weights;
  mean.f1 /= weights;
  mean.iou /= weights;
  return mean;
}

sv_class_metrics sv_metrics_macro(const sv_metrics *m) {
  return average(m, false);
}

sv_class_metrics sv_metrics_weighted(const sv_metrics *m) {
  return average(m, true);
}
