/* Any bytes as an ONNX file: a model, or one line that says why not. Built with
 * -DSV_FUZZ=ON it is a libFuzzer target (fuzz/run.sh); tests/test_fuzz.c
 * replays the corpus. Source: https://llvm.org/docs/LibFuzzer.html */
#include "try.h"

static void load(const unsigned char *bytes, size_t size, bool training) {
  sv_model *model;
  sv_onnx_load_options options = {.training = training};
  if (sv_onnx_load_memory(&model, "f", bytes, size, &options) == SV_OK) {
    try_model(model, training, size % 8 != 0);
    sv_model_free(model);
    return;
  }
  expect(!model);
  expect_error("f: ");
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  load(bytes, size, false);
  load(bytes, size, true);
  return 0;
}
