/* svertka convert: a network from any form into a file's. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/cli.h"

static const char about[] =
    "Reads the network IN and writes it in the format that OUT names:\n"
    "  NAME.onnx  a model file with the weights of IN; the weights of a zoo\n"
    "             network or of a network as text are initialised first, and\n"
    "             the file says so: eval, predict and others refuse it until\n"
    "             it is trained\n"
    "  NAME.txt   the network as text, without weights; it reads back to the\n"
    "             same network\n"
    "  -          the same text on stdout\n"
    "A model file contains the layers that its outputs need, a text also the\n"
    "losses.\n"
    "--fully-convolutional makes a classifier slide over images of any size:\n"
    "linear layers and global pooling become convolutions and poolings as "
    "large\n"
    "as their input maps. The weights stay the same, and so do the outputs "
    "for\n"
    "images of the original size.\n"
    "--fold makes a network for inference with fewer nodes: batch "
    "normalisation\n"
    "is merged into the weights and biases of the preceding layer, dropout "
    "and\n"
    "identity are removed, and everything computed from constants becomes a\n"
    "constant. The outputs are equal up to rounding. What cannot be folded "
    "stays.\n"
    "A folded network has no batch normalisation left to train with: keep the\n"
    "original file.\n"
    "A model with weights in separate files (--external-data) becomes one "
    "file.\n";

static const char examples[] =
    "svertka convert lenet5 -\n"
    "svertka convert lenet5 net.txt\n"
    "svertka convert net.txt model.onnx --seed 7\n"
    "svertka convert model.onnx -\n"
    "svertka convert model.onnx sliding.onnx --fully-convolutional\n"
    "svertka convert runs/first/model.onnx product.onnx --fold\n"
    "svertka convert in-parts.onnx whole.onnx --external-data\n";

typedef struct conversion {
  const char *in, *out;
  cli_reading reading;
  bool force, convolve, fold;
  cli_image image; /* of it only `scores` */
} conversion;

/* ---- What is made of IN ---- */

static sv_status convolve(const conversion *c, sv_model **model) {
  sv_model *given = *model;
  sv_preprocess p = sv_preprocess_default();
  bool sized = sv_model_meta(given, "svertka.image.size") &&
               sv_preprocess_load(&p, given) == SV_OK;
  sv_ints size = {3, {p.channels, p.height, p.width}};
  sv_status status = sv_model_convolve(model, given, sized ? &size : NULL);
  sv_preprocess_free(&p);
  sv_model_free(given);
  return cli_blame(status, c->in);
}

static sv_status fold(const conversion *c, sv_model **model) {
  sv_model *given = *model;
  sv_folded what;
  sv_status status = sv_model_fold(model, given, &what);
  sv_model_free(given);
  SV_TRY(cli_blame(status, c->in));
  cli_say(
      "folded: %d of %d batch normalisations, %d dropouts and identities, "
      "%d constants",
      what.norms, what.norms + what.norms_left, what.passed, what.constants);
  return SV_OK;
}

/* The numbers of IN, in whatever form it is. */
static sv_status read_model(const conversion *c, sv_model **model) {
  SV_TRY(cli_model(model, c->in, &c->reading));
  SV_TRY(cli_image_set(*model, &c->image));
  if (c->convolve) SV_TRY(convolve(c, model));
  return c->fold ? fold(c, model) : SV_OK;
}

/* ---- As text ---- */

static sv_status put_text(const conversion *c, const char *text) {
  size_t length = strlen(text);
  if (strcmp(c->out, "-") != 0) return sv_file_write(c->out, text, length);
  fwrite(text, 1, length, stdout);
  return SV_OK;
}

/* Numbers that no initialiser will bring back. */
static void tell_constants(const sv_graph *graph) {
  int count = 0;
  for (int i = 1; i <= sv_graph_value_count(graph); i++) {
    const sv_value_desc value = sv_graph_describe(graph, (sv_value){i});
    count += value.kind == SV_VALUE_STATE && !sv_role_is_trained(value.role) &&
             value.role != SV_STATISTIC && !value.init;
  }
  if (count)
    cli_say("the values of %d constant%s are not in the text", count,
            count == 1 ? "" : "s");
}

static sv_status read_graph(const conversion *c, sv_graph **graph) {
  sv_model *model;
  if (!c->convolve && !c->fold) return cli_graph(graph, c->in, &c->reading);
  SV_TRY(read_model(c, &model));
  sv_status status = sv_graph_copy(graph, sv_model_graph(model));
  sv_model_free(model);
  return status;
}

static sv_status write_text(const conversion *c) {
  sv_graph *graph;
  char *text;
  SV_TRY(read_graph(c, &graph));
  sv_status status = sv_network_write(&text, graph);
  if (status == SV_OK) {
    status = put_text(c, text);
    sv_network_text_free(text);
  }
  if (status == SV_OK) tell_constants(graph);
  sv_graph_free(graph);
  return status;
}

/* ---- As a model file ---- */

static sv_status write_model(const conversion *c) {
  sv_model *model;
  SV_TRY(read_model(c, &model));
  sv_status status = sv_model_save(model, c->out);
  sv_model_free(model);
  return status;
}

/* ---- The verb ---- */

static bool is_text(const char *path) {
  size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, ".txt") == 0;
}

static sv_status check_output(const conversion *c) {
  if (strcmp(c->out, "-") == 0) return SV_OK;
  SV_TRY(cli_apart("OUT", c->out, "IN", c->in));
  if (c->force || !sv_path_exists(c->out)) return SV_OK;
  return sv_fail(SV_INVALID, "%s exists; --force replaces it", c->out);
}

int cmd_convert(const cli_verb *verb, int argc, char **argv) {
  conversion c = {.reading = {.seed = 1}};
  const cli_option options[] = {
      {"force", 'f', CLI_FLAG, &c.force, 0, 0, NULL, NULL,
       "replace OUT if it exists"},
      {"fully-convolutional", 0, CLI_FLAG, &c.convolve, 0, 0, NULL, NULL,
       "make a classifier slide over larger images"},
      {"fold", 0, CLI_FLAG, &c.fold, 0, 0, NULL, NULL,
       "fold batch normalisation, dropout and constants"},
      CLI_SCORES_OPTION(&c.image.scores),
      CLI_EXTERNAL_OPTION(&c.reading.external),
      CLI_SEED_OPTION(&c.reading.seed),
      {0}};
  const cli_page page = {verb, 2, 2, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  c.in = operands[0];
  c.out = operands[1];
  bool model = cli_names_onnx(c.out);
  if (!model && strcmp(c.out, "-") != 0 && !is_text(c.out))
    return cli_usage("cannot write '%s': expected NAME.onnx, NAME.txt or -",
                     c.out);
  sv_status status = check_output(&c);
  if (status == SV_OK) status = model ? write_model(&c) : write_text(&c);
  return cli_fail(status);
}
