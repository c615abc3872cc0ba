/* A CSV file with a path and a label in each row, and a part if there is a
 * third column:
 *
 *   file,label,split        the header may be missing
 *   cats/1.jpg,cat,train
 *   "a, b.png",dog,test
 *
 * A first row that names the columns of path and label is a header; the columns
 * may have any order then, and others are ignored. Paths begin at the folder of
 * the CSV file and do not leave it: a data set that is passed on must not read
 * other files. Links in that folder are followed. Source: RFC 4180. */
#include "base/csv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "data/image.h"
#include "data/roll.h"

enum { LARGEST = 1 << 30, LONGEST_LABEL = 1000 };

typedef enum column { PATH, LABEL, SPLIT, COLUMNS } column;

/* What the columns are called. */
static const char *const column_names[COLUMNS][10] = {
    [PATH] = {"path", "file", "filename", "file_name", "filepath", "file_path",
              "image", "image_path", "img", NULL},
    [LABEL] = {"label", "labels", "class", "class_name", "category", "target",
               NULL},
    [SPLIT] = {"split", "set", "subset", "part", "partition", NULL}};

typedef struct reader {
  sv_roll roll;
  char *folder;
} reader;

typedef struct table {
  sv_dataset *d;
  sv_csv csv;
  int columns;     /* of every row */
  int at[COLUMNS]; /* -1: there is none */
} table;

static bool probe(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && strcasecmp(dot, ".csv") == 0 && !sv_path_is_folder(path);
}

/* ---- Columns ---- */

static int find_column(const sv_csv *csv, column column) {
  for (int i = 0; i < csv->count; i++)
    for (const char *const *name = column_names[column]; *name; name++)
      if (strcasecmp(csv->fields[i], *name) == 0) return i;
  return -1;
}

/* Decides by the first row; *header if it is one. */
static sv_status find_columns(table *t, bool *header) {
  const sv_csv *csv = &t->csv;
  for (int i = 0; i < COLUMNS; i++) t->at[i] = find_column(csv, (column)i);
  *header = t->at[PATH] >= 0 && t->at[LABEL] >= 0;
  t->columns = csv->count;
  if (*header) return SV_OK;
  if (csv->count == 1 && strpbrk(csv->fields[0], ";\t"))
    return sv_fail(SV_FORMAT,
                   "%s: line %d: no comma; the fields of a row are separated "
                   "by commas",
                   csv->name, csv->first_line);
  if (csv->count != 2 && csv->count != 3)
    return sv_fail(SV_FORMAT,
                   "%s: line %d: %d fields, expected a header with the columns "
                   "path and label, or rows of path, label and optionally "
                   "split",
                   csv->name, csv->first_line, csv->count);
  for (int i = 0; i < COLUMNS; i++) t->at[i] = i < csv->count ? i : -1;
  return SV_OK;
}

/* ---- Rows ---- */

/* Without a first component "/", and without "..". */
static bool stays_below(const char *path) {
  if (!path[0] || path[0] == '/') return false;
  for (const char *at = path; at; at = strchr(at, '/')) {
    at += *at == '/';
    if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || !at[2])) return false;
  }
  return true;
}

/* *part = that of a name in the column split, or OPEN if there is none. */
static bool find_part(const char *name, sv_part *part) {
  for (*part = SV_PART_TRAIN; *part <= SV_PART_TEST; (*part)++)
    for (const char *const *at = sv_part_names(*part); *at; at++)
      if (strcasecmp(name, *at) == 0) return true;
  return false;
}

