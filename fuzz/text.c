/* Any bytes as a network in text: a network, or the place and the reason why
 * not. tests/test_fuzz_text.c replays the corpus. */
#include "try.h"

/* Parameters are drawn where they are few. */
static void try_graph(sv_graph *graph, bool reference) {
  int64_t numbers = 0;
  sv_model *model;
  for (int i = 1; i < graph->value_count && numbers <= MOST_NUMBERS; i++)
    if (graph->values[i].kind == SV_VALUE_STATE)
      numbers += sv_shape_count(&graph->values[i].shape);
  if (numbers > MOST_NUMBERS) {
    write_and_read(graph);
    sv_graph_free(graph);
  } else if (sv_model_new(&model, graph, 1) == SV_OK) {
    try_model(model, true, reference);
    sv_model_free(model);
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  sv_graph *graph;
  char *text = malloc(size + 1);
  expect(text != NULL);
  if (size) memcpy(text, bytes, size);
  text[size] = '\0';
  if (sv_network_parse(&graph, "t", text) == SV_OK) {
    try_graph(graph, size % 8 != 0);
  } else {
    expect(!graph);
    expect_error("t:");
  }
  free(text);
  return 0;
}
