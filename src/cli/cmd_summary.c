/* svertka summary: what a network is made of, needs and sees. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "graph/analysis.h"
#include "ops/attrs.h"

static const char about[] =
    "Prints a line for each layer, in the order in which they run:\n"
    "  Output      its maps as C@HxW, or its neurons\n"
    "  Parameters  trained numbers: weights, biases, scales\n"
    "  Neurons     elements of the output for one image\n"
    "  MACs        multiply-accumulates of convolutions and linear layers\n"
    "  Sees        receptive field: pixels of the image that one output sees\n"
    "  Step        pixels from what one output sees to what the next one sees\n"
    "  Centre      of what the first output sees, in pixels from the first\n"
    "Only what reaches an output is shown: the network as it is used.\n";

static const char examples[] =
    "svertka summary lenet5\n"
    "svertka summary 'input 3x8x8; conv 6 3x3; relu; conv 10 3x3'\n"
    "svertka summary model.onnx --json\n";

/* ---- Words of a row ---- */

enum { CELL = 64 };

/* "6@28x28", "84", "1x28x28" for other ranks: without the batch. */
static const char *show_shape(const sv_shape *shape, char text[CELL]) {
  int at = 0;
  if (shape->rank <= 1) return strcpy(text, shape->rank ? "1" : "scalar");
  for (int i = 1; i < shape->rank; i++) {
    const char *mark = i == 1 ? "" : i == 2 ? "@" : "x";
    at += snprintf(text + at, (size_t)(CELL - at), "%s%lld", mark,
                   (long long)shape->dim[i]);
    if (at >= CELL) break;
  }
  return text;
}

/* An attribute as `svertka op` would read it; "" if there is none. */
static const char *show_attr(const sv_node *node, const char *name,
                             char text[CELL]) {
  const sv_attr *row = sv_attr_find(node->op, name);
  sv_text value = {0};
  text[0] = '\0';
  if (row) sv_attr_print(&value, row, node->attrs);
  if (value.at) snprintf(text, CELL, "%s", value.at);
  sv_text_clear(&value);
  return text;
}

/* The stride of whatever has a kernel: "2", or "2x1" where axes differ. */
static const char *show_stride(const sv_node *node, char text[CELL]) {
  const sv_attr *row = sv_attr_find(node->op, "stride");
  text[0] = '\0';
  if (!row || row->type != SV_ATTR_INTS) return text;
  const sv_ints *s = (const void *)((const char *)node->attrs + row->offset);
  bool alike = true;
  for (int i = 1; i < s->count; i++) alike &= s->at[i] == s->at[0];
  if (!alike) return show_attr(node, "stride", text);
  snprintf(text, CELL, "%lld", s->count ? (long long)s->at[0] : 1);
  return text;
}

/* A number for both axes, or one for each. */
static const char *pair(double h, double w, char text[CELL]) {
  if (h == w)
    snprintf(text, CELL, "%.15g", h);
  else
    snprintf(text, CELL, "%.15gx%.15g", h, w);
  return text;
}

/* Where positions have no place any more, only the size is told. */
static void add_field(cli_table *t, const sv_field *f, bool placed) {
  char text[CELL];
  if (f->none || f->whole) {
    cli_cell(t, "%s", f->none ? "" : "all");
    cli_cell(t, "%s", "");
    cli_cell(t, "%s", "");
    return;
  }
  const sv_reach *h = &f->axis[0], *w = &f->axis[1];
  cli_cell(t, "%lldx%lld", (long long)sv_reach_size(h),
           (long long)sv_reach_size(w));
  if (!placed) {
    cli_cell(t, "%s", "");
    cli_cell(t, "%s", "");
    return;
  }
  cli_cell(t, "%s", pair((double)h->step, (double)w->step, text));
  cli_cell(t, "%s", pair(sv_reach_centre(h), sv_reach_centre(w), text));
}

static void add_number(cli_table *t, int64_t number) {
  char text[CLI_NUMBER_TEXT];
  cli_cell(t, "%s", number ? cli_number(number, text) : "");
}

/* ---- As a table ---- */

