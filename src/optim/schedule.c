/* Schedules: the rate r of step t out of T, an epoch having E steps and
 * e = floor(t / E) being those that are over.
 *   constant            r = rate
 *   step N F            r = rate F^floor(e / N)
 *   multistep F N ...   r = rate F^(how many of N ... are at most e)
 *   exponential F       r = rate F^e
 *   cosine W L          r = rate (L + (1 - L) (1 + cos(pi p)) / 2),
 *                           p = (t - W E) / (T - W E), 0 while t < W E
 *   onecycle S D G      r = from rate / D up to rate in the first S T steps,
 *                           then down to rate / (D G), each half a cosine
 *   plateau F P L       r = rate max(L, F^k), k the times that a loss did not
 *                           fall by 0.01 % for more than P epochs in a row
 * and all but onecycle, which rises by itself, times (t + 1) / (W E) while
 * t < W E, W being the epochs of warm-up.
 * Sources: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm
 * Restarts", ICLR 2017 (cosine); Smith, Topin, "Super-Convergence", 2018
 * (onecycle); Goyal et al., "Accurate, Large Minibatch SGD", 2017 (warm-up).
 * The details are those of PyTorch's torch.optim.lr_scheduler. */
#include "optim/schedule.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/sized.h"

enum { BOUNDED = 3 };

typedef struct schedule_row {
  sv_setting_row setting;
  /* Of each number; the last bound is that of all that follow. */
  struct {
    double min, max;
  } bounds[BOUNDED];
  double (*factor)(const sv_schedule *s, const sv_plateau *p, double t);
} schedule_row;

static double constant(const sv_schedule *s, const sv_plateau *p, double t) {
  (void)s, (void)p, (void)t;
  return 1;
}

static double epochs_over(const sv_schedule *s, double t) {
  return floor(t / s->epoch);
}

/* N need not be whole: 0.5 is half an epoch. */
static double step(const sv_schedule *s, const sv_plateau *p, double t) {
  (void)p;
  return pow(s->setting.at[1], floor(t / (s->setting.at[0] * s->epoch)));
}

static double multistep(const sv_schedule *s, const sv_plateau *p, double t) {
  int passed = 0;
  (void)p;
  for (int i = 1; i < s->setting.count; i++)
    passed += t >= s->setting.at[i] * s->epoch;
  return pow(s->setting.at[0], passed);
}

static double exponential(const sv_schedule *s, const sv_plateau *p, double t) {
  (void)p;
  return pow(s->setting.at[0], epochs_over(s, t));
}

/* From a (share 0) to b (share 1) along half a cosine. */
static double anneal(double a, double b, double share) {
  const double pi = 3.141592653589793;
  return b + (a - b) * (1 + cos(pi * share)) / 2;
}

static double cosine(const sv_schedule *s, const sv_plateau *p, double t) {
  (void)p;
  if (t < s->warm_up) return 1;
  double progress = (t - s->warm_up) / ((double)s->steps - s->warm_up);
  return anneal(1, s->setting.at[1], progress);
}

/* The highest rate is that of step S T - 1, the lowest that of the last one. */
static double onecycle(const sv_schedule *s, const sv_plateau *p, double t) {
  double top = s->setting.at[0] * (double)s->steps - 1;
  double last = (double)s->steps - 1, first = 1 / s->setting.at[1];
  (void)p;
  if (t <= top && top > 0) return anneal(first, 1, t / top);
  if (last <= top) return 1;
  return anneal(1, first / s->setting.at[2], (t - top) / (last - top));
}

static double plateau(const sv_schedule *s, const sv_plateau *p, double t) {
  (void)t;
  return p ? fmax(s->setting.at[2], pow(s->setting.at[0], (double)p->cuts)) : 1;
}

static const schedule_row schedules[] = {
    {{"constant", 0, 0, {0}, "constant"}, {{0, 0}}, constant},
    {{"step", 1, 2, {0, 0.1}, "step EPOCHS [FACTOR]"},
     {{1e-6, 1e6}, {0, 1e100}},
     step},
    {{"multistep", 2, SV_SETTING_NUMBERS, {0}, "multistep FACTOR EPOCH..."},
     {{0, 1e100}, {1e-6, 1e6}, {1e-6, 1e6}},
     multistep},
    {{"exponential", 1, 1, {0}, "exponential FACTOR"}, {{0, 1e6}}, exponential},
    {{"cosine", 0, 2, {0, 0}, "cosine [WARM-UP EPOCHS] [MIN FACTOR]"},
     {{0, 1e6}, {0, 1e100}},
     cosine},
    {{"onecycle",
      0,
      3,
      {0.3, 25, 1e4},
      "onecycle [RISING SHARE] [FIRST DIVISOR] [LAST DIVISOR]"},
     {{0, 1}, {1e-6, 1e12}, {1e-6, 1e12}},
     onecycle},
    {{"plateau",
      0,
      3,
      {0.1, 10, 0},
      "plateau [FACTOR] [PATIENCE EPOCHS] [MIN FACTOR]"},
     {{0, 0.999999}, {0, 1e6}, {0, 1}},
     plateau},
    {{0}, {{0, 0}}, NULL},
};

