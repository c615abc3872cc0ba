#include "dnnl/tail.h"

#include "dnnl/eltwise.h"

/* oneDNN's max(y, 0) gives 0 for NaN, and NaN must not disappear. y > 0 ? y :
 * alpha y keeps it. This alpha is far below what a sum of floats can hold
 * beside any other term, and still far from numbers that a processor is slow
 * with. */
#define SLOPE 1e-25f

/* A caller would see that slope. */
static bool is_relu(const sv_tail *tail) {
  return tail->node->op->effect == SV_EFFECT_RECTIFIES && !tail->output;
}

static bool is_sum(const sv_tail *tail) {
  return tail->node->op->effect == SV_EFFECT_ADDS && tail->extra >= 0 &&
         tail->last;
}

static bool is_activation(const sv_tail *tail, sv_dnnl_post *post) {
  sv_dnnl_activation f;
  if (tail->extra >= 0 || !sv_dnnl_activation_of(&f, tail->node) ||
      !sv_dnnl_shows_nan(&f, true))
    return false;
  *post = (sv_dnnl_post){.alg = f.function.alg,
                         .alpha = f.function.alpha,
                         .beta = f.function.beta};
  return true;
}

sv_status sv_dnnl_tail(sv_dnnl_build *build, int count) {
  sv_dnnl_post posts[SV_LONGEST_TAIL];
  build->sum = -1;
  for (int i = 0; i < count; i++) {
    const sv_tail *tail = &build->site->tail[i];
    if (is_relu(tail)) {
      posts[i] = (sv_dnnl_post){.alg = dnnl_eltwise_relu, .alpha = SLOPE};
    } else if (is_sum(tail) && build->sum < 0) {
      posts[i] = (sv_dnnl_post){.sum = true};
      build->sum = tail->extra;
    } else if (!is_activation(tail, &posts[i])) {
      return SV_UNSUPPORTED;
    }
  }
  return sv_dnnl_attr(&build->attr, posts, count);
}

sv_status sv_dnnl_bind_tail(sv_dnnl_build *build, int count, sv_form form) {
  sv_need *need = build->need;
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DST, SV_FROM_OUT, 0, form));
  need->tail = count;
  need->out[0].onto = count ? build->sum : -1;
  if (need->out[0].onto < 0) return SV_OK;
  need->in[build->sum].used = true;
  need->in[build->sum].layout = need->out[0].layout;
  return SV_OK;
}
