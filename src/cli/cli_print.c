/* Results: JSON, tables, numbers, colours. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"

int cli_print_json(json_t *object) {
  int failed =
      json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
  json_decref(object);
  if (failed) {
    cli_say("cannot print the result as JSON");
    return CLI_FAILED;
  }
  putchar('\n');
  return CLI_DONE;
}

const char *cli_number(int64_t number, char text[CLI_NUMBER_TEXT]) {
  char digits[CLI_NUMBER_TEXT];
  int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
  char *to = text;
  for (int i = 0; i < length; i++) {
    int left = length - i;
    if (i > 0 && left % 3 == 0 && digits[i - 1] != '-') *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return text;
}

const char *cli_bytes(int64_t bytes, char text[CLI_NUMBER_TEXT]) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  enum { UNITS = sizeof units / sizeof units[0] };
  double number = (double)bytes;
  int unit = 0;
  for (; number >= 1000 && unit + 1 < UNITS; unit++) number /= 1024;
  snprintf(text, CLI_NUMBER_TEXT, unit && number < 100 ? "%.1f %s" : "%.0f %s",
           number, units[unit]);
  return text;
}

int cli_width(int stream) {
  enum { PAPER = 80 }; /* of a pipe or file */
  const char *columns = getenv("COLUMNS");
  long told = columns ? strtol(columns, NULL, 10) : 0;
  struct winsize size;
  if (told > 0 && told < 10000) return (int)told;
  if (isatty(stream) != 1 || ioctl(stream, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0)
    return PAPER;
  return size.ws_col;
}

const char *cli_name(const char *name, char text[CLI_NAME_TEXT]) {
  sv_escape(text, CLI_NAME_TEXT, name);
  return text;
}

const char *cli_color(int stream, cli_style style) {
  static const char *const sequences[] = {[CLI_PLAIN] = "\033[0m",
                                          [CLI_BOLD] = "\033[1m",
                                          [CLI_DIM] = "\033[2m",
                                          [CLI_RED] = "\033[31m",
                                          [CLI_GREEN] = "\033[32m"};
  const char *refused = getenv("NO_COLOR");
  if ((refused && *refused) || isatty(stream) != 1) return "";
  return sequences[style];
}

/* ---- Tables ---- */

struct cli_table {
  char **cells; /* NULL: the row is a line across */
  int count, capacity, columns;
  bool *left, *hidden; /* per column */
  bool fitted;         /* as cli_table_fit says */
  int width;
  const int *order;
  const char *advice;
  bool wraps;  /* the last column, as cli_table_wrap says */
  bool failed; /* out of memory: nothing is printed but that */
};

static void add(cli_table *t, char *cell) {
  if (sv_grow(&t->cells, t->count, &t->capacity, sizeof *t->cells) != SV_OK) {
    sv_free(cell);
    t->failed = true;
    return;
  }
  t->cells[t->count++] = cell;
}

cli_table *cli_table_new(const char *columns) {
  cli_table *t;
  if (sv_alloc(&t, sizeof *t) != SV_OK) return NULL;
  t->columns = 1;
  for (const char *c = columns; *c; c++) t->columns += *c == '|';
  size_t count = (size_t)t->columns;
  if (sv_alloc_array(&t->left, count, sizeof *t->left) != SV_OK ||
      sv_alloc_array(&t->hidden, count, sizeof *t->hidden) != SV_OK) {
    sv_free(t->left);
    sv_free(t);
    return NULL;
  }
  for (int i = 0; i < t->columns; i++) {
    t->left[i] = *columns == '<' || (i == 0 && *columns != '>');
    if (*columns == '<' || *columns == '>') columns++;
    int length = (int)strcspn(columns, "|");
    cli_cell(t, "%.*s", length, columns);
    columns += length + (columns[length] == '|');
  }
  return t;
}

void cli_cell(cli_table *t, const char *format, ...) {
  if (!t || t->failed) return;
  enum { ESCAPE = 4 }; /* bytes that a byte becomes at most */
  char *words = NULL, *cell = NULL;
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  size_t size = length < 0 ? 0 : (size_t)length + 1;
  if (!size || sv_alloc(&words, size) != SV_OK ||
      sv_alloc_array(&cell, size, ESCAPE) != SV_OK) {
    sv_free(words);
    t->failed = true;
    return;
  }
  va_start(args, format);
  vsnprintf(words, size, format, args);
  va_end(args);
  sv_escape(cell, size * ESCAPE, words);
  sv_free(words);
  add(t, cell);
}

void cli_table_rule(cli_table *t) {
  if (!t || t->failed) return;
  while (t->count % t->columns) cli_cell(t, "%s", "");
  for (int i = 0; i < t->columns; i++) add(t, NULL);
}

/* Columns of a terminal: bytes that begin a character of UTF-8. */
static int width_of(const char *text) {
  int width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
  return width;
}

static int widest(const cli_table *t, int column) {
  int most = 0;
  for (int i = column; i < t->count; i += t->columns) {
    int width = t->cells[i] ? width_of(t->cells[i]) : 0;
    if (width > most) most = width;
  }
  return most;
}

