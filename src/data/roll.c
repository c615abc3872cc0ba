#include "data/roll.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void sv_roll_free(sv_roll *r) {
  sv_listing_free(&r->names);
  sv_names_free(&r->known);
  for (int i = 0; i < r->label_count; i++) sv_free(r->labels[i]);
  sv_free(r->labels);
  sv_free(r->rows);
  sv_free(r->samples);
  *r = (sv_roll){0};
}

/* ---- Adding ---- */

static sv_status add_label(sv_roll *r, const char *label, int32_t *number) {
  *number = sv_names_get(&r->known, label);
  if (*number >= 0) return SV_OK;
  if (r->label_count == SV_MOST_CLASSES)
    return sv_fail(SV_FORMAT, "more than %d classes", SV_MOST_CLASSES);
  SV_TRY(
      sv_grow(&r->labels, r->label_count, &r->label_room, sizeof *r->labels));
  SV_TRY(sv_copy_text(&r->labels[r->label_count], label));
  *number = r->label_count++;
  return sv_names_put(&r->known, r->labels[*number], *number);
}

sv_status sv_roll_add(sv_roll *r, const char *name, const char *label,
                      sv_part part) {
  sv_roll_row row = {.part = part};
  if (r->names.count == r->room) {
    int64_t wanted = r->room + r->room / 2 + 64;
    sv_roll_row *rows;
    SV_TRY(sv_alloc_array(&rows, (size_t)wanted, sizeof *rows));
    if (r->room) memcpy(rows, r->rows, (size_t)r->room * sizeof *rows);
    sv_free(r->rows);
    r->rows = rows;
    r->room = wanted;
  }
  SV_TRY(add_label(r, label, &row.label));
  SV_TRY(sv_listing_add(&r->names, name));
  r->rows[r->names.count - 1] = row;
  return SV_OK;
}

/* ---- Classes ---- */

/* A whole number from 0 to SV_MOST_CLASSES - 1, or -1. */
static int64_t number_of(const char *label) {
  int64_t number = 0;
  for (const char *c = label; *c; c++) {
    if (*c < '0' || *c > '9') return -1;
    number = number * 10 + *c - '0';
    if (number >= SV_MOST_CLASSES) return -1;
  }
  bool plain = label[0] && (label[0] != '0' || !label[1]);
  return plain ? number : -1;
}

static bool all_numbers(const sv_roll *r) {
  for (int i = 0; i < r->label_count; i++)
    if (number_of(r->labels[i]) < 0) return false;
  return true;
}

static int by_number(const void *a, const void *b, void *labels) {
  char *const *at = labels;
  int64_t x = number_of(at[*(const int *)a]),
          y = number_of(at[*(const int *)b]);
  return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b, void *labels) {
  char *const *at = labels;
  return strcmp(at[*(const int *)a], at[*(const int *)b]);
}

/* class_of[label] = its class; -1 without training samples. */
static sv_status sort_classes(const sv_roll *r, sv_dataset *d, int *class_of) {
  int *order, count = 0;
  for (int i = 0; i < r->label_count; i++) class_of[i] = -1;
  for (int64_t i = 0; i < r->names.count; i++)
    if (r->rows[i].part <= SV_PART_TRAIN) class_of[r->rows[i].label] = 0;
  SV_TRY(sv_alloc_array(&order, (size_t)r->label_count, sizeof *order));
  for (int i = 0; i < r->label_count; i++)
    if (class_of[i] == 0) order[count++] = i;
  if (count > 1)
    qsort_r(order, (size_t)count, sizeof *order,
            all_numbers(r) ? by_number : by_name, r->labels);
  sv_status status = sv_alloc_array(&d->names, (size_t)count, sizeof *d->names);
  if (status == SV_OK) d->classes = count;
  for (int i = 0; i < count && status == SV_OK; i++) {
    class_of[order[i]] = i;
    status = sv_copy_text(&d->names[i], r->labels[order[i]]);
  }
  sv_free(order);
  return status;
}

static void number_classes(const sv_roll *r, sv_dataset *d, int *class_of) {
  d->classes = 0;
  for (int i = 0; i < r->label_count; i++) {
    class_of[i] = (int)number_of(r->labels[i]);
    if (class_of[i] >= d->classes) d->classes = class_of[i] + 1;
  }
}

/* ---- The split ---- */

