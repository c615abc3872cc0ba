/* tanh over memory as it lies: dense, or in blocks whose padding is zero, which
 * tanh leaves zero. */
#include "base/thread.h"
#include "simd/simd.h"
#include "tensor/tensor.h"

enum { GRAIN = 1 << 12 };

static bool dense(const sv_spec *x) {
  size_t bytes = (size_t)sv_shape_count(&x->shape) * sizeof(float);
  return x->dtype == SV_F32 && x->layout.kind != SV_OPAQUE &&
         (x->layout.bytes == bytes || x->layout.kind == SV_BLOCKED);
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  bool forward = site->pass == SV_FORWARD;
  const sv_spec *value = forward ? &site->in[0] : &site->out[0];
  if (site->candidate > 0 || site->pass == SV_BACKWARD_PARAMS || !dense(value))
    return SV_UNSUPPORTED;
  *impl = NULL;
  sv_simd_name(need);
  if (forward) {
    need->out[0].layout = value->layout;
    need->out[0].over = 0;
    return SV_OK;
  }
  need->out[0].used = true;
  need->diff_out[0].layout = need->diff_in[0].layout = value->layout;
  need->diff_in[0].over = 0;
  return SV_OK;
}

static void forward_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  const float *x = args->in[0]->data;
  float *y = args->out[0]->data;
  sv_simd_loops()->tanh(y + begin, x + begin, end - begin);
}

static void backward_part(void *context, int64_t begin, int64_t end) {
  const sv_args *args = context;
  const float *y = args->out[0]->data, *dy = args->diff_out[0]->data;
  float *dx = args->diff_in[0]->data;
  sv_simd_loops()->tanh_backward(dx + begin, y + begin, dy + begin,
                                 end - begin);
}

static sv_status run(void *impl, const sv_args *args) {
  (void)impl;
  bool forward = args->pass == SV_FORWARD;
  int64_t count = (int64_t)(args->out[0]->layout.bytes / sizeof(float));
  sv_parallel(count, GRAIN, forward ? forward_part : backward_part,
              (void *)args);
  return SV_OK;
}

const sv_kernel sv_simd_tanh = {.plan = plan, .run = run};
