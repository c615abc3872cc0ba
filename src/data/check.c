#include "data/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/reader.h"
#include "data/survey.h"

/* ---- Images by number ---- */

int sv_check_part(const sv_check_job *job, int64_t i) {
  int part = 0;
  while (i >= job->begin[part + 1]) part++;
  return part;
}

/* The data set of image i, and its sample. */
static const sv_dataset *find(const sv_check_job *job, int64_t i,
                              int64_t *sample) {
  int64_t training = job->begin[SV_CHECK_TEST];
  *sample = i < training ? i : i - training;
  return i < training ? job->train : job->test;
}

int sv_check_label(const sv_check_job *job, int64_t i) {
  int64_t sample;
  const sv_dataset *d = find(job, i, &sample);
  return sv_dataset_label(d, sample);
}

sv_status sv_check_describe(const sv_check_job *job, int64_t i,
                            sv_check_image *image) {
  int64_t sample;
  const sv_dataset *d = find(job, i, &sample);
  image->part = sv_check_part(job, i);
  image->label = sv_dataset_label(d, sample);
  return sv_dataset_source(d, sample, &image->source);
}

/* ---- Opening ---- */

static sv_status same_source(const sv_dataset *a, int64_t i,
                             const sv_dataset *b, int64_t k, bool *same) {
  char *x, *y = NULL;
  SV_TRY(sv_dataset_source(a, i, &x));
  sv_status status = sv_dataset_source(b, k, &y);
  *same = status == SV_OK && strcmp(x, y) == 0;
  sv_free(x);
  sv_free(y);
  return status;
}

/* A validation set may be the test set, too. */
static sv_status drop_equal_test(sv_check_job *job) {
  const sv_dataset *train = job->train;
  int64_t held = train->held_out, first = train->count - held;
  bool same = held > 0 && held == job->test->count;
  if (same) SV_TRY(same_source(train, first, job->test, 0, &same));
  if (!same) return SV_OK;
  sv_dataset_free(job->test);
  job->test = NULL;
  return SV_OK;
}

/* Data without a test set are checked, too. */
static sv_status open_data(sv_check_job *job, const char *data) {
  SV_TRY(sv_dataset_open(&job->train, data, SV_SPLIT_TRAIN));
  sv_status status = sv_dataset_open(&job->test, data, SV_SPLIT_TEST);
  if (status == SV_NO_MEMORY) return status;
  if (status == SV_OK)
    SV_TRY(drop_equal_test(job));
  else
    SV_TRY(sv_copy_text(&job->check->no_test, sv_error()));
  int64_t count = job->train->count;
  job->begin[SV_CHECK_VAL] = count - job->train->held_out;
  job->begin[SV_CHECK_TEST] = count;
  job->begin[SV_CHECK_PARTS] = count + (job->test ? job->test->count : 0);
  return sv_alloc_array(&job->prints, (size_t)job->begin[SV_CHECK_PARTS],
                        sizeof *job->prints);
}

/* ---- Reading ---- */

/* One of the two data sets being read. */
typedef struct reading {
  sv_check_job *job;
  const sv_survey *options;
  int64_t first; /* the number of its first image */
  sv_status status;
} reading;

static sv_status on_image(void *context, int64_t sample,
                          const sv_image *image) {
  const reading *r = context;
  return sv_print_make(&r->job->prints[r->first + sample], image);
}

static bool on_report(void *context, int64_t done, int64_t total) {
  const reading *r = context;
  (void)total;
  return !r->options->report ||
         r->options->report(r->options->context, r->first + done,
                            r->job->begin[SV_CHECK_PARTS]);
}

static sv_status add_bad(reading *r, int64_t sample, const char *reason) {
  sv_check *c = r->job->check;
  SV_TRY(
      sv_grow(&c->bad, (int)c->bad_count, &r->job->bad_room, sizeof *c->bad));
  sv_check_bad *bad = &c->bad[c->bad_count++];
  SV_TRY(sv_check_describe(r->job, r->first + sample, &bad->image));
  c->unreadable[bad->image.part]++;
  return sv_copy_text(&bad->reason, reason);
}

static void on_unreadable(void *context, int64_t sample, const char *source,
                          const char *reason) {
  reading *r = context;
  (void)source;
  if (r->status == SV_OK) r->status = add_bad(r, sample, reason);
}

