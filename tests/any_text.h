/* A network as text, spoilt in many ways: every beginning of it, and texts with
 * characters changed. Each is read or refused, nothing else. */
#ifndef SV_TESTS_ANY_TEXT_H
#define SV_TESTS_ANY_TEXT_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <svertka/network.h>

#include "base/random.h"

static inline void try_text(const char *text) {
  sv_graph *graph;
  if (sv_network_parse(&graph, NULL, text) == SV_OK) sv_graph_free(graph);
}

/* `rounds` texts, each with `changes` characters of `signs` in it. */
static inline void spoil_text(const char *original, const char *signs,
                              uint64_t rounds, uint64_t changes) {
  char text[1024];
  size_t size = strlen(original);
  sv_random random = {.seed = rounds};
  assert_true(size > 0 && size < sizeof text);
  for (size_t length = 0; length <= size; length++) {
    snprintf(text, sizeof text, "%.*s", (int)length, original);
    try_text(text);
  }
  for (uint64_t i = 0; i < rounds * changes; i += changes) {
    memcpy(text, original, size + 1);
    for (uint64_t k = i; k < i + changes; k++)
      text[sv_random_below(&random, 2 * k, size)] =
          signs[sv_random_below(&random, 2 * k + 1, strlen(signs))];
    try_text(text);
  }
}

#endif