static sv_status add_row(table *t) {
  const sv_csv *csv = &t->csv;
  reader *r = t->d->state;
  sv_part part = SV_PART_OPEN;
  int line = csv->first_line;
  if (csv->count != t->columns)
    return sv_fail(SV_FORMAT, "%s: line %d: %d fields, expected %d", csv->name,
                   line, csv->count, t->columns);
  const char *path = csv->fields[t->at[PATH]];
  const char *label = csv->fields[t->at[LABEL]];
  if (!stays_below(path))
    return sv_fail(SV_FORMAT,
                   "%s: line %d: the path '%s' is not below the folder of the "
                   "CSV file",
                   csv->name, line, path);
  if (!label[0] || strlen(label) > LONGEST_LABEL)
    return sv_fail(SV_FORMAT,
                   "%s: line %d: a label of %zu bytes, expected 1 "
                   "to %d",
                   csv->name, line, strlen(label), LONGEST_LABEL);
  if (t->at[SPLIT] >= 0 && !find_part(csv->fields[t->at[SPLIT]], &part))
    return sv_fail(SV_FORMAT,
                   "%s: line %d: split '%s', expected train, val or test",
                   csv->name, line, csv->fields[t->at[SPLIT]]);
  return sv_roll_add(&r->roll, path, label, part);
}

/* A header whose names are unknown looks like a sample. */
static sv_status check_first(const table *t) {
  const reader *r = t->d->state;
  bool there[2];
  for (int i = 0; i < 2; i++) {
    char *path;
    SV_TRY(sv_path_join(&path, r->folder, sv_listing_name(&r->roll.names, i)));
    there[i] = sv_path_exists(path);
    sv_free(path);
  }
  if (there[0] || !there[1]) return SV_OK;
  return sv_fail(SV_FORMAT,
                 "%s: line 1: no file '%s'; a header names the columns path "
                 "and label",
                 t->csv.name, sv_listing_name(&r->roll.names, 0));
}

static sv_status read_rows(table *t) {
  const reader *r = t->d->state;
  bool header;
  SV_TRY(sv_csv_next(&t->csv));
  if (t->csv.count == 0)
    return sv_fail(SV_FORMAT, "%s: holds no rows", t->csv.name);
  SV_TRY(find_columns(t, &header));
  if (header) SV_TRY(sv_csv_next(&t->csv));
  while (t->csv.count > 0) {
    SV_TRY(add_row(t));
    SV_TRY(sv_csv_next(&t->csv));
  }
  return header || r->roll.names.count < 2 ? SV_OK : check_first(t);
}

/* ---- The reader ---- */

static sv_status sample_path(const sv_dataset *d, int64_t i, char **path) {
  const reader *r = d->state;
  return sv_path_join(path, r->folder, sv_roll_name(&r->roll, i));
}

/* "a/b.csv" is in "a". */
static sv_status find_folder(const sv_dataset *d, reader *r) {
  const char *slash = strrchr(d->path, '/');
  SV_TRY(sv_copy_text(&r->folder, slash ? d->path : "."));
  if (slash) r->folder[slash > d->path ? slash - d->path : 1] = '\0';
  return SV_OK;
}

static sv_status open_csv(sv_dataset *d) {
  reader *r;
  char *text;
  SV_TRY(sv_alloc(&r, sizeof *r));
  d->state = r;
  SV_TRY(find_folder(d, r));
  SV_TRY(sv_text_read(&text, d->path, LARGEST,
                      "a CSV file with a path and a label in each row"));
  table t = {.d = d, .csv = {.name = d->path, .at = text}};
  sv_status status = read_rows(&t);
  sv_free(text);
  SV_TRY(status);
  SV_TRY(sv_roll_settle(&r->roll, d, false));
  return sv_dataset_measure(d, sv_header_of_file);
}

static void close_csv(void *state) {
  reader *r = state;
  if (!r) return;
  sv_roll_free(&r->roll);
  sv_free(r->folder);
  sv_free(r);
}

const sv_reader sv_reader_csv = {
    .name = "csv",
    .help = "a CSV file with a path and a label in each row",
    .probe = probe,
    .open = open_csv,
    .image = sv_image_of_file,
    .encoded = sv_encoded_file,
    .source = sample_path,
    .close = close_csv,
};
