/* The sum of several gradients of one value: the only place that adds them. */
#include "base/memory.h"
#include "base/thread.h"
#include "plan/plan.h"

typedef struct sum_work {
  const sv_tensor *const *in;
  int count;
  sv_tensor *out;
} sum_work;

/* Of more the rounding errors of float would add up. */
enum { FEW = 64 };

static void sum_f32(void *context, int64_t begin, int64_t end) {
  const sum_work *w = context;
  float *out = w->out->data; /* may lie over in[0] */
  const float *first = w->in[0]->data;
  for (int64_t i = begin; i < end && w->count <= FEW; i++) {
    float sum = first[i];
    for (int k = 1; k < w->count; k++)
      sum += ((const float *)w->in[k]->data)[i];
    out[i] = sum;
  }
  for (int64_t i = begin; i < end && w->count > FEW; i++) {
    double sum = first[i];
    for (int k = 1; k < w->count; k++)
      sum += ((const float *)w->in[k]->data)[i];
    out[i] = (float)sum;
  }
}

static void sum_f64(void *context, int64_t begin, int64_t end) {
  const sum_work *w = context;
  double *out = w->out->data;
  for (int64_t i = begin; i < end; i++) {
    double sum = 0;
    for (int k = 0; k < w->count; k++)
      sum += ((const double *)w->in[k]->data)[i];
    out[i] = sum;
  }
}

static sv_status sum_run(void *impl, const sv_args *args) {
  (void)impl;
  sum_work work = {args->in, args->node->in_count, args->out[0]};
  bool wide = work.out->dtype == SV_F64;
  int64_t count =
      (int64_t)(work.out->layout.bytes / sv_dtype_size(work.out->dtype));
  sv_parallel(count, 1 << 14, wide ? sum_f64 : sum_f32, &work);
  return SV_OK;
}

/* Its impl is the step's node: a sum has no node in the graph. */
const sv_kernel sv_sum_kernel = {.run = sum_run, .destroy = sv_free};
