/* svertka op: one operator on numbers typed by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "cli/cli_rows.h"
#include "cli/cli_run.h"
#include "op/attrs.h"
#include "op/registry.h"

static const char about[] =
    "Runs one operator on tensors typed by hand and prints the result in the\n"
    "same notation. Inputs are options named after the ports;\n"
    "attributes are options named as in the table of 'svertka ops OP';\n"
    "'svertka op OP --help' lists both.\n"
    "\n"
    "A tensor is written as\n"
    "  1 3 -1; 2 -2 0         rows, each ended by ; or a new line\n"
    "  1 2; 3 4 | 5 6; 7 8    maps (channels) divided by |\n"
    "  1 2 | 3 4 || 5 6 | 7 8 images divided by ||\n"
    "  1x2x1x2: 1 2 3 4       a shape, then all elements\n"
    "  @FILE                  read from FILE, in one of these forms\n"
    "If the operator needs more dimensions than were typed, dimensions of 1 "
    "are\n"
    "added in front: for a convolution, a matrix is an image with one map. "
    "For\n"
    "operators with maps (convolution, pooling, batch_norm, lrn, ...) | "
    "separates\n"
    "the maps of one image; for all others it separates matrices. Labels and\n"
    "indices are integers; all other elements may also be inf, -inf or nan, "
    "which\n"
    "--json writes as the strings \"inf\", \"-inf\" and \"nan\".\n";

static const char examples[] =
    "svertka op conv --x '1 3 -1 0; 2 -2 0 5; 4 1 -1 3; -3 0 1 2' \\\n"
    "    --w '1 0; 2 -1'\n"
    "svertka op conv --x '1 2; 3 4' --w '1 1; 1 1' --padding full --steps\n"
    "svertka op max_pool --x @map.txt --kernel 2x2 --stride 2 --backward\n"
    "svertka op softmax --x '1 2 3' --json\n";

/* ---- Options out of the operator's tables ---- */

enum { MOST_ROWS = 48, NAME = 40 };

typedef struct attr_option {
  const sv_attr *row;
  const char *text; /* what was given, or `initial` */
  char initial[SV_ATTR_TEXT], name[NAME], help[300];
} attr_option;

typedef struct port_option {
  cli_texts texts;
  char help[NAME + 40];
} port_option;

typedef struct form {
  const sv_op *op;
  cli_option options[2 * MOST_ROWS];
  int count;
  attr_option attrs[MOST_ROWS];
  int attr_count;
  port_option ports[CLI_MOST_INPUTS];
  const char *dy, *backend;
  bool steps, backward, flip, json;
} form;

static void add_option(form *f, cli_option option) {
  if (f->count + 1 < 2 * MOST_ROWS) f->options[f->count++] = option;
}

static void add_ports(form *f) {
  for (int i = 0; f->op->in[i].name && i < CLI_MOST_INPUTS; i++) {
    const sv_port *port = &f->op->in[i];
    if (sv_op_in_attr(f->op, i)) continue; /* typed as the attribute */
    snprintf(f->ports[i].help, sizeof f->ports[i].help, "%s%s%s",
             sv_role_name(port->role), port->optional ? "; optional" : "",
             port->variadic ? "; once for each input" : "");
    add_option(f, (cli_option){.name = port->name,
                               .type = CLI_TEXTS,
                               .target = &f->ports[i].texts,
                               .max = port->variadic ? CLI_MOST_INPUTS : 1,
                               .argument = "TENSOR",
                               .help = f->ports[i].help});
  }
}

static const char *argument_of(sv_attr_type type) {
  switch (type) {
    case SV_ATTR_INT:
    case SV_ATTR_FLOAT: return "N";
    case SV_ATTR_INTS: return "HxW";
    case SV_ATTR_FLOATS: return "N,N";
    case SV_ATTR_PADDING: return "P";
    default: return "WORD";
  }
}

/* The input that a row `bias` speaks of; NULL if it is about none. */
static const sv_port *bias_port(const sv_op *op, const sv_attr *row) {
  if (row->type != SV_ATTR_BOOL || strcmp(row->name, "bias") != 0) return NULL;
  for (const sv_port *port = op->in; port->name; port++)
    if (port->role == SV_BIAS) return port;
  return NULL;
}

