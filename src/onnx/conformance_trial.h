/* One data set of a test in the layout of ONNX's backend tests. */
#ifndef SV_ONNX_CONFORMANCE_TRIAL_H
#define SV_ONNX_CONFORMANCE_TRIAL_H

#include "onnx.pb-c.h"
#include "onnx/conformance.h"

/* Runs the model file `model` with this graph on input_0.pb, ... of the folder
 * and compares the results with output_0.pb, ... *error: the largest max|a-b| /
 * max|b|. */
sv_status sv_conformance_trial(const sv_conformance_options *options,
                               const char *model, const char *folder,
                               const Onnx__GraphProto *graph,
                               double *error) SV_CHECKED;

#endif
