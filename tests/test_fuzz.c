/* The fuzzer's corpus, replayed: fuzz/corpus and the models of ONNX's tests. */
#include "onnx_files.h"

#include "base/file.h"
#include "base/memory.h"

#include "../fuzz/onnx.c"

static int tried;

static int try_file(const char *path, const struct stat *info, int kind,
                    struct FTW *walk) {
  unsigned char *bytes;
  size_t size;
  if (kind != FTW_F || info->st_size > 1 << 16) return 0;
  if (strstr(path, "/corpus/") == NULL &&
      strcmp(path + walk->base, "model.onnx"))
    return 0;
  assert_ok(sv_file_read(path, 0, &bytes, &size));
  /* A copy of exactly this size: reading past the end is seen. */
  unsigned char *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  sv_free(bytes);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
  tried++;
  return 0;
}

static void replay(const char *path, int least) {
  tried = 0;
  assert_int_equal(nftw(path, try_file, 16, FTW_PHYS), 0);
  assert_true(tried >= least);
}

static void test_corpus(void **state) {
  (void)state;
  char path[1024];
  const char *source = getenv("SOURCE_DIR");
  assert_non_null(source);
  snprintf(path, sizeof path, "%s/fuzz/corpus", source);
  replay(path, 10);
}

static void test_models(void **state) {
  (void)state;
  const char *data = getenv("ONNX_TESTDATA");
  replay(data && data[0] ? data : "/usr/share/libonnx-testdata/data", 900);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_corpus),
      cmocka_unit_test(test_models),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
