/* What training keeps in the state: counters as records, checks, copies. */
#include "base/memory.h"
#include "op/op.h"
#include "optim/sums.h"
#include "tensor/tensor.h"
#include "train/fit.h"

static const char counts_name[] = "svertka.train.counts";
static const char sums_name[] = "svertka.train.sums";
enum { COUNTS = 8, SUMS = 4 };

static sv_status find_or_add(sv_state *state, const char *name, sv_dtype dtype,
                             int count, void **data) {
  sv_shape shape = sv_shape_of(1, count);
  int index = sv_state_find(state, name);
  if (index < 0)
    SV_TRY(sv_state_add(state, name, SV_RECORD, dtype, &shape, NULL, &index));
  *data = state->slots[index].tensor.data;
  return SV_OK;
}

sv_status sv_records_write(sv_state *state, const sv_counters *c) {
  void *data;
  SV_TRY(find_or_add(state, counts_name, SV_I64, COUNTS, &data));
  int64_t *counts = data;
  counts[0] = c->step;
  counts[1] = c->epochs;
  counts[2] = c->images;
  counts[3] = c->top1_count;
  counts[4] = c->best_epoch;
  counts[5] = c->plateau.seen;
  counts[6] = c->plateau.bad;
  counts[7] = c->plateau.cuts;
  SV_TRY(find_or_add(state, sums_name, SV_F64, SUMS, &data));
  double *sums = data;
  sums[0] = c->loss_sum;
  sums[1] = c->best_loss;
  sums[2] = c->best_top1;
  sums[3] = c->plateau.best;
  return SV_OK;
}

static sv_status find_record(const sv_state *state, const char *name,
                             sv_dtype dtype, int count, const void **data) {
  int index = sv_state_find(state, name);
  const sv_tensor *t = index < 0 ? NULL : &state->slots[index].tensor;
  if (!t || t->dtype != dtype || sv_shape_count(&t->shape) != count)
    return sv_fail(SV_INVALID,
                   "the model cannot be resumed: it has no %d %s '%s'", count,
                   sv_dtype_name(dtype), name);
  *data = t->data;
  return SV_OK;
}

sv_status sv_records_read(const sv_state *state, sv_counters *c) {
  const void *data = NULL;
  SV_TRY(find_record(state, counts_name, SV_I64, COUNTS, &data));
  const int64_t *counts = data;
  SV_TRY(find_record(state, sums_name, SV_F64, SUMS, &data));
  const double *sums = data;
  *c = (sv_counters){.step = counts[0],
                     .epochs = counts[1],
                     .images = counts[2],
                     .top1_count = counts[3],
                     .best_epoch = counts[4],
                     .loss_sum = sums[0],
                     .best_loss = sums[1],
                     .best_top1 = sums[2],
                     .plateau = {.seen = counts[5],
                                 .bad = counts[6],
                                 .cuts = counts[7],
                                 .best = sums[3]}};
  return SV_OK;
}

sv_status sv_records_check_finite(const sv_state *state) {
  for (int i = 0; i < state->count; i++) {
    const sv_slot *slot = &state->slots[i];
    bool learned = sv_role_is_trained(slot->role) || slot->role == SV_STATISTIC;
    int64_t count = (int64_t)(slot->tensor.layout.bytes / sizeof(float));
    if (learned && slot->tensor.dtype == SV_F32 &&
        !sv_is_finite(slot->tensor.data, count))
      return sv_fail(SV_NUMERIC, "'%s' is infinite or NaN", slot->name);
  }
  return SV_OK;
}

sv_status sv_records_restore(sv_state *state, const sv_state *from) {
  for (int i = 0; i < from->count; i++) {
    const sv_slot *slot = &from->slots[i];
    if (sv_role_is_trained(slot->role) && sv_state_find(state, slot->name) < 0)
      return sv_fail(SV_INVALID,
                     "the best weights have a '%s', but the network does not",
                     slot->name);
  }
  for (int i = 0; i < state->count; i++) {
    const sv_slot *slot = &state->slots[i];
    int index = sv_state_find(from, slot->name);
    if (slot->role == SV_RECORD || index < 0) continue;
    SV_TRY(sv_state_set(state, slot->name, &from->slots[index].tensor));
  }
  return SV_OK;
}
