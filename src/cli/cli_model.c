/* MODEL on the command line, in all its forms. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "base/near.h"
#include "cli/cli.h"
#include "init/init.h"
#include "onnx/onnx.h"
#include "tensor/tensor.h"
#include "text/text.h"

enum { LARGEST_TEXT = 16 << 20 };

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

bool cli_names_onnx(const char *path) {
  size_t length = strlen(path);
  return length > 5 && strcmp(path + length - 5, ".onnx") == 0;
}

/* Zoo names and texts come before files and folders that are called so. */
bool cli_is_file(const char *text) {
  if (cli_names_onnx(text)) return true;
  if (is_typed(text) || is_zoo(text)) return false;
  return sv_path_is_folder(text) || sv_kind_of_path(text) == &sv_kind_onnx;
}

/* The longest name with which this one begins: resnet of ResNet50. */
static const char *begin_in_zoo(const char *name) {
  const char *begin = NULL;
  for (int i = 0; i < sv_zoo_count(); i++) {
    size_t length = strlen(sv_zoo_name(i));
    if (strncasecmp(name, sv_zoo_name(i), length) == 0 &&
        (!begin || length > strlen(begin)))
      begin = sv_zoo_name(i);
  }
  return begin;
}

const char *cli_nearest_zoo(const char *name) {
  const char *near = NULL;
  char word[64];
  snprintf(word, sizeof word, "%s", name);
  for (char *c = word; *c; c++) *c = (char)tolower((unsigned char)*c);
  for (int i = 0, least = INT_MAX; i < sv_zoo_count(); i++) {
    const char *other = sv_zoo_name(i);
    for (int k = 0; other; other = sv_zoo_alias_name(i, k++)) {
      int wrong = sv_wrong_letters(word, other);
      if (wrong < 0 || wrong >= least) continue;
      least = wrong;
      near = other;
    }
  }
  return near ? near : begin_in_zoo(name);
}

static sv_status read_network(sv_graph **graph, const char *path) {
  char *text;
  const sv_kind *kind = sv_kind_of_path(path);
  if (kind)
    return sv_kind_fail(
        path, kind,
        kind->class == SV_CLASS_IMAGE || kind->class == SV_CLASS_OTHER
            ? "a model: an ONNX file, a run folder or a network "
              "as text"
            : "an ONNX file",
        true);
  SV_TRY(sv_text_read(&text, path, LARGEST_TEXT, "a network as text"));
  sv_status status = sv_network_parse(graph, path, text);
  sv_free(text);
  return status;
}

/* Whatever is no ONNX file. */
static sv_status read_any(sv_graph **graph, const char *text,
                          const cli_reading *reading) {
  if (reading->external)
    return sv_fail(SV_INVALID, "--external-data: '%.80s' is not an .onnx file",
                   text);
  if (is_typed(text)) return sv_network_parse(graph, NULL, text);
  if (is_zoo(text)) return sv_zoo_build(graph, text, reading->data);
  if (sv_path_exists(text)) return read_network(graph, text);
  const char *near = cli_nearest_zoo(text);
  if (near)
    return sv_fail(SV_INVALID, "unknown model '%s'; did you mean '%s'?", text,
                   near);
  return sv_fail(SV_INVALID,
                 "unknown model '%s': not a file, and not a name that 'svertka "
                 "zoo' lists; a network as text begins with 'input CxHxW;'",
                 text);
}

sv_status cli_blame(sv_status status, const char *text) {
  if (status == SV_OK || !cli_is_file(text)) return status;
  return sv_fail_in(status == SV_INVALID ? SV_FORMAT : status, "%s", text);
}

/* *path = the file, which in a run folder is the best model so far. */
static sv_status find_file(char **path, const char *text) {
  if (!sv_path_is_folder(text)) return sv_copy_text(path, text);
  const sv_kind *kind = sv_kind_of_path(text);
  if (kind) {
    *path = NULL;
    return sv_kind_fail(text, kind, "an ONNX file or a run folder", true);
  }
  SV_TRY(sv_path_join(path, text, CLI_RUN_MODEL));
  if (sv_path_exists(*path)) return SV_OK;
  sv_free(*path);
  *path = NULL;
  return sv_fail(SV_IO,
                 "%s: a folder without " CLI_RUN_MODEL
                 "; a run has it after its first epoch",
                 text);
}

static sv_status load_file(sv_model **model, const char *path, bool external) {
  sv_status status = external ? sv_model_load_external(model, path)
                              : sv_model_load(model, path);
  if (status == SV_INVALID) return SV_FORMAT; /* an attribute's number */
  if (external || status != SV_UNSUPPORTED ||
      !strstr(sv_error(), SV_ONNX_ELSEWHERE))
    return status;
  return sv_fail(status, "%s; --external-data reads it", sv_error());
}

static sv_status load(sv_model **model, const char *text, bool external) {
  char *path;
  *model = NULL;
  SV_TRY(find_file(&path, text));
  sv_status status = load_file(model, path, external);
  sv_free(path);
  return status;
}

sv_status cli_model(sv_model **model, const char *text,
                    const cli_reading *reading) {
  if (cli_is_file(text)) return load(model, text, reading->external);
  sv_graph *graph;
  SV_TRY(read_any(&graph, text, reading));
  return sv_model_new(model, graph, reading->seed);
}

static sv_status graph_of_file(sv_graph **graph, const char *path,
                               bool external) {
  sv_model *model;
  SV_TRY(load(&model, path, external));
  sv_status status = sv_graph_copy(graph, sv_model_graph(model));
  sv_model_free(model);
  return status;
}

sv_status cli_graph(sv_graph **graph, const char *text,
                    const cli_reading *reading) {
  *graph = NULL;
  if (cli_is_file(text)) return graph_of_file(graph, text, reading->external);
  return read_any(graph, text, reading);
}

/* ---- Sizes that are free ---- */

sv_status cli_fit_image(const sv_graph *graph, const sv_ints *image) {
  char own[SV_SHAPE_TEXT] = "", given[SV_SHAPE_TEXT];
  const sv_value input = sv_graph_image_input(graph);
  const sv_shape size = sv_graph_describe(graph, input).shape, *shape = &size;
  bool pictures = shape->rank == 4, is_free = false, fits = true;
  if (!input.id) return SV_OK;
  if (image->count && image->count != 3)
    return sv_fail(SV_INVALID, "--image is C x H x W, as in 3x32x32");
  for (int d = 1; d < shape->rank; d++) {
    if (shape->dim[d] < 0) is_free = true;
    if (shape->dim[d] >= 0 && image->count && pictures)
      fits &= shape->dim[d] == image->at[d - 1];
  }
  if (image->count ? fits && pictures : !is_free) return SV_OK;
  sv_dims_text(shape->dim + 1, shape->rank - 1, own);
  if (!image->count)
    return sv_fail(SV_INVALID, "the network's input is %s: %s", own,
                   pictures ? "--image CxHxW gives its size"
                            : "sizes in numbers are needed");
  return sv_fail(SV_INVALID, "--image is %s, but the network's input is %s",
                 sv_dims_text(image->at, image->count, given), own);
}
