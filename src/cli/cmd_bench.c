/* svertka bench: how fast a network runs and trains on this machine. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "cli/cli.h"
#include "task/head.h"
#include "train/runner.h"

static const char about[] =
    "Measures the speed of inference and of full training steps (forward,\n"
    "backward, SGD with momentum and weight decay) on random images in "
    "memory.\n"
    "Reported is the median time of a step, after some steps to warm up the\n"
    "caches. At least five steps are timed, unless they would take more than "
    "ten\n"
    "times as long as --seconds.\n";

static const char examples[] =
    "svertka bench lenet5 --batch 64\n"
    "svertka bench lenet5 --batch 64 --train --json\n";

enum {
  DEFAULT_BATCH = 64,
  IMAGE_SETS = 8, /* batches in memory, taken in turn */
  MOST_STEPS = 10000000
};

typedef struct bench {
  sv_plan_options plan;
  cli_tuning tuning;
  int64_t batch; /* as given; 0: not given */
  int64_t steps; /* 0: as many as take `seconds` */
  double seconds;
  bool train, infer, json, explain, external;
  const char *output;
  sv_ints image;
  sv_model *model;
  sv_graph *own;         /* with a loss, where the model has none */
  const sv_graph *graph; /* that is trained */
  sv_preprocess size;
  int classes;
  float *pixels;
  int64_t *labels;
  size_t sample; /* floats of one image */
  size_t places; /* labels of one image */
} bench;

typedef struct figures {
  double milliseconds, images_per_second; /* by the median step */
  double fastest, slowest;                /* of the steps, milliseconds */
  int64_t steps;
} figures;

/* ---- Random images ---- */

static sv_status find_size(bench *b) {
  const sv_value input = sv_graph_image_input(b->graph);
  const sv_shape shape = sv_graph_describe(b->graph, input).shape;
  if (!input.id || shape.rank != 4)
    return sv_fail(
        SV_INVALID,
        "network '%s' does not have exactly one input of N x C x H x W",
        sv_graph_name(b->graph));
  SV_TRY(cli_fit_image(b->graph, &b->image));
  int *const dims[] = {&b->size.channels, &b->size.height, &b->size.width};
  for (int d = 0; d < 3; d++)
    *dims[d] = (int)(b->image.count ? b->image.at[d] : shape.dim[d + 1]);
  b->sample =
      (size_t)b->size.channels * (size_t)b->size.height * (size_t)b->size.width;
  return SV_OK;
}

static sv_status draw_images(bench *b) {
  size_t count = (size_t)b->plan.batch * IMAGE_SETS, floats;
  if (sv_mul_overflows(count, b->sample, &floats)) floats = SIZE_MAX / 4;
  sv_random pixels = {b->plan.seed, sv_hash_text("pixels"), 0};
  sv_random labels = {b->plan.seed, sv_hash_text("labels"), 0};
  SV_TRY(sv_alloc_array(&b->pixels, floats, sizeof *b->pixels));
  SV_TRY(sv_alloc_array(&b->labels, count, b->places * sizeof *b->labels));
  for (size_t i = 0; i < floats; i++)
    b->pixels[i] = (float)(2 * sv_random_uniform(&pixels, i) - 1);
  for (size_t i = 0; i < count * b->places; i++)
    b->labels[i] = (int64_t)sv_random_below(&labels, i, (uint64_t)b->classes);
  return SV_OK;
}

static sv_batch batch_of(const bench *b, int64_t step) {
  int64_t first = step % IMAGE_SETS * b->plan.batch;
  return (sv_batch){.count = b->plan.batch,
                    .pixels = b->pixels + (size_t)first * b->sample,
                    .labels = b->labels + (size_t)first * b->places};
}

/* ---- Steps ---- */

typedef struct stepper {
  const bench *bench;
  sv_runner runner;
  sv_optimiser *optimiser; /* NULL: inference */
} stepper;

