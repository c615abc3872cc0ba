/* Source: King, Zeng, "Logistic Regression in Rare Events Data", Political
 * Analysis 9, 2001 (weights by inverse frequency). */
#include "train/class_weights.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static double no_weight(double count) {
  (void)count;
  return 1;
}

static double inverse(double count) { return 1 / count; }

static double inverse_root(double count) { return 1 / sqrt(count); }

static const struct rule {
  const char *name;
  double (*weight)(double count);
} rules[] = {{"off", no_weight}, {"sqrt", inverse_root}, {"inverse", inverse}};

static sv_status find_rule(const struct rule **rule, const char *name) {
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    *rule = &rules[i];
    if (strcmp(name, (*rule)->name) == 0) return SV_OK;
  }
  return sv_fail(SV_INVALID,
                 "class weights '%s', expected off, sqrt or inverse", name);
}

/* Counts the samples, or their pixels, of each class. */
static sv_status count_labels(int64_t *counts, const sv_dataset *dataset,
                              const sv_samples *samples) {
  for (int64_t i = 0; i < samples->count; i++) {
    sv_image mask;
    if (!sv_dataset_has_masks(dataset)) {
      counts[sv_dataset_label(dataset, samples->at[i])]++;
      continue;
    }
    SV_TRY(sv_dataset_mask(dataset, samples->at[i], &mask));
    for (int k = 0; k < mask.width * mask.height; k++)
      if (mask.pixels[k] != SV_NO_CLASS) counts[mask.pixels[k]]++;
    sv_image_free(&mask);
  }
  return SV_OK;
}

sv_status sv_class_weights(float *weights, int classes, const char *name,
                           const sv_dataset *dataset,
                           const sv_samples *samples) {
  const struct rule *rule;
  int64_t *counts;
  double sum = 0, all = 0;
  SV_TRY(find_rule(&rule, name));
  SV_TRY(sv_alloc_array(&counts, (size_t)classes, sizeof *counts));
  /* Masks are files: they are read only if the rule needs counts. */
  bool wanted = rule->weight != no_weight || !sv_dataset_has_masks(dataset);
  sv_status status = wanted ? count_labels(counts, dataset, samples) : SV_OK;
  for (int c = 0; c < classes; c++) {
    all += (double)counts[c];
    if (counts[c]) sum += (double)counts[c] * rule->weight((double)counts[c]);
  }
  for (int c = 0; c < classes; c++) {
    double weight = counts[c] ? rule->weight((double)counts[c]) : 0;
    weights[c] = (float)(weight * all / sum);
  }
  sv_free(counts);
  return status;
}