static void print_table(const sv_analysis *a) {
  char text[CELL];
  cli_table *t = cli_table_new(
      "Layer|<Operator|Output|Kernel|Stride|Parameters|Neurons|MACs|Sees|Step|"
      "Centre");
  if (a->input.rank >= 0) {
    cli_cell(t, "(input)");
    cli_cell(t, "%s", "");
    cli_cell(t, "%s", show_shape(&a->input, text));
  }
  cli_table_rule(t);
  for (int i = 0; i < a->count; i++) {
    const sv_layer *l = &a->layers[i];
    cli_cell(t, "%.32s", l->node->name);
    cli_cell(t, "%s", l->node->op->name);
    cli_cell(t, "%s", show_shape(&l->output, text));
    cli_cell(t, "%s", show_attr(l->node, "kernel", text));
    cli_cell(t, "%s", show_stride(l->node, text));
    add_number(t, l->parameters);
    add_number(t, l->neurons);
    add_number(t, l->macs);
    add_field(t, &l->field, l->output.rank > 2);
  }
  cli_table_print(t);
}

static void print_totals(const sv_analysis *a) {
  char parameters[CLI_NUMBER_TEXT], macs[CLI_NUMBER_TEXT];
  printf("\n%s parameters in %d weight layer%s, %s MAC\n",
         cli_number(a->parameters, parameters), a->weight_layers,
         a->weight_layers == 1 ? "" : "s", cli_number(a->macs, macs));
}

/* ---- As JSON ---- */

static json_t *json_shape(const sv_shape *shape) {
  json_t *array = json_array();
  for (int i = 0; i < shape->rank; i++)
    json_array_append_new(array, json_integer(shape->dim[i]));
  return array;
}

static json_t *json_field(const sv_field *f) {
  if (f->none) return json_null();
  if (f->whole) return json_string("all");
  const sv_reach *h = &f->axis[0], *w = &f->axis[1];
  return json_pack("{s:[I,I], s:[I,I], s:[f,f]}", "size",
                   (json_int_t)sv_reach_size(h), (json_int_t)sv_reach_size(w),
                   "step", (json_int_t)h->step, (json_int_t)w->step, "centre",
                   sv_reach_centre(h), sv_reach_centre(w));
}

static json_t *json_attributes(const sv_node *node) {
  json_t *object = json_object();
  for (const sv_attr *row = node->op->attrs; row && row->name; row++) {
    char text[CELL];
    if (sv_attr_find(node->op, row->name) != row) continue;
    json_object_set_new(object, row->name,
                        json_string(show_attr(node, row->name, text)));
  }
  return object;
}

static json_t *json_layer(const sv_layer *l) {
  return json_pack(
      "{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:o}", "name", l->node->name,
      "operator", l->node->op->name, "output", json_shape(&l->output),
      "attributes", json_attributes(l->node), "parameters",
      (json_int_t)l->parameters, "neurons", (json_int_t)l->neurons, "macs",
      (json_int_t)l->macs, "receptive_field", json_field(&l->field));
}

static int print_json(const sv_analysis *a) {
  json_t *layers = json_array();
  for (int i = 0; i < a->count; i++)
    json_array_append_new(layers, json_layer(&a->layers[i]));
  json_t *input = a->input.rank >= 0 ? json_shape(&a->input) : json_null();
  return cli_print_json(json_pack("{s:s, s:o, s:I, s:I, s:i, s:o}", "name",
                                  sv_graph_name(a->graph), "input", input,
                                  "parameters", (json_int_t)a->parameters,
                                  "macs", (json_int_t)a->macs, "weight_layers",
                                  a->weight_layers, "layers", layers));
}

/* ---- The verb ---- */

int cmd_summary(const cli_verb *verb, int argc, char **argv) {
  int64_t batch = 1;
  sv_ints image = {0};
  bool training = false, json = false;
  const cli_option options[] = {
      {"batch", 'b', CLI_LONG, &batch, 1, 1 << 24, NULL, "N",
       "images at once: shapes and MACs are theirs"},
      {"image", 0, CLI_SIZE, &image, 1, 1 << 24, NULL, "CxHxW",
       "size of an image, where the network leaves it free"},
      {"training", 0, CLI_FLAG, &training, 0, 0, NULL, NULL,
       "also show what only the losses need"},
      CLI_JSON_OPTION(&json),
      {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  sv_graph *graph;
  sv_status status = cli_graph(&graph, operands[0], NULL);
  if (status != SV_OK) return cli_fail(status);
  sv_analysis analysis;
  status = sv_analyse(&analysis, graph, NULL, batch, image.count ? &image : NULL,
                      training);
  sv_graph_free(graph);
  if (status != SV_OK) return cli_fail(status);
  if (json) {
    exit_status = print_json(&analysis);
  } else {
    print_table(&analysis);
    print_totals(&analysis);
    exit_status = CLI_DONE;
  }
  sv_analysis_free(&analysis);
  return exit_status;
}
