#include "data/survey.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/thread.h"
#include "data/reader.h"

enum { MOST_THREADS = 64, MESSAGE = 1024, PAUSE = 100 /* milliseconds */ };

/* A sample that cannot be read. */
typedef struct failure {
  int64_t sample;
  char *reason;
} failure;

typedef struct survey {
  const sv_survey_job *job;
  pthread_mutex_t lock; /* over all below */
  pthread_cond_t ended; /* a thread is idle */
  int64_t next, done, count;
  int busy; /* threads */
  failure *failures;
  int failure_count, failure_room;
  sv_status status; /* why it stops */
  char message[MESSAGE];
} survey;

/* ---- In the threads ---- */

static sv_status read_mask(const sv_dataset *d, int64_t sample) {
  sv_image mask;
  if (!sv_dataset_has_masks(d)) return SV_OK;
  SV_TRY(sv_dataset_mask(d, sample, &mask));
  sv_image_free(&mask);
  return SV_OK;
}

static sv_status read_sample(const sv_survey_job *job, int64_t sample,
                             bool *unreadable) {
  sv_image image;
  sv_status status = sv_dataset_image(job->dataset, sample, &image);
  if (status == SV_OK) status = read_mask(job->dataset, sample);
  *unreadable = status != SV_OK && status != SV_NO_MEMORY;
  if (status == SV_OK && job->work)
    status = job->work(job->context, sample, &image);
  sv_image_free(&image);
  return status;
}

static sv_status note_failure(survey *p, int64_t sample) {
  p->job->failed[sample] = true;
  SV_TRY(sv_grow(&p->failures, p->failure_count, &p->failure_room,
                 sizeof *p->failures));
  failure *f = &p->failures[p->failure_count];
  f->sample = sample;
  SV_TRY(sv_copy_text(&f->reason, sv_error()));
  p->failure_count++;
  return SV_OK;
}

static void stop(survey *p, sv_status status) {
  if (p->status != SV_OK) return;
  p->status = status;
  memcpy(p->message, sv_error(), strnlen(sv_error(), MESSAGE - 1) + 1);
}

static void *run(void *context) {
  survey *p = context;
  pthread_mutex_lock(&p->lock);
  while (p->next < p->count && p->status == SV_OK) {
    int64_t sample = p->next++;
    bool unreadable;
    pthread_mutex_unlock(&p->lock);
    sv_status status = read_sample(p->job, sample, &unreadable);
    pthread_mutex_lock(&p->lock);
    if (unreadable) status = note_failure(p, sample);
    if (status != SV_OK) stop(p, status);
    p->done++;
  }
  p->busy--;
  pthread_cond_signal(&p->ended);
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

/* ---- The caller's side ---- */

static int threads_for(const sv_survey_job *job) {
  int threads = job->options->threads ? job->options->threads : sv_processors();
  return threads < MOST_THREADS ? threads : MOST_THREADS;
}

/* Signals are for the program's own threads. */
static int start(survey *p, pthread_t *threads, int wanted) {
  sigset_t all, before;
  int count = 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  p->busy = wanted;
  while (count < wanted && pthread_create(&threads[count], NULL, run, p) == 0)
    count++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_mutex_lock(&p->lock);
  p->busy -= wanted - count;
  if (count == 0)
    stop(p, sv_fail(SV_NO_MEMORY, "cannot start a thread to read images"));
  pthread_mutex_unlock(&p->lock);
  return count;
}

static void wait_a_little(survey *p) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += PAUSE * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_cond_timedwait(&p->ended, &p->lock, &until);
}

/* Reports while the threads work. */
static void watch(survey *p) {
  const sv_survey *o = p->job->options;
  pthread_mutex_lock(&p->lock);
  while (p->busy > 0) {
    wait_a_little(p);
    int64_t done = p->done;
    if (!o->report) continue;
    pthread_mutex_unlock(&p->lock);
    bool go_on = o->report(o->context, done, p->count);
    pthread_mutex_lock(&p->lock);
    if (!go_on)
      stop(p, sv_fail(SV_INTERRUPTED, "stopped after %lld of %lld images",
                      (long long)done, (long long)p->count));
  }
  pthread_mutex_unlock(&p->lock);
}

static int by_sample(const void *a, const void *b) {
  const failure *x = a, *y = b;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static sv_status tell_failures(survey *p) {
  const sv_survey *o = p->job->options;
  if (p->failure_count > 1)
    qsort(p->failures, (size_t)p->failure_count, sizeof *p->failures,
          by_sample);
  for (int i = 0; o->unreadable && i < p->failure_count; i++) {
    const failure *f = &p->failures[i];
    char *source;
    SV_TRY(sv_dataset_source(p->job->dataset, f->sample, &source));
    o->unreadable(o->context, f->sample, source, f->reason);
    sv_dataset_source_free(source);
  }
  return SV_OK;
}

sv_status sv_survey_run(const sv_survey_job *job) {
  pthread_t threads[MOST_THREADS];
  survey p = {.job = job, .count = sv_dataset_count(job->dataset)};
  pthread_mutex_init(&p.lock, NULL);
  pthread_cond_init(&p.ended, NULL);
  int count = start(&p, threads, threads_for(job));
  watch(&p);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  pthread_cond_destroy(&p.ended);
  pthread_mutex_destroy(&p.lock);
  sv_status status =
      p.status == SV_OK ? tell_failures(&p) : sv_fail_as(p.status, p.message);
  for (int i = 0; i < p.failure_count; i++) sv_free(p.failures[i].reason);
  sv_free(p.failures);
  return status;
}

sv_status sv_dataset_skip_unreadable(sv_dataset *d, const sv_survey *options) {
  const sv_survey usual = {0};
  bool *failed;
  if (d->reader->in_memory) return SV_OK;
  SV_TRY(sv_alloc(&failed, (size_t)d->count));
  const sv_survey_job job = {
      .dataset = d, .options = options ? options : &usual, .failed = failed};
  sv_status status = sv_survey_run(&job);
  if (status == SV_OK) status = sv_dataset_skip(d, failed);
  sv_free(failed);
  return status;
}
