/* svertka summary --svg: a network as a diagram, top down. A box is a layer
 * with the activations and norms that follow it, in the colours of Szegedy et
 * al. 2015; groups are frames, and what repeats is drawn once. Graphviz's `dot`
 * finds the places. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli_program.h"
#include "cli/summary.h"

enum { MOST_BOXES = 2000, MOST_EDGES = 20000, MOST_FRAMES = 64 };

typedef struct diagram {
  const sv_analysis *analysis;
  summary_rows rows;
  sv_text text;
  int *drawn; /* per layer: the one that stands for it; itself or an earlier */
  int *box;   /* per layer that is drawn: the first one of its box */
  int *uses;  /* per value: layers and outputs that read it */
  int boxes, edges;
} diagram;

/* ---- Text ---- */

/* Escaped for HTML; bytes that are not text become '?'. Long names are cut. */
static void put_escaped(sv_text *t, const char *text) {
  enum { LONGEST = 60 };
  for (int n = 0; *text && n < LONGEST; n++) {
    int bytes = sv_utf8_bytes(text);
    if (strchr("&<>\"'", *text))
      sv_text_add(t, "&#%d;", *text);
    else if (!bytes || (unsigned char)*text < 0x20 || *text == 0x7f)
      sv_text_add(t, "?");
    else
      sv_text_add(t, "%.*s", bytes, text);
    text += bytes ? bytes : 1;
  }
  if (*text) sv_text_add(t, "...");
}

/* ---- What a layer is ---- */

static bool has_role(const sv_op *op, sv_role role) {
  const sv_port *port;
  for (int i = 0; (port = sv_op_input(op, i)); i++)
    if (port->role == role) return true;
  return false;
}

static bool is_variadic(const sv_op *op) {
  const sv_port *port;
  for (int i = 0; (port = sv_op_input(op, i)); i++)
    if (port->variadic) return true;
  return false;
}

static bool has_window(const sv_op *op) {
  return summary_has_attr(op, "kernel");
}

/* The last value that flows in; *count of them. */
static int flow_into(const diagram *d, const sv_node *node, int *count) {
  int value = 0;
  *count = 0;
  for (int k = 0; k < sv_node_input_count(node); k++) {
    int v = sv_node_input(node, k).id;
    if (!v || summary_value(d->analysis, v).kind == SV_VALUE_STATE) continue;
    value = v;
    ++*count;
  }
  return value;
}

/* One in, one out, of the same shape, without a weight: activations, norms. */
static bool is_light(const diagram *d, const sv_layer *l) {
  int count;
  flow_into(d, l->node, &count);
  return count == 1 && !l->weighted && !has_window(sv_node_op(l->node)) &&
         sv_shape_equal(&l->input, &l->output) &&
         strcmp(sv_op_name(sv_node_op(l->node)), "softmax") != 0;
}

static const char *colour(const diagram *d, const sv_layer *l) {
  const sv_op *op = sv_node_op(l->node);
  int count;
  flow_into(d, l->node, &count);
  if (strstr(sv_op_name(op), "pool")) return "#f4b6ae"; /* red */
  if (has_role(op, SV_WEIGHT)) return has_window(op) ? "#a9c7ee" : "#c5b8e6";
  if (strcmp(sv_op_name(op), "softmax") == 0 || has_role(op, SV_LABEL))
    return "#f7e3a1";                                 /* yellow */
  if (count > 1 || is_variadic(op)) return "#b9dfb4"; /* green */
  return "#e6e6e6";
}

/* ---- What is drawn ---- */

/* What is folded is drawn by the layers that it repeats. */
static void find_drawn(diagram *d) {
  for (int i = 0; i < sv_analysis_count(d->analysis); i++) d->drawn[i] = i;
  for (int r = 0; r < d->rows.count; r++) {
    const summary_row *row = &d->rows.at[r];
    if (row->kind != ROW_FOLD) continue;
    int layers = row->count / row->times;
    for (int i = 0; i < row->count; i++)
      d->drawn[row->first + i] = d->drawn[row->like[0].first + i % layers];
  }
}

static void count_uses(diagram *d) {
  const sv_graph *g = sv_analysis_graph(d->analysis);
  for (int i = 0; i < sv_graph_node_count(g); i++) {
    const sv_node *node = sv_graph_node(g, i);
    for (int k = 0; k < sv_node_input_count(node); k++)
      d->uses[sv_node_input(node, k).id]++;
  }
  for (int i = 0; i < sv_graph_output_count(g); i++)
    d->uses[sv_graph_output_at(g, i).value.id]++;
}

/* The rows tell where frames begin: a box does not reach into one. */
static void find_boxes(diagram *d) {
  for (int r = 0; r < d->rows.count; r++) {
    const summary_row *row = &d->rows.at[r], *before = row - 1;
    int i = row->first, count;
    if (row->kind != ROW_LAYER) continue;
    int value = flow_into(d, sv_analysis_layer(d->analysis, i)->node, &count);
    bool joins = r > 0 && before->kind == ROW_LAYER &&
                 before->depth == row->depth && d->uses[value] == 1 &&
                 summary_value(d->analysis, value).producer == i - 1 &&
                 is_light(d, sv_analysis_layer(d->analysis, i));
    d->box[i] = joins ? d->box[i - 1] : i;
    d->boxes += !joins;
  }
}

