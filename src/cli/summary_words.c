/* The words of a layer in a summary, and the summary as JSON. */
#include <stdio.h>
#include <string.h>

#include "cli/summary.h"

const char *summary_shape(const sv_shape *shape, char text[CELL]) {
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

const char *summary_attr(const sv_node *node, const char *name,
                         char text[CELL]) {
  char whole[SV_ATTR_TEXT];
  snprintf(text, CELL, "%s", sv_node_attr(node, name, whole));
  return text;
}

/* "2" for "2x2": equal values are written once. */
static const char *join_equal(char text[CELL]) {
  size_t length = strcspn(text, "x");
  for (const char *at = text + length; *at; at += length + 1)
    if (*at != 'x' || strncmp(at + 1, text, length) != 0 ||
        (at[length + 1] && at[length + 1] != 'x'))
      return text;
  text[length] = '\0';
  return text;
}

bool summary_has_attr(const sv_op *op, const char *name) {
  sv_attr_desc attr;
  for (int i = 0; sv_op_attr(op, i, &attr); i++)
    if (strcmp(attr.name, name) == 0) return true;
  return false;
}

/* The default is 1. */
static const char *show_steps(const sv_node *node, const char *name,
                              char text[CELL]) {
  summary_attr(node, name, text);
  if (*text) return join_equal(text);
  return strcpy(text, summary_has_attr(sv_node_op(node), name) ? "1" : "");
}

const char *summary_stride(const sv_node *node, char text[CELL]) {
  return show_steps(node, "stride", text);
}

const char *summary_dilation(const sv_node *node, char text[CELL]) {
  return show_steps(node, "dilation", text);
}

const char *summary_padding(const sv_node *node, char text[CELL]) {
  summary_attr(node, "padding", text);
  return join_equal(text);
}

static void put_unless_one(sv_text *t, const char *before, const char *number,
                           const char *behind) {
  if (*number && strcmp(number, "1") != 0)
    sv_text_add(t, "%s%s%s", before, number, behind);
}

/* Its stride says how much larger the output is. */
static bool enlarges(const sv_layer *l) {
  int last = l->output.rank - 1;
  return last > 1 && l->input.rank == l->output.rank &&
         l->output.dim[last] > l->input.dim[last];
}

void summary_put_layer(sv_text *t, const sv_layer *l, bool weighted) {
  char kernel[CELL], stride[CELL];
  summary_attr(l->node, "kernel", kernel);
  summary_stride(l->node, stride);
  sv_text_add(t, "%s%s%s", kernel, *kernel ? " " : "",
              sv_op_name(sv_node_op(l->node)));
  if (weighted && l->output.rank > 1)
    sv_text_add(t, ", %lld", (long long)l->output.dim[1]);
  put_unless_one(t, enlarges(l) ? ", x" : ", /", stride, "");
  put_unless_one(t, ", dilation ", summary_dilation(l->node, kernel), "");
  put_unless_one(t, ", ", summary_attr(l->node, "group", kernel), " groups");
}

/* ---- As JSON ---- */

static json_t *json_shape(const sv_shape *shape) {
  json_t *array = json_array();
  for (int i = 0; i < shape->rank; i++)
    json_array_append_new(array, json_integer(shape->dim[i]));
  return array;
}

static json_t *json_step(const sv_receptive *s) {
  return s->step % s->per ? json_real(sv_receptive_step(s))
                          : json_integer(s->step / s->per);
}

static json_t *json_field(const sv_field *f) {
  if (f->none) return json_null();
  if (f->whole) return json_string("all");
  const sv_receptive *h = &f->axis[0], *w = &f->axis[1];
  return json_pack("{s:[I,I], s:[o,o], s:[f,f]}", "size", (json_int_t)h->size,
                   (json_int_t)w->size, "step", json_step(h), json_step(w),
                   "centre", sv_receptive_centre(h), sv_receptive_centre(w));
}

static bool has_steps(const char *name) {
  return strcmp(name, "stride") == 0 || strcmp(name, "dilation") == 0;
}

static json_t *json_attributes(const sv_node *node) {
  json_t *object = json_object();
  sv_attr_desc attr;
  for (int i = 0; sv_op_attr(sv_node_op(node), i, &attr); i++) {
    char text[CELL];
    summary_attr(node, attr.name, text);
    if (!*text && has_steps(attr.name)) show_steps(node, attr.name, text);
    json_object_set_new(object, attr.name, cli_json_text(text));
  }
  return object;
}

/* Whom a layer reads: other layers, or inputs. */
static json_t *json_inputs(const sv_graph *graph, const sv_node *node) {
  json_t *names = json_array();
  for (int i = 0; i < sv_node_input_count(node); i++) {
    sv_value value = sv_node_input(node, i);
    const sv_value_desc desc = sv_graph_describe(graph, value);
    if (!value.id || desc.kind == SV_VALUE_STATE) continue;
    bool made = desc.kind == SV_VALUE_NODE;
    json_array_append_new(
        names,
        cli_json_text(made ? sv_node_name(sv_graph_node(graph, desc.producer))
                           : desc.name));
  }
  return names;
}

static json_t *json_depth(const sv_shape *shape) {
  return shape->rank > 1 ? json_integer(shape->dim[1]) : json_null();
}

static json_t *json_layer(const sv_analysis *a, const sv_layer *l,
                          bool connected) {
  json_t *object = json_pack(
      "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:b, s:o}",
      "name", cli_json_text(sv_node_name(l->node)), "operator",
      sv_op_name(sv_node_op(l->node)), "inputs",
      json_inputs(sv_analysis_graph(a), l->node), "input",
      l->input.rank < 0 ? json_null() : json_shape(&l->input), "output",
      json_shape(&l->output), "input_depth", json_depth(&l->input),
      "output_depth", json_depth(&l->output), "attributes",
      json_attributes(l->node), "parameters", (json_int_t)l->parameters,
      "neurons", (json_int_t)l->neurons, "macs", (json_int_t)l->macs,
      "activation_bytes", (json_int_t)l->bytes, "weight_layer", l->weighted,
      "receptive_field", json_field(&l->field));
  if (connected)
    json_object_set_new(
        object, "if_connected",
        l->connected > 0 ? json_integer(l->connected) : json_null());
  return object;
}

int summary_json(const sv_analysis *a, bool connected) {
  const sv_totals sums = sv_analysis_totals(a);
  json_t *layers = json_array();
  for (int i = 0; i < sv_analysis_count(a); i++)
    json_array_append_new(layers,
                          json_layer(a, sv_analysis_layer(a, i), connected));
  json_t *input = sums.input.rank >= 0 ? json_shape(&sums.input) : json_null();
  return cli_print_json(json_pack(
      "{s:o, s:o, s:I, s:I, s:I, s:i, s:o}", "name",
      cli_json_text(sv_graph_name(sv_analysis_graph(a))), "input", input,
      "parameters", (json_int_t)sums.parameters, "macs", (json_int_t)sums.macs,
      "activation_bytes", (json_int_t)sums.bytes, "weight_layers",
      sums.weight_layers, "layers", layers));
}
