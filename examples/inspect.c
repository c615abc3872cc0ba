/* Prints the inputs, outputs and layers of an ONNX file: inspect model.onnx */
#include <inttypes.h>
#include <stdio.h>
#include <svertka/svertka.h>

/* "image f32 N x 3 x 224 x 224"; a free dimension has its name or a ?. */
static void print_value(const char *kind, const sv_value_desc *v) {
  printf("%-7s %s %s", kind, v->name, sv_dtype_name(v->dtype));
  for (int d = 0; d < v->shape.rank; d++) {
    printf(d ? " x " : " ");
    if (v->shape.dim[d] >= 0) printf("%" PRId64, v->shape.dim[d]);
    if (v->shape.dim[d] < 0) printf("%s", v->symbol[d] ? v->symbol[d] : "?");
  }
  printf(v->shape.rank < 0 ? " (shape not known before a run)\n" : "\n");
}

static void print_layer(const sv_layer *layer) {
  char shape[SV_SHAPE_TEXT], kernel[SV_ATTR_TEXT];
  printf("%-24s %-18s %-6s %-16s %10" PRId64 " %12" PRId64 "\n",
         sv_node_name(layer->node), sv_op_name(sv_node_op(layer->node)),
         sv_node_attr(layer->node, "kernel", kernel),
         sv_shape_text(&layer->output, shape), layer->parameters, layer->macs);
}

static sv_status print_model(const sv_model *model) {
  const sv_graph *graph = sv_model_graph(model);
  for (int i = 0; i < sv_graph_input_count(graph); i++) {
    sv_value_desc v = sv_graph_describe(graph, sv_graph_input_at(graph, i));
    print_value("input", &v);
  }
  for (int i = 0; i < sv_graph_output_count(graph); i++) {
    sv_output_desc output = sv_graph_output_at(graph, i);
    sv_value_desc v = sv_graph_describe(graph, output.value);
    v.name = output.name;
    print_value(output.is_loss ? "loss" : "output", &v);
  }
  sv_analysis *analysis;
  sv_analysis_options options = sv_analysis_default();
  options.state = sv_model_state(model);
  sv_status status = sv_analysis_new(&analysis, graph, &options);
  if (status) return status;
  printf("\n%-24s %-18s %-6s %-16s %10s %12s\n", "layer", "operator", "kernel",
         "output", "parameters", "MACs");
  for (int i = 0; i < sv_analysis_count(analysis); i++)
    print_layer(sv_analysis_layer(analysis, i));
  sv_analysis_free(analysis);
  return SV_OK;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "inspect MODEL\n"), 2;
  sv_model *model; /* NULL if it cannot be loaded */
  sv_status status = sv_model_load(&model, argv[1]);
  if (!status) status = print_model(model);
  if (status) fprintf(stderr, "%s\n", sv_error());
  sv_model_free(model);
  return status != SV_OK;
}
