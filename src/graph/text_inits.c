/* The initialiser that a network as text says once, for all its weights. */
#include <ctype.h>
#include <string.h>

#include "graph/text.h"

/* As the reader puts a statement's words together. */
static bool is_statement(const char *text) {
  bool blank = true;
  for (const char *c = text; *c; c++) {
    if (*c == ' ' ? blank : !isalnum((unsigned char)*c) && !strchr("_.-", *c))
      return false;
    blank = *c == ' ';
  }
  return !blank && strcmp(text, "usual") != 0;
}

static bool is_weight(const sv_node *node, int i, const bool *implicit) {
  const sv_port *port = sv_op_in_port(node->op, i);
  return port->role == SV_WEIGHT && !port->init && node->in[i] &&
         implicit[node->in[i]];
}

const char *sv_text_common_init(const sv_graph *graph, const bool *implicit) {
  const char *common = NULL;
  int count = 0, lead = 0; /* lead: of the one that may be most weights' */
  for (int n = 0; n < graph->node_count; n++)
    for (int i = 0; i < graph->nodes[n].in_count; i++) {
      if (!is_weight(&graph->nodes[n], i, implicit)) continue;
      const char *init = graph->values[graph->nodes[n].in[i]].init;
      if (!init) return NULL;
      count++;
      if (lead == 0) common = init;
      lead += strcmp(init, common) == 0 ? 1 : -1;
    }
  return count > 1 && lead > 0 && is_statement(common) ? common : NULL;
}
