/* A verb's options, read from argv by their table. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/near.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_spellings.h"

enum {
  MOST_OPTIONS = 64,
  MOST_SPELLINGS = 64,
  FIRST_LONG = 256,
  HELP_LONG = FIRST_LONG - 1,
  VERSION_LONG = FIRST_LONG - 2
};

static const char *verb_name = "";

/* ---- Messages ---- */

void cli_begin(const cli_verb *verb) { verb_name = verb->name; }

/* Words of the command line are in it. */
static void say(const char *format, va_list args) {
  char words[8192], text[sizeof words];
  vsnprintf(words, sizeof words, format, args);
  sv_escape(text, sizeof text, words);
  fprintf(stderr, "svertka%s%s: %s", *verb_name ? " " : "", verb_name, text);
}

void cli_say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  fputc('\n', stderr);
}

int cli_usage(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  bool asks = format[strlen(format) - 1] == '?';
  fprintf(stderr, "%s 'svertka%s%s --help'\n", asks ? " See" : "; see",
          *verb_name ? " " : "", verb_name);
  return CLI_USAGE;
}

int cli_fail(sv_status status) {
  if (status == SV_OK) return CLI_DONE;
  cli_say("%s", sv_error());
  return status == SV_INVALID ? CLI_USAGE : CLI_FAILED;
}

const char *cli_nearest(const char *word, const char *const *words) {
  const char *near = NULL;
  for (int least = INT_MAX; *words; words++) {
    int wrong = sv_wrong_letters(word, *words);
    if (wrong < 0 || wrong >= least) continue;
    least = wrong;
    near = *words;
  }
  return near;
}

/* ---- One value ---- */

static bool read_real(const char *text, double *value) {
  char *end;
  *value = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*value);
}

static bool read_whole(const char *text, int64_t *value) {
  char *end;
  errno = 0;
  *value = strtoll(text, &end, 10);
  return end != text && *end == '\0' && errno == 0;
}

static bool read_seed(const char *text, uint64_t *value) {
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 10);
  return end != text && *end == '\0' && errno == 0 && !strchr(text, '-');
}

static bool read_size(const char *text, sv_ints *size) {
  *size = (sv_ints){0};
  for (;;) {
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || errno || size->count == SV_MAX_INTS) return false;
    size->at[size->count++] = number;
    if (*end == '\0') return true;
    if (*end != 'x' && *end != ',') return false;
    text = end + 1;
  }
}

static bool bounded(const cli_option *o) { return o->min != 0 || o->max != 0; }

bool cli_in_bounds(const cli_option *o, double value) {
  return !bounded(o) || (value >= o->min && value <= o->max);
}

static const char *wanted_kind(const cli_option *o) {
  switch (o->type) {
    case CLI_INT:
    case CLI_LONG:
    case CLI_SEED: return "an integer";
    case CLI_FLOAT:
    case CLI_REAL: return "a number";
    case CLI_SIZE: return o->argument; /* "CxHxW" */
    case CLI_TEXT: return "a name";
    default: return "a word";
  }
}

static void explain_bounds(const cli_option *o, char *text, size_t size) {
  if (!bounded(o))
    text[0] = '\0';
  else if (o->max >= 1e15)
    snprintf(text, size, ", at least %.15g", o->min);
  else
    snprintf(text, size, "%s from %.15g to %.15g",
             o->type == CLI_SIZE ? ", each" : "", o->min, o->max);
}

static bool refuse(const cli_option *o, const char *text) {
  if (o->type == CLI_CHOICE) {
    char words[512] = "";
    for (int i = 0; o->choices[i]; i++)
      snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s",
               i ? ", " : "", o->choices[i]);
    cli_usage("--%s '%s': expected one of %s", o->name, text, words);
  } else {
    char bounds[80];
    explain_bounds(o, bounds, sizeof bounds);
    cli_usage("--%s '%s': expected %s%s", o->name, text, wanted_kind(o),
              bounds);
  }
  return false;
}

