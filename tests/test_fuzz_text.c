/* The corpus of the fuzzer of networks as text, replayed, and the examples. */
#include "data_files.h"

#include "base/file.h"

#include "../fuzz/text.c"

static int tried;

static int try_file(const char *path, const struct stat *info, int kind,
                    struct FTW *walk) {
  unsigned char *bytes;
  size_t size;
  (void)walk;
  if (kind != FTW_F || info->st_size > 1 << 14) return 0;
  assert_ok(sv_file_read(path, 0, &bytes, &size));
  LLVMFuzzerTestOneInput(bytes, size);
  sv_free(bytes);
  tried++;
  return 0;
}

static void test_corpus(void **state) {
  (void)state;
  char path[1024];
  const char *source = getenv("SOURCE_DIR");
  assert_non_null(source);
  snprintf(path, sizeof path, "%s/fuzz/texts", source);
  assert_int_equal(nftw(path, try_file, 16, FTW_PHYS), 0);
  assert_true(tried >= 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