/* ---- Boxes and frames ---- */

static void put_box(diagram *d, int first, int last, int skip) {
  const sv_layer *l = sv_analysis_layer(d->analysis, first);
  sv_text *t = &d->text;
  sv_text_add(t, "  n%d [fillcolor=\"%s\", label=<", first, colour(d, l));
  for (int i = first; i <= last; i++) {
    if (i > first) sv_text_add(t, i == first + 1 ? "<br/>" : ", ");
    const sv_layer *l = sv_analysis_layer(d->analysis, i);
    summary_put_layer(t, l, has_role(sv_node_op(l->node), SV_WEIGHT));
  }
  sv_text_add(t, "<br/><font point-size=\"8\" color=\"#666666\">");
  put_escaped(t, summary_label(d->analysis, (summary_part){first, 0}, skip,
                               (char[LABEL]){0}));
  sv_text_add(t, "</font>>];\n");
}

/* How often the layers that begin with this row are there in all. */
static int times_of(const diagram *d, int r, int *layers) {
  const summary_row *row = &d->rows.at[r];
  for (int f = r + 1; f < d->rows.count; f++) {
    const summary_row *fold = &d->rows.at[f];
    if (fold->depth < row->depth) break;
    if (fold->kind != ROW_FOLD || fold->like[0].first != row->first ||
        fold->depth != row->depth)
      continue;
    *layers = fold->count / fold->times;
    return fold->times + 1;
  }
  *layers = row->count;
  return 1;
}

static void open_frame(diagram *d, int r, int times) {
  const summary_row *row = &d->rows.at[r];
  char label[LABEL] = "";
  if (row->kind == ROW_GROUP)
    summary_label(d->analysis, (summary_part){row->first, row->prefix},
                  row->skip, label);
  sv_text_add(&d->text, "  subgraph cluster_%d {\n  label=<", r);
  put_escaped(&d->text, label);
  if (times > 1)
    sv_text_add(&d->text, "%s<b>&#215; %d</b>", *label ? " " : "", times);
  sv_text_add(&d->text, ">;\n");
}

static void put_boxes(diagram *d) {
  int ends[MOST_FRAMES], open = 0;
  for (int r = 0; r < d->rows.count; r++) {
    const summary_row *row = &d->rows.at[r];
    int layers, times = times_of(d, r, &layers);
    for (; open && row->first >= ends[open - 1]; open--)
      sv_text_add(&d->text, "  }\n");
    bool frame =
        row->kind == ROW_GROUP || (row->kind == ROW_LAYER && times > 1);
    if (frame && open < MOST_FRAMES) {
      open_frame(d, r, times);
      ends[open++] = row->first + layers;
    }
    if (row->kind != ROW_LAYER || d->box[row->first] != row->first) continue;
    int last = row->first;
    while (last + 1 < sv_analysis_count(d->analysis) &&
           d->drawn[last + 1] == last + 1 && d->box[last + 1] == row->first)
      last++;
    put_box(d, row->first, last, row->skip);
  }
  for (; open; open--) sv_text_add(&d->text, "  }\n");
}

/* ---- Edges ---- */

/* The box of what makes a value, or the input's own. */
static void put_source(diagram *d, int value) {
  int made = summary_value(d->analysis, value).producer;
  if (made < 0)
    sv_text_add(&d->text, "  v%d", value);
  else
    sv_text_add(&d->text, "  n%d", d->box[d->drawn[made]]);
}

static void put_shape(diagram *d, int value) {
  char shape[CELL];
  const sv_shape size = sv_analysis_shape(d->analysis, (sv_value){value});
  summary_shape(&size, shape);
  sv_text_add(&d->text, " [label=\" %s\"];\n", shape);
  d->edges++;
}

static int source_of(const diagram *d, int value) {
  int made = summary_value(d->analysis, value).producer;
  return made < 0 ? -value : d->box[d->drawn[made]];
}

static void put_edges_into(diagram *d, int layer) {
  const sv_node *node = sv_analysis_layer(d->analysis, layer)->node;
  for (int k = 0; k < sv_node_input_count(node) && d->edges <= MOST_EDGES;
       k++) {
    int value = sv_node_input(node, k).id;
    if (!value || summary_value(d->analysis, value).kind == SV_VALUE_STATE)
      continue;
    bool known = source_of(d, value) == d->box[layer];
    for (int j = 0; j < k && !known; j++)
      known = sv_node_input(node, j).id &&
              source_of(d, sv_node_input(node, j).id) == source_of(d, value);
    if (known) continue;
    put_source(d, value);
    sv_text_add(&d->text, " -> n%d", d->box[layer]);
    put_shape(d, value);
  }
}

static void put_oval(diagram *d, const char *kind, int number,
                     const char *name) {
  sv_text_add(&d->text, "  %s%d [shape=oval, fillcolor=white, label=<", kind,
              number);
  put_escaped(&d->text, name);
  sv_text_add(&d->text, ">];\n");
}

