#include "graph/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { NAMED = 8 }; /* outputs that a message lists */

/* "'logits', 'features' and 3 others" */
static void list(const sv_graph *graph, char *text, size_t size) {
  int count = 0;
  text[0] = '\0';
  for (int i = 0; i < graph->output_count; i++) {
    size_t length = strlen(text);
    if (graph->outputs[i].is_loss || ++count > NAMED) continue;
    snprintf(text + length, size - length, "%s'%.60s'", length ? ", " : "",
             graph->outputs[i].name);
  }
  size_t length = strlen(text);
  if (count > NAMED)
    snprintf(text + length, size - length, " and %d others", count - NAMED);
}

sv_status sv_graph_answer(const sv_graph *graph, int *value) {
  char names[NAMED * 72];
  int count = 0;
  for (int i = 0; i < graph->output_count; i++) {
    const sv_graph_output *o = &graph->outputs[i];
    if (o->is_loss) continue;
    count++;
    *value = o->value;
    if (graph->answer && strcmp(graph->answer, o->name) == 0) return SV_OK;
  }
  if (!count)
    return sv_fail(SV_INVALID, "network '%s' has no output", graph->name);
  if (count == 1 && !graph->answer) return SV_OK;
  list(graph, names, sizeof names);
  if (graph->answer)
    return sv_fail(
        SV_INVALID,
        "network '%s' has no output '%.80s' (--output, " SV_OUTPUT_KEY
        "), but %s",
        graph->name, graph->answer, names);
  return sv_fail(
      SV_INVALID,
      "network '%s' has several outputs, %s: --output NAME (" SV_OUTPUT_KEY
      ") selects the one with the class scores",
      graph->name, names);
}

sv_status sv_graph_set_answer(sv_graph *graph, const char *name) {
  char *copy;
  SV_TRY(sv_copy_text(&copy, name));
  sv_free(graph->answer);
  graph->answer = copy;
  return SV_OK;
}
