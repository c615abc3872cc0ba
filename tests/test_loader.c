/* Batches: the same for any number of threads, from the middle, with faults. */
#include "data_files.h"

#include <pthread.h>
#include <signal.h>

#include "data/loader.h"
#include "data/preprocess.h"
#include "data/reader.h"

enum { PADDED = (SMALL_H + 2) * (SMALL_W + 2), FAULTY = 13 };

typedef struct fixture {
  sv_dataset *d;
  sv_preprocess p;
  sv_samples all;
  int64_t order[SMALL_TRAIN];
} fixture;

/* The small data set in pads of one pixel, shuffled. */
static void open_fixture(fixture *f) {
  write_small("small", false);
  assert_ok(sv_dataset_open(&f->d, in_folder("small"), SV_SPLIT_TRAIN));
  assert_ok(sv_samples_all(&f->all, f->d));
  sv_shape input = sv_shape_of(3, 1, SMALL_H, SMALL_W);
  assert_ok(sv_preprocess_match(&f->p, f->d, &input));
  f->p.height += 2;
  f->p.width += 2;
  f->p.pad_top = f->p.pad_left = f->p.pad_bottom = f->p.pad_right = 1;
  assert_ok(sv_preprocess_fit(&f->p, f->d, &f->all));
  sv_samples_shuffle(&f->all, 5, 1, f->order);
}

static void close_fixture(fixture *f) {
  sv_samples_free(&f->all);
  sv_preprocess_free(&f->p);
  sv_dataset_free(f->d);
}

static sv_loader *make_loader(const fixture *f, int64_t batch, int threads) {
  sv_loader *loader;
  sv_loader_setup options = {
      .dataset = f->d, .preprocess = &f->p, .batch = batch, .threads = threads};
  assert_ok(sv_loader_make(&loader, &options));
  return loader;
}

/* A batch is what the samples say, each on its own. */
static void check_batch(const fixture *f, const sv_batch *batch, int64_t first,
                        int64_t count) {
  assert_int_equal(batch->first, first);
  assert_int_equal(batch->count, count);
  for (int64_t i = 0; i < count; i++) {
    int64_t sample = f->order[first + i];
    float expected[PADDED];
    sv_image image;
    assert_int_equal(batch->samples[i], sample);
    assert_int_equal(batch->labels[i], sample % 5);
    assert_ok(sv_dataset_image(f->d, sample, &image));
    assert_ok(sv_preprocess_pixels(&f->p, &image, expected));
    assert_memory_equal(batch->pixels + i * PADDED, expected, sizeof expected);
  }
}

static void check_epoch(const fixture *f, sv_loader *loader, int64_t batch,
                        int64_t first) {
  sv_batch b;
  assert_ok(sv_loader_start(loader, f->order, SMALL_TRAIN, first));
  for (int64_t at = first; at < SMALL_TRAIN; at += batch) {
    int64_t left = SMALL_TRAIN - at;
    assert_ok(sv_loader_next(loader, &b));
    check_batch(f, &b, at, left < batch ? left : batch);
  }
  for (int i = 0; i < 3; i++) { /* the end, as often as one asks */
    assert_ok(sv_loader_next(loader, &b));
    assert_int_equal(b.count, 0);
  }
}

static const int thread_counts[] = {SV_LOADER_AUTO, 0, 1, 2, 5, 8};
enum { THREAD_COUNTS = 6 };

static void test_batches(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  for (int t = 0; t < THREAD_COUNTS; t++)
    for (int64_t batch = 1; batch <= 23; batch += 2) {
      sv_loader *loader = make_loader(&f, batch, thread_counts[t]);
      check_epoch(&f, loader, batch, 0);
      for (int64_t first = 0; first <= SMALL_TRAIN; first += 4)
        check_epoch(&f, loader, batch, first);
      sv_loader_free(loader);
    }
  close_fixture(&f);
}

/* ---- Augmented ---- */

static sv_augment_list list_of(const char *text) {
  sv_augment_list list;
  assert_ok(sv_augment_parse(&list, &(sv_augment){.transforms = text}));
  return list;
}

