/* Choices as text: a name from a table and its numbers, "step 10 0.1". */
#ifndef SV_TRAIN_CHOICE_H
#define SV_TRAIN_CHOICE_H

#include "base/error.h"

enum { SV_CHOICE_NUMBERS = 4 };

/* The first member of each row of such a table. */
typedef struct sv_choice_row {
  const char *name;
  int least, most;                 /* how many numbers may follow */
  double usual[SV_CHOICE_NUMBERS]; /* where they are left out */
  const char *usage;               /* "step EPOCHS FACTOR": in error texts */
} sv_choice_row;

typedef struct sv_choice {
  const sv_choice_row *row;
  double at[SV_CHOICE_NUMBERS];
} sv_choice;

/* `table` points to rows of `size` bytes, the last of which has no name. An
 * error names `what` ("schedule"), the text and what would do. */
sv_status sv_choice_parse(sv_choice *choice, const char *what, const char *text,
                          const void *table, size_t size) SV_CHECKED;

#endif
