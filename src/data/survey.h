/* A survey of a data set: its samples, read in threads. */
#ifndef SV_DATA_SURVEY_H
#define SV_DATA_SURVEY_H

#include <svertka/data.h>

#include "base/error.h"

typedef struct sv_survey_job {
  const sv_dataset *dataset;
  const sv_survey *options; /* borrowed */
  /* Called in a thread of its own for each image that could be read; may be
   * NULL. A failure ends the survey. */
  sv_status (*work)(void *context, int64_t sample, const sv_image *image);
  void *context;
  bool *failed; /* count: set for samples that cannot be read */
} sv_survey_job;

/* Reads each sample, with its mask, and calls work. Then calls
 * options->unreadable for the samples that cannot be read, in order.
 * SV_NO_MEMORY ends the survey; SV_INTERRUPTED if options->report says so. */
sv_status sv_survey_run(const sv_survey_job *job) SV_CHECKED;

#endif
