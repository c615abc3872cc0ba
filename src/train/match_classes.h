/* The classes of a data set among those of a model. */
#ifndef SV_TRAIN_MATCH_CLASSES_H
#define SV_TRAIN_MATCH_CLASSES_H

#include <svertka/data.h>

#include "base/error.h"

/* *class_of = the model's class of each class of the data; NULL: all are the
 * same. Free it with sv_free. Classes that both sides name are matched by their
 * names, others by their numbers. SV_INVALID if the model does not have a
 * class, has it several times, or if two classes of the data are one of the
 * model. */
sv_status sv_match_classes(int **class_of, const sv_dataset *dataset,
                           const sv_preprocess *preprocess) SV_CHECKED;

#endif
