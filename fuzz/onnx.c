/* Any bytes as an ONNX file: a model, or one line that says why not. What is a
 * model can be looked at, and written as text. Built with -DSV_FUZZ=ON it is a
 * libFuzzer target (fuzz/run.sh); tests/test_fuzz.c replays the corpus.
 * Source: https://llvm.org/docs/LibFuzzer.html */
#include <svertka/svertka.h>

#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "onnx/onnx.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void expect(bool holds) {
  if (!holds) abort();
}

/* A network as text, which reads back. */
static void look_at(const sv_model *model) {
  char *text;
  expect(sv_graph_check(sv_model_graph(model)) == SV_OK);
  if (sv_network_write(&text, sv_model_graph(model)) != SV_OK) return;
  sv_network_text_free(text);
}

static void load(const unsigned char *bytes, size_t size, bool training) {
  sv_model *model;
  sv_onnx_load_options options = {.training = training};
  if (sv_onnx_load_memory(&model, "f", bytes, size, &options) == SV_OK) {
    look_at(model);
    sv_model_free(model);
    return;
  }
  expect(!model);
  expect(strncmp(sv_error(), "f: ", 3) == 0 && sv_error()[3]);
  expect(!strchr(sv_error(), '\n'));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  load(bytes, size, false);
  load(bytes, size, true);
  return 0;
}
