#include "base/names.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* Where the key is, or the free place where it belongs. */
static size_t find(const sv_names *names, const char *key) {
  size_t mask = names->places - 1, at = sv_hash_text(key) & mask;
  while (names->keys[at] && strcmp(names->keys[at], key) != 0)
    at = (at + 1) & mask;
  return at;
}

int sv_names_get(const sv_names *names, const char *key) {
  if (!names->places) return -1;
  size_t at = find(names, key);
  return names->keys[at] ? names->values[at] : -1;
}

/* Twice as many places; half of them stay free. */
static sv_status widen(sv_names *names) {
  sv_names wider = {.places = names->places ? 2 * names->places : 64,
                    .count = names->count};
  SV_TRY(sv_alloc_array(&wider.keys, wider.places, sizeof *wider.keys));
  sv_status status =
      sv_alloc_array(&wider.values, wider.places, sizeof *wider.values);
  if (status != SV_OK) {
    sv_free(wider.keys);
    return status;
  }
  for (size_t i = 0; i < names->places; i++) {
    if (!names->keys[i]) continue;
    size_t at = find(&wider, names->keys[i]);
    wider.keys[at] = names->keys[i];
    wider.values[at] = names->values[i];
  }
  sv_names_free(names);
  *names = wider;
  return SV_OK;
}

sv_status sv_names_put(sv_names *names, const char *key, int value) {
  if (2 * (names->count + 1) > names->places) SV_TRY(widen(names));
  size_t at = find(names, key);
  if (!names->keys[at]) {
    names->keys[at] = key;
    names->count++;
  }
  names->values[at] = value;
  return SV_OK;
}

/* What was put aside because a place was taken moves up, so that no search ends
 * too early. */
void sv_names_drop(sv_names *names, const char *key) {
  if (sv_names_get(names, key) < 0) return;
  size_t mask = names->places - 1, hole = find(names, key);
  names->count--;
  for (size_t at = (hole + 1) & mask; names->keys[at]; at = (at + 1) & mask) {
    size_t home = sv_hash_text(names->keys[at]) & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    names->keys[hole] = names->keys[at];
    names->values[hole] = names->values[at];
    hole = at;
  }
  names->keys[hole] = NULL;
}

void sv_names_free(sv_names *names) {
  sv_free(names->keys);
  sv_free(names->values);
  *names = (sv_names){0};
}