static sv_status step_once(stepper *s, int64_t step) {
  sv_plan *plan;
  sv_tensor scores;
  double loss;
  sv_batch batch = batch_of(s->bench, step);
  SV_TRY(sv_runner_forward(&s->runner, &batch, step, &plan, &scores));
  if (!s->optimiser) return SV_OK;
  SV_TRY(sv_runner_loss(&s->runner, plan, &loss));
  SV_TRY(sv_plan_backward(plan));
  return sv_optimiser_step(s->optimiser, plan, step, 1e-3);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void summarise(const bench *b, double *times, int64_t count,
                      figures *f) {
  qsort(times, (size_t)count, sizeof *times, by_size);
  double median = count % 2 ? times[count / 2]
                            : (times[count / 2 - 1] + times[count / 2]) / 2;
  *f = (figures){.milliseconds = 1e3 * median,
                 .images_per_second = (double)b->plan.batch / median,
                 .fastest = 1e3 * times[0],
                 .slowest = 1e3 * times[count - 1],
                 .steps = count};
}

/* Warming up takes a tenth of the time and three steps at least, one if those
 * are slow. */
static bool is_cold(const bench *b, int64_t warm, double took) {
  if (b->steps && warm >= 3 && warm * 10 >= b->steps) return false;
  return warm == 0 || took < b->seconds / 10 || (warm < 3 && took < b->seconds);
}

/* Five steps at least, fewer if those take ten times as long as was asked. */
static bool wants_more(const bench *b, int64_t count, double took) {
  if (count >= MOST_STEPS) return false;
  if (b->steps) return count < b->steps;
  return count == 0 || took < b->seconds ||
         (count < 5 && took < 10 * b->seconds);
}

/* Where time decides how many steps there are, the bar's end is a guess. */
static void show_step(const bench *b, cli_progress *bar, int64_t count,
                      double took) {
  double guess = ceil(count * b->seconds / took);
  double least = ceil(10 * count * b->seconds / took);
  if (guess < 5) guess = least < 5 ? least : 5;
  if (!b->steps) bar->total = (int64_t)fmin(guess, MOST_STEPS);
  if (bar->total < count) bar->total = count;
  cli_progress_at(bar, count, NULL);
}

/* The bar stands still meanwhile, and its clock begins behind this. */
static sv_status warm_up(stepper *s, cli_progress *bar, int64_t *warm) {
  double start = cli_clock();
  if (bar->terminal) bar->shown = 0;
  while (!cli_interrupted() && is_cold(s->bench, *warm, cli_clock() - start)) {
    cli_progress_at(bar, 0, "warming up");
    SV_TRY(step_once(s, (*warm)++));
  }
  bar->started = cli_clock();
  return SV_OK;
}

static sv_status time_steps(stepper *s, const char *label, figures *f) {
  const bench *b = s->bench;
  double *times = NULL;
  int64_t warm = 0, count = 0;
  int capacity = 0;
  cli_progress bar;
  cli_progress_start(&bar, label, "steps", b->steps ? b->steps : 5);
  sv_status status = warm_up(s, &bar, &warm);
  double start = cli_clock();
  while (status == SV_OK && !cli_interrupted() &&
         wants_more(b, count, cli_clock() - start)) {
    status = sv_grow(&times, (int)count, &capacity, sizeof *times);
    if (status != SV_OK) break;
    double before = cli_clock();
    status = step_once(s, warm + count);
    times[count++] = cli_clock() - before;
    show_step(b, &bar, count, cli_clock() - start);
  }
  cli_progress_end(&bar);
  if (status == SV_OK && count == 0)
    status = sv_fail(SV_INTERRUPTED, "stopped before the first step");
  if (status == SV_OK) summarise(b, times, count, f);
  sv_free(times);
  return status;
}

/* ---- The two modes ---- */

static const char *const modes[] = {
    [SV_INFER] = "inference", [SV_TRAIN] = "training"};

static sv_status measure(const bench *b, sv_mode mode, figures *f) {
  stepper s = {.bench = b};
  sv_plan_options options = b->plan;
  options.mode = mode;
  const sv_graph *graph =
      mode == SV_TRAIN ? b->graph : sv_model_graph(b->model);
  sv_state *state = sv_model_state(b->model);
  sv_status status = sv_runner_new(&s.runner, graph, state, &b->size, &options);
  const sv_optimiser_options sgd = {.size = sizeof(sv_optimiser_options),
                                    .momentum = 0.9,
                                    .weight_decay = 5e-4};
  if (status == SV_OK && mode == SV_TRAIN)
    status = sv_optimiser_new(&s.optimiser, state, &sgd);
  if (status == SV_OK && b->explain) {
    char *text;
    status = sv_plan_explain(s.runner.plans[0], &text);
    if (status == SV_OK) cli_print_lines(text);
    if (status == SV_OK) sv_plan_text_free(text);
  } else if (status == SV_OK) {
    status = time_steps(&s, modes[mode], f);
  }
  sv_optimiser_free(s.optimiser);
  sv_runner_free(&s.runner);
  return status;
}

/* The scores are the network's own number of classes. */
static sv_status count_classes(bench *b) {
  sv_runner runner;
  sv_plan_options options = b->plan;
  options.batch = 1;
  options.choices = NULL;
  options.tune = false;
  SV_TRY(sv_runner_new(&runner, b->graph, sv_model_state(b->model), &b->size,
                       &options));
  sv_status status = sv_runner_classes(&runner, &b->classes);
  b->places =
      runner.of_pixels ? (size_t)b->size.height * (size_t)b->size.width : 1;
  sv_runner_free(&runner);
  return status;
}

static sv_status prepare(bench *b, const char *network) {
  const cli_reading reading = {.seed = b->plan.seed, .external = b->external};
  SV_TRY(cli_model(&b->model, network, &reading));
  SV_TRY(cli_set_output(b->model, b->output));
  b->graph = sv_model_graph(b->model);
  b->size = sv_preprocess_default();
  sv_scores scores;
  SV_TRY(sv_head_any_scores(&scores, b->graph, sv_model_state(b->model)));
  b->size.scores = scores.kind;
  if (b->train && !sv_head_has_loss(b->graph)) {
    SV_TRY(sv_head_attach(&b->own, b->graph, &scores,
                          sv_head_is_of_pixels(b->graph)));
    b->graph = b->own;
  }
  int64_t fixed = sv_runner_fixed(b->graph);
  if (fixed && b->batch && b->batch != fixed)
    return sv_fail(
        SV_INVALID,
        "%s: the network's batch is fixed at %lld, --batch %lld given", network,
        (long long)fixed, (long long)b->batch);
  b->plan.batch = fixed ? fixed : b->batch ? b->batch : DEFAULT_BATCH;
  SV_TRY(find_size(b));
  SV_TRY(cli_blame(count_classes(b), network));
  return draw_images(b);
}

/* ---- Results ---- */

static json_t *json_figures(const figures *f) {
  return json_pack("{s:f, s:f, s:f, s:f, s:I}", "images_per_second",
                   f->images_per_second, "milliseconds", f->milliseconds,
                   "fastest", f->fastest, "slowest", f->slowest, "steps",
                   (json_int_t)f->steps);
}

/* The figures of one mode stand at the top; those of inference if both were
 * measured, and then both under their names too. */
static int print_json(const bench *b, const figures f[2]) {
  json_t *object = json_figures(&f[b->infer ? SV_INFER : SV_TRAIN]);
  json_object_set_new(object, "batch", json_integer(b->plan.batch));
  if (b->infer)
    json_object_set_new(object, "inference", json_figures(&f[SV_INFER]));
  if (b->train)
    json_object_set_new(object, "training", json_figures(&f[SV_TRAIN]));
  return cli_print_json(object);
}

static int print_table(const bench *b, const figures f[2]) {
  /* In this order they go where a terminal is too narrow. */
  enum { BATCH = 1, FASTEST = 4, SLOWEST, STEPS };
  static const int narrow[] = {BATCH, SLOWEST, FASTEST, STEPS, -1};
  const bool wanted[] = {[SV_INFER] = b->infer, [SV_TRAIN] = b->train};
  cli_table *t =
      cli_table_new("|Batch|Images/s|Milliseconds|Fastest|Slowest|Steps");
  for (int i = 0; i < 2; i++) {
    if (!wanted[i]) continue;
    char number[CLI_NUMBER_TEXT];
    cli_cell(t, "%s", modes[i]);
    cli_cell(t, "%lld", (long long)b->plan.batch);
    cli_cell(t, f[i].images_per_second < 100 ? "%.2f" : "%.0f",
             f[i].images_per_second);
    cli_cell(t, "%.3f", f[i].milliseconds);
    cli_cell(t, "%.3f", f[i].fastest);
    cli_cell(t, "%.3f", f[i].slowest);
    cli_cell(t, "%s", cli_number(f[i].steps, number));
  }
  cli_table_fit(t, cli_width(1), narrow, "--json has them");
  cli_table_print(t);
  return CLI_DONE;
}

static sv_status run(bench *b, const char *network, figures f[2]) {
  if (!b->train && !b->infer) b->train = b->infer = true;
  cli_catch_interrupt();
  SV_TRY(prepare(b, network));
  SV_TRY(cli_tune_begin(&b->tuning));
  b->plan.choices = b->tuning.choices;
  b->plan.tune = b->tuning.tune;
  if (b->infer) SV_TRY(measure(b, SV_INFER, &f[SV_INFER]));
  return b->train ? measure(b, SV_TRAIN, &f[SV_TRAIN]) : SV_OK;
}

int cmd_bench(const cli_verb *verb, int argc, char **argv) {
  bench b = {.plan = sv_plan_default(), .seconds = 3};
  b.plan.seed = 1;
  const cli_option options[] = {
      {"batch", 'b', CLI_LONG, &b.batch, 0, 1 << 20, NULL, "N",
       "images per step; 0: the network's fixed batch, or else 64"},
      {"train", 0, CLI_FLAG, &b.train, 0, 0, NULL, NULL,
       "measure only training"},
      {"infer", 0, CLI_FLAG, &b.infer, 0, 0, NULL, NULL,
       "measure only inference"},
      {"steps", 'n', CLI_LONG, &b.steps, 0, 1e7, NULL, "N",
       "number of steps to time; 0: as many as fit into --seconds"},
      {"seconds", 0, CLI_REAL, &b.seconds, 0, 1e5, NULL, "S",
       "duration of each measurement"},
      {"image", 0, CLI_SIZE, &b.image, 1, 1 << 24, NULL, "CxHxW",
       "image size, if the network leaves it free"},
      {"exact", 0, CLI_FLAG, &b.plan.exact, 0, 0, NULL, NULL,
       "use only direct algorithms, node by node: without it results may "
       "differ by rounding"},
      {"explain-plan", 0, CLI_FLAG, &b.explain, 0, 0, NULL, NULL,
       "print kernels, layouts and memory instead of measuring"},
      CLI_TUNE_OPTION(&b.tuning.tune),
      CLI_SEED_OPTION(&b.plan.seed),
      CLI_THREADS_OPTION(&b.plan.threads),
      CLI_BACKEND_OPTION(&b.plan.backend),
      CLI_OUTPUT_OPTION(&b.output),
      CLI_EXTERNAL_OPTION(&b.external),
      CLI_JSON_OPTION(&b.json),
      {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  figures f[2] = {{0}};
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  if (b.explain && b.json) return cli_usage("--explain-plan excludes --json");
  sv_status status = run(&b, operands[0], f);
  exit_status = cli_fail(status);
  if (status == SV_OK && !b.explain)
    exit_status = b.json ? print_json(&b, f) : print_table(&b, f);
  cli_tune_end(&b.tuning);
  sv_free(b.pixels);
  sv_free(b.labels);
  sv_graph_free(b.own);
  sv_model_free(b.model);
  return exit_status;
}
