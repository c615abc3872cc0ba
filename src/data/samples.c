/* Which samples, in which order: pure functions of a seed, so that a run can be
 * resumed at any step and repeated on any number of processes. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/reader.h"

void sv_samples_free(sv_samples *samples) {
  sv_free(samples->at);
  *samples = (sv_samples){0};
}

sv_status sv_samples_all(sv_samples *samples, const sv_dataset *dataset) {
  *samples = (sv_samples){0};
  int64_t count = sv_dataset_count(dataset);
  SV_TRY(sv_alloc_array(&samples->at, (size_t)count, sizeof *samples->at));
  samples->count = count;
  for (int64_t i = 0; i < count; i++) samples->at[i] = i;
  return SV_OK;
}

/* Fisher-Yates: the last place gets one of all, the one before it one of the
 * rest, and so on. */
static void permute(int64_t *at, int64_t count, const sv_random *key) {
  for (int64_t i = count - 1; i > 0; i--) {
    int64_t j = (int64_t)sv_random_below(key, (uint64_t)i, (uint64_t)i + 1);
    int64_t swap = at[i];
    at[i] = at[j];
    at[j] = swap;
  }
}

void sv_samples_shuffle(const sv_samples *samples, uint64_t seed, int64_t epoch,
                        int64_t *order) {
  if (samples->count == 0) return;
  memcpy(order, samples->at, (size_t)samples->count * sizeof *order);
  sv_random key = {seed, sv_hash_text("epoch order"), (uint64_t)epoch};
  permute(order, samples->count, &key);
}

/* How many of a class's `count` samples are held out. */
static int64_t held_of(int64_t count, double fraction) {
  int64_t held = (int64_t)floor((double)count * fraction + 0.5);
  return held < count ? held : count > 0 ? count - 1 : 0;
}

/* Marks the held-out samples of a class; `members` has room for the class.
 * Returns how many. */
static int64_t hold_class(const sv_dataset *d, int class, double fraction,
                          uint64_t seed, int64_t *members, bool *held) {
  int64_t count = 0;
  for (int64_t i = 0; i < d->count; i++)
    if (d->labels[i] == class) members[count++] = i;
  sv_random key = {seed, sv_hash_text("hold out"), (uint64_t) class};
  permute(members, count, &key);
  int64_t wanted = held_of(count, fraction);
  for (int64_t i = 0; i < wanted; i++) held[members[i]] = true;
  return wanted;
}

static sv_status divide(sv_samples *train, sv_samples *validation,
                        const sv_dataset *d, int64_t held_count,
                        const bool *held) {
  int64_t kept = d->count - held_count;
  SV_TRY(sv_alloc_array(&train->at, (size_t)kept, sizeof *train->at));
  SV_TRY(sv_alloc_array(&validation->at, (size_t)held_count,
                        sizeof *validation->at));
  for (int64_t i = 0; i < d->count; i++) {
    sv_samples *part = held[i] ? validation : train;
    part->at[part->count++] = i;
  }
  return SV_OK;
}

sv_status sv_samples_hold_out(sv_samples *train, sv_samples *validation,
                              const sv_dataset *d, double fraction,
                              uint64_t seed) {
  *train = *validation = (sv_samples){0};
  if (d->split != SV_SPLIT_TRAIN)
    return sv_fail(SV_INVALID,
                   "%s: validation samples are held out of the training split, "
                   "never of the test split",
                   d->path);
  if (!(fraction >= 0 && fraction < 1))
    return sv_fail(
        SV_INVALID,
        "the held-out fraction is %g, expected 0 or more and below 1",
        fraction);
  int64_t *members = NULL, count = 0;
  bool *held = NULL;
  sv_status status;
  SV_TRY_GOTO(status,
              sv_alloc_array(&members, (size_t)d->count, sizeof *members),
              done);
  SV_TRY_GOTO(status, sv_alloc(&held, (size_t)d->count), done);
  for (int class = 0; class < d->classes; class ++)
    count += hold_class(d, class, fraction, seed, members, held);
  status = divide(train, validation, d, count, held);
done:
  sv_free(members);
  sv_free(held);
  if (status != SV_OK) {
    sv_samples_free(train);
    sv_samples_free(validation);
  }
  return status;
}
