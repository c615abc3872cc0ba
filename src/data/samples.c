/* Which samples, in which order: pure functions of a seed, so that a run can be
 * resumed at any step and repeated on any number of processes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- Balanced epochs ---- */

/* The samples of a class, in the seed's order for the epoch: again and again
 * until there are enough. */
typedef struct members {
  int64_t *at;    /* all samples, those of a class side by side */
  int64_t *begin; /* of each class, and the end of the last */
} members;

static void sort_members(members *m, const sv_samples *samples,
                         const sv_dataset *d) {
  for (int64_t i = 0; i < samples->count; i++)
    m->begin[d->labels[samples->at[i]] + 2]++;
  for (int c = 2; c < d->classes + 1; c++) m->begin[c] += m->begin[c - 1];
  for (int64_t i = 0; i < samples->count; i++)
    m->at[m->begin[d->labels[samples->at[i]] + 1]++] = samples->at[i];
}

/* `wanted` samples of a class; each round is another permutation. */
static void draw_class(const members *m, int class, int64_t wanted,
                       uint64_t seed, int64_t epoch, int64_t *order) {
  int64_t *at = m->at + m->begin[class],
          count = m->begin[class + 1] - m->begin[class];
  for (int64_t i = 0; i < wanted; i++) {
    if (i % count == 0) {
      char name[64];
      snprintf(name, sizeof name, "balance %d %lld", class,
               (long long)(i / count));
      sv_random key = {seed, sv_hash_text(name), (uint64_t)epoch};
      permute(at, count, &key);
    }
    order[i] = at[i % count];
  }
}

/* Classes that have samples take turns at the remainder, others in each
 * epoch. */
static void balance(members *m, const sv_samples *samples, const sv_dataset *d,
                    uint64_t seed, int64_t epoch, int64_t *order) {
  int64_t classes = 0, place = 0, at = 0;
  sort_members(m, samples, d);
  for (int c = 0; c < d->classes; c++) classes += m->begin[c + 1] > m->begin[c];
  int64_t each = samples->count / classes, more = samples->count % classes;
  for (int c = 0; c < d->classes; c++) {
    if (m->begin[c + 1] == m->begin[c]) continue;
    int64_t turn = (place++ + epoch) % classes;
    int64_t wanted = each + (turn < more);
    draw_class(m, c, wanted, seed, epoch, order + at);
    at += wanted;
  }
  sv_random key = {seed, sv_hash_text("epoch order"), (uint64_t)epoch};
  permute(order, samples->count, &key);
}

sv_status sv_samples_balance(const sv_samples *samples, const sv_dataset *d,
                             uint64_t seed, int64_t epoch, int64_t *order) {
  members m = {0};
  if (samples->count == 0) return SV_OK;
  sv_status status =
      sv_alloc_array(&m.at, (size_t)samples->count, sizeof *m.at);
  if (status == SV_OK)
    status = sv_alloc_array(&m.begin, (size_t)d->classes + 2, sizeof *m.begin);
  if (status == SV_OK) balance(&m, samples, d, seed, epoch, order);
  sv_free(m.begin);
  sv_free(m.at);
  return status;
}

/* ---- Held out ---- */

/* How the held-out samples spread over the classes. */
typedef struct shares {
  int64_t *count, *held; /* of each class */
  int64_t *order;        /* of the classes, by the seed */
} shares;

/* The class that is furthest below its share and has more than its last sample
 * left; of equal ones the first in the seed's order. -1: there is none. */
static int64_t class_with_largest_deficit(const shares *s, int classes,
                                          double fraction) {
  int64_t found = -1;
  double most = 0;
  for (int i = 0; i < classes; i++) {
    int64_t c = s->order[i];
    double missing = (double)s->count[c] * fraction - (double)s->held[c];
    if (s->held[c] + 1 >= s->count[c] || (found >= 0 && missing <= most))
      continue;
    found = c;
    most = missing;
  }
  return found;
}

/* Largest remainders: to each class its share rounded down, then one more where
 * most is missing, until there are round(count fraction). Returns how many. */
static int64_t spread(const shares *s, const sv_dataset *d, double fraction,
                      uint64_t seed) {
  int64_t wanted = (int64_t)floor((double)d->count * fraction + 0.5), all = 0;
  for (int64_t i = 0; i < d->count; i++) s->count[d->labels[i]]++;
  for (int c = 0; c < d->classes; c++) {
    s->order[c] = c;
    s->held[c] = (int64_t)floor((double)s->count[c] * fraction);
    if (s->held[c] > 0 && s->held[c] == s->count[c]) s->held[c]--;
    all += s->held[c];
  }
  sv_random key = {seed, sv_hash_text("hold out order"), 0};
  permute(s->order, d->classes, &key);
  while (all < wanted) {
    int64_t c = class_with_largest_deficit(s, d->classes, fraction);
    if (c < 0) break;
    s->held[c]++;
    all++;
  }
  return all;
}