/* Pictures are varied first, then their pixels are permuted. */
static void test_permuted(void **state) {
  (void)state;
  fixture f;
  float plain[3 * PADDED];
  sv_batch b;
  sv_augment_list list = list_of("flip; random_crop 2; erase");
  const sv_loader_change change = {.augment = &list, .key = {3, 4, 5}};
  open_fixture(&f);
  sv_loader *loader = make_loader(&f, 3, 0);
  for (int round = 0; round < 2; round++) {
    assert_ok(sv_loader_vary(loader, &change));
    assert_ok(sv_loader_start(loader, f.order, SMALL_TRAIN, 0));
    assert_ok(sv_loader_next(loader, &b));
    if (round == 0) {
      memcpy(plain, b.pixels, sizeof plain);
      assert_ok(sv_preprocess_permute(&f.p, 7));
    }
  }
  for (int i = 0; i < 3 * PADDED; i++)
    assert_float_equal(b.pixels[i],
                       plain[i / PADDED * PADDED + f.p.pixels[i % PADDED]], 0);
  sv_loader_free(loader);
  sv_augment_free(&list);
  close_fixture(&f);
}

/* One epoch from position `first` on. */
typedef struct epoch {
  float pixels[SMALL_TRAIN * PADDED], share[SMALL_TRAIN];
  int64_t labels[SMALL_TRAIN], others[SMALL_TRAIN];
} epoch;

static void read_epoch(sv_loader *loader, const fixture *f, int64_t first,
                       epoch *e) {
  sv_batch b;
  assert_ok(sv_loader_start(loader, f->order, SMALL_TRAIN, first));
  for (;;) {
    assert_ok(sv_loader_next(loader, &b));
    if (b.count == 0) return;
    memcpy(e->pixels + b.first * PADDED, b.pixels,
           (size_t)b.count * PADDED * sizeof(float));
    for (int64_t i = 0; i < b.count; i++) {
      e->labels[b.first + i] = b.labels[i];
      e->others[b.first + i] = b.others ? b.others[i] : -1;
      e->share[b.first + i] = b.share;
    }
  }
}

static const char *const lists[] = {
    "random_resized_crop; flip; color_jitter 0.4 0.4; rand_augment; erase",
    "resize 9; random_crop; trivial_augment; blur; cutmix; mixup"};

/* The same images whatever the number of threads, and from the middle. */
static void test_same_for_all_threads(void **state) {
  (void)state;
  fixture f;
  static epoch wanted, got;
  open_fixture(&f);
  for (int k = 0; k < 2; k++)
    for (int t = 0; t < THREAD_COUNTS; t++) {
      sv_augment_list list = list_of(lists[k]);
      const sv_loader_change change = {.augment = &list, .key = {3, 4, 5}};
      sv_loader *loader = make_loader(&f, 6, thread_counts[t]);
      assert_ok(sv_loader_vary(loader, &change));
      read_epoch(loader, &f, 0, &got);
      if (t == 0) wanted = got;
      assert_memory_equal(&got, &wanted, sizeof got);
      memset(&got.pixels[12 * PADDED], 0, 8 * PADDED * sizeof(float));
      read_epoch(loader, &f, 12, &got);
      assert_memory_equal(&got, &wanted, sizeof got);
      assert_true((wanted.others[0] >= 0) == (k == 1));
      /* Without them the samples are as they were. */
      assert_ok(sv_loader_vary(loader, NULL));
      check_epoch(&f, loader, 6, 0);
      sv_loader_free(loader);
      sv_augment_free(&list);
    }
  close_fixture(&f);
}

/* Position i is crop i mod 5 of its sample. */
static void test_crops(void **state) {
  (void)state;
  fixture f;
  sv_batch b;
  open_fixture(&f);
  f.p.resize = SV_RESIZE_CROP;
  f.p.crop = 0.5f;
  sv_loader_setup options = {
      .dataset = f.d, .preprocess = &f.p, .batch = 7, .threads = 2, .crops = 5};
  const int64_t order[10] = {4, 4, 4, 4, 4, 9, 9, 9, 9, 9};
  sv_loader *loader;
  assert_ok(sv_loader_make(&loader, &options));
  assert_ok(sv_loader_start(loader, order, 10, 0));
  for (int64_t at = 0; at < 10; at += b.count) {
    assert_ok(sv_loader_next(loader, &b));
    for (int64_t i = 0; i < b.count; i++) {
      float expected[PADDED];
      sv_image image;
      assert_ok(sv_dataset_image(f.d, order[at + i], &image));
      assert_ok(
          sv_preprocess_crop(&f.p, &image, (int)((at + i) % 5), expected));
      assert_memory_equal(b.pixels + i * PADDED, expected, sizeof expected);
    }
  }
  sv_loader_free(loader);
  close_fixture(&f);
}