static sv_status read_all(sv_check_job *job, const sv_dataset *d, int64_t first,
                          const sv_survey *options) {
  reading r = {.job = job, .options = options, .first = first};
  const sv_survey own = {options->threads, on_unreadable, on_report, &r};
  sv_survey_job run = {
      .dataset = d, .options = &own, .work = on_image, .context = &r};
  SV_TRY(sv_alloc(&run.failed, (size_t)d->count));
  sv_status status = sv_survey_run(&run);
  sv_free(run.failed);
  return status == SV_OK ? r.status : status;
}

/* ---- Counting ---- */

static int compare_sizes(const void *a, const void *b) {
  return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Smallest, median and largest of a side of the readable images. */
static sv_status measure(const sv_check_job *job, size_t offset, int side[3]) {
  int64_t all = job->begin[SV_CHECK_PARTS], count = 0;
  uint16_t *sizes;
  SV_TRY(sv_alloc_array(&sizes, (size_t)all, sizeof *sizes));
  for (int64_t i = 0; i < all; i++)
    if (job->prints[i].readable)
      memcpy(&sizes[count++], (const char *)&job->prints[i] + offset,
             sizeof *sizes);
  if (count > 1) qsort(sizes, (size_t)count, sizeof *sizes, compare_sizes);
  if (count > 0) {
    side[0] = sizes[0];
    side[1] = sizes[count / 2];
    side[2] = sizes[count - 1];
  }
  sv_free(sizes);
  return SV_OK;
}

static sv_status count(sv_check_job *job) {
  sv_check *c = job->check;
  size_t classes = (size_t)job->train->classes;
  SV_TRY(sv_alloc_array(&c->of_class, classes * SV_CHECK_PARTS,
                        sizeof *c->of_class));
  SV_TRY(sv_alloc_array(&c->names, classes, sizeof *c->names));
  c->classes = (int)classes;
  for (int i = 0; i < c->classes; i++)
    SV_TRY(sv_copy_text(&c->names[i], job->train->names[i]));
  for (int64_t i = 0; i < job->begin[SV_CHECK_PARTS]; i++) {
    const sv_print *p = &job->prints[i];
    int part = sv_check_part(job, i);
    c->samples[part]++;
    c->of_class[sv_check_label(job, i) * SV_CHECK_PARTS + part]++;
    c->grey += p->readable && p->channels == 1;
    c->colour += p->readable && p->channels != 1;
  }
  SV_TRY(measure(job, offsetof(sv_print, width), c->width));
  return measure(job, offsetof(sv_print, height), c->height);
}

static sv_status check(sv_check_job *job, const char *data,
                       const sv_survey *options) {
  SV_TRY(open_data(job, data));
  SV_TRY(read_all(job, job->train, 0, options));
  if (job->test)
    SV_TRY(read_all(job, job->test, job->begin[SV_CHECK_TEST], options));
  SV_TRY(count(job));
  SV_TRY(sv_check_same(job));
  return sv_check_near(job);
}

sv_status sv_dataset_check(sv_check *c, const char *data,
                           const sv_survey *options) {
  const sv_survey usual = {0};
  sv_check_job job = {.check = c};
  *c = (sv_check){0};
  sv_status status = check(&job, data, options ? options : &usual);
  sv_dataset_free(job.train);
  sv_dataset_free(job.test);
  sv_free(job.prints);
  if (status != SV_OK) sv_check_free(c);
  return status;
}

static void free_groups(sv_check_group *groups, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    for (int64_t k = 0; k < groups[i].count; k++)
      sv_free(groups[i].images[k].source);
    sv_free(groups[i].images);
  }
  sv_free(groups);
}

void sv_check_free(sv_check *c) {
  for (int64_t i = 0; i < c->bad_count; i++) {
    sv_free(c->bad[i].image.source);
    sv_free(c->bad[i].reason);
  }
  sv_free(c->bad);
  free_groups(c->same, c->same_count);
  free_groups(c->near, c->near_count);
  for (int i = 0; c->names && i < c->classes; i++) sv_free(c->names[i]);
  sv_free(c->names);
  sv_free(c->of_class);
  sv_free(c->no_test);
  *c = (sv_check){0};
}
