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
  const char *reason; /* of a failure or rejection; "" for a pass */
  double error;       /* the largest max|a-b| / max|b| of its outputs */
} sv_conformance_result;

typedef struct sv_conformance_options {
  const char *backend; /* as of sv_plan_options */
  int threads;
  bool exact;         /* as of sv_plan_options */
  bool external_data; /* allow external data in the folder */
  /* Called after each test; result is valid during the call. A status other
   * than SV_OK ends the run with that status. */
  sv_status (*report)(void *context, const sv_conformance_result *result);
  void *context;
} sv_conformance_options;

/* Runs the test in the folder, or all tests below it in the order of their
 * names. An output passes if its type and shape are as expected and each
 * expected real value b is matched by an a within either of
 *
 *   |a-b| <= 1e-3 |b| + 1e-7   ONNX's own tolerance: some expected values
 *                              have four digits
 *   |a-b| <= 1e-4 max|b|       for sums near 0 of larger values
 *
 * Real values of other widths (f16, bf16, f64) are computed as f32 and compared
 * as numbers, bf16 up to its last bit, |b| / 256. Other values must be equal. A
 * test passes if all outputs of all its data sets pass. SV_INVALID if there are
 * no tests. */
sv_status sv_conformance_run(const char *folder,
                             const sv_conformance_options *options) SV_CHECKED;

#endif
