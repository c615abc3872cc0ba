#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "train/metrics.h"

sv_status sv_metrics_new(sv_metrics *metrics, int classes) {
  *metrics = (sv_metrics){.classes = classes};
  if (classes < 1) return sv_fail(SV_INVALID, "metrics of %d classes", classes);
  return sv_alloc_array(&metrics->confusion, (size_t)classes,
                        (size_t)classes * sizeof *metrics->confusion);
}

void sv_metrics_free(sv_metrics *metrics) {
  sv_free(metrics->confusion);
  *metrics = (sv_metrics){0};
}

void sv_metrics_clear(sv_metrics *metrics) {
  int classes = metrics->classes;
  int64_t *confusion = metrics->confusion;
  memset(confusion, 0, (size_t)classes * (size_t)classes * sizeof *confusion);
  *metrics = (sv_metrics){.classes = classes, .confusion = confusion};
}

/* log sum_j e^(s_j) - s_y, the highest score taken out of the sum. */
static double cross_entropy(const float *s, int classes, int64_t y) {
  double highest = s[0], sum = 0;
  for (int j = 1; j < classes; j++)
    if (s[j] > highest) highest = s[j];
  for (int j = 0; j < classes; j++) sum += exp(s[j] - highest);
  return log(sum) + highest - s[y];
}

static int rank_of(const float *s, int classes, int64_t y) {
  int above = 0;
  for (int j = 0; j < classes; j++)
    above += j < y ? !(s[j] < s[y]) : j > y && !(s[j] <= s[y]);
  return above;
}

int sv_highest_score(const float *s, int classes) {
  int best = 0;
  for (int j = 1; j < classes; j++)
    if (s[j] > s[best]) best = j;
  return best;
}

int64_t sv_count_top1(const float *scores, const int64_t *labels, int64_t count,
                      int classes) {
  int64_t right = 0;
  for (int64_t i = 0; i < count; i++)
    right += rank_of(scores + i * classes, classes, labels[i]) == 0;
  return right;
}

void sv_metrics_add(sv_metrics *m, const float *scores, const int64_t *labels,
                    int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float *s = scores + i * m->classes;
    int64_t y = labels[i];
    int rank = rank_of(s, m->classes, y);
    m->loss_sum += cross_entropy(s, m->classes, y);
    m->top1_count += rank < 1;
    m->top5_count += rank < 5;
    m->confusion[y * m->classes + sv_highest_score(s, m->classes)]++;
  }
  m->samples += count;
  if (m->samples == 0) return;
  m->loss = m->loss_sum / (double)m->samples;
  m->top1 = (double)m->top1_count / (double)m->samples;
  m->top5 = (double)m->top5_count / (double)m->samples;
}

static double share(int64_t part, int64_t whole) {
  return whole ? (double)part / (double)whole : 0;
}

sv_class_metrics sv_metrics_of_class(const sv_metrics *m, int c) {
  int64_t right = m->confusion[(size_t)c * (size_t)m->classes + (size_t)c];
  int64_t told = 0, support = 0;
  for (int i = 0; i < m->classes; i++) {
    told += m->confusion[(size_t)i * (size_t)m->classes + (size_t)c];
    support += m->confusion[(size_t)c * (size_t)m->classes + (size_t)i];
  }
  return (sv_class_metrics){.precision = share(right, told),
                            .recall = share(right, support),
                            .f1 = share(2 * right, told + support),
                            .support = support};
}
