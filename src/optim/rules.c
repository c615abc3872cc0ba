/* Optimisers in PyTorch's form. With g the gradient (cut and scaled by
 * clipping), w the parameter, r the learning rate, m the momentum, d the weight
 * decay, and moments 0 before the first step:
 *
 *   coupled decay: g = g + d w first;  decoupled: w = (1 - r d) w first
 *
 *   sgd       v = m v + g,  w = w - r v
 *   nesterov  v = m v + g,  w = w - r (g + m v)
 *   rmsprop   s = a s + (1 - a) g^2,  q = g / (sqrt(s) + e)
 *             v = m v + q,  w = w - r v
 *   rmsprop_centred  u = a u + (1 - a) g,  q = g / (sqrt(s - u^2) + e)
 *   adam      u = b1 u + (1 - b1) g,  s = b2 s + (1 - b2) g^2
 *             w = w - r / (1 - b1^t) u / (sqrt(s / (1 - b2^t)) + e)
 *   adamw     adam with decoupled decay
 *   lars      v = m v + r l (g + d w),  w = w - v
 *             l = h |w| / (|g| + d |w|) for weights; 1 for all else, and where
 *             |w| or |g| is 0
 *
 * Sources: Sutskever et al., "On the importance of initialization and momentum
 * in deep learning", ICML 2013; Tieleman, Hinton, "Lecture 6.5: RMSProp",
 * Coursera, 2012; Graves, "Generating Sequences With Recurrent Neural
 * Networks", 2013 (centred); Kingma, Ba, "Adam", ICLR 2015; Loshchilov, Hutter,
 * "Decoupled Weight Decay Regularization", ICLR 2019; You, Gitman, Ginsburg,
 * "Large Batch Training of Convolutional Networks", 2017 (lars). */
#include "optim/rules.h"

#include <math.h>

#include "optim/sums.h"

static inline float gradient(float g, float w, const sv_update *u) {
  return sv_cut(g, u->most) * u->scale + u->decay * w;
}

static void sgd(sv_update u) {
  float *restrict w = u.w, *restrict v = u.moment[0];
  const float *restrict g = u.g;
  const float rate = (float)u.rate, momentum = (float)u.momentum;
  for (int64_t i = 0; i < u.count; i++) {
    float change = gradient(g[i], w[i], &u);
    if (v) change = v[i] = momentum * v[i] + change;
    w[i] = u.keep * w[i] - rate * change;
  }
}

static void nesterov(sv_update u) {
  float *restrict w = u.w, *restrict v = u.moment[0];
  const float *restrict g = u.g;
  const float rate = (float)u.rate, momentum = (float)u.momentum;
  for (int64_t i = 0; i < u.count; i++) {
    float now = gradient(g[i], w[i], &u);
    v[i] = momentum * v[i] + now;
    w[i] = u.keep * w[i] - rate * (now + momentum * v[i]);
  }
}

/* What rounding makes negative under the root is 0: in PyTorch it ends as not a
 * number. The flags are known to the compiler, so that no loop has branches. */
static inline void rmsprop_as(sv_update u, bool moving, bool centred) {
  float *restrict w = u.w, *restrict v = u.moment[0];
  float *restrict square = u.moment[1], *restrict mean = u.moment[2];
  const float *restrict g = u.g;
  const float rate = (float)u.rate, momentum = (float)u.momentum;
  const float old = (float)u.at[0], fresh = (float)(1 - u.at[0]);
  const float eps = (float)u.at[1];
  for (int64_t i = 0; i < u.count; i++) {
    float now = gradient(g[i], w[i], &u), variance;
    variance = square[i] = old * square[i] + fresh * now * now;
    if (centred) {
      mean[i] += fresh * (now - mean[i]);
      variance -= mean[i] * mean[i];
      variance = variance > 0 ? variance : 0;
    }
    float change = now / (sqrtf(variance) + eps);
    if (moving) change = v[i] = momentum * v[i] + change;
    w[i] = u.keep * w[i] - rate * change;
  }
}

static void rmsprop(sv_update u) {
  if (u.moment[0] && u.moment[2]) rmsprop_as(u, true, true);
  if (u.moment[0] && !u.moment[2]) rmsprop_as(u, true, false);
  if (!u.moment[0] && u.moment[2]) rmsprop_as(u, false, true);
  if (!u.moment[0] && !u.moment[2]) rmsprop_as(u, false, false);
}

