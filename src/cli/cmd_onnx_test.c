/* svertka onnx-test: ONNX's own tests of operators and models. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "onnx/conformance.h"

static const char about[] =
    "Runs tests in the layout of ONNX's backend tests: DIR contains "
    "model.onnx\n"
    "and test_data_set_0 with input_0.pb, ... and output_0.pb, ..., or "
    "folders\n"
    "of such tests, at any depth. A test passes if types and shapes are as\n"
    "expected and each element a is near the expected element b: |a-b| is at "
    "most\n"
    "1e-3 |b| + 1e-7 (ONNX's own tolerance) or 1e-4 max|b|. --json reports\n"
    "max|a-b| / max|b| as `error`. Floating-point types of any width are "
    "computed\n"
    "as f32 and compared by value. What this program does not support is "
    "reported\n"
    "as unsupported, by name, and does not count as a failure.\n";

static const char examples[] =
    "svertka onnx-test /usr/share/libonnx-testdata/data/node\n"
    "svertka onnx-test test_conv_with_strides_padding --backend ref\n";

static const char *const words[SV_OUTCOME_COUNT] = {"pass", "FAIL",
                                                    "unsupported"};
/* As --json has them. */
static const char *const keys[SV_OUTCOME_COUNT] = {"pass", "fail",
                                                   "unsupported"};

typedef struct onnx_test {
  sv_conformance_options options;
  bool json, quiet;
  int counts[SV_OUTCOME_COUNT];
  json_t *list; /* with --json */
} onnx_test;

static void add_row(json_t *list, const sv_conformance_result *r) {
  json_t *row = json_object();
  json_object_set_new(row, "test", cli_json_text(r->path));
  json_object_set_new(row, "result", json_string(keys[r->outcome]));
  if (r->reason[0])
    json_object_set_new(row, "reason", cli_json_text(r->reason));
  if (r->outcome == SV_OUTCOME_PASS)
    json_object_set_new(row, "error", json_real(r->error));
  json_array_append_new(list, row);
}

static sv_status report(void *context, const sv_conformance_result *r) {
  onnx_test *t = context;
  t->counts[r->outcome]++;
  if (t->list) {
    add_row(t->list, r);
    return SV_OK;
  }
  if (t->quiet && r->outcome != SV_OUTCOME_FAIL) return SV_OK;
  const char *color = r->outcome == SV_OUTCOME_FAIL   ? cli_color(1, CLI_RED)
                      : r->outcome == SV_OUTCOME_PASS ? cli_color(1, CLI_GREEN)
                                                      : "";
  printf("%s%-11s%s  %s%s%s\n", color, words[r->outcome],
         *color ? cli_color(1, CLI_PLAIN) : "", r->path,
         r->reason[0] ? ": " : "", r->reason);
  return SV_OK;
}

static int print_totals(onnx_test *t) {
  if (t->json) {
    json_t *result = json_object();
    for (int i = 0; i < SV_OUTCOME_COUNT; i++)
      json_object_set_new(result, keys[i], json_integer(t->counts[i]));
    json_object_set(result, "tests", t->list);
    return cli_print_json(result);
  }
  for (int i = 0; i < SV_OUTCOME_COUNT; i++)
    printf("%s%d %s", i ? ", " : "", t->counts[i], keys[i]);
  putchar('\n');
  return CLI_DONE;
}

static sv_status run_folders(onnx_test *t, char **folders, int count) {
  for (int i = 0; i < count; i++) {
    sv_status status = sv_conformance_run(folders[i], &t->options);
    if (status != SV_OK) return status;
  }
  return SV_OK;
}

int cmd_onnx_test(const cli_verb *verb, int argc, char **argv) {
  onnx_test t = {.options = {.report = report}};
  t.options.context = &t;
  const cli_option options[] = {
      {"quiet", 'q', CLI_FLAG, &t.quiet, 0, 0, NULL, NULL,
       "print only failures and totals"},
      CLI_THREADS_OPTION(&t.options.threads),
      CLI_BACKEND_OPTION(&t.options.backend),
      {"exact", 0, CLI_FLAG, &t.options.exact, 0, 0, NULL, NULL,
       "use only direct algorithms, node by node: without it results may "
       "differ by rounding"},
      {"external-data", 0, CLI_FLAG, &t.options.external_data, 0, 0, NULL, NULL,
       "allow weights in separate files in DIR"},
      CLI_JSON_OPTION(&t.json),
      {0}};
  const cli_page page = {verb, 1, -1, options, about, examples};
  int exit_status, count;
  char **folders;
  if (!cli_parse(&page, argc, argv, &folders, &count, &exit_status))
    return exit_status;
  if (t.json) t.list = json_array();
  sv_status status = run_folders(&t, folders, count);
  exit_status = status == SV_OK ? print_totals(&t) : cli_fail(status);
  json_decref(t.list);
  if (exit_status == CLI_DONE && t.counts[SV_OUTCOME_FAIL])
    exit_status = CLI_FAILED;
  return exit_status;
}
