/* The words of a layer in a summary, and the summary as JSON. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/summary.h"
#include "op/attrs.h"

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
  const sv_attr *row = sv_attr_find(node->op, name);
  sv_text value = {0};
  text[0] = '\0';
  if (row) sv_attr_print(&value, row, node->attrs);
  if (value.at) snprintf(text, CELL, "%s", value.at);
  sv_text_clear(&value);
  return text;
}

static const char *show_list(const sv_ints *list, char text[CELL]) {
  bool alike = true;
  int at = 0;
  for (int i = 1; i < list->count; i++) alike &= list->at[i] == list->at[0];
  for (int i = 0; i < (alike ? 1 : list->count) && at < CELL; i++)
    at += snprintf(text + at, (size_t)(CELL - at), "%s%lld", i ? "x" : "",
                   list->count ? (long long)list->at[i] : 0);
  return text;
}

static const void *find_attr(const sv_node *node, const char *name,
                             sv_attr_type type) {
  const sv_attr *row = sv_attr_find(node->op, name);
  if (!row || row->type != type) return NULL;
  return (const char *)node->attrs + row->offset;
}

/* 1 where nothing is said. */
static const char *show_steps(const sv_node *node, const char *name,
                              char text[CELL]) {
  const sv_ints *steps = find_attr(node, name, SV_ATTR_INTS);
  if (!steps) return strcpy(text, "");
  return steps->count ? show_list(steps, text) : strcpy(text, "1");
}

const char *summary_stride(const sv_node *node, char text[CELL]) {
  return show_steps(node, "stride", text);
}

const char *summary_dilation(const sv_node *node, char text[CELL]) {
  return show_steps(node, "dilation", text);
}

const char *summary_padding(const sv_node *node, char text[CELL]) {
  const sv_padding *padding = find_attr(node, "padding", SV_ATTR_PADDING);
  if (!padding) return strcpy(text, "");
  if (padding->rule != SV_PAD_EXPLICIT)
    return summary_attr(node, "padding", text);
  return show_list(&padding->at, text);
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
  sv_text_add(t, "%s%s%s", kernel, *kernel ? " " : "", l->node->op->name);
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

static bool has_steps(const sv_attr *row) {
  return strcmp(row->name, "stride") == 0 || strcmp(row->name, "dilation") == 0;
}

static json_t *json_attributes(const sv_node *node) {
  json_t *object = json_object();
  for (const sv_attr *row = node->op->attrs; row && row->name; row++) {
    char text[CELL];
    if (sv_attr_find(node->op, row->name) != row) continue;
    summary_attr(node, row->name, text);
    if (!*text && has_steps(row)) show_steps(node, row->name, text);
    json_object_set_new(object, row->name, cli_json_text(text));
  }
  return object;
}

/* Whom a layer reads: other layers, or inputs. */
static json_t *json_inputs(const sv_graph *graph, const sv_node *node) {
  json_t *names = json_array();
  for (int i = 0; i < node->in_count; i++) {
    const sv_value_info *value = &graph->values[node->in[i]];
    if (!node->in[i] || value->kind == SV_VALUE_STATE) continue;
    bool made = value->kind == SV_VALUE_NODE;
    json_array_append_new(
        names,
        cli_json_text(made ? graph->nodes[value->producer].name : value->name));
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
      "name", cli_json_text(l->node->name), "operator", l->node->op->name,
      "inputs", json_inputs(a->graph, l->node), "input",
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
  json_t *layers = json_array();
  for (int i = 0; i < a->count; i++)
    json_array_append_new(layers, json_layer(a, &a->layers[i], connected));
  json_t *input = a->input.rank >= 0 ? json_shape(&a->input) : json_null();
  return cli_print_json(
      json_pack("{s:o, s:o, s:I, s:I, s:I, s:i, s:o}", "name",
                cli_json_text(sv_graph_name(a->graph)), "input", input,
                "parameters", (json_int_t)a->parameters, "macs",
                (json_int_t)a->macs, "activation_bytes", (json_int_t)a->bytes,
                "weight_layers", a->weight_layers, "layers", layers));
}
