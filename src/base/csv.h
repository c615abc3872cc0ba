/* CSV, record by record. Source: RFC 4180. */
#ifndef SV_BASE_CSV_H
#define SV_BASE_CSV_H

#include "base/error.h"

enum { SV_CSV_FIELDS = 64 };

/* Start with {.name = path, .at = text}; the text is changed in place. */
typedef struct sv_csv {
  const char *name; /* of the file, in errors */
  char *at;         /* the rest of the text */
  int line;         /* lines read so far */
  int first_line;   /* of the record, from 1 on */
  int count;
  char *fields[SV_CSV_FIELDS]; /* without their quotes; in the text */
} sv_csv;

/* Reads the next record that is not an empty line; count is 0 after the last
 * one. Fields in double quotes may hold commas, line breaks and doubled quotes.
 * SV_FORMAT, naming the line: a quote that is not closed, or within a field
 * without quotes; text after a closing quote; more than SV_CSV_FIELDS
 * fields. */
sv_status sv_csv_next(sv_csv *csv) SV_CHECKED;

#endif
