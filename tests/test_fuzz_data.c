/* The fuzzers of images and readers, on their corpora; images also cut short
 * and with bytes changed. */
#include "data_files.h"

#include "base/file.h"

#define LLVMFuzzerTestOneInput fuzz_image
#include "../fuzz/image.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_readers
#include "../fuzz/readers.c"
#undef LLVMFuzzerTestOneInput

typedef int target(const unsigned char *bytes, size_t size);
static target *wanted;
static int tried;

/* A file as it is, cut at 24 places, and with 48 changed bytes. */
static void try_spoilt(unsigned char *bytes, size_t size) {
  enum { CUTS = 24, CHANGES = 48 };
  unsigned random = (unsigned)size;
  wanted(bytes, size);
  for (size_t i = 0; i < CUTS; i++) wanted(bytes, size * i / CUTS);
  for (int i = 0; i < CHANGES && size; i++) {
    random = random * 1103515245u + 12345u;
    size_t at = i < CHANGES / 2 ? (random >> 8) % (size < 64 ? size : 64)
                                : (random >> 8) % size;
    unsigned char kept = bytes[at];
    bytes[at] = (unsigned char)(random >> 24 ^ kept ^ 1);
    wanted(bytes, size);
    bytes[at] = kept;
  }
}

static int try_file(const char *path, const struct stat *info, int kind,
                    struct FTW *walk) {
  unsigned char *bytes;
  size_t size;
  (void)walk;
  if (kind != FTW_F || info->st_size > 1 << 14) return 0;
  assert_ok(sv_file_read(path, 0, &bytes, &size));
  try_spoilt(bytes, size);
  sv_free(bytes);
  tried++;
  return 0;
}

static void try_folder(const char *folder, target *function, int least) {
  char path[1024];
  const char *source = getenv("SOURCE_DIR");
  assert_non_null(source);
  snprintf(path, sizeof path, "%s/%s", source, folder);
  wanted = function;
  tried = 0;
  assert_int_equal(nftw(path, try_file, 16, FTW_PHYS), 0);
  assert_true(tried >= least);
}

static void test_images(void **state) {
  (void)state;
  try_folder("tests/fixtures/images", fuzz_image, 40);
}

static void test_readers(void **state) {
  (void)state;
  try_folder("fuzz/readers", fuzz_readers, 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_images),
                                     cmocka_unit_test(test_readers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
