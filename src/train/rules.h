/* Rules: by what a gradient changes a parameter. A row of the table each. */
#ifndef SV_TRAIN_RULES_H
#define SV_TRAIN_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "train/setting.h"

enum { SV_MAX_MOMENTS = 3 };

/* A stretch of one parameter, and the step. */
typedef struct sv_update {
  float *w;
  const float *g;
  float *moment[SV_MAX_MOMENTS]; /* NULL: not kept */
  int64_t count;
  float most, scale; /* g is cut to -most .. most, then multiplied */
  float decay;       /* coupled: added to g, times w */
  float keep;        /* decoupled: w is multiplied with it */
  double rate;       /* r; with the local factor of LARS in it */
  double momentum;   /* m */
  const double *at;  /* the numbers behind the rule's name */
  int64_t step;      /* t = 1, 2, ... */
} sv_update;

typedef struct sv_rule {
  sv_setting_row setting;
  double below[SV_SETTING_NUMBERS]; /* 0 <= number < below; 0: any above 0 */
  void (*update)(sv_update u);
  const char *moments[SV_MAX_MOMENTS]; /* records, NULL: none; the first is
                                        * kept if the momentum is not 0 */
  double rate, momentum, weight_decay; /* usual ones */
  bool has_momentum, needs_momentum;
  bool decoupled; /* usually */
  bool local;     /* a rate of its own for each weight */
} sv_rule;

/* The row that `text` names and its numbers; SV_INVALID says what there is. */
sv_status sv_rule_parse(const sv_rule **rule, sv_setting *setting,
                        const char *text) SV_CHECKED;

#endif
