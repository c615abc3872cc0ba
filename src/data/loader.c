#include "data/loader.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/thread.h"
#include "data/loader_sample.h"
#include "data/preprocess.h"
#include "data/reader.h"

enum { SLOTS = 2, MESSAGE = 1024, MOST_THREADS = 8 };

/* Room for a batch. */
typedef struct slot {
  float *pixels;
  int64_t *labels;
  int64_t *others; /* labels of what is mixed in; NULL: nothing ever is */
  float share;     /* of `labels` */
  int64_t left;    /* samples that are not there yet */
  sv_status status;
  int64_t failed; /* the position of the sample that status is about */
  char message[MESSAGE];
} slot;

struct sv_loader {
  sv_loader_setup options;
  sv_loader_own own;
  size_t sample;                   /* floats of one */
  size_t places;                   /* labels of one */
  sv_loader_change wanted, change; /* from the next start on; now */
  slot slots[SLOTS];
  pthread_t threads[MOST_THREADS];
  int thread_count;
  bool has_lock;
  pthread_mutex_t lock; /* over all below and in the slots but the samples */
  pthread_cond_t work;  /* there may be something to fill, or to end */
  pthread_cond_t done;  /* a batch is complete, or a thread idle */
  const int64_t *order;
  int64_t count, first; /* of the order; where batch 0 begins */
  int64_t next;         /* the position that is filled next */
  int64_t batch;        /* the one that the caller has or waits for */
  double waited;        /* seconds of the caller, in all */
  int busy;             /* threads that are filling */
  bool stopping;        /* start waits until nobody is busy */
  bool quit;
};

/* ---- Positions and batches ---- */

static int64_t batch_of(const sv_loader *l, int64_t position) {
  return (position - l->first) / l->options.batch;
}

static int64_t batch_begin(const sv_loader *l, int64_t batch) {
  int64_t left = l->count - l->first, begin;
  bool beyond = __builtin_mul_overflow(batch, l->options.batch, &begin);
  return l->first + (beyond || begin > left ? left : begin);
}

static int64_t batch_size(const sv_loader *l, int64_t batch) {
  return batch_begin(l, batch + 1) - batch_begin(l, batch);
}

static slot *slot_of(sv_loader *l, int64_t batch) {
  return &l->slots[batch % SLOTS];
}

/* Makes the slot of this batch ready to be filled. */
static void clear_slot(sv_loader *l, int64_t batch) {
  slot *s = slot_of(l, batch);
  s->left = batch_size(l, batch);
  s->status = SV_OK;
}

/* ---- Filling ---- */

static sv_status load(sv_loader *l, int64_t position) {
  slot *s = slot_of(l, batch_of(l, position));
  size_t place = (size_t)((position - l->first) % l->options.batch);
  return sv_loader_sample(&l->options, &l->change, l->order[position], position,
                          s->pixels + place * l->sample,
                          s->labels + place * l->places);
}

/* Mixes the samples of a batch, once all of them are there. */
static sv_status mix(sv_loader *l, int64_t batch) {
  const sv_preprocess *p = l->options.preprocess;
  slot *s = slot_of(l, batch);
  int64_t count = batch_size(l, batch), first = batch_begin(l, batch);
  float *room;
  s->share = 1;
  if (!sv_loader_mixes(&l->change)) return SV_OK;
  const sv_mix m = sv_augment_mix(l->change.augment, &l->change.key,
                                  first / l->options.batch, p);
  SV_TRY(sv_alloc_array(&room, l->sample, sizeof *room));
  sv_augment_mix_pixels(&m, p, count, s->pixels, room);
  sv_free(room);
  if (m.on) s->share = m.share;
  for (int64_t i = 0; i < count; i++)
    s->others[i] = s->labels[i > 0 ? i - 1 : count - 1];
  for (int64_t i = 0; i < count; i++)
    SV_TRY(sv_preprocess_reorder(p, s->pixels + (size_t)i * l->sample));
  return SV_OK;
}

static void note(slot *s, int64_t position, sv_status status) {
  if (status == SV_OK || (s->status != SV_OK && position >= s->failed)) return;
  s->status = status;
  s->failed = position;
  memcpy(s->message, sv_error(), strnlen(sv_error(), MESSAGE - 1) + 1);
}

/* Of several errors the first sample's stays, whoever was faster. True for the
 * last sample of a batch that is to be mixed. */