static bool is(const sv_schedule *s, const char *name) {
  return strcmp(s->setting.row->name, name) == 0;
}

static sv_status check(const sv_schedule *s, const char *text) {
  const schedule_row *row = (const schedule_row *)s->setting.row;
  const double *at = s->setting.at;
  for (int i = 0; i < s->setting.count; i++) {
    int k = i < BOUNDED ? i : BOUNDED - 1;
    if (!(at[i] >= row->bounds[k].min && at[i] <= row->bounds[k].max))
      return sv_fail(
          SV_INVALID, "schedule '%s': %g is not in %g to %g (usage: %s)", text,
          at[i], row->bounds[k].min, row->bounds[k].max, row->setting.usage);
  }
  for (int i = 2; is(s, "multistep") && i < s->setting.count; i++)
    if (at[i] <= at[i - 1])
      return sv_fail(SV_INVALID, "schedule '%s': %g comes after %g (usage: %s)",
                     text, at[i], at[i - 1], row->setting.usage);
  return SV_OK;
}

/* Cosine may bring its own warm-up; onecycle is one. A training that is over
 * before it would never reach its rate. */
static sv_status warm_up(sv_schedule *s, const char *text, double epochs,
                         int all) {
  double own = is(s, "cosine") ? s->setting.at[0] : 0;
  if (epochs > 0 && (own > 0 || is(s, "onecycle")))
    return sv_fail(SV_INVALID,
                   "schedule '%s' has its own warm-up: it excludes --warm-up",
                   text);
  if (own > 0) epochs = own;
  if (epochs > all)
    return sv_fail(SV_INVALID,
                   "schedule '%s': a warm-up of %g epochs in a training of %d",
                   text, epochs, all);
  s->warm_up = epochs * s->epoch;
  return SV_OK;
}

sv_status sv_schedule_parse(sv_schedule *schedule, const char *text,
                            double rate, double warm_up_epochs,
                            int64_t steps_per_epoch, int epochs) {
  *schedule = (sv_schedule){.rate = rate,
                            .epoch = (double)steps_per_epoch,
                            .steps = steps_per_epoch * epochs};
  SV_TRY(sv_setting_parse(&schedule->setting, "schedule", text, schedules,
                          sizeof *schedules));
  SV_TRY(check(schedule, text));
  return warm_up(schedule, text, warm_up_epochs, epochs);
}

sv_schedule_options sv_schedule_default(void) {
  return (sv_schedule_options){.size = sizeof(sv_schedule_options),
                               .kind = "cosine",
                               .rate = 0.05,
                               .steps = 1,
                               .epochs = 1};
}

static sv_status check_options(const sv_schedule_options *o) {
  if (!o->kind) return sv_fail(SV_INVALID, "no schedule given");
  if (!(o->rate >= 0 && isfinite(o->rate)))
    return sv_fail(SV_INVALID, "a learning rate of %g, expected 0 or more",
                   o->rate);
  if (!(o->warm_up >= 0 && isfinite(o->warm_up)))
    return sv_fail(SV_INVALID, "a warm-up of %g epochs, expected 0 or more",
                   o->warm_up);
  if (o->steps > 0 && o->epochs > 0 && o->steps <= INT64_MAX / o->epochs)
    return SV_OK;
  return sv_fail(SV_INVALID,
                 "a training of %d epochs of %lld steps, expected at least one "
                 "of each",
                 o->epochs, (long long)o->steps);
}

sv_status sv_schedule_new(sv_schedule **schedule,
                          const sv_schedule_options *options) {
  sv_schedule_options o = sv_schedule_default();
  sv_schedule *s;
  *schedule = NULL;
  SV_TRY(sv_sized_take(&o, sizeof o, options, "sv_schedule_options"));
  SV_TRY(check_options(&o));
  SV_TRY(sv_alloc(&s, sizeof *s));
  sv_status status =
      sv_schedule_parse(s, o.kind, o.rate, o.warm_up, o.steps, o.epochs);
  if (status == SV_OK)
    *schedule = s;
  else
    sv_free(s);
  return status;
}

void sv_schedule_free(sv_schedule *schedule) { sv_free(schedule); }

double sv_schedule_at(const sv_schedule *s, const sv_plateau *p, int64_t step) {
  const schedule_row *row = (const schedule_row *)s->setting.row;
  double t = (double)step, factor = row->factor(s, p, t);
  if (t < s->warm_up) factor *= fmin(1, (t + 1) / s->warm_up);
  return s->rate * factor;
}

void sv_schedule_see(const sv_schedule *s, sv_plateau *p, double loss) {
  const double enough = 1 - 1e-4; /* of the best so far */
  if (!is(s, "plateau")) return;
  if (!p->seen++ || loss < p->best * enough) {
    p->best = loss;
    p->bad = 0;
  } else if ((double)++p->bad > s->setting.at[1]) {
    p->cuts++;
    p->bad = 0;
  }
}
