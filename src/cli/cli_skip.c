/* Images that cannot be read are left out, and listed. */
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/cli.h"

enum { SHOWN = 10, LARGEST = 1 << 30 };

typedef struct cli_skipped_list {
  sv_text rows;
} skipped_list;

static sv_status begin(cli_skipped *skipped) {
  if (skipped->list) return SV_OK;
  SV_TRY(sv_alloc(&skipped->list, sizeof *skipped->list));
  sv_text_add(&skipped->list->rows, "file,reason\n");
  return SV_OK;
}

static void add(cli_skipped *skipped, const char *source, const char *reason) {
  sv_text *rows = &skipped->list->rows;
  sv_text_add_field(rows, source);
  sv_text_add(rows, ",");
  sv_text_add_field(rows, reason);
  sv_text_add(rows, "\n");
  skipped->count++;
}

void cli_skipped_free(cli_skipped *skipped) {
  if (skipped->list) sv_text_clear(&skipped->list->rows);
  sv_free(skipped->list);
  *skipped = (cli_skipped){0};
}

sv_status cli_skipped_write(const cli_skipped *skipped, const char *path) {
  if (!skipped->list) return SV_OK;
  const sv_text *rows = &skipped->list->rows;
  if (rows->failed) return sv_fail(SV_NO_MEMORY, "%s: out of memory", path);
  return sv_file_write(path, rows->at, rows->length);
}

/* ---- By reading ---- */

typedef struct search {
  cli_progress bar;
  cli_skipped *skipped;
  int64_t found;
} search;

static bool on_progress(void *context, int64_t done, int64_t total) {
  search *s = context;
  (void)total;
  cli_progress_at(&s->bar, done, NULL);
  return !cli_interrupted();
}

static void on_unreadable(void *context, int64_t sample, const char *source,
                          const char *reason) {
  search *s = context;
  (void)sample;
  if (s->found == 0) cli_progress_end(&s->bar);
  if (s->found++ < SHOWN) cli_say("skipped: %s", reason);
  add(s->skipped, source, reason);
}

sv_status cli_skip_bad(sv_dataset *d, cli_skipped *skipped, int threads) {
  search s = {.skipped = skipped};
  const sv_survey survey = {threads, on_unreadable, on_progress, &s};
  SV_TRY(begin(skipped));
  cli_catch_interrupt();
  cli_progress_start(&s.bar, "reading", "images", sv_dataset_count(d));
  sv_status status = sv_dataset_skip_unreadable(d, &survey);
  cli_progress_end(&s.bar);
  if (status == SV_OK && s.found)
    cli_say("skipped %lld of %lld images that cannot be read",
            (long long)s.found, (long long)(sv_dataset_count(d) + s.found));
  return status;
}

/* ---- By a list ---- */

/* Marks the samples that are in the table of sources. */
static sv_status mark(const sv_dataset *d, const sv_names *sources,
                      bool *skip) {
  for (int64_t i = 0; i < sv_dataset_count(d); i++) {
    char *source;
    SV_TRY(sv_dataset_source(d, i, &source));
    skip[i] = sv_names_get(sources, source) >= 0;
    sv_dataset_source_free(source);
  }
  return SV_OK;
}

/* The sources in the table, and what to write again. */
static sv_status read_rows(sv_csv *csv, sv_names *sources,
                           cli_skipped *skipped) {
  SV_TRY(sv_csv_next(csv));         /* the header */
  bool again = skipped->count == 0; /* not those of another split */
  for (;;) {
    SV_TRY(sv_csv_next(csv));
    if (csv->count == 0) return SV_OK;
    if (csv->count != 2)
      return sv_fail(SV_FORMAT, "%s: line %d: %d fields, expected file, reason",
                     csv->name, csv->first_line, csv->count);
    SV_TRY(sv_names_put(sources, csv->fields[0], 0));
    if (again) add(skipped, csv->fields[0], csv->fields[1]);
  }
}

static sv_status skip_rows(sv_dataset *d, cli_skipped *skipped,
                           const char *path, char *text) {
  sv_csv csv = {.name = path, .at = text};
  sv_names sources = {0};
  bool *skip = NULL;
  sv_status status = read_rows(&csv, &sources, skipped);
  if (status == SV_OK) status = sv_alloc(&skip, (size_t)sv_dataset_count(d));
  if (status == SV_OK) status = mark(d, &sources, skip);
  if (status == SV_OK) status = sv_dataset_skip(d, skip);
  sv_free(skip);
  sv_names_free(&sources);
  return status;
}

sv_status cli_skip_listed(sv_dataset *d, cli_skipped *skipped, const char *path,
                          int threads) {
  char *text;
  if (!sv_path_exists(path)) return cli_skip_bad(d, skipped, threads);
  SV_TRY(begin(skipped));
  SV_TRY(sv_text_read(&text, path, LARGEST, "a CSV file"));
  sv_status status = skip_rows(d, skipped, path, text);
  sv_free(text);
  return status;
}
