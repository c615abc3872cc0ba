/* Schedules: the learning rate as a function of the step. */
#ifndef SV_TRAIN_SCHEDULE_H
#define SV_TRAIN_SCHEDULE_H

#include "train/setting.h"

/* What the losses of past validations did to the rate. Zeros before the first
 * one; kept with the training's counters. */
typedef struct sv_plateau {
  int64_t seen; /* validations */
  int64_t bad;  /* of the last ones, those that did not improve */
  int64_t cuts; /* of the rate */
  double best;  /* the lowest loss */
} sv_plateau;

typedef struct sv_schedule {
  sv_setting setting;
  double rate;    /* the highest */
  double epoch;   /* steps in an epoch */
  double warm_up; /* steps of the rise */
  int64_t steps;  /* of the whole training */
} sv_schedule;

/* From text: "constant", "step 10 0.1", "cosine 1". `warm_up` is in epochs;
 * SV_INVALID if the schedule has a rise of its own besides. */
sv_status sv_schedule_parse(sv_schedule *schedule, const char *text,
                            double rate, double warm_up,
                            int64_t steps_per_epoch, int epochs) SV_CHECKED;

/* The rate of step 0, 1, ...; pure. */
double sv_schedule_at(const sv_schedule *schedule, const sv_plateau *plateau,
                      int64_t step);

/* After an epoch, with the loss of its validation. */
void sv_schedule_see(const sv_schedule *schedule, sv_plateau *plateau,
                     double loss);

#endif
