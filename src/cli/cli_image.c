/* How pictures are prepared, on the command line: what a file of others does
 * not say. Options become the model's metadata, so that all that looks at a
 * model sees them. */
#include <stdio.h>
#include <string.h>

#include "base/kind.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"

enum { LARGEST_LABELS = 16 << 20 };

typedef struct row {
  const char *option, *key, *value;
} row;

enum { ROWS = 11 };
static void list_rows(const cli_image *image, row rows[ROWS]) {
  const row all[ROWS] = {
      {"size", "svertka.image.size", image->size},
      {"pad", "svertka.image.pad", image->pad},
      {"resize", "svertka.image.resize", image->resize},
      {"order", "svertka.image.order", image->order},
      {"gamma", "svertka.image.gamma", image->gamma},
      {"orientation", "svertka.image.orientation", image->orientation},
      {"mean", "svertka.image.mean", image->mean},
      {"deviation", "svertka.image.deviation", image->deviation},
      {"layout", "svertka.image.layout", image->layout},
      {"output", SV_OUTPUT_KEY, image->output},
      {"scores", "svertka.scores", image->scores}};
  memcpy(rows, all, sizeof all);
}

const char *cli_image_given(const cli_image *image) {
  row rows[ROWS];
  list_rows(image, rows);
  for (int i = 0; i < ROWS; i++)
    if (rows[i].value) return rows[i].option;
  return image->labels ? "labels" : NULL;
}

sv_status cli_image_read(sv_image *image, const sv_model *model,
                         const char *path) {
  sv_preprocess p = sv_preprocess_default();
  SV_TRY(sv_image_read(image, path));
  sv_status status = sv_preprocess_load(&p, model);
  if (status == SV_OK)
    status = sv_preprocess_turn(&p, image);
  else
    sv_image_free(image);
  sv_preprocess_free(&p);
  return status;
}

static sv_status set(sv_model *model, const row *r) {
  sv_preprocess p = sv_preprocess_default();
  if (!r->value) return SV_OK;
  sv_status status = sv_preprocess_set(&p, r->key, r->value);
  sv_preprocess_free(&p);
  if (status != SV_OK) return sv_fail_in(status, "--%s", r->option);
  return sv_model_set_meta(model, r->key, r->value);
}

/* A class a line; the last line's end, and those of DOS, are no part of a name.
 */
static sv_status read_labels(const char *path, sv_text *text) {
  char *lines;
  SV_TRY(sv_text_read(&lines, path, LARGEST_LABELS,
                      "a text file with one class per line"));
  size_t size = strlen(lines);
  while (size > 0 && (lines[size - 1] == '\n' || lines[size - 1] == '\r'))
    size--;
  lines[size] = '\0';
  for (char *line = lines, *end; line && size; line = end) {
    end = strchr(line, '\n');
    size_t length = end ? (size_t)(end++ - line) : strlen(line);
    if (length > 0 && line[length - 1] == '\r') length--;
    sv_text_add(text, "%s%.*s", line == lines ? "" : "\n", (int)length, line);
  }
  sv_free(lines);
  if (size > 0) return SV_OK;
  return sv_fail(SV_FORMAT, "%s: contains no names", path);
}

static sv_status set_labels(sv_model *model, const char *path) {
  sv_text text = {0};
  char *labels;
  if (!path) return SV_OK;
  SV_TRY(read_labels(path, &text));
  SV_TRY(sv_text_take(&text, &labels));
  sv_status status = sv_model_set_meta(model, "svertka.labels", labels);
  sv_free(labels);
  return status;
}

sv_status cli_image_set(sv_model *model, const cli_image *image) {
  row rows[ROWS];
  list_rows(image, rows);
  for (int i = 0; i < ROWS; i++) SV_TRY(set(model, &rows[i]));
  return set_labels(model, image->labels);
}

sv_status cli_set_output(sv_model *model, const char *name) {
  return name ? sv_model_set_meta(model, SV_OUTPUT_KEY, name) : SV_OK;
}

/* ---- A model that pictures are shown to ---- */

static bool is_sized(const sv_model *model) {
  const sv_graph *g = sv_model_graph(model);
  const sv_shape x = sv_graph_describe(g, sv_graph_image_input(g)).shape;
  bool sized = x.rank == 4;
  for (int d = 1; sized && d < 4; d++) sized = x.dim[d] > 0;
  return sized || sv_model_meta(model, "svertka.image.size");
}

/* Pixels of bytes are as they are: nothing is to be said of them. */
static bool is_of_bytes(const sv_model *model) {
  const sv_graph *g = sv_model_graph(model);
  return sv_graph_describe(g, sv_graph_image_input(g)).dtype == SV_U8;
}

/* The options that would say it, all at once. */
static sv_status check_said(const sv_model *model, const char *name) {
  const struct {
    const char *option, *key;
  } needed[] = {{"--size CxHxW", "svertka.image.size"},
                {"--mean", "svertka.image.mean"},
                {"--deviation", "svertka.image.deviation"}};
  char options[80] = "", keys[128] = "";
  for (int i = 0; i < 3; i++) {
    bool said = sv_model_meta(model, needed[i].key) != NULL;
    if (i == 0 ? is_sized(model) : said || is_of_bytes(model)) continue;
    size_t a = strlen(options), b = strlen(keys);
    snprintf(options + a, sizeof options - a, "%s%s", a ? ", " : "",
             needed[i].option);
    snprintf(keys + b, sizeof keys - b, "%s%s", b ? ", " : "", needed[i].key);
  }
  if (!options[0]) return SV_OK;
  return sv_fail(
      SV_INVALID,
      "%s does not say how to prepare images: give %s (the metadata lacks %s)",
      name, options, keys);
}

/* What random weights say of a picture is no finding. */
static sv_status check_learned(sv_model *model, const char *name,
                               const cli_reading *reading) {
  const char *tensor;
  if (!sv_model_is_random(model, &tensor)) return SV_OK;
  if (!reading->random)
    return sv_fail(
        SV_INVALID,
        "%.80s: its weights are random ('%.60s' was never trained): train it "
        "with 'svertka train' and give the run folder, or use --random-weights",
        name, tensor);
  sv_model_allow_random(model);
  return SV_OK;
}

/* Once all else is right: a refusal is one line. */
static void tell_random(const sv_model *model, const char *name) {
  if (sv_model_is_random(model, NULL))
    cli_say("%.80s: its weights are random: the results are meaningless", name);
}

sv_status cli_model_of_images(sv_model **model, const char *text,
                              const cli_reading *reading,
                              const cli_image *image) {
  SV_TRY(cli_model(model, text, reading));
  SV_TRY(check_learned(*model, text, reading));
  SV_TRY(cli_image_set(*model, image));
  SV_TRY(check_said(*model, text));
  sv_preprocess p;
  sv_status status = sv_preprocess_load(&p, *model);
  if (status != SV_OK) return sv_fail_in(status, "%s", text);
  sv_preprocess_free(&p);
  tell_random(*model, text);
  return SV_OK;
}
