/* Shared by the commands of the program: options from a table, models from
 * text, tables and progress on the terminal, JSON, exit statuses.
 *
 * Results go to stdout, everything else to stderr. Exit status 0: success; 1:
 * the command failed; 2: wrong usage. A command is a function
 *
 *     int cmd_train(const cli_verb *verb, int argc, char **argv)
 *
 * that fills its options with defaults, lists them in a table, and calls
 * cli_parse:
 *
 *     sv_fit_options fit = sv_fit_default();
 *     bool json = false;
 *     const cli_option options[] = {
 *         {"epochs", 'e', CLI_LONG, &fit.epochs, 1, 1e6, NULL, "N",
 *          "passes over the training set"},
 *         CLI_SEED_OPTION(&fit.seed), CLI_JSON_OPTION(&json), {0}};
 *     const cli_page page = {verb, 2, 2, options, ABOUT, EXAMPLES};
 *     int exit_status;
 *     char **operands;
 *     if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
 *       return exit_status; */
#ifndef SV_CLI_CLI_H
#define SV_CLI_CLI_H

#include <jansson.h>
#include <svertka/svertka.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* ---- Verbs and options ---- */

typedef struct cli_verb {
  const char *name;
  const char *usage; /* what follows the name: "MODEL DATA [options]" */
  const char *help;  /* one line */
  int (*run)(const struct cli_verb *verb, int argc, char **argv);
} cli_verb;

typedef enum cli_type {
  CLI_FLAG,   /* bool; takes no argument, sets true */
  CLI_INT,    /* int */
  CLI_LONG,   /* int64_t */
  CLI_SEED,   /* uint64_t */
  CLI_FLOAT,  /* float */
  CLI_REAL,   /* double */
  CLI_TEXT,   /* const char *; NULL: not given */
  CLI_TEXTS,  /* cli_texts; may be given `max` times */
  CLI_CHOICE, /* int, an index into `choices` */
  CLI_SIZE    /* sv_ints: "28", "28x28", "1x28x28" */
} cli_type;

enum { CLI_MOST_TEXTS = 16 };
typedef struct cli_texts {
  int count;
  const char *at[CLI_MOST_TEXTS];
} cli_texts;

/* `target` holds the default, which --help prints. NULL strings, empty sizes
 * and values outside min..max mean "no default". */
typedef struct cli_option {
  const char *name; /* "epochs", given as --epochs 3 or --epochs=3 */
  char letter;      /* -e; 0: none */
  cli_type type;
  void *target;
  double min, max;            /* of numbers; both 0: unbounded */
  const char *const *choices; /* valid words; ends with NULL */
  const char *argument;       /* name of the argument in --help: "N", "FILE" */
  const char *help;
} cli_option;

/* Options of several commands. */
#define CLI_THREADS_OPTION(target)                                        \
  {                                                                       \
    "threads", 0, CLI_INT, target, 0, 1024, NULL, "N",                    \
        "compute threads; 0: all processors, or OMP_NUM_THREADS if fewer" \
  }
#define CLI_TUNE_OPTION(target)                                              \
  {                                                                          \
    "tune", 0, CLI_FLAG, target, 0, 0, NULL, NULL,                           \
        "time the available kernels of each layer and use the fastest; the " \
        "results are kept in ~/.cache/svertka"                               \
  }
#define CLI_SEED_OPTION(target)                                 \
  {                                                             \
    "seed", 0, CLI_SEED, target, 0, 0, NULL, "S",               \
        "random seed; the same seed reproduces the run exactly" \
  }
#define CLI_BACKEND_OPTION(target)                                           \
  {                                                                          \
    "backend", 0, CLI_TEXT, target, 0, 0, NULL, "B",                         \
        "use only this backend and the reference, ref; 'svertka ops' lists " \
        "the backends"                                                       \
  }
#define CLI_JSON_OPTION(target) \
  { "json", 0, CLI_FLAG, target, 0, 0, NULL, NULL, "print the result as JSON" }