static bool store_whole(const cli_option *o, const char *text) {
  int64_t value;
  if (!read_whole(text, &value) || !cli_in_bounds(o, (double)value))
    return refuse(o, text);
  if (o->type == CLI_LONG) {
    *(int64_t *)o->target = value;
  } else {
    if (value > INT32_MAX || value < INT32_MIN) return refuse(o, text);
    *(int *)o->target = (int)value;
  }
  return true;
}

static bool store_real(const cli_option *o, const char *text) {
  double value;
  if (!read_real(text, &value) || !cli_in_bounds(o, value))
    return refuse(o, text);
  if (o->type == CLI_FLOAT)
    *(float *)o->target = (float)value;
  else
    *(double *)o->target = value;
  return true;
}

static bool store_size(const cli_option *o, const char *text) {
  sv_ints size;
  if (!read_size(text, &size)) return refuse(o, text);
  for (int i = 0; i < size.count; i++)
    if (!cli_in_bounds(o, (double)size.at[i])) return refuse(o, text);
  *(sv_ints *)o->target = size;
  return true;
}

static bool store_choice(const cli_option *o, const char *text) {
  for (int i = 0; o->choices[i]; i++) {
    if (strcmp(o->choices[i], text) != 0) continue;
    *(int *)o->target = i;
    return true;
  }
  return refuse(o, text);
}

static bool store_text(const cli_option *o, const char *text) {
  cli_texts *texts = o->target;
  if (texts->count >= CLI_MOST_TEXTS || texts->count >= o->max) {
    cli_usage("--%s is given more than %.0f times", o->name,
              o->max < CLI_MOST_TEXTS ? o->max : CLI_MOST_TEXTS);
    return false;
  }
  texts->at[texts->count++] = text;
  return true;
}

/* Of a file or folder, which has a name. */
static bool store_path(const cli_option *o, const char *text) {
  if (!*text) return refuse(o, text);
  *(const char **)o->target = text;
  return true;
}

static bool is_path(const cli_option *o) {
  return strncmp(o->argument, "FILE", 4) == 0 ||
         strncmp(o->argument, "FOLDER", 6) == 0;
}

static bool store(const cli_option *o, const char *text) {
  switch (o->type) {
    case CLI_FLAG: *(bool *)o->target = true; return true;
    case CLI_INT:
    case CLI_LONG: return store_whole(o, text);
    case CLI_SEED: return read_seed(text, o->target) ? true : refuse(o, text);
    case CLI_FLOAT:
    case CLI_REAL: return store_real(o, text);
    case CLI_TEXT:
      if (is_path(o)) return store_path(o, text);
      *(const char **)o->target = text;
      return true;
    case CLI_TEXTS: return store_text(o, text);
    case CLI_CHOICE: return store_choice(o, text);
    case CLI_SIZE: return store_size(o, text);
  }
  return false;
}

/* ---- argv ---- */

typedef struct tables {
  struct option options[MOST_OPTIONS + MOST_SPELLINGS + 3];
  char letters[2 * MOST_OPTIONS + 3];
  int count; /* of the verb's own */
} tables;

/* Those of the other programs stand for the rows that the verb has. */
static int add_spellings(tables *t, const cli_option *rows) {
  int at = t->count;
  for (int row = 0; row < t->count; row++)
    for (int i = 0; at < t->count + MOST_SPELLINGS; i++, at++) {
      const char *spelling = cli_spelling(rows[row].name, i);
      if (!spelling) break;
      t->options[at] = t->options[row];
      t->options[at].name = spelling;
    }
  return at;
}

