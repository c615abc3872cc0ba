/* Networks as text: parameters that nodes make by themselves, and the
 * initialiser that is said once, for all their weights. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "op/attr_at.h"
#include "op/attrs.h"
#include "text/text.h"

/* ---- Parameters that need no statement ---- */

const char *sv_text_part_name(const sv_port *port) {
  return sv_role_is_trained(port->role) ? sv_role_name(port->role) : port->name;
}

static bool is_made_by(const sv_graph *graph, const sv_node *node, int i) {
  const sv_value_info *v = &graph->values[node->in[i]];
  const sv_port *port = sv_op_in_port(node->op, i);
  char name[2 * SV_LONGEST_WORD];
  snprintf(name, sizeof name, "%.240s.%.100s", node->name,
           sv_text_part_name(port));
  return v->kind == SV_VALUE_STATE && v->role == port->role &&
         v->dtype == SV_F32 && node->op->parameter &&
         strcmp(v->name, name) == 0;
}

int sv_text_explicit_inputs(const sv_graph *graph, const sv_node *node) {
  int count = node->in_count;
  while (count > 0 &&
         (node->in[count - 1] == 0 || is_made_by(graph, node, count - 1)))
    count--;
  /* Where a weight is given, there is a bias only if that is given, too. */
  bool biased = count == 2 && node->in_count == 3 && node->in[2];
  return biased && sv_attr_find(node->op, "bias") ? 3 : count;
}

sv_status sv_text_check_settled(const sv_reader *r, const sv_statement *s,
                                const void *said, uint64_t seen) {
  const sv_node *node = &r->graph->nodes[r->graph->node_count - 1];
  for (const sv_attr *row = node->op->attrs; row && row->name; row++) {
    bool is_said = seen & UINT64_C(1) << (row - node->op->attrs);
    if (!is_said || row->type != SV_ATTR_BOOL) continue;
    bool was = *bool_at(readable(said), row);
    if (was != *bool_at(readable(node->attrs), row))
      return sv_text_fail(&r->cursor, s->keyword.start,
                          "%s: %s=%s contradicts the inputs, which give %s",
                          node->op->name, row->name, was ? "true" : "false",
                          was ? "false" : "true");
  }
  return SV_OK;
}

void sv_text_find_implicit(const sv_graph *graph, bool *implicit) {
  for (int n = 0; n < graph->node_count; n++) {
    const sv_node *node = &graph->nodes[n];
    for (int i = sv_text_explicit_inputs(graph, node); i < node->in_count; i++)
      implicit[node->in[i]] = true;
  }
}

/* ---- The common initialiser ---- */

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
