/* svertka units: dead and saturated units, and what a shift leaves unchanged.
 */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/cli.h"

static const char about[] =
    "Runs images of DATA through MODEL and analyses the outputs of its layers. "
    "A\n"
    "unit is a channel, or a neuron in layers without maps.\n"
    "  off        share of the outputs that let no gradient through: 0 after\n"
    "             relu, beyond 0.95 of saturation after sigmoid, tanh and\n"
    "             similar functions\n"
    "  dead       units that are off at every position of every image\n"
    "  unchanged  with --shift: share of the outputs that hardly change when\n"
    "             the image is shifted: |y' - y| <= T max(|y|, |y'|).\n"
    "             Outputs that are 0 before and after do not count\n";

static const char examples[] =
    "svertka units runs/demo/model.onnx fashion-mnist\n"
    "svertka units model.onnx fashion-mnist --shift 1 --json\n";

typedef struct units {
  sv_units_options options;
  int split;
  cli_reading reading;
  cli_image image;
  bool json;
  sv_model *model;
  sv_dataset *dataset;
  sv_units found;
  cli_progress bar;
} units;

static bool on_progress(void *context, int64_t done, int64_t total) {
  units *u = context;
  if (done <= u->options.batch)
    cli_progress_start(&u->bar, "units", "images", total);
  cli_progress_at(&u->bar, done, NULL);
  return !cli_interrupted();
}

static sv_status measure(units *u, const char *model, const char *data) {
  SV_TRY(cli_model_of_images(&u->model, model, &u->reading, &u->image));
  SV_TRY(sv_dataset_open(&u->dataset, data, (sv_split)u->split));
  u->options.report = on_progress;
  u->options.context = u;
  cli_catch_interrupt();
  sv_status status =
      sv_units_measure(&u->found, u->model, u->dataset, &u->options);
  cli_progress_end(&u->bar);
  return status;
}

static int print_json(const units *u) {
  json_t *layers = json_array();
  for (int i = 0; i < u->found.count; i++) {
    const sv_units_row *r = &u->found.rows[i];
    json_t *row = json_pack("{s:o, s:s, s:I}", "name", cli_json_text(r->name),
                            "operator", r->op, "units", (json_int_t)r->units);
    if (r->saturates) {
      json_object_set_new(row, "off", cli_json_number(r->off));
      json_object_set_new(row, "dead", json_integer(r->dead));
    }
    if (u->options.shift)
      json_object_set_new(row, "unchanged", cli_json_number(r->unchanged));
    json_array_append_new(layers, row);
  }
  json_t *all = json_pack("{s:I, s:o}", "samples", (json_int_t)u->found.samples,
                          "layers", layers);
  if (u->options.shift) {
    json_object_set_new(all, "shift", json_integer(u->options.shift));
    json_object_set_new(all, "tolerance", json_real(u->options.tolerance));
    json_object_set_new(all, "same_class",
                        cli_json_number(u->found.same_class));
  }
  return cli_print_json(all);
}

static void add_row(cli_table *t, const units *u, const sv_units_row *r) {
  char number[CLI_NUMBER_TEXT];
  cli_cell(t, "%s", r->name);
  cli_cell(t, "%s", r->op);
  cli_cell(t, "%s", cli_number(r->units, number));
  if (u->options.shift) {
    cli_cell(t, "%.1f%%", 100 * r->unchanged);
  } else {
    cli_cell(t, "%.1f%%", 100 * r->off);
    cli_cell(t, "%s", cli_number(r->dead, number));
    cli_cell(t, "%.1f%%",
             r->units ? 100 * (double)r->dead / (double)r->units : 0);
  }
}

static int print_result(const units *u) {
  char number[CLI_NUMBER_TEXT];
  int shift = u->options.shift;
  if (u->json) return print_json(u);
  cli_table *t = cli_table_new(shift ? "Layer|<Operator|Units|Unchanged"
                                     : "Layer|<Operator|Units|Off|Dead|%");
  int shown = 0;
  for (int i = 0; i < u->found.count; i++) {
    if (!shift && !u->found.rows[i].saturates) continue;
    add_row(t, u, &u->found.rows[i]);
    shown++;
  }
  cli_table_print(t);
  printf("\n%s images", cli_number(u->found.samples, number));
  if (shift)
    printf(
        ", shifted by %d pixel%s to the %s: %.1f%% keep their predicted class",
        shift < 0 ? -shift : shift, shift == 1 || shift == -1 ? "" : "s",
        shift < 0 ? "left" : "right", 100 * u->found.same_class);
  else if (!shown)
    printf("; no layer saturates");
  putchar('\n');
  return CLI_DONE;
}

int cmd_units(const cli_verb *verb, int argc, char **argv) {
  static const char *const splits[] = {"train", "test", NULL};
  units u = {.options = sv_units_default(), .split = SV_SPLIT_TEST};
  sv_units_options *o = &u.options;
  const cli_option options[] = {
      {"samples", 'n', CLI_INT, &o->samples, 0, 1e9, NULL, "N",
       "number of images to use, drawn from each class in proportion; 0: all"},
      {"shift", 0, CLI_INT, &o->shift, -65535, 65535, NULL, "PIXELS",
       "compare with the images shifted to the right (negative: to the left)"},
      {"tolerance", 0, CLI_REAL, &o->tolerance, 0, 1, NULL, "T",
       "tolerance T for unchanged outputs"},
      {"split", 's', CLI_CHOICE, &u.split, 0, 0, splits, "PART",
       "which images of DATA to use"},
      {"batch", 'b', CLI_INT, &o->batch, 1, 1e6, NULL, "N", "images per batch"},
      CLI_SEED_OPTION(&o->seed),
      CLI_THREADS_OPTION(&o->threads),
      CLI_BACKEND_OPTION(&o->backend),
      CLI_IMAGE_OPTIONS(&u.image),
      CLI_EXTERNAL_OPTION(&u.reading.external),
      CLI_RANDOM_OPTION(&u.reading.random),
      CLI_JSON_OPTION(&u.json),
      {0}};
  const cli_page page = {verb, 2, 2, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  if (!o->shift && o->tolerance != sv_units_default().tolerance)
    return cli_usage("--tolerance needs --shift");
  sv_status status = measure(&u, operands[0], operands[1]);
  exit_status = status == SV_OK ? print_result(&u) : cli_fail(status);
  sv_units_free(&u.found);
  sv_dataset_free(u.dataset);
  sv_model_free(u.model);
  return exit_status;
}