static void fill_tables(tables *t, const cli_option *rows) {
  char *letter = t->letters;
  *letter++ = ':'; /* a missing argument is told apart */
  for (; rows[t->count].name && t->count < MOST_OPTIONS; t->count++) {
    const cli_option *o = &rows[t->count];
    bool argument = o->type != CLI_FLAG;
    t->options[t->count] =
        (struct option){o->name, argument, NULL, FIRST_LONG + t->count};
    if (!o->letter) continue;
    *letter++ = o->letter;
    if (argument) *letter++ = ':';
  }
  int at = add_spellings(t, rows);
  t->options[at++] = (struct option){"help", 0, NULL, HELP_LONG};
  t->options[at++] = (struct option){"version", 0, NULL, VERSION_LONG};
  *letter++ = 'h';
  *letter = '\0';
}

static int row_of(const cli_option *rows, int got) {
  if (got >= FIRST_LONG) return got - FIRST_LONG;
  for (int i = 0; rows[i].name; i++)
    if (rows[i].letter == got) return i;
  return -1;
}

static int unknown_option(const cli_page *page, char *const *argv) {
  if (optopt >= FIRST_LONG)
    return cli_usage("--%s takes no argument",
                     page->options[optopt - FIRST_LONG].name);
  if (optopt == HELP_LONG) return cli_usage("--help takes no argument");
  if (optopt == VERSION_LONG) return cli_usage("--version takes no argument");
  if (optopt) return cli_usage("unknown option -%c", optopt);
  char word[64];
  const char *given = argv[optind - 1] + 2;
  snprintf(word, sizeof word, "%.*s", (int)strcspn(given, "="), given);
  const char *names[MOST_OPTIONS + MOST_SPELLINGS + 4] = {NULL};
  int count = 0, begun = 0;
  for (; page->options[count].name && count < MOST_OPTIONS; count++) {
    names[count] = page->options[count].name;
    begun += strncmp(names[count], word, strlen(word)) == 0;
  }
  names[count++] = "help";
  int own = count - 1;
  for (int row = 0; row < own; row++)
    for (int i = 0; count < MOST_OPTIONS + MOST_SPELLINGS + 2; i++) {
      const char *spelling = cli_spelling(names[row], i);
      if (!spelling) break;
      names[count++] = spelling;
    }
  if (begun > 1)
    return cli_usage("--%s is ambiguous: it could be one of several options",
                     word);
  const char *answer = cli_instead_of(word);
  if (answer) return cli_usage("unknown option --%s: %s", word, answer);
  const char *near = cli_nearest(word, names);
  if (near)
    return cli_usage("unknown option --%s; did you mean --%s?", word, near);
  return cli_usage("unknown option --%s", word);
}

static int wrong_count(const cli_page *page, int count, char **operands) {
  if (count >= page->least)
    return cli_usage("unexpected '%s'", operands[page->most]);
  return cli_usage("expected svertka %s %s", page->verb->name,
                   page->verb->usage);
}

bool cli_parse(const cli_page *page, int argc, char **argv, char ***operands,
               int *count, int *exit_status) {
  tables t = {.count = 0};
  fill_tables(&t, page->options);
  cli_begin(page->verb);
  opterr = 0;
  optind = 1;
  int got;
  while ((got = getopt_long(argc, argv, t.letters, t.options, NULL)) != -1) {
    if (got == HELP_LONG || got == 'h') {
      cli_print_help(page);
      *exit_status = CLI_DONE;
      return false;
    }
    if (got == VERSION_LONG) {
      cli_print_version();
      *exit_status = CLI_DONE;
      return false;
    }
    if (got == '?') {
      *exit_status = unknown_option(page, argv);
      return false;
    }
    if (got == ':') {
      int row = row_of(page->options, optopt);
      *exit_status =
          cli_usage("--%s needs an argument (%s)", page->options[row].name,
                    page->options[row].argument);
      return false;
    }
    if (!store(&page->options[row_of(page->options, got)], optarg)) {
      *exit_status = CLI_USAGE;
      return false;
    }
  }
  int left = argc - optind;
  if (left < page->least || (page->most >= 0 && left > page->most)) {
    *exit_status = wrong_count(page, left, argv + optind);
    return false;
  }
  *operands = argv + optind;
  if (count) *count = left;
  return true;
}