/* Marks `wanted` samples of a class; `members` has room for the class. */
static void hold_class(const sv_dataset *d, int class, int64_t wanted,
                       uint64_t seed, int64_t *members, bool *held) {
  int64_t count = 0;
  for (int64_t i = 0; i < d->count; i++)
    if (d->labels[i] == class) members[count++] = i;
  sv_random key = {seed, sv_hash_text("hold out"), (uint64_t) class};
  permute(members, count, &key);
  for (int64_t i = 0; i < wanted; i++) held[members[i]] = true;
}

/* Marks all that is held out; room for 3 numbers a class. */
static sv_status hold(const sv_dataset *d, double fraction, uint64_t seed,
                      bool *held, int64_t *held_count) {
  int64_t *room = NULL, *members = NULL;
  size_t classes = (size_t)d->classes;
  SV_TRY(sv_alloc_array(&room, 3 * classes, sizeof *room));
  sv_status status =
      sv_alloc_array(&members, (size_t)d->count, sizeof *members);
  shares s = {room, room + classes, room + 2 * classes};
  if (status == SV_OK) {
    *held_count = spread(&s, d, fraction, seed);
    for (int c = 0; c < d->classes; c++)
      hold_class(d, c, s.held[c], seed, members, held);
  }
  sv_free(members);
  sv_free(room);
  return status;
}

/* The data set's own validation set: its last samples. */
static void hold_own(const sv_dataset *d, bool *held, int64_t *held_count) {
  for (int64_t i = d->count - d->held_out; i < d->count; i++) held[i] = true;
  *held_count = d->held_out;
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
                   "%s: validation samples must come from the training split, "
                   "not from the test split",
                   d->path);
  if (!(fraction >= 0 && fraction < 1))
    return sv_fail(
        SV_INVALID,
        "the held-out fraction is %g, expected 0 or more and below 1",
        fraction);
  bool *held;
  int64_t count = 0;
  SV_TRY(sv_alloc(&held, (size_t)d->count));
  sv_status status = SV_OK;
  if (d->held_out > 0)
    hold_own(d, held, &count);
  else
    status = hold(d, fraction, seed, held, &count);
  if (status == SV_OK) status = divide(train, validation, d, count, held);
  sv_free(held);
  if (fraction == 0) sv_samples_free(validation);
  if (status != SV_OK) {
    sv_samples_free(train);
    sv_samples_free(validation);
  }
  return status;
}

/* ---- Fewer of them ---- */

/* The sample that is the r-th of the n of its class, in the seed's order, comes
 * at (r + 1/2) / n: the first ones of all classes together hold each class by
 * its share. */
typedef struct turn {
  double at;
  int64_t rank; /* in the seed's order: of equal ones the first */
  int64_t sample;
} turn;

static int compare_turns(const void *a, const void *b) {
  const turn *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int compare_samples(const void *a, const void *b) {
  const turn *x = a, *y = b;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* seen: two zeros for each class */
static void draw(sv_samples *samples, const sv_dataset *d, int64_t count,
                 uint64_t seed, int64_t *seen, turn *turns) {
  int64_t *all = seen + d->classes;
  sv_random key = {seed, sv_hash_text("samples"), 0};
  for (int64_t i = 0; i < samples->count; i++) all[d->labels[samples->at[i]]]++;
  permute(samples->at, samples->count, &key);
  for (int64_t i = 0; i < samples->count; i++) {
    int64_t sample = samples->at[i], class = d->labels[sample];
    turns[i] =
        (turn){((double)seen[class]++ + 0.5) / (double)all[class], i, sample};
  }
  qsort(turns, (size_t)samples->count, sizeof *turns, compare_turns);
  qsort(turns, (size_t)count, sizeof *turns, compare_samples);
  for (int64_t i = 0; i < count; i++) samples->at[i] = turns[i].sample;
  samples->count = count;
}

sv_status sv_samples_draw(sv_samples *samples, const sv_dataset *d,
                          int64_t count, uint64_t seed) {
  turn *turns = NULL;
  int64_t *seen = NULL;
  if (count < 1 || count > samples->count)
    return sv_fail(SV_INVALID,
                   "%lld samples requested, but only %lld are available",
                   (long long)count, (long long)samples->count);
  sv_status status =
      sv_alloc_array(&turns, (size_t)samples->count, sizeof *turns);
  if (status == SV_OK)
    status = sv_alloc_array(&seen, 2 * (size_t)d->classes, sizeof *seen);
  if (status == SV_OK) draw(samples, d, count, seed, seen, turns);
  sv_free(seen);
  sv_free(turns);
  return status;
}
