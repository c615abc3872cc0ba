/* The names that the builder gives, and the scopes before them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"

void sv_graph_fault(sv_graph *graph, sv_status status) {
  if (graph->status != SV_OK) return;
  graph->status = status;
  if (sv_copy_text(&graph->message, sv_error()) != SV_OK) graph->message = NULL;
}

sv_status sv_graph_scoped(const sv_graph *graph, const char *name,
                          char **full) {
  const char *scope = graph->scope ? graph->scope : "";
  size_t length = strlen(scope) + strlen(name);
  if (length > SV_LONGEST_NAME)
    return sv_fail(SV_INVALID,
                   "the name '%.60s%.60s...' is longer than %d bytes", scope,
                   name, SV_LONGEST_NAME);
  SV_TRY(sv_alloc(full, length + 1));
  snprintf(*full, length + 1, "%s%s", scope, name);
  return SV_OK;
}

/* *full stays NULL where the graph has failed. */
static void format_scoped(sv_graph *graph, char **full, const char *format,
                          va_list args) {
  char name[SV_LONGEST_NAME + 2]; /* one more: what is cut is too long */
  vsnprintf(name, sizeof name, format, args);
  *full = NULL;
  if (graph->status != SV_OK) return;
  sv_status status = sv_graph_scoped(graph, name, full);
  if (status != SV_OK) sv_graph_fault(graph, status);
}

void sv_name(sv_graph *graph, const char *format, ...) {
  va_list args;
  va_start(args, format);
  sv_free(graph->next_name);
  format_scoped(graph, &graph->next_name, format, args);
  va_end(args);
}

/* ---- Scopes ---- */

static sv_status enter(sv_graph *graph, const char *path) {
  SV_TRY(sv_grow(&graph->scopes, graph->scope_count, &graph->scope_capacity,
                 sizeof *graph->scopes));
  size_t before = graph->scope ? strlen(graph->scope) : 0;
  size_t size = strlen(path) + 2;
  char *scope;
  SV_TRY(sv_alloc(&scope, size));
  snprintf(scope, size, "%s.", path);
  sv_free(graph->scope);
  graph->scope = scope;
  graph->scopes[graph->scope_count++] = (int)before;
  return SV_OK;
}

void sv_scope_push(sv_graph *graph, const char *format, ...) {
  char *path;
  va_list args;
  va_start(args, format);
  format_scoped(graph, &path, format, args);
  va_end(args);
  sv_status status = path ? enter(graph, path) : SV_OK;
  sv_free(path);
  if (status != SV_OK) sv_graph_fault(graph, status);
}

void sv_scope_pop(sv_graph *graph) {
  if (graph->status != SV_OK) return;
  if (graph->scope_count > 0)
    graph->scope[graph->scopes[--graph->scope_count]] = '\0';
  else
    sv_graph_fault(
        graph, sv_fail(SV_INVALID, "a scope is closed that was not opened"));
}
