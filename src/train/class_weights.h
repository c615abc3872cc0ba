/* Class weights of the loss. */
#ifndef SV_TRAIN_CLASS_WEIGHTS_H
#define SV_TRAIN_CLASS_WEIGHTS_H

#include <svertka/data.h>
#include <svertka/layers.h>

/* The weight of each class, from n samples of which n_c are in class c:
 *   "off"      1
 *   "sqrt"     a / sqrt(n_c)
 *   "inverse"  a / n_c
 * The factor a makes the mean over the samples 1. A class without samples has
 * weight 0. SV_INVALID for another rule. */
sv_status sv_class_weights(float *weights, int classes, const char *rule,
                           const sv_dataset *dataset,
                           const sv_samples *samples) SV_CHECKED;

#endif