static bool finish(sv_loader *l, int64_t position, sv_status status) {
  slot *s = slot_of(l, batch_of(l, position));
  note(s, position, status);
  if (s->left == 1 && s->status == SV_OK) return true;
  s->left--;
  return false;
}

/* After the last sample: the batch is ready. */
static void complete(sv_loader *l, int64_t batch, sv_status status) {
  slot *s = slot_of(l, batch);
  note(s, batch_begin(l, batch), status);
  s->left--;
}

static bool has_work(const sv_loader *l) {
  return l->next < l->count && batch_of(l, l->next) < l->batch + SLOTS;
}

static void *run(void *context) {
  sv_loader *l = context;
  pthread_mutex_lock(&l->lock);
  while (!l->quit) {
    if (!has_work(l)) {
      pthread_cond_wait(&l->work, &l->lock);
      continue;
    }
    int64_t position = l->next++;
    l->busy++;
    pthread_mutex_unlock(&l->lock);
    sv_status status = load(l, position);
    pthread_mutex_lock(&l->lock);
    if (finish(l, position, status)) {
      int64_t batch = batch_of(l, position);
      pthread_mutex_unlock(&l->lock);
      status = mix(l, batch);
      pthread_mutex_lock(&l->lock);
      complete(l, batch, status);
    }
    l->busy--;
    bool ready = slot_of(l, batch_of(l, position))->left == 0;
    if (ready || (l->stopping && l->busy == 0)) pthread_cond_signal(&l->done);
  }
  pthread_mutex_unlock(&l->lock);
  return NULL;
}

/* ---- The caller's side ---- */

static int threads_for(const sv_loader_setup *o) {
  if (o->threads != SV_LOADER_AUTO) return o->threads;
  enum { LARGE = 64 * 64 };
  const sv_preprocess *p = o->preprocess;
  const sv_dataset *d = o->dataset;
  int processors = sv_processors();
  bool changes = o->augment && o->augment->images > 0;
  if (!d->reader->in_memory || (changes && p->height * p->width >= LARGE))
    return processors < MOST_THREADS ? processors : MOST_THREADS;
  return d->channels != p->channels ||
         d->height != p->height - p->pad_top - p->pad_bottom ||
         d->width != p->width - p->pad_left - p->pad_right;
}

/* Signals are for the program's own threads. */
static sv_status start_threads(sv_loader *l, int wanted) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int fault = 0;
  while (l->thread_count < wanted && !fault) {
    fault = pthread_create(&l->threads[l->thread_count], NULL, run, l);
    l->thread_count += !fault;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!fault) return SV_OK;
  return sv_fail(SV_NO_MEMORY, "cannot start a loader thread: %s",
                 strerror(fault));
}

static sv_status make(sv_loader *l) {
  const sv_preprocess *p = l->options.preprocess;
  SV_TRY(sv_preprocess_check(p));
  if (l->options.batch < 1)
    return sv_fail(SV_INVALID, "a batch of %lld samples, expected 1 or more",
                   (long long)l->options.batch);
  int threads = threads_for(&l->options);
  if (threads < 0 || threads > MOST_THREADS)
    return sv_fail(SV_INVALID, "%d loader threads, expected 0 to %d", threads,
                   MOST_THREADS);
  l->sample = (size_t)p->channels * (size_t)p->height * (size_t)p->width;
  l->places = sv_dataset_has_masks(l->options.dataset)
                  ? (size_t)p->height * (size_t)p->width
                  : 1;
  for (int i = 0; i < SLOTS; i++) {
    SV_TRY(sv_alloc_array(&l->slots[i].pixels, (size_t)l->options.batch,
                          l->sample * sizeof(float)));
    SV_TRY(sv_alloc_array(&l->slots[i].labels, (size_t)l->options.batch,
                          l->places * sizeof(int64_t)));
  }
  pthread_mutex_init(&l->lock, NULL);
  pthread_cond_init(&l->work, NULL);
  pthread_cond_init(&l->done, NULL);
  l->has_lock = true;
  return start_threads(l, threads);
}

sv_status sv_loader_make(sv_loader **loader, const sv_loader_setup *options) {
  *loader = NULL;
  sv_loader *l;
  SV_TRY(sv_alloc(&l, sizeof *l));
  l->options = *options;
  sv_status status = make(l);
  l->options.augment = NULL;
  if (status == SV_OK)
    *loader = l;
  else
    sv_loader_free(l);
  return status;
}