/* count_padding becomes --count-padding. A bias is there if it is typed. */
static void add_attrs(form *f) {
  sv_attr_desc row;
  for (int i = 0; f->attr_count < MOST_ROWS && sv_op_attr(f->op, i, &row);
       i++) {
    attr_option *a = &f->attrs[f->attr_count++];
    char kind[SV_ATTR_TEXT];
    a->row = sv_attr_find(f->op, row.name);
    snprintf(a->name, sizeof a->name, "%s", row.name);
    for (char *c = a->name; *c; c++)
      if (*c == '_') *c = '-';
    const sv_port *bias = bias_port(f->op, a->row);
    if (!bias) snprintf(a->initial, sizeof a->initial, "%s", row.initial);
    a->text = a->initial[0] ? a->initial : NULL;
    snprintf(a->help, sizeof a->help, "%s%s%s%s", row.help,
             row.choices ? ": " : "",
             row.choices ? cli_row_kind(&row, kind) : "",
             bias ? "; follows from --b" : "");
    add_option(f, (cli_option){.name = a->name,
                               .type = CLI_TEXT,
                               .target = &a->text,
                               .argument = argument_of(row.type),
                               .help = a->help});
  }
}

static bool slides_kernels(const sv_op *op) {
  return sv_attr_find(op, "kernel") && sv_op_in_count(op) > 1 &&
         op->in[1].role == SV_WEIGHT;
}

static void add_controls(form *f) {
  if (slides_kernels(f->op))
    add_option(f, (cli_option){.name = "flip",
                               .type = CLI_FLAG,
                               .target = &f->flip,
                               .help = "rotate the kernels by 180 degrees "
                                       "first: the mathematical convolution"});
  if (cli_has_steps(f->op))
    add_option(
        f, (cli_option){.name = "steps",
                        .type = CLI_FLAG,
                        .target = &f->steps,
                        .help = "print the arithmetic behind each element"});
  add_option(f, (cli_option){.name = "backward",
                             .type = CLI_FLAG,
                             .target = &f->backward,
                             .help = "also print the gradients of the inputs"});
  add_option(f, (cli_option){.name = "dy",
                             .type = CLI_TEXT,
                             .target = &f->dy,
                             .argument = "TENSOR",
                             .help = "gradient of the output, with --backward; "
                                     "ones if not given"});
  add_option(f, (cli_option)CLI_BACKEND_OPTION(&f->backend));
  add_option(f, (cli_option)CLI_JSON_OPTION(&f->json));
}

/* ---- From options to a run ---- */

/* What is said of the bias must be what is typed. */
static sv_status check_bias(const form *f, const attr_option *a,
                            const void *attrs) {
  const sv_port *port = bias_port(f->op, a->row);
  if (!port) return SV_OK;
  bool said = *(const bool *)((const char *)attrs + a->row->offset);
  bool typed = f->ports[port - f->op->in].texts.count > 0;
  if (said == typed) return SV_OK;
  return sv_fail(SV_INVALID,
                 "--bias %s, but --%s is %s: --bias follows from it", a->text,
                 port->name, typed ? "given" : "not given");
}

static sv_status take_attrs(const form *f, cli_run *run) {
  SV_TRY(sv_alloc(&run->attrs, f->op->attrs_size));
  sv_attrs_default(f->op, run->attrs);
  for (int i = 0; i < f->attr_count; i++) {
    const attr_option *a = &f->attrs[i];
    if (!a->text || a->text == a->initial) continue;
    SV_TRY(sv_attr_parse(f->op, run->attrs, a->row, a->text));
    SV_TRY(check_bias(f, a, run->attrs));
  }
  return SV_OK;
}

/* The last two dimensions backwards. */
static void flip_kernels(cli_numbers *w) {
  int rank = w->shape.rank;
  int64_t size = w->shape.dim[rank - 1];
  if (rank > 1) size *= w->shape.dim[rank - 2];
  for (int64_t first = 0; first < w->count; first += size)
    for (int64_t i = 0; i < size / 2; i++) {
      double kept = w->at[first + i];
      w->at[first + i] = w->at[first + size - 1 - i];
      w->at[first + size - 1 - i] = kept;
    }
}

static sv_status take_port(const form *f, int i, cli_run *run) {
  const sv_port *port = &f->op->in[i];
  const cli_texts *texts = &f->ports[i].texts;
  if (texts->count == 0 && !port->optional)
    return sv_fail(SV_INVALID, "%s needs --%s", f->op->name, port->name);
  for (int k = 0; k < texts->count; k++) {
    if (run->in_count == CLI_MOST_INPUTS)
      return sv_fail(SV_INVALID, "more than %d inputs", CLI_MOST_INPUTS);
    cli_input *in = &run->in[run->in_count++];
    char what[NAME];
    snprintf(what, sizeof what, "--%s", port->name);
    in->port = port;
    if (port->variadic)
      snprintf(in->name, sizeof in->name, "%.20s%d", port->name, k + 1);
    else
      snprintf(in->name, sizeof in->name, "%.30s", port->name);
    SV_TRY(cli_numbers_read(&in->numbers, what, texts->at[k]));
    if (cli_is_whole(port->role)) SV_TRY(cli_numbers_whole(&in->numbers, what));
    if (f->flip && port->role == SV_WEIGHT) flip_kernels(&in->numbers);
  }
  return SV_OK;
}

