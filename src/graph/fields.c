#include "graph/fields.h"

#include <string.h>

#include "base/memory.h"

/* A position i of a value sees pixels a i + b .. a i + c of the input. If a
 * layer's output i sees positions s i + f .. s i + l of that value, then it
 * sees pixels a s i + (b + a f) .. a s i + (c + a l). Source: Araujo, Norris,
 * Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
 * 2019.
 *
 * Where a layer enlarges u times, output i sees positions (s i + f) / u,
 * rounded up, .. (s i + l) / u, rounded down. What is rounded comes again after
 * some outputs; so b and c are numbers for each of `per` positions. */

enum { MOST = 64 }; /* positions until it comes again */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int64_t common_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

sv_status sv_fields_new(sv_fields *fields, size_t values) {
  *fields = (sv_fields){.count = 2, .capacity = 2};
  SV_TRY(sv_alloc_array(&fields->of, values, sizeof *fields->of));
  for (size_t i = 0; i < values; i++) fields->of[i].none = true;
  return sv_alloc_array(&fields->numbers, 2, sizeof *fields->numbers);
}

void sv_fields_free(sv_fields *fields) {
  sv_free(fields->of);
  sv_free(fields->numbers);
  *fields = (sv_fields){0};
}

/* The numbers of a pixel that sees itself, 0 and 0, are the first ones. */
void sv_fields_image(sv_fields *fields, int value) {
  static const sv_track itself = {.step = 1, .per = 1};
  fields->of[value] = (sv_tracks){.axis = {itself, itself}};
}

/* ---- Numbers ---- */

/* For a new track on both axes. */
static sv_status make_room(sv_fields *f) {
  enum { more = 2 * 2 * MOST };
  int64_t *numbers;
  if (more <= f->capacity - f->count) return SV_OK;
  size_t capacity = f->count + more + f->capacity / 2;
  SV_TRY(sv_alloc_array(&numbers, capacity, sizeof *numbers));
  memcpy(numbers, f->numbers, f->count * sizeof *numbers);
  sv_free(f->numbers);
  f->numbers = numbers;
  f->capacity = capacity;
  return SV_OK;
}

static sv_track new_track(sv_fields *f, int64_t step, int64_t per) {
  sv_track track = {step, per, f->count};
  f->count += 2 * (size_t)per;
  return track;
}

static bool look(const sv_fields *f, const sv_track *t, int64_t i, bool last,
                 int64_t *pixel) {
  int64_t rounds = floor_div(i, t->per), way;
  size_t at = t->at + (size_t)(i - rounds * t->per + (last ? t->per : 0));
  return !__builtin_mul_overflow(rounds, t->step, &way) &&
         !__builtin_add_overflow(way, f->numbers[at], pixel);
}

/* ---- From layer to layer ---- */

/* The positions that the layer's output i sees. */
static bool reach(const sv_reach *layer, int64_t u, int64_t i, int64_t *first,
                  int64_t *last) {
  int64_t way;
  if (__builtin_mul_overflow(layer->step, i, &way) ||
      __builtin_add_overflow(way, layer->first, first) ||
      __builtin_add_overflow(way, layer->last, last) || *first == INT64_MIN)
    return false;
  *first = -floor_div(-*first, u);
  *last = floor_div(*last, u);
  return true;
}

/* False: it cannot be told. */
static bool compose(sv_fields *f, sv_track *track, const sv_reach *layer) {
  int64_t u = layer->closer ? layer->closer : 1, step;
  int64_t common = common_divisor(layer->step, u * track->per);
  int64_t per = u * track->per / common;
  if (layer->step == 1 && u == 1 && layer->first == 0 && layer->last == 0)
    return true;
  if (per > MOST ||
      __builtin_mul_overflow(track->step, layer->step / common, &step))
    return false;
  sv_track own = new_track(f, step, per);
  int64_t *numbers = f->numbers + own.at;
  for (int64_t i = 0; i < per; i++) {
    int64_t first, last;
    if (!reach(layer, u, i, &first, &last) ||
        !look(f, track, first, false, &numbers[i]) ||
        !look(f, track, last, true, &numbers[per + i]))
      return false;
  }
  *track = own;
  return true;
}

/* Where branches join: the least b and the greatest c. */
static bool join(sv_fields *f, sv_track *to, const sv_track *from) {
  int64_t a, b, step;
  if (to->at == from->at) return to->step == from->step;
  int64_t per = to->per / common_divisor(to->per, from->per) * from->per;
  if (per > MOST || __builtin_mul_overflow(to->step, per / to->per, &a) ||
      __builtin_mul_overflow(from->step, per / from->per, &b) || a != b)
    return false;
  step = a;
  sv_track own = new_track(f, step, per);
  int64_t *numbers = f->numbers + own.at;
  for (int64_t i = 0; i < per; i++) {
    if (!look(f, to, i, false, &a) || !look(f, from, i, false, &b))
      return false;
    numbers[i] = a < b ? a : b;
    if (!look(f, to, i, true, &a) || !look(f, from, i, true, &b)) return false;
    numbers[per + i] = a > b ? a : b;
  }
  *to = own;
  return true;
}

static void join_all(sv_fields *f, sv_tracks *to, const sv_tracks *from) {
  if (from->none) return;
  if (to->none) {
    *to = *from;
    return;
  }
  to->whole |= from->whole;
  for (int d = 0; d < 2 && !to->whole; d++)
    to->whole = !join(f, &to->axis[d], &from->axis[d]);
}

sv_status sv_fields_add(sv_fields *fields, const sv_node *node,
                        const sv_cost *cost) {
  sv_tracks seen = {.none = true};
  for (int i = 0; i < node->in_count; i++) {
    SV_TRY(make_room(fields));
    join_all(fields, &seen, &fields->of[node->in[i]]);
  }
  SV_TRY(make_room(fields));
  if (!seen.none) seen.whole |= !cost->spatial;
  for (int d = 0; d < 2 && !seen.none && !seen.whole; d++)
    seen.whole = !compose(fields, &seen.axis[d], &cost->axis[d]);
  for (int i = 0; i < node->out_count; i++) fields->of[node->out[i]] = seen;
  fields->of[0].none = true;
  return SV_OK;
}

/* ---- Told ---- */

static bool tell(const sv_fields *f, const sv_track *t, sv_receptive *axis) {
  const int64_t *first = f->numbers + t->at, *last = first + t->per;
  *axis = (sv_receptive){t->step, t->per, first[0], last[0], 0};
  for (int64_t i = 0; i < t->per; i++) {
    int64_t size;
    if (__builtin_sub_overflow(last[i], first[i], &size) || size == INT64_MAX)
      return false;
    if (size + 1 > axis->size) axis->size = size + 1;
  }
  return true;
}

sv_field sv_fields_of(const sv_fields *fields, int value) {
  const sv_tracks *of = &fields->of[value];
  sv_field field = {.none = of->none, .whole = of->whole};
  for (int d = 0; d < 2 && !field.none && !field.whole; d++)
    field.whole = !tell(fields, &of->axis[d], &field.axis[d]);
  return field;
}
