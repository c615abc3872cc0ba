/* svertka ops: the operators, from their tables. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_catalogue.h"
#include "cli/cli_rows.h"
#include "op/registry.h"

static const char about[] =
    "Lists the operators, or explains one: its inputs and outputs, its\n"
    "attributes, its name in ONNX and the backends that implement it (ref is "
    "the\n"
    "reference in plain C).\n";

static const char examples[] =
    "svertka ops\n"
    "svertka ops conv\n"
    "svertka ops --json\n";

/* The fast ones and the reference, in the order in which they are asked. */
static void add_backends(sv_text *text, const sv_entry *entry) {
  for (int i = 0; i < SV_MAX_BACKENDS && entry->fast[i].backend; i++)
    sv_text_add(text, "%s, ", entry->fast[i].backend);
  sv_text_add(text, "ref");
}

static void add_onnx(sv_text *text, const sv_op *op) {
  for (const sv_onnx_name *n = op->onnx; n && n->type; n++) {
    sv_text_add(text, "%s%s", n == op->onnx ? "" : ", ", n->type);
    if (n->since && n->until)
      sv_text_add(text, " (%d to %d)", n->since, n->until);
    else if (n->since || n->until)
      sv_text_add(text, n->since ? " (from %d)" : " (to %d)",
                  n->since ? n->since : n->until);
  }
}

static const char *shown(const sv_text *text) {
  return text->at ? text->at : "";
}

/* ---- For people ---- */

static void print_list(void) {
  enum { ONNX = 1 }; /* the column that a narrow terminal has no room for */
  cli_table *t = cli_table_new("Operator|<ONNX|<Backends|<Formula");
  for (int i = 0; i < sv_registry_count(); i++) {
    const sv_entry *entry = sv_registry_at(i);
    sv_text backends = {0};
    add_backends(&backends, entry);
    const sv_onnx_name *onnx = entry->op->onnx;
    cli_cell(t, "%s", entry->op->name);
    cli_cell(t, "%s", onnx && onnx->type ? onnx->type : "");
    cli_cell(t, "%s", shown(&backends));
    cli_cell(t, "%s", entry->op->summary);
    sv_text_clear(&backends);
  }
  static const int narrow[] = {ONNX, -1};
  cli_table_fit(t, cli_width(1), narrow, "'svertka ops OP' lists them");
  cli_table_wrap(t);
  cli_table_print(t);
}

static void add_ports(cli_table *t, const sv_port *ports, const char *kind) {
  for (; ports->name; ports++) {
    cli_cell(t, "%s", ports->name);
    cli_cell(t, "%s", kind);
    cli_cell(t, "%s", sv_role_name(ports->role));
    cli_cell(t, "%s%s%s", ports->optional ? "optional" : "",
             ports->optional && ports->variadic ? ", " : "",
             ports->variadic ? "any number" : "");
  }
}

static void print_one(const void *of) {
  const sv_entry *entry = of;
  const sv_op *op = entry->op;
  sv_text onnx = {0}, backends = {0};
  add_onnx(&onnx, op);
  add_backends(&backends, entry);
  sv_text heading = {0};
  sv_text_add(&heading, "%s: %s", op->name, op->summary);
  cli_print_words(shown(&heading));
  sv_text_clear(&heading);
  putchar('\n');
  if (onnx.at) printf("ONNX      %s\n", onnx.at);
  printf("Backends  %s\n\n", shown(&backends));
  sv_text_clear(&onnx);
  sv_text_clear(&backends);
  cli_table *t = cli_table_new("Port|<Kind|<Role|<");
  add_ports(t, op->in, "input");
  add_ports(t, op->out, "output");
  cli_table_print(t);
  if (op->attrs && op->attrs->name) putchar('\n');
  cli_print_rows(op, "Attribute");
}

/* ---- For programs ---- */

static json_t *json_ports(const sv_port *ports) {
  json_t *list = json_array();
  for (; ports->name; ports++)
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:b, s:b, s:b}", "name", ports->name,
                        "role", sv_role_name(ports->role), "optional",
                        ports->optional, "variadic", ports->variadic,
                        "gradient", !ports->no_gradient));
  return list;
}

static json_t *json_onnx(const sv_op *op) {
  json_t *list = json_array();
  for (const sv_onnx_name *n = op->onnx; n && n->type; n++)
    json_array_append_new(
        list, json_pack("{s:s, s:i, s:i}", "type", n->type, "since", n->since,
                        "until", n->until));
  return list;
}

static json_t *json_one(const void *of) {
  const sv_entry *entry = of;
  const sv_op *op = entry->op;
  json_t *backends = json_array();
  for (int i = 0; i < SV_MAX_BACKENDS && entry->fast[i].backend; i++)
    json_array_append_new(backends, json_string(entry->fast[i].backend));
  json_array_append_new(backends, json_string("ref"));
  return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", op->name,
                   "summary", op->summary, "onnx", json_onnx(op), "backends",
                   backends, "inputs", json_ports(op->in), "outputs",
                   json_ports(op->out), "attributes", cli_json_rows(op));
}

/* ---- The verb ---- */

static const void *at(int i) { return sv_registry_at(i); }

static const void *find(const char *name, int *exit_status) {
  const sv_entry *entry = NULL;
  *exit_status = cli_fail(sv_registry_require(&entry, name));
  return entry;
}

int cmd_ops(const cli_verb *verb, int argc, char **argv) {
  const cli_catalogue operators = {.about = about,
                                   .examples = examples,
                                   .count = sv_registry_count(),
                                   .at = at,
                                   .find = find,
                                   .print_list = print_list,
                                   .print = print_one,
                                   .json = json_one};
  return cli_show(&operators, verb, argc, argv);
}
