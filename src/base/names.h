/* A map from names to numbers, in constant time. */
#ifndef SV_BASE_NAMES_H
#define SV_BASE_NAMES_H

#include "base/error.h"

typedef struct sv_names {
  const char **keys; /* borrowed; NULL: a free place */
  int *values;
  size_t places, count; /* places: 0 or a power of two */
} sv_names;

/* -1 if the name is not there. */
int sv_names_get(const sv_names *names, const char *key);

/* Adds the name or replaces its number (>= 0). */
sv_status sv_names_put(sv_names *names, const char *key, int value) SV_CHECKED;

/* Takes the name out, if it is there: before its text is freed. */
void sv_names_drop(sv_names *names, const char *key);

void sv_names_free(sv_names *names);

#endif