sv_loader_own *sv_loader_owned(sv_loader *l) { return &l->own; }

void sv_loader_free(sv_loader *l) {
  if (!l) return;
  if (l->has_lock) {
    pthread_mutex_lock(&l->lock);
    l->quit = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->thread_count; i++) pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->done);
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
  }
  for (int i = 0; i < SLOTS; i++) {
    sv_free(l->slots[i].pixels);
    sv_free(l->slots[i].labels);
    sv_free(l->slots[i].others);
  }
  sv_augment_free(&l->own.augment);
  sv_free(l);
}

sv_status sv_loader_vary(sv_loader *l, const sv_loader_change *change) {
  const sv_loader_change none = {0};
  l->wanted = change ? *change : none;
  if (!l->wanted.augment || !sv_augment_mixes(l->wanted.augment)) return SV_OK;
  for (int i = 0; i < SLOTS; i++)
    if (!l->slots[i].others)
      SV_TRY(sv_alloc_array(&l->slots[i].others, (size_t)l->options.batch,
                            sizeof *l->slots[i].others));
  return SV_OK;
}

sv_status sv_loader_start(sv_loader *l, const int64_t *order, int64_t count,
                          int64_t first) {
  if (first < 0 || first > count || (count > 0 && !order))
    return sv_fail(SV_INVALID, "position %lld of an order of %lld samples",
                   (long long)first, (long long)(order ? count : 0));
  pthread_mutex_lock(&l->lock);
  l->next = l->count;
  l->stopping = true;
  while (l->busy > 0) pthread_cond_wait(&l->done, &l->lock);
  l->stopping = false;
  l->change = l->wanted;
  l->order = order;
  l->count = count;
  l->first = l->next = first;
  l->batch = -1; /* the first call of next makes it 0 */
  for (int i = 0; i < SLOTS; i++) clear_slot(l, i);
  pthread_cond_broadcast(&l->work);
  pthread_mutex_unlock(&l->lock);
  return SV_OK;
}

/* Asks for the pixels at this position: shuffled samples lie where no cache
 * expects them, and without it half the time is waiting for memory. */
static void fetch(const sv_loader *l, int64_t position) {
  const sv_dataset *d = l->options.dataset;
  sv_image image;
  if (position >= l->count || !d->reader->in_memory ||
      sv_dataset_image(d, l->order[position], &image) != SV_OK)
    return;
  int64_t size = (int64_t)image.width * image.height * image.channels;
  for (int64_t i = 0; i < size && i < 4096; i += 64)
    __builtin_prefetch(image.pixels + i);
}

static void fill_here(sv_loader *l) {
  int64_t end = batch_begin(l, l->batch + 1);
  for (; l->next < end; l->next++) {
    fetch(l, l->next + 4);
    if (finish(l, l->next, load(l, l->next)))
      complete(l, l->batch, mix(l, l->batch));
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

sv_status sv_loader_next(sv_loader *l, sv_batch *batch) {
  *batch = (sv_batch){0};
  pthread_mutex_lock(&l->lock);
  /* The slot of the batch that the caller had is free for the one after next.
   */
  if (l->batch >= 0) clear_slot(l, l->batch + SLOTS);
  l->batch++;
  slot *s = slot_of(l, l->batch);
  double start = s->left > 0 ? now() : 0;
  if (l->thread_count == 0)
    fill_here(l);
  else if (has_work(l))
    pthread_cond_broadcast(&l->work);
  while (s->left > 0) pthread_cond_wait(&l->done, &l->lock);
  if (start > 0) l->waited += now() - start;
  sv_status status = s->status;
  int64_t first = batch_begin(l, l->batch);
  if (status == SV_OK)
    *batch =
        (sv_batch){.first = first,
                   .count = batch_size(l, l->batch),
                   .samples = l->order ? l->order + first : NULL,
                   .pixels = s->pixels,
                   .labels = s->labels,
                   .others = sv_loader_mixes(&l->change) ? s->others : NULL,
                   .share = s->share};
  pthread_mutex_unlock(&l->lock);
  return status == SV_OK ? SV_OK : sv_fail_as(status, s->message);
}

double sv_loader_waited(const sv_loader *l) { return l->waited; }
