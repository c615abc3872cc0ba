/* svertka data: data sets are made and shown, each command a row of the
 * table. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/data.h"

/* ---- scenes ---- */

static const char scenes_about[] =
    "Makes a data set for semantic segmentation (fcn, fcn_small, unet): "
    "scenes\n"
    "composed of 1 to --items images of another data set, partly overlapping,\n"
    "with the class of each pixel. Test scenes, a fifth as many, are composed "
    "of\n"
    "test images. OUT becomes a folder with images, labels (PNGs whose pixel\n"
    "values are classes, 0 the background), train.txt, test.txt and "
    "classes.txt.\n";

static const char scenes_examples[] =
    "svertka data scenes scenes\n"
    "svertka data scenes scenes --count 4000 --size 96\n"
    "svertka train fcn_small scenes\n";

static bool on_scene(void *context, int64_t done, int64_t total) {
  (void)total;
  cli_progress_at(context, done, NULL);
  return !cli_interrupted();
}

static sv_status make_scenes(const char *out, const char *data,
                             sv_scenes *scenes) {
  sv_dataset *train, *test = NULL;
  cli_progress bar;
  SV_TRY(sv_dataset_open(&train, data, SV_SPLIT_TRAIN));
  sv_status status = sv_dataset_open(&test, data, SV_SPLIT_TEST);
  scenes->report = on_scene;
  scenes->context = &bar;
  cli_catch_interrupt();
  cli_progress_start(&bar, "scenes", "scenes",
                     scenes->count + scenes->count / 5);
  if (status == SV_OK) status = sv_scenes_write(out, train, test, scenes);
  cli_progress_end(&bar);
  sv_dataset_free(train);
  sv_dataset_free(test);
  return status;
}

static int run_scenes(const cli_verb *verb, int argc, char **argv) {
  sv_scenes scenes = sv_scenes_default();
  const char *data = "fashion-mnist";
  const cli_option options[] = {
      {"data", 'd', CLI_TEXT, &data, 0, 0, NULL, "DATA",
       "the data set whose images are used"},
      {"count", 'n', CLI_LONG, &scenes.count, 1, 1e7, NULL, "N",
       "number of training scenes"},
      {"size", 0, CLI_INT, &scenes.size, 8, 4096, NULL, "S",
       "height and width in pixels"},
      {"items", 0, CLI_INT, &scenes.items, 1, 64, NULL, "N",
       "maximum number of images in a scene"},
      {"black", 0, CLI_FLAG, &scenes.black, 0, 0, NULL, NULL,
       "a black background, no textures"},
      CLI_SEED_OPTION(&scenes.seed),
      {0}};
  const cli_page page = {verb, 1, 1, options, scenes_about, scenes_examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  return cli_fail(make_scenes(operands[0], data, &scenes));
}

/* ---- The verb ---- */

static const cli_verb ways[] = {
    {"data check", "DATA [options]",
     "read everything, count it, find what is damaged or twice", data_check},
    {"data scenes", "OUT [options]",
     "compose images into scenes for semantic segmentation", run_scenes},
    {"data show", "DATA --out FILE [options]",
     "draw images as the network sees them", data_show},
    {"data speed", "DATA [options]", "images/s that the loader reads",
     data_speed},
    {"data transforms", "[NAME] [options]",
     "the transforms that change training images", data_transforms},
};
enum { WAYS = sizeof ways / sizeof ways[0], OWN = sizeof "data" };

static int print_help(const cli_verb *verb) {
  printf(
      "Usage: svertka %s %s\n"
      "\n"
      "Checks, makes and shows data sets.\n"
      "\n",
      verb->name, verb->usage);
  for (int i = 0; i < WAYS; i++)
    printf("  %-11s %s\n", ways[i].name + OWN, ways[i].help);
  printf("\n'svertka data COMMAND --help' explains a command.\n");
  return CLI_DONE;
}

/* "expected one of: scenes, ..." */
static int refuse(const char *name) {
  const char *names[WAYS + 1] = {NULL}, *near = NULL;
  sv_text list = {0};
  for (int i = 0; i < WAYS; i++) {
    names[i] = ways[i].name + OWN;
    sv_text_add(&list, "%s%s", i ? ", " : "", names[i]);
  }
  if (name) near = cli_nearest(name, names);
  int exit_status =
      !name  ? cli_usage("no command given; expected one of: %s", list.at)
      : near ? cli_usage("unknown command '%s'; did you mean '%s'?", name, near)
             : cli_usage("unknown command '%s'; expected one of: %s", name,
                         list.at);
  sv_text_clear(&list);
  return exit_status;
}

int cmd_data(const cli_verb *verb, int argc, char **argv) {
  cli_begin(verb);
  if (argc < 2) return refuse(NULL);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
    return print_help(verb);
  if (argv[1][0] == '-') return cli_usage("unknown option %s", argv[1]);
  for (int i = 0; i < WAYS; i++)
    if (strcmp(argv[1], ways[i].name + OWN) == 0)
      return ways[i].run(&ways[i], argc - 1, argv + 1);
  return refuse(argv[1]);
}