/* Of the first `width` columns. */
static int bytes_of(const char *text, int width) {
  const char *at = text;
  for (; *at; at++)
    if (((unsigned char)*at & 0xC0) != 0x80 && width-- == 0) break;
  return (int)(at - text);
}

static void print_rule(const cli_table *t, const int *widths) {
  for (int c = 0; c < t->columns; c++) {
    if (t->hidden[c]) continue;
    if (c) fputs("  ", stdout);
    for (int i = 0; i < widths[c]; i++) putchar('-');
  }
  putchar('\n');
}

/* Where to break a word that is longer than `width` columns, in bytes: after an
 * underscore, or where the line is full. */
static int part_of(const char *word, int width) {
  int end = bytes_of(word, width), part = end;
  while (part > 1 && word[part - 1] != '_') part--;
  return part > 1 ? part : end;
}

/* Bytes of the words that fit into `width` columns: at least one, or a part of
 * one. A comma ends a word, too: width=1.2,depth=1.4. */
static int words_of(const char *text, int width) {
  int fitting = 0, columns = 0;
  for (int end = 0;; end++) {
    bool comma = end > 0 && text[end - 1] == ',';
    if (text[end] == ' ' || text[end] == '\0' || comma) {
      if (columns > width) return fitting ? fitting : part_of(text, width);
      fitting = end;
    }
    if (!text[end]) return fitting;
    columns += ((unsigned char)text[end] & 0xC0) != 0x80;
  }
}

/* The next line of each cell; false: nothing is left. */
static bool print_line(const cli_table *t, const int *widths,
                       const char *left[]) {
  bool more = false;
  for (int c = 0, debt = 0; c < t->columns; c++) {
    if (t->hidden[c]) continue;
    int bytes = *left[c] ? words_of(left[c], widths[c]) : 0;
    if (bytes) {
      int width = 0;
      for (int i = 0; i < bytes; i++)
        width += ((unsigned char)left[c][i] & 0xC0) != 0x80;
      int blanks = widths[c] > width ? widths[c] - width : 0;
      printf("%*s%.*s", debt + (t->left[c] ? 0 : blanks), "", bytes, left[c]);
      debt = 2 + (t->left[c] ? blanks : 0);
    } else {
      debt += 2 + widths[c];
    }
    left[c] += bytes;
    left[c] += strspn(left[c], " ");
    more |= *left[c] != '\0';
  }
  putchar('\n');
  return more;
}

/* Cells whose words stand in lines below each other. */
static void print_wrapped(const cli_table *t, const int *widths, char **cells) {
  enum { MOST = 32 };
  const char *left[MOST];
  for (int c = 0; c < t->columns && c < MOST; c++) left[c] = cells[c];
  while (print_line(t, widths, left)) continue;
}

static void print_words(const char *text, int indent) {
  int room = cli_width(STDOUT_FILENO), before = 0;
  while (*text) {
    int bytes = words_of(text, room - before);
    printf("%*s%.*s\n", before, "", bytes, text);
    text += bytes;
    text += strspn(text, " ");
    before = indent;
  }
}

void cli_print_words(const char *text) { print_words(text, 0); }

void cli_print_lines(const char *text) {
  enum { INDENT = 6 };
  while (*text) {
    size_t length = strcspn(text, "\n");
    sv_text line = {0};
    sv_text_add(&line, "%.*s", (int)length, text);
    if (line.at) print_words(line.at, INDENT);
    if (!length) putchar('\n');
    sv_text_clear(&line);
    text += length + (text[length] == '\n');
  }
}

static void print_row(const cli_table *t, const int *widths, char **cells) {
  int last = t->columns - 1, debt = 0; /* blanks owed: none at the end */
  while (last > 0 && (cells[last][0] == '\0' || t->hidden[last])) last--;
  for (int c = 0; c <= last; c++) {
    if (t->hidden[c]) continue;
    int blanks = widths[c] - width_of(cells[c]);
    int before = debt + (t->left[c] ? 0 : blanks);
    printf("%*s", blanks < 0 ? debt : before, "");
    if (blanks < 0)
      printf("%.*s...", bytes_of(cells[c], widths[c] - 3), cells[c]);
    else
      fputs(cells[c], stdout);
    debt = 2 + (t->left[c] && blanks > 0 ? blanks : 0);
  }
  putchar('\n');
}

void cli_table_fit(cli_table *t, int width, const int *order,
                   const char *advice) {
  if (!t) return;
  t->fitted = true;
  t->width = width;
  t->order = order;
  t->advice = advice;
}

void cli_table_wrap(cli_table *t) {
  if (!t) return;
  t->wraps = true;
  t->width = cli_width(STDOUT_FILENO);
}

