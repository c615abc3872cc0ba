#include "cli/cli_numbers.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kind.h"
#include "base/memory.h"

enum { LEVELS = 4, LARGEST_FILE = 256 << 20 };

static const char *const level_names[LEVELS] = {"row", "map", "image", "input"};
static const char *const part_names[LEVELS] = {"numbers", "rows", "maps",
                                               "images"};

typedef struct reader {
  cli_numbers *numbers;
  const char *what, *at;
  int64_t size[LEVELS]; /* of what is complete; 0: not known yet */
  int64_t have[LEVELS]; /* of what is being read */
  int top;              /* the highest level that was divided */
} reader;

/* Ends the row, map or image that is being read. */
static sv_status close_level(reader *r, int level) {
  if (r->have[level] == 0)
    return sv_fail(SV_INVALID, "%s: a %s has no %s", r->what,
                   level_names[level], part_names[level]);
  if (r->size[level] == 0) r->size[level] = r->have[level];
  if (r->have[level] != r->size[level])
    return sv_fail(SV_INVALID, "%s: a %s has %lld %s, the first one %lld",
                   r->what, level_names[level], (long long)r->have[level],
                   part_names[level], (long long)r->size[level]);
  r->have[level] = 0;
  r->have[level + 1]++;
  return SV_OK;
}

/* Ends everything below `level`; a row may have ended with its line. */
static sv_status close_below(reader *r, int level) {
  if (level > r->top) r->top = level;
  for (int i = 0; i < level; i++)
    if (i > 0 || level == 1 || r->have[0] > 0) SV_TRY(close_level(r, i));
  return SV_OK;
}

/* Tensors are of f32; an infinity is only what is written as one. */
static bool is_too_large(double value) {
  return isinf(value) ? errno == ERANGE : fabs(value) > FLT_MAX;
}

static sv_status add_number(reader *r) {
  cli_numbers *n = r->numbers;
  char *end;
  errno = 0;
  double value = strtod(r->at, &end);
  int length = (int)strcspn(r->at, " \t\r\n,;|");
  if (end != r->at + length)
    return sv_fail(SV_INVALID, "%s: '%.*s' is not a number", r->what, length,
                   r->at);
  if (is_too_large(value))
    return sv_fail(SV_INVALID, "%s: '%.*s' exceeds the largest f32, %.8g",
                   r->what, length, r->at, (double)FLT_MAX);
  SV_TRY(sv_grow(&n->at, n->count, &n->capacity, sizeof *n->at));
  n->at[n->count++] = value;
  r->have[0]++;
  r->at = end;
  return SV_OK;
}

static sv_status divide(reader *r) {
  char mark = *r->at++;
  if (mark == '\n') return r->have[0] ? close_below(r, 1) : SV_OK;
  if (mark == ';') return close_below(r, 1);
  if (*r->at != '|') return close_below(r, 2);
  r->at++;
  return close_below(r, 3);
}

static sv_status read_all(reader *r) {
  while (*r->at) {
    if (strchr(" \t\r,", *r->at))
      r->at++;
    else if (strchr("\n;|", *r->at))
      SV_TRY(divide(r));
    else
      SV_TRY(add_number(r));
  }
  return SV_OK;
}

/* Numbers divided by marks. */
static sv_status read_divided(reader *r) {
  cli_numbers *n = r->numbers;
  SV_TRY(read_all(r));
  if (n->count == 0) return sv_fail(SV_INVALID, "%s: no numbers", r->what);
  if (r->have[0]) SV_TRY(close_level(r, 0));
  int rank = r->top + 1;
  if (r->top == 1 && r->have[1] == 1) rank = 1; /* one line of a file */
  for (int i = 1; i < r->top; i++) SV_TRY(close_level(r, i));
  for (int i = 0; i < r->top; i++) n->shape.dim[rank - 1 - i] = r->size[i];
  n->shape.dim[0] = rank == 1 ? n->count : r->have[r->top];
  n->shape.rank = rank;
  return SV_OK;
}

/* "1x2x3x3:" in front: moves r->at past it. */
static bool read_shape(reader *r, sv_shape *shape) {
  const char *at = r->at + strspn(r->at, " \t\r\n");
  size_t length = strspn(at, "0123456789x");
  if (at[length] != ':') return false;
  for (;;) {
    char *end;
    errno = 0;
    int64_t size = strtoll(at, &end, 10);
    if (end == at || errno || shape->rank == SV_MAX_RANK) return false;
    shape->dim[shape->rank++] = size;
    at = end + 1;
    if (*end == ':') break;
  }
  r->at = at;
  return true;
}

