/* Timing kernels. */
#ifndef SV_PLAN_TUNE_H
#define SV_PLAN_TUNE_H

#include "plan/plan.h"

/* True if values for its tensors can be made up: all are f32, and the forward
 * pass left nothing else. */
bool sv_can_tune(const sv_site *site);

/* The shortest of several runs of the kernel. SV_NO_MEMORY if its tensors do
 * not fit beside the plan's. */
sv_status sv_time_choice(const sv_site *site, sv_choice *choice,
                         double *seconds) SV_CHECKED;

#endif