#define CLI_RANDOM_OPTION(target)                                \
  {                                                              \
    "random-weights", 0, CLI_FLAG, target, 0, 0, NULL, NULL,     \
        "also run a MODEL whose weights are random, not trained" \
  }
#define CLI_EXTERNAL_OPTION(target)                                \
  {                                                                \
    "external-data", 0, CLI_FLAG, target, 0, 0, NULL, NULL,        \
        "allow weights in separate files below the model's folder" \
  }

typedef struct cli_page {
  const cli_verb *verb;
  int least, most;           /* number of operands; most < 0: unlimited */
  const cli_option *options; /* ends in {0} */
  const char *about;         /* lines, each ending in \n */
  const char *examples;      /* command lines, each ending in \n; or NULL */
} cli_page;

/* Parses argv (argv[0] is the command). On false the command returns
 * *exit_status: --help was printed, or an error message of one line. Otherwise
 * *operands points to the arguments that are not options, *count of them (may
 * be NULL). */
bool cli_parse(const cli_page *page, int argc, char **argv, char ***operands,
               int *count, int *exit_status);

/* What cli_parse prints for --help and --version. */
void cli_print_help(const cli_page *page);
void cli_print_version(void);
/* True if value is within the bounds of the option. A default outside means "no
 * default". */
bool cli_in_bounds(const cli_option *o, double value);

/* Sets the command named in messages; cli_parse calls it. */
void cli_begin(const cli_verb *verb);

/* Prints "svertka VERB: message" on stderr. Returns the exit status: CLI_USAGE
 * for SV_INVALID, CLI_FAILED for other errors. For SV_OK it prints nothing and
 * returns CLI_DONE. */
int cli_fail(sv_status status);

/* The same with a message of the command; refers to --help and returns
 * CLI_USAGE. */
int cli_usage(const char *format, ...) SV_PRINTF(1, 2);

/* --tune: set `tune`, then begin; `choices` is for sv_plan_options and is freed
 * by the end, which keeps new results. A cache that cannot be read or written
 * is reported, and no error. */
typedef struct cli_tuning {
  bool tune;
  sv_choices *choices; /* NULL without --tune */
  char *path;
  int known;
} cli_tuning;
sv_status cli_tune_begin(cli_tuning *tuning) SV_CHECKED;
void cli_tune_end(cli_tuning *tuning);

/* Prints a message that is not a result: "svertka VERB: ..." on stderr. */
void cli_say(const char *format, ...) SV_PRINTF(1, 2);

/* The word of the list (ends with NULL) that `word` was probably meant to be;
 * NULL if none is similar. cli_nearest_zoo searches the names of the zoo. */
const char *cli_nearest(const char *word, const char *const *words);
const char *cli_nearest_zoo(const char *name);

/* ---- Files ---- */

/* SV_INVALID if two files of the command line are the same, so that writing
 * `path` would destroy the other: cli_apart("--csv", csv, "MODEL", model). A
 * path may be NULL. */
sv_status cli_apart(const char *output, const char *path, const char *other,
                    const char *other_path) SV_CHECKED;
/* The same for two folders: the output would be mixed with other files. */
sv_status cli_folders_apart(const char *output, const char *path,
                            const char *other, const char *folder) SV_CHECKED;
/* SV_INVALID if `path` is a file in the folder or below it. */
sv_status cli_outside(const char *output, const char *path, const char *other,
                      const char *folder) SV_CHECKED;

/* ---- Data with unreadable images ---- */

#define CLI_SKIP_BAD_OPTION(target)                                     \
  {                                                                     \
    "skip-bad", 0, CLI_FLAG, target, 0, 0, NULL, NULL,                  \
        "read all images first and leave out those that cannot be read" \
  }

/* The images that were left out. Free with cli_skipped_free. */
typedef struct cli_skipped {
  int64_t count;
  struct cli_skipped_list *list; /* NULL: none yet */
} cli_skipped;

/* Reads all images, with a progress bar, and leaves out those that cannot be
 * read; adds them to *skipped and prints the first ones on stderr. */
sv_status cli_skip_bad(sv_dataset *dataset, cli_skipped *skipped,
                       int threads) SV_CHECKED;
