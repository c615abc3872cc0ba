/* Schedules: the learning rate as a function of the step. */
#ifndef SV_OPTIM_SCHEDULE_H
#define SV_OPTIM_SCHEDULE_H

#include "base/setting.h"

/* The effect of past validation losses on the learning rate. Zeros before the
 * first validation; stored with the training's counters. */
typedef struct sv_plateau {
  int64_t seen; /* validations */
  int64_t bad;  /* validations in a row without improvement */
  int64_t cuts; /* reductions of the rate */
  double best;  /* the lowest loss */
} sv_plateau;

typedef struct sv_schedule {
  sv_setting setting;
  double rate;    /* the max learning rate */
  double epoch;   /* steps per epoch */
  double warm_up; /* steps of the warm-up */
  int64_t steps;  /* of the whole training */
} sv_schedule;

/* Parses "constant", "step 10 0.1", "cosine 1". `warm_up` is in epochs;
 * SV_INVALID if the schedule has its own rise, too. */
sv_status sv_schedule_parse(sv_schedule *schedule, const char *text,
                            double rate, double warm_up,
                            int64_t steps_per_epoch, int epochs) SV_CHECKED;

/* The rate of step 0, 1, ...; pure. */
double sv_schedule_at(const sv_schedule *schedule, const sv_plateau *plateau,
                      int64_t step);

/* Call after an epoch with its validation loss. */
void sv_schedule_see(const sv_schedule *schedule, sv_plateau *plateau,
                     double loss);

#endif
