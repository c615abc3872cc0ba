/* MODEL on the command line, in all its forms. */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/near.h"
#include "cli/cli.h"
#include "graph/graph.h"

enum { LARGEST_TEXT = 16 << 20 };

static bool ends_in(const char *text, const char *end) {
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* A typed network has blanks or statements; no file or zoo name is meant. */
static bool is_typed(const char *text) {
  if (sv_path_exists(text)) return false;
  return strchr(text, ';') || strchr(text, '\n') ||
         (strncmp(text, "input", 5) == 0 && isspace((unsigned char)text[5]));
}

static bool is_zoo(const char *text) {
  char name[64];
  size_t length = strcspn(text, ":");
  if (length >= sizeof name) return false;
  memcpy(name, text, length);
  name[length] = '\0';
  return sv_zoo_has(name);
}

const char *cli_nearest_zoo(const char *name) {
  const char *near = NULL;
  for (int i = 0, least = INT_MAX; i < sv_zoo_count(); i++) {
    int wrong = sv_wrong_letters(name, sv_zoo_name(i));
    if (wrong < 0 || wrong >= least) continue;
    least = wrong;
    near = sv_zoo_name(i);
  }
  return near;
}

static sv_status read_network(sv_graph **graph, const char *path) {
  unsigned char *bytes;
  size_t size;
  SV_TRY(sv_file_read(path, LARGEST_TEXT, &bytes, &size));
  sv_status status = memchr(bytes, '\0', size)
                         ? sv_fail(SV_FORMAT,
                                   "%s: neither a network as text nor a name "
                                   "that ends in .onnx",
                                   path)
                         : sv_network_parse(graph, path, (const char *)bytes);
  sv_free(bytes);
  return status;
}

/* Whatever is no ONNX file. */
static sv_status build(sv_graph **graph, const char *text,
                       const sv_zoo_data *data) {
  if (is_typed(text)) return sv_network_parse(graph, NULL, text);
  if (is_zoo(text)) return sv_zoo_build(graph, text, data);
  if (sv_path_exists(text)) return read_network(graph, text);
  const char *near = cli_nearest_zoo(text);
  return sv_fail(SV_INVALID,
                 "'%s' is no file, no network as text and no name that "
                 "'svertka zoo' lists; %s%s%s",
                 text, near ? "'" : "",
                 near ? near : "a network as text begins with 'input CxHxW;'",
                 near ? "'?" : "");
}

sv_status cli_model(sv_model **model, const char *text, const sv_zoo_data *data,
                    uint64_t seed) {
  if (ends_in(text, ".onnx")) return sv_model_load(model, text);
  sv_graph *graph;
  SV_TRY(build(&graph, text, data));
  return sv_model_new(model, graph, seed);
}

static sv_status graph_of_file(sv_graph **graph, const char *path) {
  sv_model *model;
  SV_TRY(sv_model_load(&model, path));
  sv_status status = sv_graph_copy(graph, sv_model_graph(model));
  sv_model_free(model);
  return status;
}

sv_status cli_graph(sv_graph **graph, const char *text,
                    const sv_zoo_data *data) {
  *graph = NULL;
  if (ends_in(text, ".onnx")) return graph_of_file(graph, text);
  return build(graph, text, data);
}