/* Leaves out the images that a file of cli_skipped_write lists, if it exists;
 * otherwise as cli_skip_bad. */
sv_status cli_skip_listed(sv_dataset *dataset, cli_skipped *skipped,
                          const char *path, int threads) SV_CHECKED;
/* Writes the sources and the reasons as CSV. */
sv_status cli_skipped_write(const cli_skipped *skipped,
                            const char *path) SV_CHECKED;
void cli_skipped_free(cli_skipped *skipped);

/* ---- Models ---- */

/* MODEL is one of
 *   lenet5:classes=10           a zoo name with its parameters
 *   model.onnx                  an ONNX file, by its extension or content
 *   runs/first                  a run folder: its best weights
 *   'input 3x8x8; conv 6 3x3'   a network as text
 *   network.txt                 a file with a network as text
 * A model from a file has the file's weights and metadata. Any other model is
 * initialised, and its weights count as random. The struct holds what MODEL
 * does not determine. */
typedef struct cli_reading {
  uint64_t seed;           /* seed of initialised weights */
  const sv_zoo_data *data; /* data that determine a zoo network's input and
                            * classes if not given; NULL: none */
  bool external;           /* CLI_EXTERNAL_OPTION; for files only */
  bool random;             /* CLI_RANDOM_OPTION */
} cli_reading;

/* The name ends in .onnx. */
bool cli_names_onnx(const char *path);
/* True if MODEL is a file with weights or a run folder. */
#define CLI_RUN_MODEL "model.onnx"
bool cli_is_file(const char *text);
sv_status cli_model(sv_model **model, const char *text,
                    const cli_reading *reading) SV_CHECKED;
/* The graph only, without weights. Free with sv_graph_free. */
sv_status cli_graph(sv_graph **graph, const char *text,
                    const cli_reading *reading) SV_CHECKED;

/* Turns an error in a model file itself into one that names the file and is not
 * a usage error (exit status 1). Errors of other networks are unchanged. */
sv_status cli_blame(sv_status status, const char *text) SV_CHECKED;

/* SV_INVALID unless --image, C x H x W (count 0: not given), gives the sizes
 * that the network's input leaves free and agrees with the others. */
sv_status cli_fit_image(const sv_graph *graph, const sv_ints *image) SV_CHECKED;

/* Preprocessing options: for a MODEL without preprocessing metadata, or
 * overriding them. Strings have the form of the metadata (docs/onnx.md); labels
 * is a file with one class per line. NULL: not given. */
typedef struct cli_image {
  const char *size, *pad, *resize, *order, *gamma, *orientation, *mean,
      *deviation, *labels, *output, *layout, *scores;
} cli_image;

/* Rows of an option table: CLI_IMAGE_OPTIONS(&image), */
#define CLI_TEXT_OPTION(name, target, argument, help) \
  { name, 0, CLI_TEXT, target, 0, 0, NULL, argument, help }
#define CLI_OUTPUT_OPTION(target)                                              \
  CLI_TEXT_OPTION("output", target, "NAME",                                    \
                  "the output of MODEL that holds the class scores, if MODEL " \
                  "has several outputs")
