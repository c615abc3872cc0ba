#include "cli/cli_csv.h"

#include <math.h>
#include <string.h>

#include "base/kind.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"

enum { LARGEST = 1 << 26 };

typedef struct reader {
  const char *path, *at;
  int line;
  sv_text field; /* the last one, without its quotes */
  bool ends;     /* it was the last one of its line */
} reader;

static sv_status take_field(reader *r) {
  const char *at = r->at;
  bool quoted = *at == '"';
  sv_text_clear(&r->field);
  sv_text_add(&r->field, "%s", "");
  for (at += quoted; *at && *at != '\n' && (quoted || *at != ','); at++) {
    if (quoted && *at == '"' && *++at != '"') break;
    sv_text_add(&r->field, "%c", *at);
  }
  bool closed = !quoted || (at > r->at + 1 && at[-1] == '"');
  r->ends = *at == '\n' || *at == '\0';
  if (!closed || (!r->ends && *at != ','))
    return sv_fail(SV_FORMAT, "%s: line %d: a quote is not closed", r->path,
                   r->line);
  r->at = *at ? at + 1 : at;
  return r->field.failed ? sv_fail(SV_NO_MEMORY, "%s: no memory", r->path)
                         : SV_OK;
}

static sv_status read_names(cli_csv *csv, reader *r) {
  int most = 1;
  for (const char *c = r->at; *c && *c != '\n'; c++) most += *c == ',';
  SV_TRY(sv_alloc_array(&csv->names, (size_t)most, sizeof *csv->names));
  do {
    SV_TRY(take_field(r));
    SV_TRY(sv_copy_text(&csv->names[csv->columns], r->field.at));
    csv->columns++;
  } while (!r->ends);
  return SV_OK;
}

static sv_status read_row(cli_csv *csv, reader *r, int rows) {
  for (int c = 0; c < csv->columns; c++) {
    char *end;
    SV_TRY(take_field(r));
    const char *text = r->field.at;
    double number = *text ? sv_number_read(text, &end) : NAN;
    if (*text && (end == text || *end))
      return sv_fail(SV_FORMAT, "%s: line %d: '%s' is not a number", r->path,
                     r->line, text);
    if (r->ends != (c + 1 == csv->columns))
      return sv_fail(SV_FORMAT, "%s: line %d does not have %d fields", r->path,
                     r->line, csv->columns);
    csv->at[(size_t)c * (size_t)rows + (size_t)csv->rows] = number;
  }
  csv->rows++;
  return SV_OK;
}

/* No more rows than lines and no more fields than bytes, so that what is
 * allocated is bounded by the file. */
static sv_status read_all(cli_csv *csv, reader *r) {
  SV_TRY(read_names(csv, r));
  int rows = 0;
  for (const char *c = r->at; *c; c++) rows += *c == '\n' || !c[1];
  if ((size_t)rows * (size_t)csv->columns > 2 * strlen(r->at))
    return sv_fail(SV_FORMAT, "%s: its lines do not have %d fields", r->path,
                   csv->columns);
  SV_TRY(sv_alloc_array(&csv->at, (size_t)rows * (size_t)csv->columns,
                        sizeof *csv->at));
  for (r->line = 2; *r->at; r->line++) SV_TRY(read_row(csv, r, rows));
  return SV_OK;
}

sv_status cli_csv_read(cli_csv *csv, const char *path) {
  char *text;
  *csv = (cli_csv){0};
  SV_TRY(sv_text_read(&text, path, LARGEST,
                      "a table, its fields separated by "
                      "commas"));
  reader r = {.path = path, .at = text, .line = 1};
  sv_status status = read_all(csv, &r);
  sv_text_clear(&r.field);
  sv_free(text);
  if (status != SV_OK) cli_csv_free(csv);
  return status;
}

void cli_csv_free(cli_csv *csv) {
  for (int i = 0; i < csv->columns; i++) sv_free(csv->names[i]);
  sv_free(csv->names);
  sv_free(csv->at);
  *csv = (cli_csv){0};
}

int cli_csv_find(const cli_csv *csv, const char *name) {
  for (int i = 0; i < csv->columns; i++)
    if (strcmp(csv->names[i], name) == 0) return i;
  return -1;
}

const double *cli_csv_column(const cli_csv *csv, int column) {
  return csv->at + (size_t)column * (size_t)csv->rows;
}
