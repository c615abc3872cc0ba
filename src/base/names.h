/* A hash table from names to integers. */
#ifndef SV_BASE_NAMES_H
#define SV_BASE_NAMES_H

#include "base/error.h"

typedef struct sv_names {
  const char **keys; /* borrowed; NULL: a free slot */
  int *values;
  size_t places, count; /* places: 0 or a power of two */
} sv_names;

/* -1 if the name is not in the table. */
int sv_names_get(const sv_names *names, const char *key);

/* Adds the name or replaces its value (>= 0). */
sv_status sv_names_put(sv_names *names, const char *key, int value) SV_CHECKED;

/* Removes the name if it is in the table. Call it before the name's memory is
 * freed. */
void sv_names_drop(sv_names *names, const char *key);

void sv_names_free(sv_names *names);

#endif