#define CLI_IMAGE_OPTIONS(i)                                                   \
  CLI_TEXT_OPTION("size", &(i)->size, "CxHxW",                                 \
                  "image size as CxHxW; this and the following options "       \
                  "override MODEL's metadata"),                                \
      CLI_TEXT_OPTION(                                                         \
          "mean", &(i)->mean, "M,M,M",                                         \
          "mean, subtracted from pixel / 255; one value per channel"),         \
      CLI_TEXT_OPTION(                                                         \
          "deviation", &(i)->deviation, "D,D,D",                               \
          "standard deviation to divide by; one value per channel"),           \
      CLI_TEXT_OPTION(                                                         \
          "resize", &(i)->resize, "HOW",                                       \
          "stretch: resize to the size; crop: resize the shorter side, then "  \
          "crop the centre; crop 0.875: crop that share of the centre; "       \
          "optionally followed by bilinear or bicubic"),                       \
      CLI_TEXT_OPTION("order", &(i)->order, "ORDER",                           \
                      "order of the channels: rgb or bgr"),                    \
      CLI_TEXT_OPTION("gamma", &(i)->gamma, "WHOSE",                           \
                      "file: apply the gamma stored in a PNG; none: ignore "   \
                      "it, as Pillow does"),                                   \
      CLI_TEXT_OPTION("orientation", &(i)->orientation, "WHOSE",               \
                      "file: turn a photograph as its EXIF data say; ignore: " \
                      "leave it as it is stored, as Pillow does"),             \
      CLI_TEXT_OPTION("pad", &(i)->pad, "T,L,B,R",                             \
                      "add black pixels at the top, left, bottom and right; "  \
                      "the size includes them"),                               \
      CLI_TEXT_OPTION(                                                         \
          "layout", &(i)->layout, "LAYOUT",                                    \
          "layout of MODEL's input: nchw (channels first) or nhwc (channels "  \
          "last); needed only if it cannot be found from MODEL's layers"),     \
      CLI_OUTPUT_OPTION(&(i)->output), CLI_SCORES_OPTION(&(i)->scores)
/* The same for the output. */
#define CLI_SCORES_OPTION(target)                                             \
  CLI_TEXT_OPTION(                                                            \
      "scores", target, "KIND",                                               \
      "what MODEL's outputs are: logits, log-probabilities, probabilities, "  \
      "or independent (one probability per class); needed only if it cannot " \
      "be found from MODEL's layers")
#define CLI_LABELS_OPTION(i)                      \
  CLI_TEXT_OPTION("labels", &(i)->labels, "FILE", \
                  "text file with the names of the classes, one per line")

/* Stores the options in the model's metadata; SV_INVALID names the option. */
sv_status cli_image_set(sv_model *model, const cli_image *image) SV_CHECKED;
/* Stores CLI_OUTPUT_OPTION only; NULL: not given. */
sv_status cli_set_output(sv_model *model, const char *name) SV_CHECKED;
/* Reads an image to be drawn on, turned as the model's metadata say. */
sv_status cli_image_read(sv_image *image, const sv_model *model,
                         const char *path) SV_CHECKED;
/* The name of an option that was given, such as "mean"; NULL: none. */
const char *cli_image_given(const cli_image *image);
/* Loads a model to be run on images: cli_model with these options. SV_INVALID
 * if its weights are random and reading->random does not allow that, or if its
 * preprocessing is unknown; the message names the options needed. */
sv_status cli_model_of_images(sv_model **model, const char *text,
                              const cli_reading *reading,
                              const cli_image *image) SV_CHECKED;

/* ---- Recipes ---- */

/* "adam, rate 0.001"; "" for an empty recipe. */
enum { CLI_RECIPE_TEXT = 160 };
const char *cli_recipe_text(const sv_zoo_recipe *recipe,
                            char text[CLI_RECIPE_TEXT]);
/* {"optimiser": "adam", "rate": 0.001}; null for NULL. */
json_t *cli_recipe_json(const sv_zoo_recipe *recipe);

/* ---- Output ---- */

/* Prints the object and a newline on stdout, and frees it. */
int cli_print_json(json_t *object);
/* A JSON string of a name or another external string. Each byte that is not
 * valid UTF-8 becomes \xHH, its value in hexadecimal. */
json_t *cli_json_text(const char *text);
/* null for NaN and infinity. */
json_t *cli_json_number(double number);

/* A path or another name escaped for printing with sv_escape. */
enum { CLI_NAME_TEXT = 4096 };
const char *cli_name(const char *name, char text[CLI_NAME_TEXT]);

/* Prints a text on stdout, with lines wrapped between words. */
void cli_print_words(const char *text);
/* The same for each line of a text; what follows a break is indented. */
void cli_print_lines(const char *text);

/* A table on stdout. Columns: "Layer|Output|<Params|". `<` aligns a column
 * left; `>`, the default for all but the first, aligns it right. */
