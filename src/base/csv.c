#include "base/csv.h"

#include <string.h>

static sv_status fail(const sv_csv *csv, const char *what) {
  return sv_fail(SV_FORMAT, "%s: line %d: %s", csv->name, csv->line + 1, what);
}

/* The end of a line at this place: its length in bytes, 0 if it is none. */
static int line_end(const char *at) {
  return at[0] == '\n' ? 1 : at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

/* Moves the content of a quoted field to its begin; csv->at is after the
 * closing quote then. */
static sv_status unquote(sv_csv *csv, char **end) {
  char *from = csv->at + 1, *to = csv->at;
  int begin = csv->line;
  for (; *from; from++) {
    if (from[0] == '"' && from[1] != '"') {
      csv->at = from + 1;
      *end = to;
      return SV_OK;
    }
    from += from[0] == '"';
    csv->line += *from == '\n';
    *to++ = *from;
  }
  csv->line = begin;
  return fail(csv, "a quote is not closed");
}

/* One field; *more if a comma follows it. */
static sv_status read_field(sv_csv *csv, bool *more) {
  char *end = csv->at;
  if (csv->count == SV_CSV_FIELDS) return fail(csv, "too many fields");
  csv->fields[csv->count++] = csv->at;
  if (csv->at[0] == '"') {
    SV_TRY(unquote(csv, &end));
  } else {
    while (*csv->at && *csv->at != ',' && *csv->at != '"' && !line_end(csv->at))
      csv->at++;
    if (*csv->at == '"')
      return fail(csv, "a quote within a field that is not in quotes");
    end = csv->at;
  }
  *more = *csv->at == ',';
  int length = line_end(csv->at);
  if (*csv->at && !*more && !length)
    return fail(csv, "expected a comma or the end of the line after a quote");
  csv->line += length > 0;
  csv->at += *more ? 1 : length;
  *end = '\0';
  return SV_OK;
}

sv_status sv_csv_next(sv_csv *csv) {
  csv->count = 0;
  for (int length; (length = line_end(csv->at)) > 0; csv->line++)
    csv->at += length;
  csv->first_line = csv->line + 1;
  for (bool more = *csv->at != '\0'; more;) SV_TRY(read_field(csv, &more));
  return SV_OK;
}