static sv_status read_shaped(reader *r) {
  cli_numbers *n = r->numbers;
  SV_TRY(read_all(r));
  if (r->top > 1)
    return sv_fail(SV_INVALID, "%s: a shape in front excludes |", r->what);
  int64_t count = sv_shape_count(&n->shape);
  if (count == n->count) return SV_OK;
  return sv_fail(SV_INVALID, "%s: %d values do not fit the shape %s", r->what,
                 n->count, sv_shape_text(&n->shape, (char[SV_SHAPE_TEXT]){0}));
}

static sv_status read_text(cli_numbers *numbers, const char *what,
                           const char *text) {
  reader r = {.numbers = numbers, .what = what, .at = text};
  numbers->fixed = read_shape(&r, &numbers->shape);
  return numbers->fixed ? read_shaped(&r) : read_divided(&r);
}

sv_status cli_numbers_read(cli_numbers *numbers, const char *what,
                           const char *text) {
  *numbers = (cli_numbers){0};
  char *file = NULL;
  if (text[0] == '@')
    SV_TRY(sv_text_read(&file, text + 1, LARGEST_FILE, "numbers as text"));
  sv_status status = read_text(numbers, what, file ? file : text);
  sv_free(file);
  if (status != SV_OK) cli_numbers_free(numbers);
  return status;
}

/* Up to 2^53 a double tells whole numbers apart. */
sv_status cli_numbers_whole(const cli_numbers *numbers, const char *what) {
  const double most = 9007199254740992;
  for (int i = 0; i < numbers->count; i++) {
    double value = numbers->at[i];
    if (!(fabs(value) <= most) || floor(value) != value)
      return sv_fail(SV_INVALID, "%s: %.15g, expected integers", what, value);
  }
  return SV_OK;
}

void cli_numbers_free(cli_numbers *numbers) {
  sv_free(numbers->at);
  *numbers = (cli_numbers){0};
}

sv_shape cli_numbers_shape(const cli_numbers *numbers, int rank) {
  const sv_shape *typed = &numbers->shape;
  if (numbers->fixed || rank <= typed->rank) return *typed;
  sv_shape shape = {.rank = rank};
  int more = rank - typed->rank;
  for (int i = 0; i < rank; i++)
    shape.dim[i] = i < more ? 1 : typed->dim[i - more];
  return shape;
}

void cli_numbers_fill(const cli_numbers *numbers, sv_tensor *tensor) {
  for (int i = 0; i < numbers->count; i++)
    sv_tensor_set(tensor, i, numbers->at[i]);
}

/* ---- Printing ---- */

const char *cli_real(double value, char text[CLI_REAL_TEXT]) {
  /* A NaN has no sign that means anything. */
  if (isnan(value)) value = (double)NAN;
  snprintf(text, CLI_REAL_TEXT, "%.7g", value == 0 ? 0 : value);
  return text;
}

/* Whether a mark stands in front of row `row`: after `rows` of them a map ends,
 * after `maps` of these an image. */
static void print_mark(int64_t row, int64_t rows, int64_t maps) {
  if (row == 0 || row % rows) return;
  puts(row / rows % maps ? "|" : "||");
}

void cli_print_tensor(const sv_tensor *tensor) {
  const sv_shape *s = &tensor->shape;
  int64_t count = sv_shape_count(s), size[LEVELS] = {1, 1, 1, 1};
  for (int i = 0; i < s->rank; i++) {
    int level = s->rank - 1 - i;
    size[level < 3 ? level : 3] *= s->dim[i];
  }
  int width = 0;
  for (int64_t i = 0; i < count; i++) {
    char text[CLI_REAL_TEXT];
    int length = (int)strlen(cli_real(sv_tensor_get(tensor, i), text));
    if (length > width) width = length;
  }
  for (int64_t i = 0; i < count; i++) {
    char text[CLI_REAL_TEXT];
    if (i % size[0] == 0) print_mark(i / size[0], size[1], size[2]);
    printf("%*s%c", width, cli_real(sv_tensor_get(tensor, i), text),
           (i + 1) % size[0] ? ' ' : '\n');
  }
}

static json_t *json_number(double value) {
  if (isfinite(value)) return json_real(value);
  return json_string(isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

json_t *cli_json_tensor(const sv_tensor *tensor) {
  json_t *shape = json_array(), *values = json_array();
  for (int i = 0; i < tensor->shape.rank; i++)
    json_array_append_new(shape, json_integer(tensor->shape.dim[i]));
  int64_t count = sv_shape_count(&tensor->shape);
  for (int64_t i = 0; i < count; i++)
    json_array_append_new(values, json_number(sv_tensor_get(tensor, i)));
  return json_pack("{s:o, s:o}", "shape", shape, "values", values);
}