static void adam(sv_update u) {
  float *restrict w = u.w, *restrict mean = u.moment[0];
  float *restrict square = u.moment[1];
  const float *restrict g = u.g;
  const double t = (double)u.step;
  const float first = (float)(1 - u.at[0]), second = (float)u.at[1];
  const float rest = (float)(1 - u.at[1]), eps = (float)u.at[2];
  const float size = (float)(u.rate / (1 - pow(u.at[0], t)));
  const float root = (float)sqrt(1 - pow(u.at[1], t));
  for (int64_t i = 0; i < u.count; i++) {
    float now = gradient(g[i], w[i], &u);
    mean[i] += first * (now - mean[i]);
    square[i] = second * square[i] + rest * now * now;
    w[i] = u.keep * w[i] - size * (mean[i] / (sqrtf(square[i]) / root + eps));
  }
}

static void lars(sv_update u) {
  float *restrict w = u.w, *restrict v = u.moment[0];
  const float *restrict g = u.g;
  const float rate = (float)u.rate, momentum = (float)u.momentum;
  for (int64_t i = 0; i < u.count; i++) {
    float change = rate * gradient(g[i], w[i], &u);
    if (v) change = v[i] = momentum * v[i] + change;
    w[i] = u.keep * w[i] - change;
  }
}

static const sv_rule rules[] = {
    {.setting = {"sgd", 0, 0, {0}, "sgd"},
     .update = sgd,
     .moments = {"momentum"},
     .rate = 0.05,
     .momentum = 0.9,
     .weight_decay = 5e-4,
     .has_momentum = true},
    {.setting = {"nesterov", 0, 0, {0}, "nesterov"},
     .update = nesterov,
     .moments = {"momentum"},
     .rate = 0.05,
     .momentum = 0.9,
     .weight_decay = 5e-4,
     .has_momentum = true,
     .needs_momentum = true},
    {.setting = {"rmsprop", 0, 2, {0.99, 1e-8}, "rmsprop [ALPHA] [EPS]"},
     .below = {1, 0},
     .update = rmsprop,
     .moments = {"momentum", "square"},
     .rate = 0.001,
     .has_momentum = true},
    {.setting = {"rmsprop_centred",
                 0,
                 2,
                 {0.99, 1e-8},
                 "rmsprop_centred [ALPHA] [EPS]"},
     .below = {1, 0},
     .update = rmsprop,
     .moments = {"momentum", "square", "mean"},
     .rate = 0.001,
     .has_momentum = true},
    {.setting =
         {"adam", 0, 3, {0.9, 0.999, 1e-8}, "adam [BETA1] [BETA2] [EPS]"},
     .below = {1, 1, 0},
     .update = adam,
     .moments = {"mean", "square"},
     .rate = 0.001},
    {.setting =
         {"adamw", 0, 3, {0.9, 0.999, 1e-8}, "adamw [BETA1] [BETA2] [EPS]"},
     .below = {1, 1, 0},
     .update = adam,
     .moments = {"mean", "square"},
     .rate = 0.001,
     .weight_decay = 0.01,
     .decoupled = true},
    {.setting = {"lars", 0, 1, {0.001}, "lars [TRUST]"},
     .below = {0},
     .update = lars,
     .moments = {"momentum"},
     .rate = 1,
     .momentum = 0.9,
     .weight_decay = 5e-4,
     .has_momentum = true,
     .local = true},
    {.setting = {0}},
};

sv_status sv_rule_parse(const sv_rule **rule, sv_setting *setting,
                        const char *text) {
  SV_TRY(sv_setting_parse(setting, "optimiser", text, rules, sizeof *rules));
  const sv_setting_row *row = setting->row;
  *rule = (const sv_rule *)row;
  for (int i = 0; i < row->most; i++) {
    double number = setting->at[i], below = (*rule)->below[i];
    if (below > 0 ? number >= 0 && number < below : number > 0) continue;
    return sv_fail(SV_INVALID,
                   below > 0 ? "optimiser '%s': %g is not in 0 <= number < %g "
                               "(usage: %s)"
                             : "optimiser '%s': %g is not above %g (usage: %s)",
                   text, number, below, row->usage);
  }
  return SV_OK;
}