static sv_status take_all(const form *f, cli_run *run) {
  run->op = f->op;
  run->backend = f->backend;
  run->backward = f->backward;
  SV_TRY(take_attrs(f, run));
  for (int i = 0; f->op->in[i].name; i++) SV_TRY(take_port(f, i, run));
  if (f->steps && f->json)
    return sv_fail(SV_INVALID, "--steps prints text: --json excludes it");
  if (f->dy && !f->backward)
    return sv_fail(SV_INVALID, "--dy needs --backward");
  if (f->dy) SV_TRY(cli_numbers_read(&run->dy, "--dy", f->dy));
  return cli_run_start(run);
}

/* ---- Results ---- */

static const sv_port *outputs(const cli_run *run) { return run->op->out; }

static sv_status print_gradients(cli_run *run) {
  for (int i = 0; i < run->in_count; i++) {
    sv_tensor *gradient;
    SV_TRY(cli_run_gradient(run, i, &gradient));
    if (!gradient) continue;
    printf("d%s:\n", run->in[i].name);
    cli_print_tensor(gradient);
    sv_tensor_free(gradient);
  }
  return SV_OK;
}

/* Names only where there is more than one thing; the steps name y. */
static sv_status print_text(const form *f, cli_run *run) {
  if (f->steps) {
    SV_TRY(cli_print_steps(run));
    return f->backward ? print_gradients(run) : SV_OK;
  }
  bool alone = !f->backward;
  for (const sv_port *port = outputs(run) + 1; port->name; port++)
    alone &= port->optional;
  for (const sv_port *port = outputs(run); port->name; port++) {
    if (port->optional) continue;
    sv_tensor view;
    SV_TRY(sv_plan_value(run->plan, port->name, &view));
    if (!alone) printf("%s:\n", port->name);
    cli_print_tensor(&view);
  }
  return f->backward ? print_gradients(run) : SV_OK;
}

static sv_status collect_json(const form *f, cli_run *run, json_t *object) {
  for (const sv_port *port = outputs(run); port->name; port++) {
    if (port->optional) continue;
    sv_tensor view;
    SV_TRY(sv_plan_value(run->plan, port->name, &view));
    json_object_set_new(object, port->name, cli_json_tensor(&view));
  }
  if (!f->backward) return SV_OK;
  json_t *gradients = json_object();
  json_object_set_new(object, "gradients", gradients);
  for (int i = 0; i < run->in_count; i++) {
    sv_tensor *gradient;
    SV_TRY(cli_run_gradient(run, i, &gradient));
    if (!gradient) continue;
    json_object_set_new(gradients, run->in[i].name, cli_json_tensor(gradient));
    sv_tensor_free(gradient);
  }
  return SV_OK;
}

static int print_all(const form *f, cli_run *run) {
  if (!f->json) return cli_fail(print_text(f, run));
  json_t *object = json_object();
  sv_status status = collect_json(f, run, object);
  if (status == SV_OK) return cli_print_json(object);
  json_decref(object);
  return cli_fail(status);
}

/* ---- The verb ---- */

static int run_form(form *f, const cli_verb *verb, const cli_page *page,
                    int argc, char **argv) {
  int exit_status;
  char **operands;
  if (!cli_parse(page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  cli_begin(verb); /* what follows names the operator itself */
  cli_run run = {0};
  sv_status status = take_all(f, &run);
  exit_status = status == SV_OK ? print_all(f, &run) : cli_fail(status);
  cli_run_free(&run);
  return exit_status;
}

int cmd_op(const cli_verb *verb, int argc, char **argv) {
  const cli_option none[] = {{0}};
  const cli_page page = {verb, 1, 1, none, about, examples};
  char **operands;
  int exit_status;
  if (argc < 2 || argv[1][0] == '-')
    return cli_parse(&page, argc, argv, &operands, NULL, &exit_status)
               ? cli_usage("the operator must come first")
               : exit_status;
  const sv_entry *entry;
  cli_begin(verb);
  sv_status status = sv_registry_require(&entry, argv[1]);
  if (status != SV_OK) return cli_fail(status);
  form *f;
  status = sv_alloc(&f, sizeof *f);
  if (status != SV_OK) return cli_fail(status);
  f->op = entry->op;
  add_ports(f);
  add_attrs(f);
  add_controls(f);
  char name[80], summary[512];
  snprintf(name, sizeof name, "%s %s", verb->name, f->op->name);
  snprintf(summary, sizeof summary, "%s\n", f->op->summary);
  const cli_verb one = {name, "[options]", verb->help, verb->run};
  const cli_page form_page = {&one, 0, 0, f->options, summary, NULL};
  exit_status = run_form(f, verb, &form_page, argc - 1, argv + 1);
  sv_free(f);
  return exit_status;
}
