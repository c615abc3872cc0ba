/* The parts of a data set that is not split. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/reader.h"

/* A sample's place in the draw. */
typedef struct ticket {
  uint64_t drawn;
  int64_t sample;
} ticket;

static int compare_tickets(const void *a, const void *b) {
  const ticket *x = a, *y = b;
  if (x->drawn != y->drawn) return x->drawn < y->drawn ? -1 : 1;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

sv_status sv_draw_tests(bool *is_test, const char *class,
                        const char *const *names, int64_t count) {
  int64_t tests = (count + 2) / 5;
  ticket *tickets;
  if (tests == 0 && count > 1) tests = 1;
  SV_TRY(sv_alloc_array(&tickets, (size_t)count, sizeof *tickets));
  for (int64_t i = 0; i < count; i++) {
    sv_random key = {sv_hash_text("test images"), sv_hash_text(class),
                     sv_hash_text(names[i])};
    uint32_t bits[4];
    sv_random_bits(&key, 0, bits);
    tickets[i] = (ticket){(uint64_t)bits[0] << 32 | bits[1], i};
  }
  if (count > 1)
    qsort(tickets, (size_t)count, sizeof *tickets, compare_tickets);
  for (int64_t i = 0; i < count; i++) is_test[tickets[i].sample] = i < tests;
  sv_free(tickets);
  return SV_OK;
}

const char *const *sv_part_names(sv_part part) {
  static const char *const names[][4] = {
      [SV_PART_TRAIN] = {"train", "training", NULL},
      [SV_PART_VAL] = {"val", "valid", "validation", NULL},
      [SV_PART_TEST] = {"test", "testing", NULL}};
  return names[part];
}
