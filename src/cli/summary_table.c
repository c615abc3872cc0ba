/* svertka summary as a table. */
#include <ctype.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/summary.h"

typedef struct drawer {
  const sv_analysis *analysis;
  const summary_options *options;
  cli_table *table;
  int *last_use; /* per value: the last layer that reads it; -1: none */
  int *uses;     /* per value: layers that read it */
  int *open;     /* per layer: values that go past it */
  bool utf8;
} drawer;

enum {
  LAYER,
  OPERATOR,
  DEPTH,
  OUTPUT,
  KERNEL,
  STRIDE,
  PADDING,
  DILATION,
  GROUPS,
  PARAMETERS,
  NEURONS,
  MACS,
  MEMORY,
  SEES,
  STEP,
  CENTRE,
  CONNECTED,
  FROM
};

static const char headings[] =
    "Layer|<Operator|In|Output|Kernel|Stride|Padding|Dilation|Groups|"
    "Parameters|Neurons|MACs|"
    "Memory|Sees|Step|Centre|If connected|<From";

/* What is left out first where the terminal is narrow. */
static const int narrow[] = {MEMORY,  CENTRE,   DEPTH,  STEP,   NEURONS,
                             PADDING, DILATION, GROUPS, STRIDE, FROM,
                             KERNEL,  SEES,     MACS,   FROM,   -1};

/* ---- Branches ---- */

static bool is_flow(const drawer *d, int value) {
  return value && summary_value(d->analysis, value).kind != SV_VALUE_STATE;
}

static void count_uses(drawer *d) {
  const sv_analysis *a = d->analysis;
  for (int v = 0; v < (sv_graph_value_count(sv_analysis_graph(a)) + 1); v++)
    d->last_use[v] = -1;
  for (int i = 0; i < sv_analysis_count(a); i++) {
    const sv_node *node = sv_analysis_layer(a, i)->node;
    for (int k = 0; k < sv_node_input_count(node); k++) {
      int v = sv_node_input(node, k).id;
      if (!is_flow(d, v)) continue;
      d->uses[v] += d->last_use[v] != i;
      d->last_use[v] = i;
    }
  }
}

/* A value passes the layers after its own up to its last reader. */
static void count_open(drawer *d) {
  const sv_analysis *a = d->analysis;
  for (int v = 1; v < (sv_graph_value_count(sv_analysis_graph(a)) + 1); v++) {
    int made = summary_value(a, v).producer;
    if (!is_flow(d, v) || d->last_use[v] <= made + 1) continue;
    d->open[made + 1]++;
    d->open[d->last_use[v]]--;
  }
  for (int i = 1; i < sv_analysis_count(a); i++) d->open[i] += d->open[i - 1];
}

/* The different values that flow into a layer. */
static int flows(const drawer *d, int layer, int *values, int most) {
  const sv_node *node = sv_analysis_layer(d->analysis, layer)->node;
  int count = 0;
  for (int k = 0; k < sv_node_input_count(node); k++) {
    bool known = !is_flow(d, sv_node_input(node, k).id);
    for (int j = 0; j < count && j < most; j++)
      known |= values[j] == sv_node_input(node, k).id;
    if (known) continue;
    if (count < most) values[count] = sv_node_input(node, k).id;
    count++;
  }
  return count;
}

enum { NO_BRANCH, BEGINS, GOES_ON, JOINS };
static int branch(const drawer *d, int layer) {
  int value = 0, count = flows(d, layer, &value, 1);
  if (count > 1) return JOINS;
  if (d->open[layer] <= 0) return NO_BRANCH;
  int made = summary_value(d->analysis, value).producer;
  return count == 1 && (d->uses[value] > 1 || made != layer - 1) ? BEGINS
                                                                 : GOES_ON;
}

static const char *branch_mark(const drawer *d, int layer) {
  static const char *const marks[2][4] = {
      {"", "/ ", "| ", "\\ "}, {"", "\u252c ", "\u2502 ", "\u2534 "}};
  return marks[d->utf8][branch(d, layer)];
}

/* Where values come from, unless it is the line before and no branch. */
static void show_from(const drawer *d, int layer, int skip, char text[LABEL]) {
  enum { MOST = 4 };
  const sv_graph *g = sv_analysis_graph(d->analysis);
  const char *own = sv_node_name(sv_analysis_layer(d->analysis, layer)->node);
  int values[MOST], count = flows(d, layer, values, MOST);
  size_t at = 0;
  text[0] = '\0';
  if (count == 1 &&
      summary_value(d->analysis, values[0]).producer == layer - 1 &&
      branch(d, layer) != BEGINS)
    return;
  for (int k = 0; k < count && k < MOST && at < LABEL; k++) {
    const sv_value_desc from = sv_graph_describe(g, (sv_value){values[k]});
    const char *name = from.producer < 0
                           ? from.name
                           : sv_node_name(sv_graph_node(g, from.producer));
    if (strncmp(name, own, (size_t)skip) == 0) name += skip;
    at +=
        (size_t)snprintf(text + at, LABEL - at, "%s%.40s", k ? ", " : "", name);
  }
  if (count > MOST && at < LABEL)
    snprintf(text + at, LABEL - at, ", ... (%d)", count);
}

