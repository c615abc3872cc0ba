/* Settings as text: a name from a table and its arguments, "step 10 0.1". */
#ifndef SV_BASE_SETTING_H
#define SV_BASE_SETTING_H

#include "base/error.h"

enum { SV_SETTING_NUMBERS = 16 };

/* The first member of each row of such a table. */
typedef struct sv_setting_row {
  const char *name;
  int least, most;                  /* min and max number of arguments */
  double usual[SV_SETTING_NUMBERS]; /* defaults of the arguments */
  const char *usage;                /* "step EPOCHS FACTOR": for error
                                     * messages */
} sv_setting_row;

typedef struct sv_setting {
  const sv_setting_row *row;
  double at[SV_SETTING_NUMBERS];
  int count; /* number of arguments given */
} sv_setting;

/* `table` points to rows of `size` bytes; the last row has no name. Errors name
 * `what` ("schedule"), the text and what is expected. */
sv_status sv_setting_parse(sv_setting *setting, const char *what,
                           const char *text, const void *table,
                           size_t size) SV_CHECKED;

#endif
