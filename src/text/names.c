/* Networks as text: what names stand for. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "text/text.h"

/* Names stand below the scopes in which they were given. From the innermost
 * out, no further than the block: it sees what it is applied to, and no more.
 */
int sv_text_find(const sv_reader *r, const char *name) {
  const sv_graph *g = r->graph;
  int length = g->scope ? (int)strlen(g->scope) : 0;
  char whole[2 * SV_LONGEST_NAME + 2];
  for (int k = g->scope_count; k >= r->frame->floor; k--) {
    if (k < g->scope_count) length = g->scopes[k];
    snprintf(whole, sizeof whole, "%.*s%s", length, length ? g->scope : "",
             name);
    int id = sv_names_get(&r->alias_values, whole);
    if (id < 0) id = sv_graph_find(g, whole);
    if (id > 0) return id;
  }
  return 0;
}

sv_status sv_text_untaken(const sv_reader *r, const sv_word *name) {
  char *whole;
  SV_TRY(sv_graph_scoped(r->graph, name->text, &whole));
  bool taken = sv_names_get(&r->alias_values, whole) >= 0;
  sv_free(whole);
  if (!taken) return SV_OK;
  return sv_text_fail(&r->cursor, name->start, "two values are named '%s'",
                      name->text);
}

static sv_status add_alias(sv_reader *r, char *whole, sv_value value) {
  sv_status status = sv_grow(&r->aliases, r->alias_count, &r->alias_capacity,
                             sizeof *r->aliases);
  if (status != SV_OK) {
    sv_free(whole);
    return status;
  }
  r->aliases[r->alias_count++] = whole;
  return sv_names_put(&r->alias_values, whole, value.id);
}

sv_status sv_text_alias(sv_reader *r, const sv_word *name, sv_value value) {
  SV_TRY(sv_text_untaken(r, name));
  char *whole;
  SV_TRY(sv_graph_scoped(r->graph, name->text, &whole));
  if (!sv_graph_find(r->graph, whole)) return add_alias(r, whole, value);
  sv_free(whole);
  return sv_text_fail(&r->cursor, name->start, "two values are named '%s'",
                      name->text);
}

void sv_text_forget(sv_reader *r) {
  sv_names_free(&r->alias_values);
  for (int i = 0; i < r->alias_count; i++) sv_free(r->aliases[i]);
  sv_free(r->aliases);
}
