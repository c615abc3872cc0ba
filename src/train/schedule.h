/* Schedules: the learning rate as a function of the step. */
#ifndef SV_TRAIN_SCHEDULE_H
#define SV_TRAIN_SCHEDULE_H

#include "train/setting.h"

typedef struct sv_schedule {
  sv_setting setting;
  double rate;   /* the highest */
  double epoch;  /* steps in an epoch */
  int64_t steps; /* of the whole training */
} sv_schedule;

/* From text: "constant", "step 10 0.1", "cosine 1". */
sv_status sv_schedule_parse(sv_schedule *schedule, const char *text,
                            double rate, int64_t steps_per_epoch,
                            int epochs) SV_CHECKED;

/* The rate of step 0, 1, ...; pure. */
double sv_schedule_at(const sv_schedule *schedule, int64_t step);

#endif
