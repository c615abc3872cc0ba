/* svertka data speed: images/s of the loader, without a network. */
#include <stdio.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/thread.h"
#include "cli/data.h"
#include "data/loader.h"
#include "data/preprocess.h"

static const char about[] =
    "Measures how many images per second are read, decoded, changed by the\n"
    "transforms of --augment and put into batches, as for a training, but "
    "without\n"
    "a network. The rate per core counts the processor time of all threads.\n";

static const char examples[] =
    "svertka data speed photos --size 224 --augment 'random_resized_crop; "
    "flip'\n"
    "svertka data speed photos --size 224 --resize 'crop 0.875' --json\n";

typedef struct speed {
  sv_augment augment;
  sv_ints size;
  const char *resize;
  int batch, loaders, epochs;
  uint64_t seed;
  bool json;
  sv_dataset *dataset;
  sv_preprocess preprocess;
  sv_augment_list list;
  sv_samples samples;
  sv_loader *loader;
  int64_t *order;
  double seconds, processor;
  int64_t images;
} speed;

static sv_status prepare(speed *s, const char *data) {
  SV_TRY(sv_augment_parse(&s->list, &s->augment));
  SV_TRY(sv_dataset_open(&s->dataset, data, SV_SPLIT_TRAIN));
  SV_TRY(sv_augment_check(&s->list, s->dataset));
  SV_TRY(data_preprocess(&s->preprocess, s->dataset, &s->size, s->resize));
  SV_TRY(sv_samples_all(&s->samples, s->dataset));
  SV_TRY(sv_alloc_array(&s->order, (size_t)s->samples.count, sizeof *s->order));
  const sv_loader_setup options = {.dataset = s->dataset,
                                   .preprocess = &s->preprocess,
                                   .batch = s->batch,
                                   .threads = s->loaders,
                                   .augment = &s->list};
  return sv_loader_make(&s->loader, &options);
}

/* Of the whole process, in seconds. */
static double processor_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static sv_status run_epoch(speed *s, int epoch, cli_progress *bar) {
  const sv_loader_change change = {
      .augment = s->list.count > 0 ? &s->list : NULL,
      .key = {s->seed, sv_hash_text("augment"), (uint64_t)epoch}};
  sv_batch b;
  sv_samples_shuffle(&s->samples, s->seed, epoch, s->order);
  SV_TRY(sv_loader_vary(s->loader, &change));
  SV_TRY(sv_loader_start(s->loader, s->order, s->samples.count, 0));
  do {
    SV_TRY(sv_loader_next(s->loader, &b));
    s->images += b.count;
    cli_progress_at(bar, s->images, NULL);
    if (cli_interrupted()) return sv_fail(SV_INTERRUPTED, "stopped");
  } while (b.count > 0);
  return SV_OK;
}

static sv_status run(speed *s, const char *data) {
  cli_progress bar;
  SV_TRY(prepare(s, data));
  cli_catch_interrupt();
  cli_progress_start(&bar, "load", "images", s->epochs * s->samples.count);
  double start = cli_clock(), processor = processor_time();
  sv_status status = SV_OK;
  for (int i = 0; i < s->epochs && status == SV_OK; i++)
    status = run_epoch(s, i, &bar);
  s->seconds = cli_clock() - start;
  s->processor = processor_time() - processor;
  cli_progress_end(&bar);
  return status;
}

static int print(const speed *s) {
  const sv_preprocess *p = &s->preprocess;
  double rate = (double)s->images / s->seconds;
  double core = (double)s->images / s->processor;
  if (s->json)
    return cli_print_json(json_pack(
        "{s:I, s:f, s:f, s:f, s:f}", "images", (json_int_t)s->images, "seconds",
        s->seconds, "processor_seconds", s->processor, "images_per_second",
        rate, "images_per_second_per_core", core));
  char number[CLI_NUMBER_TEXT];
  printf("%s images of %dx%dx%d in %.2f s: %.0f images/s, %.0f per core\n",
         cli_number(s->images, number), p->channels, p->height, p->width,
         s->seconds, rate, core);
  return CLI_DONE;
}

int data_speed(const cli_verb *verb, int argc, char **argv) {
  speed s = {.batch = 64,
             .loaders = SV_LOADER_AUTO,
             .epochs = 1,
             .seed = 1,
             .preprocess = sv_preprocess_default()};
  const cli_option options[] = {
      {"augment", 0, CLI_TEXT, &s.augment.transforms, 0, 0, NULL, "LIST",
       "transforms, as for 'svertka train'"},
      DATA_SIZE_OPTION(&s.size),
      DATA_RESIZE_OPTION(&s.resize),
      {"batch", 'b', CLI_INT, &s.batch, 1, 1e6, NULL, "N", "images per batch"},
      {"loaders", 0, CLI_INT, &s.loaders, 0, 8, NULL, "N",
       "threads that load images; 0: none but the caller's; default: as in a "
       "training"},
      {"epochs", 'e', CLI_INT, &s.epochs, 1, 1e6, NULL, "N",
       "passes over the training images"},
      CLI_SEED_OPTION(&s.seed),
      CLI_JSON_OPTION(&s.json),
      {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  sv_status status = run(&s, operands[0]);
  exit_status = status == SV_OK ? print(&s) : cli_fail(status);
  sv_loader_free(s.loader);
  sv_free(s.order);
  sv_samples_free(&s.samples);
  sv_augment_free(&s.list);
  sv_preprocess_free(&s.preprocess);
  sv_dataset_free(s.dataset);
  return exit_status;
}
