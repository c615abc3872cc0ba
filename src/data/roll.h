/* Labelled samples as a list has them, in its order: what CSV files, shards and
 * ImageNet's layout have in common. */
#ifndef SV_DATA_ROLL_H
#define SV_DATA_ROLL_H

#include "base/names.h"
#include "data/listing.h"
#include "data/reader.h"

typedef struct sv_roll_row {
  int32_t label; /* its number among the labels */
  int32_t part;  /* sv_part */
} sv_roll_row;

/* All zeros: empty. Free with sv_roll_free. */
typedef struct sv_roll {
  sv_listing names; /* of the rows; a name is all that the reader needs */
  sv_roll_row *rows;
  int64_t room;
  char **labels; /* in the order in which they were first used */
  int label_count, label_room;
  sv_names known;   /* from a label to its number */
  int64_t *samples; /* after settling: the row of each sample of the split */
} sv_roll;

void sv_roll_free(sv_roll *roll);

/* Appends a row. Labels are texts. SV_FORMAT if there are more than
 * SV_MOST_CLASSES different ones. */
sv_status sv_roll_add(sv_roll *roll, const char *name, const char *label,
                      sv_part part) SV_CHECKED;

/* Sets classes, count, held_out and labels of the data set for its split, and
 * the names of the classes: the labels of training samples, sorted, as numbers
 * if all are whole numbers. If `numbered`, such labels are classes 0, 1, ...,
 * up to the highest one, and have no names. Rows that are OPEN, which all are
 * or none is, are split by sv_draw_tests; rows of VAL are held out in training,
 * and are the test set if there is no TEST. SV_FORMAT: a part is empty, a class
 * has no training samples, there is one class only. */
sv_status sv_roll_settle(sv_roll *roll, sv_dataset *dataset,
                         bool numbered) SV_CHECKED;

/* The name of sample i. */
static inline const char *sv_roll_name(const sv_roll *roll, int64_t i) {
  return sv_listing_name(&roll->names, roll->samples[i]);
}

#endif
