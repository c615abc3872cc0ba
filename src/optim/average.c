#include "optim/average.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "op/op.h"
#include "optim/optimiser.h"
#include "tensor/tensor.h"

/* A tensor and its average lie alike: arrays in one order. */
typedef struct pair {
  int slot, record; /* of the state */
  float *w, *a;
  int64_t count;
} pair;

struct sv_average {
  sv_state *state;
  uint64_t layouts; /* of the state when the pointers were taken */
  float rest;       /* 1 - e */
  pair *pairs;
  int count;
};

/* Points into the state, whose tensors may have moved. */
static sv_status bind(sv_average *average) {
  sv_state *state = average->state;
  for (int i = 0; i < average->count; i++) {
    pair *p = &average->pairs[i];
    SV_TRY(sv_record_beside(state, p->slot, "average", &p->record));
  }
  for (int i = 0; i < average->count; i++) {
    pair *p = &average->pairs[i];
    const sv_tensor *w = &state->slots[p->slot].tensor;
    p->w = w->data;
    p->a = state->slots[p->record].tensor.data;
    p->count = (int64_t)(w->layout.bytes / sizeof(float));
  }
  average->layouts = state->layouts;
  return SV_OK;
}

static sv_status prepare(sv_average *average, double decay,
                         const sv_freeze *frozen) {
  const sv_state *state = average->state;
  if (!(decay > 0 && decay < 1))
    return sv_fail(SV_INVALID, "the average's decay %g is not in 0 < decay < 1",
                   decay);
  average->rest = (float)(1 - decay);
  SV_TRY(sv_alloc_array(&average->pairs, (size_t)state->count,
                        sizeof *average->pairs));
  for (int i = 0; i < state->count; i++) {
    const sv_slot *slot = &state->slots[i];
    bool learned = sv_role_is_trained(slot->role) || slot->role == SV_STATISTIC;
    learned = learned && !sv_freeze_has(frozen, slot->name);
    if (learned && slot->tensor.dtype == SV_F32)
      average->pairs[average->count++].slot = i;
  }
  return bind(average);
}

sv_status sv_average_new(sv_average **average, sv_state *state, double decay,
                         const sv_freeze *frozen) {
  sv_average *a;
  *average = NULL;
  SV_TRY(sv_alloc(&a, sizeof *a));
  a->state = state;
  sv_status status = prepare(a, decay, frozen);
  if (status == SV_OK)
    *average = a;
  else
    sv_average_free(a);
  return status;
}

void sv_average_free(sv_average *average) {
  if (!average) return;
  sv_free(average->pairs);
  sv_free(average);
}

typedef struct work {
  const pair *pair;
  float rest;
} work;

static void copy_part(void *context, int64_t begin, int64_t end) {
  const pair *p = ((const work *)context)->pair;
  memcpy(p->a + begin, p->w + begin, (size_t)(end - begin) * sizeof(float));
}

static void average_part(void *context, int64_t begin, int64_t end) {
  const work *work = context;
  const float rest = work->rest, *restrict w = work->pair->w;
  float *restrict a = work->pair->a;
  for (int64_t i = begin; i < end; i++) a[i] += rest * (w[i] - a[i]);
}

static void swap_part(void *context, int64_t begin, int64_t end) {
  const pair *p = ((const work *)context)->pair;
  float *restrict w = p->w, *restrict a = p->a;
  for (int64_t i = begin; i < end; i++) {
    float held = w[i];
    w[i] = a[i];
    a[i] = held;
  }
}

static sv_status over_all(sv_average *average, sv_parallel_body body) {
  if (!average) return SV_OK;
  if (average->layouts != average->state->layouts) SV_TRY(bind(average));
  for (int i = 0; i < average->count; i++) {
    work work = {&average->pairs[i], average->rest};
    sv_parallel(work.pair->count, 16384, body, &work);
  }
  return SV_OK;
}

sv_status sv_average_step(sv_average *average, int64_t step) {
  return over_all(average, step == 0 ? copy_part : average_part);
}

sv_status sv_average_swap(sv_average *average) {
  SV_TRY(over_all(average, swap_part));
  if (average) sv_state_touch(average->state);
  return SV_OK;
}
