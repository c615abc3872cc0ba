/* Tests in the layout of ONNX's backend tests: a folder with model.onnx and
 * test_data_set_0, test_data_set_1, ..., each with input_0.pb, input_1.pb, ...
 * and output_0.pb, ..., the inputs and outputs of the graph in their order.
 * Source: https://github.com/onnx/onnx/blob/main/docs/OnnxBackendTest.md */
#ifndef SV_ONNX_CONFORMANCE_H
#define SV_ONNX_CONFORMANCE_H

#include <stdbool.h>

#include "base/error.h"

typedef enum sv_outcome {
  SV_OUTCOME_PASS,
  SV_OUTCOME_FAIL,
  SV_OUTCOME_UNSUPPORTED,
  SV_OUTCOME_COUNT
} sv_outcome;

typedef struct sv_conformance_result {
  const char *path; /* of the test's folder */
  sv_outcome outcome;
  const char *reason; /* of a failure or refusal; "" for a pass */
  double error;       /* the largest max|a-b| / max|b| of its outputs */
} sv_conformance_result;

typedef struct sv_conformance_options {
  const char *backend; /* as of sv_plan_options */
  int threads;
  bool exact;         /* as of sv_plan_options */
  bool external_data; /* tensors may lie in other files of the folder */
  /* Told of each test as it ends; result is valid during the call. Another
   * status than SV_OK ends the run with it. */
  sv_status (*report)(void *context, const sv_conformance_result *result);
  void *context;
} sv_conformance_options;

/* Runs the test that the folder is, or all those below it in the order of their
 * names. An output passes if its type and shape are the expected ones and each
 * real number b is met by an a within either of
 *
 *   |a-b| <= 1e-3 |b| + 1e-7   ONNX's own tolerance: some of its numbers were
 *                              typed with four digits
 *   |a-b| <= 1e-4 max|b|       ours: sums near 0 of larger numbers
 *
 * Real numbers of other widths (f16, bf16, f64) are computed as f32 and
 * compared with what is expected as numbers, with bf16 up to its last bit,
 * |b| / 256. Other numbers must be equal. A test passes if all outputs of all
 * its data sets do. Without any test SV_INVALID. */
sv_status sv_conformance_run(const char *folder,
                             const sv_conformance_options *options) SV_CHECKED;

#endif
