/* Update rules of the optimisers: one row of a table each. */
#ifndef SV_OPTIM_RULES_H
#define SV_OPTIM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"

enum { SV_MAX_MOMENTS = 3 };

/* A section of one parameter, and the step. */
typedef struct sv_update {
  float *w;
  const float *g;
  float *moment[SV_MAX_MOMENTS]; /* NULL: not kept */
  int64_t count;
  float most, scale; /* g is clipped to -most .. most, then multiplied by
                      * scale */
  float decay;       /* coupled: added to g, times w */
  float keep;        /* decoupled: w is multiplied with it */
  double rate;       /* r; includes the local factor of LARS */
  double momentum;   /* m */
  const double *at;  /* the arguments after the rule's name */
  int64_t step;      /* t = 1, 2, ... */
} sv_update;

typedef struct sv_rule {
  sv_setting_row setting;
  double below[SV_SETTING_NUMBERS]; /* 0 <= number < below; 0: any above 0 */
  void (*update)(sv_update u);
  const char *moments[SV_MAX_MOMENTS]; /* records, NULL: none; the first is
                                        * kept if the momentum is not 0 */
  double rate, momentum, weight_decay; /* defaults */
  bool has_momentum, needs_momentum;
  bool decoupled; /* by default */
  bool local;     /* a separate rate for each weight */
} sv_rule;

/* Finds the row that `text` names and parses its arguments; SV_INVALID lists
 * the valid ones. */
sv_status sv_rule_parse(const sv_rule **rule, sv_setting *setting,
                        const char *text) SV_CHECKED;

#endif
