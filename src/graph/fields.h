/* Receptive fields: what the positions of each value see of the image. */
#ifndef SV_GRAPH_FIELDS_H
#define SV_GRAPH_FIELDS_H

#include "ops/op.h"

/* Along one axis, in pixels, padding counting as pixels before 0: position 0
 * sees first .. last, position i + per sees what i sees `step` further on.
 * Between enlargements per is more than 1, and positions see more or less of
 * the image, none more than `size`. */
typedef struct sv_receptive {
  int64_t step, per, first, last, size;
} sv_receptive;

/* Of one position, per axis H, W. `whole`: the whole input, or parts that
 * differ from place to place. `none`: no image reaches the value. */
typedef struct sv_field {
  bool none, whole;
  sv_receptive axis[2];
} sv_field;

/* The same of all positions: at + i % per of the numbers is the first pixel
 * that i sees, less step * (i / per); at + per + i % per the last. */
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

/* Nothing reaches any of so many values. Free with sv_fields_free, also after
 * an error. */
sv_status sv_fields_new(sv_fields *fields, size_t values) SV_CHECKED;
void sv_fields_free(sv_fields *fields);

/* Each position sees its own pixel. */
void sv_fields_image(sv_fields *fields, int value);

/* What the outputs of a node see, whose inputs are known. */
sv_status sv_fields_add(sv_fields *fields, const sv_node *node,
                        const sv_cost *cost) SV_CHECKED;

sv_field sv_fields_of(const sv_fields *fields, int value);

#endif