/* Each sample is its share of itself and the rest of the previous one. */
static void test_mixed(void **state) {
  (void)state;
  fixture f;
  static epoch plain, mixed;
  open_fixture(&f);
  sv_augment_list list = list_of("mixup");
  const sv_loader_change change = {.augment = &list, .key = {3, 4, 5}};
  sv_loader *loader = make_loader(&f, 6, 2);
  read_epoch(loader, &f, 0, &plain);
  assert_ok(sv_loader_vary(loader, &change));
  read_epoch(loader, &f, 0, &mixed);
  for (int i = 0; i < SMALL_TRAIN; i++) {
    int first = i / 6 * 6, last = first + 5 < SMALL_TRAIN ? first + 5 : 19;
    int other = i > first ? i - 1 : last;
    float share = mixed.share[i];
    assert_int_equal(mixed.labels[i], plain.labels[i]);
    assert_int_equal(mixed.others[i], plain.labels[other]);
    for (int k = 0; k < PADDED; k++)
      assert_float_equal(mixed.pixels[i * PADDED + k],
                         share * plain.pixels[i * PADDED + k] +
                             (1 - share) * plain.pixels[other * PADDED + k],
                         1e-5);
  }
  sv_loader_free(loader);
  sv_augment_free(&list);
  close_fixture(&f);
}

/* A sample that comes again is varied again, if the order says so. */
static void test_repeats(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  sv_augment_list list = list_of("random_crop 3");
  sv_loader *loader = make_loader(&f, 16, 0);
  const int64_t order[16] = {0};
  for (int repeats = 0; repeats < 2; repeats++) {
    const sv_loader_change change = {&list, {3, 4, 5}, repeats};
    sv_batch b;
    int same = 0;
    assert_ok(sv_loader_vary(loader, &change));
    assert_ok(sv_loader_start(loader, order, 16, 0));
    assert_ok(sv_loader_next(loader, &b));
    for (int i = 1; i < 16; i++)
      same += memcmp(b.pixels, b.pixels + i * PADDED, PADDED * 4) == 0;
    assert_true(repeats ? same < 5 : same == 15);
  }
  sv_loader_free(loader);
  sv_augment_free(&list);
  close_fixture(&f);
}

/* Left in the middle, begun anew, freed while busy, never begun. */
static void test_abandoned(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  for (int t = 0; t < THREAD_COUNTS; t++)
    for (int calls = 0; calls < 5; calls++) {
      sv_loader *loader = make_loader(&f, 3, thread_counts[t]);
      sv_batch b;
      assert_ok(sv_loader_next(loader, &b));
      assert_int_equal(b.count, 0);
      for (int round = 0; round < 20; round++) {
        assert_ok(sv_loader_start(loader, f.order, SMALL_TRAIN, 0));
        for (int i = 0; i < calls; i++) {
          assert_ok(sv_loader_next(loader, &b));
          check_batch(&f, &b, 3 * i, 3);
        }
      }
      check_epoch(&f, loader, 3, 6);
      assert_ok(sv_loader_start(loader, f.order, SMALL_TRAIN, 0));
      sv_loader_free(loader);
    }
  sv_loader_free(NULL);
  close_fixture(&f);
}

/* A reader one of whose samples is slow to fail, a later one quick. */
static sv_status faulty_image(const sv_dataset *d, int64_t i, sv_image *image) {
  *image = (sv_image){0};
  if (i == FAULTY) usleep(20000);
  if (i == FAULTY || i == FAULTY + 1)
    return sv_fail(SV_FORMAT, "sample %lld is broken", (long long)i);
  *image = (sv_image){.width = SMALL_W,
                      .height = SMALL_H,
                      .channels = 1,
                      .pixels = (const uint8_t *)d->state + i * SMALL_PIXELS};
  return SV_OK;
}

