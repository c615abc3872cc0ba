/* Schedules: the learning rate as a function of the step (svertka/optim.h). */
#ifndef SV_OPTIM_SCHEDULE_H
#define SV_OPTIM_SCHEDULE_H

#include <svertka/optim.h>

#include "base/setting.h"

struct sv_schedule {
  sv_setting setting;
  double rate;    /* the max learning rate */
  double epoch;   /* steps per epoch */
  double warm_up; /* steps of the warm-up */
  int64_t steps;  /* of the whole training */
};

/* Parses "constant", "step 10 0.1", "cosine 1". `warm_up` is in epochs;
 * SV_INVALID if the schedule has its own rise, too. */
sv_status sv_schedule_parse(sv_schedule *schedule, const char *text,
                            double rate, double warm_up,
                            int64_t steps_per_epoch, int epochs) SV_CHECKED;

#endif
