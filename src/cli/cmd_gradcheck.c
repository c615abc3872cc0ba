/* svertka gradcheck: analytic against numeric gradients of a network. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "train/gradcheck.h"

static const char about[] =
    "Changes elements of each parameter and of the input by a small step in "
    "both\n"
    "directions, in double precision, and compares the change of the loss "
    "with\n"
    "the gradient of the backward pass:\n"
    "  error = max |analytic - numeric| / max |numeric|\n"
    "The difference of two losses is exact to about 1e-10 only; where all\n"
    "gradients of a tensor are below 1e-4, the error is divided by 1e-4 "
    "instead.\n"
    "If a ReLU or a maximum switches between the two sides, the two gradients\n"
    "differ although both are right; a smaller step or another seed shows "
    "this.\n"
    "The exit status is 1 if an error exceeds the tolerance.\n";

static const char examples[] =
    "svertka gradcheck lenet5\n"
    "svertka gradcheck 'input 2x9x9; conv 4 3x3; tanh; flatten; linear 5'\n";

typedef struct check {
  sv_gradcheck_options options;
  double tolerance;
  bool json, external;
  const char *output;
  sv_model *model;
  sv_gradcheck_row *rows; /* with names of the model's */
  int count;
} check;

static bool passes(const check *c, const sv_gradcheck_row *row) {
  return row->error <= c->tolerance;
}

static const sv_gradcheck_row *worst_row(const check *c) {
  const sv_gradcheck_row *worst = &c->rows[0]; /* of the input */
  for (int i = 1; i < c->count; i++)
    if (c->rows[i].error > worst->error) worst = &c->rows[i];
  return worst;
}

static double worst(const check *c) { return worst_row(c)->error; }

/* As behind units that are all dead. */
static bool is_flat(const check *c) {
  for (int i = 0; i < c->count; i++)
    if (c->rows[i].greatest > 0) return false;
  return true;
}

static int print_json(const check *c) {
  json_t *rows = json_array();
  for (int i = 0; i < c->count; i++) {
    const sv_gradcheck_row *r = &c->rows[i];
    json_array_append_new(
        rows, json_pack("{s:o, s:I, s:I, s:o, s:o, s:b}", "name",
                        cli_json_text(r->name), "numbers", (json_int_t)r->count,
                        "moved", (json_int_t)r->moved, "error",
                        cli_json_number(r->error), "gradient",
                        cli_json_number(r->greatest), "pass", passes(c, r)));
  }
  return cli_print_json(json_pack(
      "{s:o, s:f, s:b, s:o}", "worst", cli_json_number(worst(c)), "tolerance",
      c->tolerance, "pass", worst(c) <= c->tolerance, "tensors", rows));
}

static int print_table(const check *c) {
  char number[CLI_NUMBER_TEXT];
  cli_table *t = cli_table_new("Tensor|Numbers|Moved|Gradient|Error|<");
  for (int i = 0; i < c->count; i++) {
    const sv_gradcheck_row *r = &c->rows[i];
    cli_cell(t, "%.60s", r->name);
    cli_cell(t, "%s", cli_number(r->count, number));
    cli_cell(t, "%s", cli_number(r->moved, number));
    cli_cell(t, "%.2e", r->greatest);
    cli_cell(t, "%.1e", r->error);
    cli_cell(t, "%s", passes(c, r) ? "" : "FAIL");
  }
  cli_table_print(t);
  printf("\nworst error %.1e, tolerance %.1e\n", worst(c), c->tolerance);
  return CLI_DONE;
}

static sv_status run(check *c, const char *network, const sv_ints *image) {
  if (image->count) c->options.image = image->at;
  const cli_reading reading = {.seed = c->options.seed,
                               .external = c->external};
  sv_status status = cli_model(&c->model, network, &reading);
  if (status == SV_OK) status = cli_set_output(c->model, c->output);
  if (status == SV_OK) status = cli_fit_image(sv_model_graph(c->model), image);
  if (status == SV_OK)
    status = cli_blame(sv_gradcheck(&c->rows, &c->count, c->model, &c->options),
                       network);
  if (status != SV_OK) cli_fail(status);
  int printed = CLI_DONE;
  if (status == SV_OK) printed = c->json ? print_json(c) : print_table(c);
  return printed == CLI_DONE ? status : SV_IO;
}

int cmd_gradcheck(const cli_verb *verb, int argc, char **argv) {
  check c = {.options = {.batch = 4, .samples = 20, .step = 1e-5, .seed = 1},
             .tolerance = 1e-6};
  sv_ints image = {0};
  const cli_option options[] = {
      {"batch", 'b', CLI_LONG, &c.options.batch, 1, 1 << 20, NULL, "N",
       "random images per batch"},
      {"samples", 'n', CLI_LONG, &c.options.samples, 1, 1e12, NULL, "N",
       "elements of each tensor to check"},
      {"step", 0, CLI_REAL, &c.options.step, 1e-12, 1, NULL, "H", "step size"},
      {"tolerance", 0, CLI_REAL, &c.tolerance, 0, 1, NULL, "E",
       "maximum error that passes"},
      {"image", 0, CLI_SIZE, &image, 1, 1 << 24, NULL, "CxHxW",
       "image size, if the network leaves it free"},
      CLI_OUTPUT_OPTION(&c.output),
      CLI_SEED_OPTION(&c.options.seed),
      CLI_THREADS_OPTION(&c.options.threads),
      CLI_EXTERNAL_OPTION(&c.external),
      CLI_JSON_OPTION(&c.json),
      {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  sv_status status = run(&c, operands[0], &image);
  exit_status = status == SV_OK        ? CLI_DONE
                : status == SV_INVALID ? CLI_USAGE
                                       : CLI_FAILED;
  if (status == SV_OK && is_flat(&c))
    cli_say(
        "all gradients are 0, so nothing was checked: the loss does not depend "
        "on the input or the parameters");
  if (status == SV_OK && !passes(&c, worst_row(&c))) {
    cli_say("the gradient of '%.80s' is off by %.1e", worst_row(&c)->name,
            worst(&c));
    exit_status = CLI_FAILED;
  }
  sv_free(c.rows);
  sv_model_free(c.model);
  return exit_status;
}