/* Splits the rows of one label; `members` are their numbers. */
static sv_status split_label(sv_roll *r, const char *label,
                             const int64_t *members, int64_t count) {
  const char **names;
  bool *is_test = NULL;
  SV_TRY(sv_alloc_array(&names, (size_t)count, sizeof *names));
  for (int64_t i = 0; i < count; i++)
    names[i] = sv_listing_name(&r->names, members[i]);
  sv_status status = sv_alloc(&is_test, (size_t)count);
  if (status == SV_OK) status = sv_draw_tests(is_test, label, names, count);
  for (int64_t i = 0; i < count && status == SV_OK; i++)
    r->rows[members[i]].part = is_test[i] ? SV_PART_TEST : SV_PART_TRAIN;
  sv_free(is_test);
  sv_free(names);
  return status;
}

/* members = the rows of label 0, of label 1, ...; end[label] = their end. */
static void sort_by_label(const sv_roll *r, int64_t *members, int64_t *end) {
  for (int64_t i = 0; i < r->names.count; i++) end[r->rows[i].label]++;
  int64_t sum = 0;
  for (int k = 0; k < r->label_count; k++) {
    int64_t count = end[k];
    end[k] = sum;
    sum += count;
  }
  for (int64_t i = 0; i < r->names.count; i++)
    members[end[r->rows[i].label]++] = i;
}

static sv_status split_open(sv_roll *r) {
  int64_t *members, *end;
  if (r->names.count == 0 || r->rows[0].part != SV_PART_OPEN) return SV_OK;
  SV_TRY(sv_alloc_array(&members, (size_t)r->names.count, sizeof *members));
  sv_status status = sv_alloc_array(&end, (size_t)r->label_count, sizeof *end);
  if (status == SV_OK) sort_by_label(r, members, end);
  for (int k = 0; k < r->label_count && status == SV_OK; k++) {
    int64_t begin = k ? end[k - 1] : 0;
    status = split_label(r, r->labels[k], members + begin, end[k] - begin);
  }
  sv_free(end);
  sv_free(members);
  return status;
}

/* Appends the rows of a part to the samples. */
static sv_status take_part(sv_roll *r, sv_dataset *d, sv_part part,
                           const int *class_of) {
  for (int64_t i = 0; i < r->names.count; i++) {
    if ((sv_part)r->rows[i].part != part) continue;
    int class = class_of[r->rows[i].label];
    if (class < 0)
      return sv_fail(SV_FORMAT, "%s: %s: its class '%s' has no training images",
                     d->path, sv_listing_name(&r->names, i),
                     r->labels[r->rows[i].label]);
    r->samples[d->count] = i;
    d->labels[d->count++] = class;
  }
  return SV_OK;
}

static bool has_part(const sv_roll *r, sv_part part) {
  for (int64_t i = 0; i < r->names.count; i++)
    if ((sv_part)r->rows[i].part == part) return true;
  return false;
}

static sv_status take_split(sv_roll *r, sv_dataset *d, const int *class_of) {
  sv_part part = SV_PART_TRAIN;
  bool test = d->split == SV_SPLIT_TEST;
  if (test) part = has_part(r, SV_PART_TEST) ? SV_PART_TEST : SV_PART_VAL;
  if (!has_part(r, part))
    return sv_fail(SV_FORMAT, "%s: no images for %s", d->path,
                   test ? "testing" : "training");
  SV_TRY(take_part(r, d, part, class_of));
  if (test) return SV_OK;
  int64_t training = d->count;
  SV_TRY(take_part(r, d, SV_PART_VAL, class_of));
  d->held_out = d->count - training;
  return SV_OK;
}

sv_status sv_roll_settle(sv_roll *r, sv_dataset *d, bool numbered) {
  int *class_of;
  SV_TRY(split_open(r));
  size_t count = (size_t)r->names.count;
  SV_TRY(sv_alloc_array(&r->samples, count, sizeof *r->samples));
  SV_TRY(sv_alloc_array(&d->labels, count, sizeof *d->labels));
  SV_TRY(sv_alloc_array(&class_of, (size_t)r->label_count, sizeof *class_of));
  sv_status status = SV_OK;
  if (numbered && all_numbers(r))
    number_classes(r, d, class_of);
  else
    status = sort_classes(r, d, class_of);
  if (status == SV_OK && d->classes == 1)
    status = sv_fail(SV_FORMAT, "%s: one class, '%s'; expected two or more",
                     d->path, r->labels[0]);
  if (status == SV_OK) status = take_split(r, d, class_of);
  sv_free(class_of);
  return status;
}
