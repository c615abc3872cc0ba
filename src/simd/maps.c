/* Functions of one element in straight pieces, over memory as it lies: dense,
 * or in blocks whose padding is zero, which a function with f(0) = 0 leaves
 * zero. */
#include "base/memory.h"
#include "base/thread.h"
#include "op/attrs.h"
#include "simd/simd.h"
#include "tensor/tensor.h"

enum { GRAIN = 1 << 12 };

typedef struct map {
  const sv_map_loops *loops;
  float numbers[2];
  bool reads_x; /* the gradient; else y */
} map;

static bool is_dense(const sv_spec *value, bool keeps_zero) {
  size_t bytes = (size_t)sv_shape_count(&value->shape) * sizeof(float);
  return value->dtype == SV_F32 && value->layout.kind != SV_OPAQUE &&
         value->layout.bytes >= bytes &&
         (value->layout.bytes == bytes ||
          (value->layout.kind == SV_BLOCKED && keeps_zero));
}

static sv_status plan_map(const sv_site *site, sv_need *need, void **impl,
                          const map *described, bool keeps_zero) {
  bool forward = site->pass == SV_FORWARD, of_x = described->reads_x;
  const sv_spec *value = forward || of_x ? &site->in[0] : &site->out[0];
  bool lacks = forward && !described->loops->forward;
  if (site->candidate > 0 || site->pass == SV_BACKWARD_PARAMS || lacks ||
      !is_dense(value, keeps_zero))
    return SV_UNSUPPORTED;
  need->in[0].used = forward || of_x;
  need->out[0].used = forward || !of_x;
  need->in[0].layout = need->out[0].layout = value->layout;
  if (forward) {
    need->out[0].over = 0;
  } else {
    need->diff_out[0].layout = need->diff_in[0].layout = value->layout;
    need->diff_in[0].over = 0;
  }
  sv_simd_name(need);
  map *m;
  SV_TRY(sv_alloc(&m, sizeof *m));
  *m = *described;
  *impl = m;
  return SV_OK;
}

typedef struct work {
  const map *map;
  const float *value, *dy;
  float *to;
} work;

static void forward_part(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  w->map->loops->forward(w->to + begin, w->value + begin, end - begin,
                         w->map->numbers);
}

static void backward_part(void *context, int64_t begin, int64_t end) {
  const work *w = context;
  w->map->loops->backward(w->to + begin, w->value + begin, w->dy + begin,
                          end - begin, w->map->numbers);
}

static sv_status run(void *impl, const sv_args *args) {
  const map *m = impl;
  bool forward = args->pass == SV_FORWARD;
  const sv_tensor *value = forward || m->reads_x ? args->in[0] : args->out[0];
  work w = {.map = m, .value = value->data};
  w.to = forward ? args->out[0]->data : args->diff_in[0]->data;
  if (!forward) w.dy = args->diff_out[0]->data;
  sv_parallel((int64_t)(value->layout.bytes / sizeof(float)), GRAIN,
              forward ? forward_part : backward_part, &w);
  return SV_OK;
}

static float number(const sv_node *node, const char *attr) {
  return (float)sv_attr_number(node, attr);
}

static bool has_zero(const sv_node *node) {
  return number(node, "min") <= 0 && number(node, "max") >= 0;
}

/* sv_simd_<op>: its numbers as expressions of `node`, what its gradient reads,
 * and whether f(0) = 0. */
#define SV_SIMD_MAP(op, a, b, of_x, zero)                        \
  static sv_status plan_##op(const sv_site *site, sv_need *need, \
                             void **impl) {                      \
    const sv_node *node = site->node;                            \
    const map m = {&sv_simd_loops()->op, {(a), (b)}, (of_x)};    \
    (void)node;                                                  \
    return plan_map(site, need, impl, &m, (zero));               \
  }                                                              \
  const sv_kernel sv_simd_##op = {plan_##op, run, sv_free};

enum { OF_Y = false, OF_X = true };

SV_SIMD_MAP(relu, 0, 0, OF_Y, true)
/* The sign of y is that of x where the slope below zero is not negative, and y
 * is often still there. */
SV_SIMD_MAP(leaky_relu, number(node, "alpha"), 0, number(node, "alpha") < 0,
            true)
SV_SIMD_MAP(clip, number(node, "min"), number(node, "max"), OF_Y,
            has_zero(node))
SV_SIMD_MAP(hard_swish, 0, 0, OF_X, true)
/* Its gradient alone. With a negative alpha y does not tell the sign of x: its
 * other piece reads x, which is another formula, and left to others. */
static sv_status plan_elu(const sv_site *site, sv_need *need, void **impl) {
  const map m = {&sv_simd_loops()->elu, {number(site->node, "alpha"), 0}, OF_Y};
  if (m.numbers[0] < 0) return SV_UNSUPPORTED;
  return plan_map(site, need, impl, &m, true);
}
const sv_kernel sv_simd_elu = {plan_elu, run, sv_free};