/* The error comes with its batch, always the same; the others are whole. */
static void test_error_travels(void **state) {
  (void)state;
  fixture f, broken;
  open_fixture(&f);
  open_fixture(&broken);
  for (int i = 0; i < SMALL_TRAIN; i++) f.order[i] = i;
  sv_reader faulty = *f.d->reader;
  faulty.image = faulty_image;
  broken.d->reader = &faulty;
  for (int t = 0; t < THREAD_COUNTS; t++) {
    sv_loader *loader = make_loader(&broken, 6, thread_counts[t]);
    sv_batch b;
    for (int round = 0; round < 3; round++) {
      assert_ok(sv_loader_start(loader, f.order, SMALL_TRAIN, 0));
      for (int i = 0; i < 4; i++) {
        if (i == 2) {
          assert_error(SV_FORMAT, "sample 13 is broken",
                       sv_loader_next(loader, &b));
          assert_int_equal(b.count, 0);
        } else {
          assert_ok(sv_loader_next(loader, &b));
          check_batch(&f, &b, 6 * i, i == 3 ? 2 : 6);
        }
      }
      assert_ok(sv_loader_next(loader, &b));
      assert_int_equal(b.count, 0);
    }
    sv_loader_free(loader);
  }
  close_fixture(&broken);
  close_fixture(&f);
}

static void test_refused(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  sv_loader *loader;
  sv_loader_setup options = {.dataset = f.d, .preprocess = &f.p};
  assert_error(SV_INVALID, "a batch of 0 samples",
               sv_loader_make(&loader, &options));
  options.batch = INT64_MAX;
  assert_error(SV_NO_MEMORY, "too large", sv_loader_make(&loader, &options));
  options.batch = 4;
  options.threads = 9;
  assert_error(SV_INVALID, "9 loader threads, expected 0 to 8",
               sv_loader_make(&loader, &options));
  f.p.deviation[0] = 0;
  assert_error(SV_INVALID, "svertka.image.deviation",
               sv_loader_make(&loader, &options));
  f.p.deviation[0] = 1;
  loader = make_loader(&f, 4, 1);
  assert_error(SV_INVALID, "position 21 of an order of 20",
               sv_loader_start(loader, f.order, 20, 21));
  assert_error(SV_INVALID, "position -1",
               sv_loader_start(loader, f.order, 20, -1));
  int64_t beyond[2] = {3, 20};
  sv_batch b;
  assert_ok(sv_loader_start(loader, beyond, 2, 0));
  assert_error(SV_INVALID, "sample 20 is not 0 to 19",
               sv_loader_next(loader, &b));
  sv_loader_free(loader);
  close_fixture(&f);
}

/* A signal is for the program, also while only the loader is awake. */
static volatile sig_atomic_t caught_here;
static pthread_t here;

static void on_signal(int number) {
  (void)number;
  caught_here = pthread_equal(pthread_self(), here);
}

static void test_signals_stay_here(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  here = pthread_self();
  signal(SIGUSR1, on_signal);
  sv_loader *loader = make_loader(&f, 4, 4);
  for (int i = 0; i < 50; i++) {
    caught_here = 0;
    assert_ok(sv_loader_start(loader, f.order, SMALL_TRAIN, 0));
    kill(getpid(), SIGUSR1);
    assert_int_equal(caught_here, 1);
  }
  sv_loader_free(loader);
  signal(SIGUSR1, SIG_DFL);
  close_fixture(&f);
}

/* Several threads read one data set. */
static void *read_all(void *context) {
  const fixture *f = context;
  float out[PADDED];
  for (int round = 0; round < 50; round++)
    for (int64_t i = 0; i < SMALL_TRAIN; i++) {
      sv_image image;
      if (sv_dataset_image(f->d, i, &image) != SV_OK ||
          sv_preprocess_pixels(&f->p, &image, out) != SV_OK ||
          sv_dataset_label(f->d, i) != i % 5)
        return context;
      sv_image_free(&image);
    }
  return NULL;
}

static void test_shared(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, read_all, &f), 0);
  for (int i = 0; i < 4; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  close_fixture(&f);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TEST(test_batches),
      TEST(test_permuted),
      TEST(test_same_for_all_threads),
      TEST(test_mixed),
      TEST(test_repeats),
      TEST(test_crops),
      TEST(test_abandoned),
      TEST(test_error_travels),
      TEST(test_refused),
      TEST(test_signals_stay_here),
      TEST(test_shared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
