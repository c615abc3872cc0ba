/* svertka ops: the operators, from their tables. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_catalogue.h"
#include "cli/cli_rows.h"

static const char about[] =
    "Lists the operators, or explains one: its inputs and outputs, its\n"
    "attributes, its name in ONNX and the backends that implement it (ref is "
    "the\n"
    "reference in plain C).\n";

static const char examples[] =
    "svertka ops\n"
    "svertka ops conv\n"
    "svertka ops --json\n";

/* In the order in which they are asked. */
static void add_backends(sv_text *text, const sv_op *op) {
  for (int i = 0; sv_op_backend(op, i); i++)
    sv_text_add(text, "%s%s", i ? ", " : "", sv_op_backend(op, i));
}

static void add_onnx(sv_text *text, const sv_op *op) {
  const sv_onnx_name *n;
  for (int i = 0; (n = sv_op_onnx(op, i)); i++) {
    sv_text_add(text, "%s%s", i ? ", " : "", n->type);
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
  for (int i = 0; i < sv_op_count(); i++) {
    const sv_op *op = sv_op_at(i);
    sv_text backends = {0};
    add_backends(&backends, op);
    const sv_onnx_name *onnx = sv_op_onnx(op, 0);
    cli_cell(t, "%s", sv_op_name(op));
    cli_cell(t, "%s", onnx ? onnx->type : "");
    cli_cell(t, "%s", shown(&backends));
    cli_cell(t, "%s", sv_op_summary(op));
    sv_text_clear(&backends);
  }
  static const int narrow[] = {ONNX, -1};
  cli_table_fit(t, cli_width(1), narrow, "'svertka ops OP' lists them");
  cli_table_wrap(t);
  cli_table_print(t);
}

typedef const sv_port *port_list(const sv_op *op, int i);

static void add_ports(cli_table *t, const sv_op *op, port_list *ports,
                      const char *kind) {
  const sv_port *port;
  for (int i = 0; (port = ports(op, i)); i++) {
    cli_cell(t, "%s", port->name);
    cli_cell(t, "%s", kind);
    cli_cell(t, "%s", sv_role_name(port->role));
    cli_cell(t, "%s%s%s", port->optional ? "optional" : "",
             port->optional && port->variadic ? ", " : "",
             port->variadic ? "any number" : "");
  }
}

static void print_one(const void *of) {
  const sv_op *op = of;
  sv_attr_desc attr;
  sv_text onnx = {0}, backends = {0};
  add_onnx(&onnx, op);
  add_backends(&backends, op);
  sv_text heading = {0};
  sv_text_add(&heading, "%s: %s", sv_op_name(op), sv_op_summary(op));
  cli_print_words(shown(&heading));
  sv_text_clear(&heading);
  putchar('\n');
  if (onnx.at) printf("ONNX      %s\n", onnx.at);
  printf("Backends  %s\n\n", shown(&backends));
  sv_text_clear(&onnx);
  sv_text_clear(&backends);
  cli_table *t = cli_table_new("Port|<Kind|<Role|<");
  add_ports(t, op, sv_op_input, "input");
  add_ports(t, op, sv_op_output, "output");
  cli_table_print(t);
  if (sv_op_attr(op, 0, &attr)) putchar('\n');
  cli_print_rows(op, "Attribute");
}

/* ---- For programs ---- */

static json_t *json_ports(const sv_op *op, port_list *ports) {
  json_t *list = json_array();
  const sv_port *port;
  for (int i = 0; (port = ports(op, i)); i++)
    json_array_append_new(
        list,
        json_pack("{s:s, s:s, s:b, s:b, s:b}", "name", port->name, "role",
                  sv_role_name(port->role), "optional", port->optional,
                  "variadic", port->variadic, "gradient", !port->no_gradient));
  return list;
}

static json_t *json_onnx(const sv_op *op) {
  json_t *list = json_array();
  const sv_onnx_name *n;
  for (int i = 0; (n = sv_op_onnx(op, i)); i++)
    json_array_append_new(
        list, json_pack("{s:s, s:i, s:i}", "type", n->type, "since", n->since,
                        "until", n->until));
  return list;
}

static json_t *json_one(const void *of) {
  const sv_op *op = of;
  json_t *backends = json_array();
  for (int i = 0; sv_op_backend(op, i); i++)
    json_array_append_new(backends, json_string(sv_op_backend(op, i)));
  return json_pack(
      "{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", sv_op_name(op), "summary",
      sv_op_summary(op), "onnx", json_onnx(op), "backends", backends, "inputs",
      json_ports(op, sv_op_input), "outputs", json_ports(op, sv_op_output),
      "attributes", cli_json_rows(op));
}

/* ---- The verb ---- */

static const void *at(int i) { return sv_op_at(i); }

static const void *find(const char *name, int *exit_status) {
  const sv_op *op;
  *exit_status = cli_fail(sv_op_find(&op, name));
  return op;
}

int cmd_ops(const cli_verb *verb, int argc, char **argv) {
  const cli_catalogue operators = {.about = about,
                                   .examples = examples,
                                   .count = sv_op_count(),
                                   .at = at,
                                   .find = find,
                                   .print_list = print_list,
                                   .print = print_one,
                                   .json = json_one};
  return cli_show(&operators, verb, argc, argv);
}