/* The widest columns of words give way. */
static void wrap(const cli_table *t, int *widths) {
  enum { LEAST = 10 };
  int width = -2;
  for (int c = 0; c < t->columns; c++)
    if (!t->hidden[c]) width += widths[c] + 2;
  for (; width > t->width; width--) {
    int widest = -1;
    for (int c = 1; c < t->columns; c++)
      if (t->left[c] && !t->hidden[c] && widths[c] > LEAST &&
          (widest < 0 || widths[c] >= widths[widest]))
        widest = c;
    if (widest < 0) return;
    widths[widest]--;
  }
}

/* A table that says nothing of its width wraps words if it has to. */
static void wrap_wide(cli_table *t, const int *widths) {
  int width = -2;
  for (int c = 0; c < t->columns; c++) width += widths[c] + 2;
  if (width > cli_width(STDOUT_FILENO)) cli_table_wrap(t);
}

/* The longest words are cut, down to `least`; the width that is left. */
static int shorten(const cli_table *t, int *widths, int width, int least) {
  for (; width > t->width && !t->wraps; width--) {
    int longest = -1;
    for (int c = 0; c + 1 < t->columns; c++)
      if (t->left[c] && !t->hidden[c] && widths[c] > least &&
          (longest < 0 || widths[c] > widths[longest]))
        longest = c;
    if (longest < 0) break;
    widths[longest]--;
  }
  return width;
}

static bool is_empty(const cli_table *t, int column) {
  for (int i = column + t->columns; i < t->count; i += t->columns)
    if (t->cells[i] && *t->cells[i]) return false;
  return true;
}

/* Columns that are empty below their heading go first. Long words and the last
 * one are cut short before others go, the last one shorter where `order` has it
 * for the first time; in the end all words are. What room is left is theirs. */
static void fit(cli_table *t, int *widths) {
  enum { SHORT = 40, SHORTEST = 16, MOST_WORDS = 26, LEAST_WORDS = 12 };
  int width = -2, last = t->columns - 1;
  for (int c = 0; c < t->columns; c++) {
    t->hidden[c] = is_empty(t, c);
    if (!t->hidden[c]) width += widths[c] + 2;
  }
  if (t->width <= 0) return;
  width = shorten(t, widths, width, MOST_WORDS);
  int least = SHORT, spare = 0;
  for (const int *c = t->order;; c++) {
    spare = t->hidden[last] || widths[last] < least ? 0 : widths[last] - least;
    if (width - spare <= t->width || *c < 0) break;
    if (*c == last && least == SHORT) {
      least = SHORTEST;
      continue;
    }
    if (!t->hidden[*c]) width -= widths[*c] + 2;
    t->hidden[*c] = true;
  }
  if (width > t->width && spare > 0) {
    int cut = width - t->width < spare ? width - t->width : spare;
    widths[last] -= cut;
    width -= cut;
  }
  width = shorten(t, widths, width, LEAST_WORDS);
  for (int c = 0; c < last && width < t->width; c++)
    for (int most = widest(t, c);
         !t->hidden[c] && widths[c] < most && width < t->width; width++)
      widths[c]++;
}

/* Columns that had something to say. */
static void tell_hidden(const cli_table *t) {
  bool any = false;
  sv_text line = {0};
  sv_text_add(&line, "%d columns are too narrow for: ", t->width);
  for (int c = 0; c < t->columns; c++) {
    if (!t->hidden[c] || is_empty(t, c)) continue;
    sv_text_add(&line, "%s%s", any ? ", " : "", t->cells[c]);
    any = true;
  }
  sv_text_add(&line, " (%s)", t->advice);
  if (any && line.at) {
    putchar('\n');
    cli_print_words(line.at);
  }
  sv_text_clear(&line);
}

static void print_table(cli_table *t, int *widths) {
  for (int c = 0; c < t->columns; c++) widths[c] = widest(t, c);
  if (t->fitted) fit(t, widths);
  if (!t->fitted && !t->wraps) wrap_wide(t, widths);
  if (t->wraps) wrap(t, widths);
  for (int at = 0; at < t->count; at += t->columns) {
    if (!t->cells[at]) {
      print_rule(t, widths);
      continue;
    }
    if (at == 0) fputs(cli_color(STDOUT_FILENO, CLI_BOLD), stdout);
    if (t->wraps)
      print_wrapped(t, widths, t->cells + at);
    else
      print_row(t, widths, t->cells + at);
    if (at == 0) fputs(cli_color(STDOUT_FILENO, CLI_PLAIN), stdout);
  }
  if (t->fitted) tell_hidden(t);
}

void cli_table_print(cli_table *t) {
  int *widths = NULL;
  if (t)
    while (!t->failed && t->count % t->columns) cli_cell(t, "%s", "");
  if (!t || t->failed ||
      sv_alloc_array(&widths, (size_t)t->columns, sizeof *widths) != SV_OK)
    cli_say("no memory for a table");
  else
    print_table(t, widths);
  sv_free(widths);
  if (!t) return;
  for (int i = 0; i < t->count; i++) sv_free(t->cells[i]);
  sv_free(t->cells);
  sv_free(t->left);
  sv_free(t->hidden);
  sv_free(t);
}
