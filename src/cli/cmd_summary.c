/* svertka summary: what a network is made of, needs and sees. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/summary.h"

static const char about[] =
    "Prints one line per layer, in the order of execution:\n"
    "  In          number of input maps\n"
    "  Output      output maps as C@HxW, or neurons\n"
    "  Dilation    distance between elements of the kernel, if not 1\n"
    "  Groups      number of groups of a grouped convolution, if not 1\n"
    "  Parameters  trained weights, biases and scales\n"
    "  Neurons     elements of the output for one image\n"
    "  MACs        multiply-accumulates of convolutions and linear layers\n"
    "  Memory      size of the output\n"
    "  Sees        receptive field of one output, in pixels of the image; the\n"
    "              maximum, if outputs of enlarged maps differ\n"
    "  Step        distance between the receptive fields of neighbouring\n"
    "              outputs, in pixels\n"
    "  Centre      centre of the first output's receptive field, in pixels\n"
    "  From        the layers that it reads, if not the previous one\n"
    "Layers with a common name before a dot (layer1.0.conv1) form a block, "
    "with\n"
    "a line for its sums; a block that repeats the one above is shown as one\n"
    "line: 2 x layer1.0. Marks show where branches begin and join. Only "
    "layers\n"
    "that an output needs are shown.\n";

static const char examples[] =
    "svertka summary lenet5\n"
    "svertka summary 'input 3x8x8; conv 6 3x3; relu; conv 10 3x3'\n"
    "svertka summary 'input 3x8x8; conv 1 3x3' --compare-fc\n"
    "svertka summary model.onnx --json\n"
    "svertka summary lenet5 --svg lenet5.svg\n";

typedef struct summary {
  summary_options show;
  int64_t batch;
  sv_ints image;
  bool training, json, wide;
  const char *picture;
  cli_reading reading;
} summary;

/* A file comes with numbers, on which shapes may depend. */
static sv_status analyse(sv_analysis **analysis, const summary *s,
                         const char *network) {
  const sv_ints *image = s->image.count ? &s->image : NULL;
  sv_graph *graph = NULL;
  sv_model *model = NULL;
  if (cli_is_file(network))
    SV_TRY(cli_model(&model, network, &s->reading));
  else
    SV_TRY(cli_graph(&graph, network, &s->reading));
  const sv_graph *whole = model ? sv_model_graph(model) : graph;
  sv_text other = {0}; /* the image that the network was made for */
  if (s->image.count == 3 && cli_fit_image(whole, image) != SV_OK)
    sv_text_add(&other, "%s", sv_error());
  sv_analysis_options options = sv_analysis_default();
  options.batch = s->batch;
  options.image = image;
  options.training = s->training;
  options.state = model ? sv_model_state(model) : NULL;
  sv_status status = sv_analysis_new(analysis, whole, &options);
  if (status != SV_OK && other.at)
    status = sv_fail_in(status, "%s", other.at);
  else if (status != SV_OK && !image &&
           strstr(sv_error(), "is free; give a size"))
    status = sv_fail(status, "%s; --image CxHxW gives it", sv_error());
  else
    status = cli_blame(status, network);
  sv_text_clear(&other);
  sv_graph_free(graph);
  sv_model_free(model);
  return status;
}

static int show(const sv_analysis *analysis, const summary *s) {
  if (s->picture) {
    sv_status status = summary_draw(analysis, s->show.all, s->picture);
    if (status != SV_OK) return cli_fail(status);
  }
  if (s->json) return summary_json(analysis, s->show.connected);
  if (s->picture) return CLI_DONE;
  return cli_fail(summary_table(analysis, &s->show));
}

int cmd_summary(const cli_verb *verb, int argc, char **argv) {
  summary s = {.batch = 1, .show = {.width = cli_width(1)}};
  const cli_option options[] = {
      {"batch", 'b', CLI_LONG, &s.batch, 1, 1 << 24, NULL, "N",
       "images per batch, for shapes and MACs"},
      {"image", 0, CLI_SIZE, &s.image, 1, 1 << 24, NULL, "CxHxW",
       "image size, instead of the network's own"},
      {"training", 0, CLI_FLAG, &s.training, 0, 0, NULL, NULL,
       "also show layers that only the losses need"},
      {"all", 'a', CLI_FLAG, &s.show.all, 0, 0, NULL, NULL,
       "show every layer of repeated blocks too"},
      {"compare-fc", 0, CLI_FLAG, &s.show.connected, 0, 0, NULL, NULL,
       "add the number of parameters that a fully connected layer would need"},
      {"wide", 'w', CLI_FLAG, &s.wide, 0, 0, NULL, NULL,
       "show all columns, even if the terminal ($COLUMNS) is too narrow"},
      {"svg", 0, CLI_TEXT, &s.picture, 0, 0, NULL, "FILE",
       "draw the network instead: .svg, .png, or .dot for Graphviz"},
      CLI_EXTERNAL_OPTION(&s.reading.external),
      CLI_JSON_OPTION(&s.json),
      {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  if (s.wide) s.show.width = 0;
  sv_status status = cli_apart("--svg", s.picture, "MODEL", operands[0]);
  if (status != SV_OK) return cli_fail(status);
  sv_analysis *analysis;
  status = analyse(&analysis, &s, operands[0]);
  if (status != SV_OK) return cli_fail(status);
  exit_status = show(analysis, &s);
  sv_analysis_free(analysis);
  return exit_status;
}