/* ---- Cells ---- */

static void add_number(cli_table *t, int64_t number) {
  char text[CLI_NUMBER_TEXT];
  cli_cell(t, "%s", number ? cli_number(number, text) : "");
}

/* A number for both axes, or one for each. */
static const char *pair(double h, double w, char text[CELL]) {
  snprintf(text, CELL, h == w ? "%.15g" : "%.15gx%.15g", h, w);
  return text;
}

/* To four places: a third of a pixel has no end. */
static double step_of(const sv_receptive *s) {
  return round(sv_receptive_step(s) * 1e4) / 1e4;
}

/* Where positions have no place any more, only the size is told. */
static void add_field(cli_table *t, const sv_field *f, bool placed) {
  char step[CELL] = "", centre[CELL] = "";
  const sv_receptive *h = &f->axis[0], *w = &f->axis[1];
  bool size = !f->none && !f->whole;
  if (size)
    cli_cell(t, "%lldx%lld", (long long)h->size, (long long)w->size);
  else
    cli_cell(t, "%s", f->none ? "" : "all");
  if (size && placed) {
    pair(step_of(h), step_of(w), step);
    pair(sv_receptive_centre(h), sv_receptive_centre(w), centre);
  }
  cli_cell(t, "%s", step);
  cli_cell(t, "%s", centre);
}

static void add_depth(cli_table *t, const sv_layer *l) {
  if (l->input.rank > 1 && l->connected)
    cli_cell(t, "%lld", (long long)l->input.dim[1]);
  else
    cli_cell(t, "%s", "");
}

/* What a stretch of layers has together, or one by itself. */
static void add_counts(const drawer *d, int first, int count, bool alone) {
  cli_table *t = d->table;
  char text[CLI_NUMBER_TEXT];
  int64_t parameters = 0, macs = 0, bytes = 0;
  const sv_layer *last = sv_analysis_layer(d->analysis, first + count - 1);
  for (int i = first; i < first + count; i++) {
    parameters += sv_analysis_layer(d->analysis, i)->parameters;
    macs += sv_analysis_layer(d->analysis, i)->macs;
    bytes += sv_analysis_layer(d->analysis, i)->bytes;
  }
  add_number(t, parameters);
  add_number(t, alone ? last->neurons : 0);
  add_number(t, macs);
  cli_cell(t, "%s", cli_bytes(bytes, text));
  add_field(t, &last->field, last->output.rank > 2);
  if (!alone || !d->options->connected)
    cli_cell(t, "%s", "");
  else if (last->connected < 0)
    cli_cell(t, "%s", "> 9e18");
  else
    add_number(t, last->connected);
}

/* What nearly every layer has needs no telling. */
static const char *besides_one(const char *text) {
  return strcmp(text, "1") == 0 ? "" : text;
}

static void add_layer(const drawer *d, const summary_row *row) {
  const sv_layer *l = sv_analysis_layer(d->analysis, row->first);
  cli_table *t = d->table;
  char text[CELL], label[LABEL];
  summary_label(d->analysis, (summary_part){row->first, 0}, row->skip, label);
  cli_cell(t, "%*s%s%s", 2 * row->depth, "", branch_mark(d, row->first), label);
  cli_cell(t, "%s", sv_op_name(sv_node_op(l->node)));
  add_depth(t, l);
  cli_cell(t, "%s", summary_shape(&l->output, text));
  cli_cell(t, "%s", summary_attr(l->node, "kernel", text));
  cli_cell(t, "%s", summary_stride(l->node, text));
  cli_cell(t, "%s", summary_padding(l->node, text));
  cli_cell(t, "%s", besides_one(summary_dilation(l->node, text)));
  cli_cell(t, "%s", besides_one(summary_attr(l->node, "group", text)));
  add_counts(d, row->first, 1, true);
  show_from(d, row->first, row->skip, label);
  cli_cell(t, "%s", label);
}

/* Of layer1.2 behind layer1.1 the number alone. */
static const char *what_differs(const char *first, const char *last) {
  size_t same = 0;
  while (first[same] && first[same] == last[same]) same++;
  while (same > 0 && isdigit((unsigned char)first[same - 1])) same--;
  const char *rest = last + same;
  bool number = *rest && !rest[strspn(rest, "0123456789")];
  return same > 0 && number ? rest : last;
}

