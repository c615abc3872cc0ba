/* Training options as a table: bounds, metadata, comparison. */
#ifndef SV_TRAIN_OPTIONS_H
#define SV_TRAIN_OPTIONS_H

#include <svertka/train.h>

#include "base/error.h"

/* A copy with the optimiser's defaults in the place of SV_USUAL. */
sv_status sv_options_resolve(sv_fit_options *resolved,
                             const sv_fit_options *options) SV_CHECKED;

/* Checks that all numbers are within bounds and all required strings are
 * set. */
sv_status sv_options_check(const sv_fit_options *options) SV_CHECKED;

/* Writes them to the model's metadata as "svertka.train.rate" and so on. */
sv_status sv_options_save(const sv_fit_options *options,
                          sv_model *model) SV_CHECKED;

/* Reads them back; strings are borrowed from the model. */
sv_status sv_options_load(sv_fit_options *options,
                          const sv_model *model) SV_CHECKED;

/* SV_INVALID names the first option that differs from those the model was
 * trained with and that changes the training. */
sv_status sv_options_compare(const sv_fit_options *options,
                             const sv_model *model) SV_CHECKED;

#endif