typedef struct cli_table cli_table;
cli_table *cli_table_new(const char *columns);
/* Adds the next cell; a new row begins when a row is full. */
void cli_cell(cli_table *table, const char *format, ...) SV_PRINTF(2, 3);
/* Adds a horizontal line before the next row. */
void cli_table_rule(cli_table *table);
/* Removes empty columns. If the table is wider than `width` (0: no limit), it
 * also removes the columns of `order` (ends with -1) one after the other. The
 * last column is truncated rather than removed: to 40 characters, and to 16 if
 * `order` lists it twice, at its first place. The removed columns are listed
 * below the table, with `advice` on how to show them. */
void cli_table_fit(cli_table *table, int width, const int *order,
                   const char *advice);
/* Wraps cells in a narrow terminal instead of truncating them. */
void cli_table_wrap(cli_table *table);
/* Prints and frees. */
void cli_table_print(cli_table *table);

/* Width of the terminal on this stream (1 stdout, 2 stderr), 80 if it is not a
 * terminal; $COLUMNS overrides both. */
int cli_width(int stream);

/* 61706 as "61,706". */
enum { CLI_NUMBER_TEXT = 32 };
const char *cli_number(int64_t number, char text[CLI_NUMBER_TEXT]);
/* "512 B", "3.5 KiB", "120 MiB" */
const char *cli_bytes(int64_t bytes, char text[CLI_NUMBER_TEXT]);

/* Escape sequences; "" if `stream` (1 stdout, 2 stderr) is not a terminal or
 * NO_COLOR is set. */
typedef enum cli_style {
  CLI_PLAIN,
  CLI_BOLD,
  CLI_DIM,
  CLI_RED,
  CLI_GREEN
} cli_style;
const char *cli_color(int stream, cli_style style);

/* Progress on stderr. On a terminal it is a bar with rate and time left;
 * otherwise a line every ten seconds, and none for shorter work. Plain data;
 * call start, any number of steps, end. */
typedef struct cli_progress {
  const char *label; /* "epoch 3/10"; borrowed */
  const char *unit;  /* "images" */
  int64_t total, done;
  double started, shown; /* seconds */
  bool terminal, drawn;
} cli_progress;

void cli_progress_start(cli_progress *p, const char *label, const char *unit,
                        int64_t total);
/* `note` (may be NULL) is printed after the bar: "loss 0.31". */
void cli_progress_at(cli_progress *p, int64_t done, const char *note);
/* Clears the bar, so that it does not mix with later output. */
void cli_progress_end(cli_progress *p);

/* Seconds of a monotonic clock. */
double cli_clock(void);
/* "1:05", "2:03:09" */
enum { CLI_TIME_TEXT = 24 };
const char *cli_duration(double seconds, char text[CLI_TIME_TEXT]);

/* ---- Ctrl-C ---- */

/* Installs handlers: the first Ctrl-C (or SIGTERM) makes cli_interrupted return
 * true, the second one ends the program. */
void cli_catch_interrupt(void);
bool cli_interrupted(void);

/* ---- The commands ---- */

int cmd_units(const cli_verb *verb, int argc, char **argv);
int cmd_plot(const cli_verb *verb, int argc, char **argv);
int cmd_train(const cli_verb *verb, int argc, char **argv);
int cmd_eval(const cli_verb *verb, int argc, char **argv);
int cmd_predict(const cli_verb *verb, int argc, char **argv);
int cmd_data(const cli_verb *verb, int argc, char **argv);
int cmd_heatmap(const cli_verb *verb, int argc, char **argv);
int cmd_summary(const cli_verb *verb, int argc, char **argv);
int cmd_convert(const cli_verb *verb, int argc, char **argv);
int cmd_zoo(const cli_verb *verb, int argc, char **argv);
int cmd_ops(const cli_verb *verb, int argc, char **argv);
int cmd_op(const cli_verb *verb, int argc, char **argv);
int cmd_onnx_test(const cli_verb *verb, int argc, char **argv);
int cmd_gradcheck(const cli_verb *verb, int argc, char **argv);
int cmd_bench(const cli_verb *verb, int argc, char **argv);

#endif