/* "layer1.1 ... 2", "conv1 ... relu2": from the first part to the last. */
static void label_parts(const drawer *d, const summary_row *row,
                        const summary_part parts[2], char text[2 * LABEL]) {
  char end[LABEL];
  summary_label(d->analysis, parts[0], row->skip, text);
  if (parts[0].first == parts[1].first) return;
  summary_label(d->analysis, parts[1], row->skip, end);
  size_t length = strlen(text);
  snprintf(text + length, 2 * LABEL - length, " ... %s",
           what_differs(text, end));
}

/* A head, or a fold: what its layers have together. */
static void add_together(const drawer *d, const summary_row *row) {
  cli_table *t = d->table;
  char text[CELL], label[2 * LABEL], like[2 * LABEL] = "";
  if (row->kind == ROW_FOLD) {
    label_parts(d, row, row->ends, label);
    label_parts(d, row, row->like, like);
  } else {
    summary_label(d->analysis, (summary_part){row->first, row->prefix},
                  row->skip, label);
  }
  cli_cell(t, "%*s%s", 2 * row->depth, "", label);
  if (row->times > 1)
    cli_cell(t, "%d x %s", row->times, like);
  else
    cli_cell(t, "%s%s", row->times ? "as " : "", like);
  const sv_layer *last =
      sv_analysis_layer(d->analysis, row->first + row->count - 1);
  cli_cell(t, "%s", "");
  cli_cell(t, "%s", summary_shape(&last->output, text));
  for (int i = KERNEL; i <= GROUPS; i++) cli_cell(t, "%s", "");
  add_counts(d, row->first, row->count, false);
  cli_cell(t, "%s", "");
}

/* ---- The table ---- */

static void add_inputs(const drawer *d) {
  const sv_graph *g = sv_analysis_graph(d->analysis);
  char text[CELL];
  for (int k = 0; k < sv_graph_input_count(g); k++) {
    sv_value input = sv_graph_input_at(g, k);
    sv_shape shape = sv_analysis_shape(d->analysis, input);
    if (d->last_use[input.id] < 0) continue;
    cli_cell(d->table, "(input)");
    cli_cell(d->table, "%s", sv_graph_describe(g, input).name);
    cli_cell(d->table, "%s", "");
    cli_cell(d->table, "%s", summary_shape(&shape, text));
    for (int i = KERNEL; i <= FROM; i++) cli_cell(d->table, "%s", "");
  }
  cli_table_rule(d->table);
}

static sv_status print_rows(drawer *d) {
  summary_rows rows = {0};
  sv_status status = summary_group(&rows, d->analysis, d->options->all);
  d->table = status == SV_OK ? cli_table_new(headings) : NULL;
  if (status == SV_OK) {
    add_inputs(d);
    for (int i = 0; i < rows.count; i++) {
      if (rows.at[i].kind == ROW_LAYER)
        add_layer(d, &rows.at[i]);
      else
        add_together(d, &rows.at[i]);
    }
    cli_table_fit(d->table, d->options->width, narrow,
                  "--wide shows all columns");
    cli_table_print(d->table);
  }
  summary_rows_free(&rows);
  return status;
}

static void print_totals(const sv_analysis *analysis) {
  const sv_totals sums = sv_analysis_totals(analysis), *a = &sums;
  char parameters[CLI_NUMBER_TEXT], macs[CLI_NUMBER_TEXT];
  char bytes[CLI_NUMBER_TEXT], line[4 * CLI_NUMBER_TEXT];
  snprintf(line, sizeof line, "%s parameters in %d weight layer%s, %s MAC",
           cli_number(a->parameters, parameters), a->weight_layers,
           a->weight_layers == 1 ? "" : "s", cli_number(a->macs, macs));
  putchar('\n');
  cli_print_words(line);
  snprintf(line, sizeof line, "%s of parameters, %s of activations",
           cli_bytes(4 * a->parameters, parameters),
           cli_bytes(a->bytes, bytes));
  cli_print_words(line);
}

sv_status summary_table(const sv_analysis *analysis,
                        const summary_options *options) {
  drawer d = {.analysis = analysis, .options = options};
  size_t values =
      (size_t)(sv_graph_value_count(sv_analysis_graph(analysis)) + 1);
  setlocale(LC_CTYPE, "");
  d.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  sv_status status = sv_alloc_array(&d.last_use, values, sizeof *d.last_use);
  if (status == SV_OK) status = sv_alloc_array(&d.uses, values, sizeof *d.uses);
  if (status == SV_OK)
    status = sv_alloc_array(&d.open, (size_t)sv_analysis_count(analysis) + 1,
                            sizeof *d.open);
  if (status == SV_OK) {
    count_uses(&d);
    count_open(&d);
    status = print_rows(&d);
  }
  sv_free(d.last_use);
  sv_free(d.uses);
  sv_free(d.open);
  if (status == SV_OK) print_totals(analysis);
  return status;
}
