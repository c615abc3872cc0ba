/* Receptive fields: the part of the image that each position of a value depends
 * on. */
#ifndef SV_GRAPH_FIELDS_H
#define SV_GRAPH_FIELDS_H

#include <svertka/analysis.h>

#include "op/op.h"

/* The fields of all positions. The first pixel of position i is element at + i
 * % per, plus step * (i / per); the last pixel is element at + per + i % per,
 * plus the same. */
typedef struct sv_track {
  int64_t step, per;
  size_t at;
} sv_track;

typedef struct sv_tracks {
  bool none, whole;
  sv_track axis[2];
} sv_tracks;

typedef struct sv_fields {
  sv_tracks *of; /* per value */
  int64_t *numbers;
  size_t count, capacity;
} sv_fields;

/* Starts with `values` values that depend on nothing. Free with sv_fields_free,
 * also after an error. */
sv_status sv_fields_new(sv_fields *fields, size_t values) SV_CHECKED;
void sv_fields_free(sv_fields *fields);

/* Each position depends on its own pixel. */
void sv_fields_image(sv_fields *fields, int value);

/* Computes the fields of a node's outputs; those of its inputs are known. */
sv_status sv_fields_add(sv_fields *fields, const sv_node *node,
                        const sv_cost *cost) SV_CHECKED;

sv_field sv_fields_of(const sv_fields *fields, int value);

#endif
