/* The host program's allocator: it gets all of the library's memory, and each
 * piece comes back to it. Its pointers are inside larger pieces, so that memory
 * that is released elsewhere, or that comes from elsewhere, ends the test. */
#include <stdatomic.h>

#include "bars.h"

enum { BEFORE = 64 };

typedef struct counts {
  atomic_llong live, all;
} counts;

static counts counted;
static bool refuse, shift;

static void *allocate(void *context, size_t bytes, size_t alignment) {
  counts *c = context;
  assert_int_equal(alignment, BEFORE);
  char *piece = refuse ? NULL : aligned_alloc(alignment, bytes + 2 * BEFORE);
  if (!piece) return NULL;
  memset(piece, 0xa5, bytes + 2 * BEFORE); /* contents are any */
  memcpy(piece, "ours", 4);
  atomic_fetch_add(&c->live, 1);
  atomic_fetch_add(&c->all, 1);
  return piece + BEFORE + (shift ? 8 : 0);
}

static void release(void *context, void *memory) {
  counts *c = context;
  char *piece = (char *)((uintptr_t)memory / BEFORE * BEFORE) - BEFORE;
  assert_memory_equal(piece, "ours", 4);
  memset(piece, 0, 4);
  atomic_fetch_sub(&c->live, 1);
  free(piece);
}

static void train_and_save(void) {
  sv_dataset *bars = open_bars("bars", 1, SV_SPLIT_TRAIN);
  sv_dataset *test = open_bars("bars", 1, SV_SPLIT_TEST);
  sv_model *model = model_of(network, 1), *loaded;
  sv_fit_options o = quick(in_folder("run"));
  sv_metrics metrics;
  sv_image image, read;
  o.threads = 2;
  o.optimiser = "adam";
  o.augment.flip = true;
  assert_ok(sv_fit(model, bars, &o, NULL));
  assert_ok(sv_model_load(&loaded, in_folder("run/model.onnx")));
  assert_ok(sv_eval(&metrics, loaded, test, NULL));
  assert_ok(sv_dataset_image(bars, 0, &image));
  assert_ok(sv_image_write(&image, in_folder("image.png")));
  assert_ok(sv_image_read(&read, in_folder("image.png")));
  assert_int_equal(sv_image_read(&image, in_folder("none.png")), SV_IO);
  sv_image_free(&read);
  sv_image_free(&image);
  sv_metrics_free(&metrics);
  sv_model_free(loaded);
  sv_model_free(model);
  sv_dataset_free(test);
  sv_dataset_free(bars);
}

static void test_counts(void **state) {
  (void)state;
  const sv_allocator half = {sizeof half, allocate, NULL, NULL};
  sv_allocator host = {sizeof host, allocate, release, &counted};
  assert_error(SV_INVALID, "without allocate", sv_set_allocator(&half));
  host.size = 1;
  assert_error(SV_INVALID, "its size is 1", sv_set_allocator(&host));
  host.size = sizeof host;
  assert_ok(sv_set_allocator(&host));
  train_and_save();
  assert_true(counted.all > 1000);
  assert_int_equal(counted.live, 0);
  assert_error(SV_INVALID, "before any other function",
               sv_set_allocator(&host));
}

/* No memory, or memory that is not aligned. */
static void test_no_memory(void **state) {
  (void)state;
  sv_graph *graph;
  refuse = true;
  assert_error(SV_NO_MEMORY, "out of memory", sv_graph_new(&graph, "net"));
  refuse = false;
  shift = true;
  assert_error(SV_NO_MEMORY, "out of memory", sv_graph_new(&graph, "net"));
  shift = false;
  assert_int_equal(counted.live, 0);
  sv_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