/* ---- The whole ---- */

static const char beginning[] =
    "digraph network {\n"
    "  rankdir=TB; ordering=out; nslimit=4; nslimit1=4; ranksep=0.3; "
    "nodesep=0.25;\n"
    "  fontname=\"Helvetica\"; fontsize=11; labeljust=l; compound=true;\n"
    "  style=\"rounded\"; color=\"#999999\";\n"
    "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", "
    "fontsize=11, color=\"#555555\", height=0.3, margin=\"0.12,0.05\"];\n"
    "  edge [fontname=\"Helvetica\", fontsize=8, fontcolor=\"#666666\", "
    "color=\"#555555\", arrowsize=0.6];\n";

static sv_status write_text(diagram *d) {
  const sv_graph *g = sv_analysis_graph(d->analysis);
  const char *name = sv_graph_name(g), *folder = strrchr(name, '/');
  sv_text_add(&d->text, "%s  label=<", beginning);
  put_escaped(&d->text, folder ? folder + 1 : name);
  sv_text_add(&d->text, ">; labelloc=t;\n");
  for (int i = 0; i < sv_graph_input_count(g); i++) {
    sv_value input = sv_graph_input_at(g, i);
    if (d->uses[input.id])
      put_oval(d, "v", input.id, sv_graph_describe(g, input).name);
  }
  put_boxes(d);
  for (int i = 0; i < sv_analysis_count(d->analysis); i++)
    if (d->drawn[i] == i) put_edges_into(d, i);
  for (int i = 0; i < sv_graph_output_count(g); i++) {
    const sv_output_desc output = sv_graph_output_at(g, i);
    const sv_value_desc value = sv_graph_describe(g, output.value);
    if (value.producer < 0 && value.kind != SV_VALUE_INPUT)
      continue; /* only the losses need it */
    put_oval(d, "o", i, output.name);
    put_source(d, output.value.id);
    sv_text_add(&d->text, " -> o%d", i);
    put_shape(d, output.value.id);
  }
  sv_text_add(&d->text, "}\n");
  if (d->edges > MOST_EDGES)
    return sv_fail(SV_UNSUPPORTED, "the diagram would have more than %d arrows",
                   MOST_EDGES);
  return SV_OK;
}

static sv_status describe(diagram *d, bool all) {
  size_t layers = (size_t)sv_analysis_count(d->analysis);
  size_t values =
      (size_t)(sv_graph_value_count(sv_analysis_graph(d->analysis)) + 1);
  SV_TRY(sv_alloc_array(&d->drawn, layers, sizeof *d->drawn));
  SV_TRY(sv_alloc_array(&d->box, layers, sizeof *d->box));
  SV_TRY(sv_alloc_array(&d->uses, values, sizeof *d->uses));
  SV_TRY(summary_group(&d->rows, d->analysis, all));
  find_drawn(d);
  count_uses(d);
  find_boxes(d);
  if (d->boxes > MOST_BOXES)
    return sv_fail(SV_UNSUPPORTED,
                   "the diagram would have %d boxes, more than %d", d->boxes,
                   MOST_BOXES);
  return write_text(d);
}

/* Graphviz's name of the form; NULL: its own text. */
static sv_status find_form(const char *path, const char **form) {
  const char *end = strrchr(path, '.');
  *form = end ? end + 1 : "";
  if (strcmp(*form, "svg") == 0 || strcmp(*form, "png") == 0) return SV_OK;
  if (strcmp(*form, "dot") != 0)
    return sv_fail(
        SV_INVALID,
        "cannot write '%s': expected a name ending in .svg, .png or .dot",
        path);
  *form = NULL;
  return SV_OK;
}

static sv_status write_picture(const char *text, const char *form,
                               const char *path) {
  char option[8];
  snprintf(option, sizeof option, "-T%s", form);
  const char *const command[] = {"dot", option, NULL};
  unsigned char *picture;
  size_t size;
  sv_status status = cli_program(command, text, strlen(text), &picture, &size);
  if (status == SV_UNSUPPORTED)
    return sv_fail(SV_UNSUPPORTED,
                   "program 'dot' not found; it draws the network and comes "
                   "with the package graphviz");
  if (status == SV_OK) {
    status = sv_file_write(path, picture, size);
    sv_free(picture);
  }
  return status;
}

sv_status summary_draw(const sv_analysis *analysis, bool all,
                       const char *path) {
  const char *form;
  char *text = NULL;
  SV_TRY(find_form(path, &form));
  diagram d = {.analysis = analysis};
  sv_status status = describe(&d, all);
  if (status == SV_OK) status = sv_text_take(&d.text, &text);
  sv_text_clear(&d.text);
  summary_rows_free(&d.rows);
  sv_free(d.drawn);
  sv_free(d.box);
  sv_free(d.uses);
  if (status == SV_OK && form) status = write_picture(text, form, path);
  if (status == SV_OK && !form)
    status = sv_file_write(path, text, strlen(text));
  sv_free(text);
  return status;
}
