/* Any graph as text that reads back to it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "graph/graph.h"
#include "op/attrs.h"
#include "text/text.h"

typedef struct writer {
  const sv_graph *graph;
  sv_text text;
  bool *written;    /* per value: a statement has made it */
  bool *implicit;   /* per value: a parameter that its node makes by itself */
  sv_names taken;   /* names of nodes and values written so far */
  sv_names fresh;   /* per operator: the last number that is not free */
  int last;         /* the value before; 0: none yet */
  const char *init; /* of the weights that say nothing; NULL: none */
  sv_status status;
} writer;

/* ---- Names ---- */

static bool is_plain(const char *name) {
  if (!isalpha((unsigned char)*name) && *name != '_') return false;
  for (; *name; name++)
    if (!isalnum((unsigned char)*name) && !strchr("_./:-", *name)) return false;
  return true;
}

static void put_name(writer *w, const char *name) {
  if (is_plain(name)) {
    sv_text_add(&w->text, "%s", name);
    return;
  }
  bool clean = *name && strlen(name) <= SV_LONGEST_WORD;
  sv_text_add(&w->text, "\"");
  for (; *name; name++) {
    clean &= (unsigned char)*name >= 0x20;
    sv_text_add(&w->text, *name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
  }
  sv_text_add(&w->text, "\"");
  if (!clean && w->status == SV_OK)
    w->status = sv_fail(SV_UNSUPPORTED,
                        "a name that is empty, longer than %d bytes or not one "
                        "line cannot be written as text",
                        SV_LONGEST_WORD);
}

static void take(writer *w, const char *name) {
  sv_status status = sv_names_put(&w->taken, name, 0);
  if (w->status == SV_OK) w->status = status;
}

static void take_value(writer *w, int id) {
  if (id && !w->written[id]) take(w, w->graph->values[id].name);
  w->written[id] = true;
}

/* The reader would call the node so by itself: the next of conv1, conv2, ...
 * that is free. */
static bool is_fresh(writer *w, const sv_node *node) {
  char name[SV_LONGEST_WORD + 16];
  int number = sv_names_get(&w->fresh, node->op->name);
  if (number < 0) number = 0;
  for (;; number++) {
    snprintf(name, sizeof name, "%.200s%d", node->op->name, number + 1);
    if (sv_names_get(&w->taken, name) < 0) break;
  }
  sv_status status = sv_names_put(&w->fresh, node->op->name, number);
  if (w->status == SV_OK) w->status = status;
  return strcmp(name, node->name) == 0;
}

/* ---- What has a size ---- */

/* The name of a free dimension; NULL: it has none, or one that could be read as
 * something else, which is lost. */
static const char *symbol_of(const sv_value_info *value, int dimension) {
  const char *symbol = value->symbol[dimension];
  bool word = symbol && is_plain(symbol) && strcmp(symbol, "none") != 0 &&
              strcmp(symbol, "scalar") != 0;
  return word ? symbol : NULL;
}

static void put_symbol(writer *w, const char *symbol) {
  sv_text_add(&w->text, "%s", symbol ? symbol : "?");
}

/* Divided by commas where a word holds an x. */
static void put_shape(writer *w, const sv_value_info *value, int from) {
  const char *mark = "x";
  for (int i = from; i < value->shape.rank; i++)
    if (symbol_of(value, i) && strchr(symbol_of(value, i), 'x')) mark = ",";
  for (int i = from; i < value->shape.rank; i++) {
    if (i > from) sv_text_add(&w->text, "%s", mark);
    if (value->shape.dim[i] >= 0)
      sv_text_add(&w->text, "%lld", (long long)value->shape.dim[i]);
    else
      put_symbol(w, symbol_of(value, i));
  }
  if (*mark == ',' && value->shape.rank == from + 1) sv_text_add(&w->text, ",");
}

static void put_input(writer *w, int id) {
  const sv_value_info *v = &w->graph->values[id];
  bool label = v->role == SV_LABEL;
  bool batch = v->shape.rank > 0 && v->shape.dim[0] < 0;
  put_name(w, v->name);
  sv_text_add(&w->text, " = %s", label ? "label" : "input");
  if (v->shape.rank > batch) sv_text_add(&w->text, " ");
  if (v->shape.rank == batch && !label) sv_text_add(&w->text, " scalar");
  put_shape(w, v, batch);
  if (!batch)
    sv_text_add(&w->text, " batch=none");
  else if (symbol_of(v, 0))
    sv_text_add(&w->text, " batch=%s", symbol_of(v, 0));
  if (v->dtype != (label ? SV_I64 : SV_F32))
    sv_text_add(&w->text, " type=%s", sv_dtype_name(v->dtype));
  sv_text_add(&w->text, "\n");
  take_value(w, id);
  if (!label) w->last = id;
}

static void put_parameter(writer *w, int id) {
  const sv_value_info *v = &w->graph->values[id];
  put_name(w, v->name);
  sv_text_add(&w->text, " = parameter ");
  if (v->shape.rank == 0) sv_text_add(&w->text, "scalar");
  put_shape(w, v, 0);
  sv_text_add(&w->text, " role=%s", sv_role_name(v->role));
  if (v->dtype != SV_F32)
    sv_text_add(&w->text, " type=%s", sv_dtype_name(v->dtype));
  if (v->init) {
    sv_text_add(&w->text, " init=");
    put_name(w, v->init);
  }
  sv_text_add(&w->text, "\n");
  take_value(w, id);
}

/* ---- Nodes ---- */

/* a, b = ; nothing where the reader finds the same name by itself. */
static void put_targets(writer *w, const sv_node *node) {
  int count = node->out_count;
  while (count > 1 && !node->out[count - 1]) count--;
  const char *first = w->graph->values[node->out[0]].name;
  if (count == 1 && strcmp(first, node->name) == 0 && is_fresh(w, node)) return;
  for (int i = 0; i < count; i++) {
    if (i) sv_text_add(&w->text, ", ");
    if (node->out[i])
      put_name(w, w->graph->values[node->out[i]].name);
    else
      sv_text_add(&w->text, "-");
  }
  sv_text_add(&w->text, " = ");
}

static void put_inputs(writer *w, const sv_node *node) {
  int count = sv_text_explicit_inputs(w->graph, node);
  if (count == 1 && node->in[0] == w->last) return;
  sv_text_add(&w->text, "(");
  for (int i = 0; i < count; i++) {
    if (i) sv_text_add(&w->text, ", ");
    if (node->in[i] == 0)
      sv_text_add(&w->text, "-");
    else if (node->in[i] == w->last)
      sv_text_add(&w->text, ".");
    else
      put_name(w, w->graph->values[node->in[i]].name);
  }
  sv_text_add(&w->text, ")");
}

/* The reader finds the very same by itself. Zeros that are written out are the
 * default too, but not the same. */
static bool is_left_out(const sv_op *op, const sv_attr *row,
                        const void *attrs) {
  const void *at = (const char *)attrs + row->offset;
  if (row->type == SV_ATTR_PADDING && ((const sv_padding *)at)->at.count)
    return false;
  return sv_attr_is_default(op, row, attrs);
}

/* The numbers of a list, all alike; NULL if they are not, or there are fewer
 * than two. */
static const int64_t *one_number(const sv_attr *row, const void *attrs) {
  const void *at = (const char *)attrs + row->offset;
  const sv_padding *padding = at;
  const sv_ints *list = at;
  if (row->type == SV_ATTR_PADDING && padding->rule != SV_PAD_EXPLICIT)
    return NULL;
  if (row->type == SV_ATTR_PADDING)
    list = &padding->at;
  else if (row->type != SV_ATTR_INTS)
    return NULL;
  for (int i = 1; i < list->count; i++)
    if (list->at[i] != list->at[0]) return NULL;
  return list->count > 1 ? list->at : NULL;
}

/* What the operator makes of `text` is what the node has. */
static bool settles_to(const writer *w, const sv_node *node, const sv_attr *row,
                       const char *text) {
  sv_info few[4] = {0};
  void *attrs;
  int count = node->in_count;
  if (!node->op->settle || count > 4) return false;
  for (int i = 0; i < count; i++) {
    const sv_value_info *v = &w->graph->values[node->in[i]];
    if (node->in[i] && v->shape.rank < 0) return false;
    few[i] = (sv_info){.present = node->in[i] != 0, .shape = v->shape};
  }
  if (sv_alloc(&attrs, node->op->attrs_size) != SV_OK) return false;
  memcpy(attrs, node->attrs, node->op->attrs_size);
  bool same = sv_attr_parse(node->op, attrs, row, text) == SV_OK &&
              node->op->settle(attrs, few, count) == SV_OK &&
              sv_attrs_equal(node->op, attrs, node->attrs);
  sv_free(attrs);
  return same;
}

/* stride=2 rather than stride=2x2; kernels as papers have them, 3x3. */
static void put_attr(writer *w, const sv_node *node, const sv_attr *row) {
  char text[24];
  const int64_t *number = one_number(row, node->attrs);
  if (number) snprintf(text, sizeof text, "%lld", (long long)*number);
  if (number && strcmp(row->name, "kernel") != 0 &&
      settles_to(w, node, row, text))
    sv_text_add(&w->text, "%s", text);
  else
    sv_attr_print(&w->text, row, node->attrs);
}

/* Bare words for the first attributes in order, names for the others. */
static void put_attrs(writer *w, const sv_node *node) {
  const sv_op *op = node->op;
  const sv_attr *row;
  int bare = 0;
  while ((row = sv_attr_at_position(op, bare + 1)) &&
         !is_left_out(op, row, node->attrs)) {
    sv_text_add(&w->text, " ");
    put_attr(w, node, row);
    bare++;
  }
  for (row = op->attrs; row && row->name; row++) {
    if (!sv_attr_is_first(op, row) || (row->position && row->position <= bare))
      continue;
    if (is_left_out(op, row, node->attrs)) continue;
    sv_text_add(&w->text, " %s=", row->name);
    put_attr(w, node, row);
  }
  if (strcmp(w->graph->values[node->out[0]].name, node->name) == 0) return;
  sv_text_add(&w->text, " node=");
  put_name(w, node->name);
}

static void put_common_init(writer *w) {
  w->init = sv_text_common_init(w->graph, w->implicit);
  if (w->init) sv_text_add(&w->text, "init %s\n", w->init);
}

/* init=, init.bias=: of parameters that the node makes. */
static void put_inits(writer *w, const sv_node *node) {
  for (int i = sv_text_explicit_inputs(w->graph, node); i < node->in_count;
       i++) {
    const sv_port *port = sv_op_in_port(node->op, i);
    const char *init = w->graph->values[node->in[i]].init;
    bool common = port->role == SV_WEIGHT && !port->init;
    const char *usual = common ? w->init : NULL;
    if (!init || (usual && strcmp(init, usual) == 0)) continue;
    if (port->role == SV_WEIGHT)
      sv_text_add(&w->text, " init=");
    else
      sv_text_add(&w->text, " init.%s=", sv_text_part_name(port));
    put_name(w, init);
  }
}

static void put_node(writer *w, const sv_node *node) {
  put_targets(w, node);
  sv_text_add(&w->text, "%s", node->op->name);
  put_inputs(w, node);
  put_attrs(w, node);
  put_inits(w, node);
  sv_text_add(&w->text, "\n");
  for (int i = 0; i < node->in_count; i++) take_value(w, node->in[i]);
  for (int i = 0; i < node->out_count; i++) take_value(w, node->out[i]);
  take(w, node->name);
  w->last = node->out[0];
}

static void put_output(writer *w, const sv_graph_output *output) {
  const char *keyword = output->is_loss ? "loss" : "output";
  int named = sv_graph_find(w->graph, output->name);
  bool other = named > 0 && named != output->value;
  sv_text_add(&w->text, "%s", keyword);
  if (output->value != w->last || other) {
    sv_text_add(&w->text, "(");
    put_name(w, w->graph->values[output->value].name);
    sv_text_add(&w->text, ")");
  }
  if (strcmp(output->name, keyword) != 0) {
    sv_text_add(&w->text, " ");
    put_name(w, output->name);
  }
  char weight[SV_NUMBER_TEXT];
  if (output->is_loss && output->weight != 1)
    sv_text_add(&w->text, " weight=%s", sv_number_text(output->weight, weight));
  sv_text_add(&w->text, "\n");
}

/* ---- The whole ---- */

static void put_all(writer *w) {
  const sv_graph *g = w->graph;
  sv_text_find_implicit(g, w->implicit);
  for (int i = 1; i < g->value_count; i++) {
    if (g->values[i].kind == SV_VALUE_INPUT) put_input(w, i);
    if (g->values[i].kind == SV_VALUE_STATE && !w->implicit[i])
      put_parameter(w, i);
  }
  put_common_init(w);
  for (int i = 0; i < g->node_count; i++) put_node(w, &g->nodes[i]);
  for (int i = 0; i < g->output_count; i++) put_output(w, &g->outputs[i]);
}

sv_status sv_network_write(char **text, const sv_graph *graph) {
  *text = NULL;
  SV_TRY(sv_graph_check(graph));
  writer w = {.graph = graph};
  size_t values = (size_t)graph->value_count;
  w.status = sv_alloc_array(&w.written, values, sizeof *w.written);
  if (w.status == SV_OK)
    w.status = sv_alloc_array(&w.implicit, values, sizeof *w.implicit);
  if (w.status == SV_OK) put_all(&w);
  sv_free(w.written);
  sv_free(w.implicit);
  sv_names_free(&w.taken);
  sv_names_free(&w.fresh);
  if (w.status == SV_OK) return sv_text_take(&w.text, text);
  sv_text_clear(&w.text);
  return w.status;
}

void sv_network_text_free(char *text) { sv_free(text); }
