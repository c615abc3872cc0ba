/* Schedules: the rate r of step t out of T, an epoch having E steps.
 *   constant           r = rate
 *   step N F           r = rate * F^floor(t / (N E))
 *   cosine [W] [L]     r = rate * (t + 1) / (W E)        while t < W E
 *                      r = rate * (L + (1 - L) (1 + cos(pi p)) / 2) after that,
 *                          p = (t - W E) / (T - W E)
 * Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm
 * Restarts", ICLR 2017 (cosine); Goyal et al., "Accurate, Large Minibatch SGD",
 * 2017 (warm-up). */
#include "train/schedule.h"

#include <math.h>

typedef struct schedule_row {
  sv_setting_row setting;
  double (*factor)(const sv_schedule *s, double t);
} schedule_row;

static double constant(const sv_schedule *s, double t) {
  (void)s, (void)t;
  return 1;
}

static double step(const sv_schedule *s, double t) {
  return pow(s->setting.at[1], floor(t / (s->setting.at[0] * s->epoch)));
}

static double cosine(const sv_schedule *s, double t) {
  const double pi = 3.141592653589793;
  double warm = s->setting.at[0] * s->epoch, least = s->setting.at[1];
  if (t < warm) return fmin(1, (t + 1) / warm);
  double progress = (t - warm) / ((double)s->steps - warm);
  return least + (1 - least) * (1 + cos(pi * progress)) / 2;
}

static const schedule_row schedules[] = {
    {{"constant", 0, 0, {0}, "constant"}, constant},
    {{"step", 1, 2, {0, 0.1}, "step EPOCHS [FACTOR]"}, step},
    {{"cosine", 0, 2, {0, 0}, "cosine [WARM-UP EPOCHS] [LEAST FACTOR]"},
     cosine},
    {{0}, NULL},
};

/* What the numbers of every row have in common. */
static sv_status check(const sv_schedule *s, const char *text) {
  const sv_setting_row *row = s->setting.row;
  for (int i = 0; i < row->most; i++)
    if (s->setting.at[i] < 0)
      return sv_fail(SV_INVALID, "schedule '%s': %g is negative (usage: %s)",
                     text, s->setting.at[i], row->usage);
  if (row->least > 0 && s->setting.at[0] == 0)
    return sv_fail(SV_INVALID, "schedule '%s': 0 epochs (usage: %s)", text,
                   row->usage);
  return SV_OK;
}

sv_status sv_schedule_parse(sv_schedule *schedule, const char *text,
                            double rate, int64_t steps_per_epoch, int epochs) {
  *schedule = (sv_schedule){.rate = rate,
                            .epoch = (double)steps_per_epoch,
                            .steps = steps_per_epoch * epochs};
  SV_TRY(sv_setting_parse(&schedule->setting, "schedule", text, schedules,
                          sizeof *schedules));
  return check(schedule, text);
}

double sv_schedule_at(const sv_schedule *schedule, int64_t step) {
  const schedule_row *row = (const schedule_row *)schedule->setting.row;
  return schedule->rate * row->factor(schedule, (double)step);
}
