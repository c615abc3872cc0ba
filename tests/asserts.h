/* Assertions that many tests need: calls that succeed, calls that fail with the
 * right words, files that are alike. For tests that have included cmocka. */
#ifndef SV_TESTS_ASSERTS_H
#define SV_TESTS_ASSERTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svertka/base.h>

#define assert_ok(call)                              \
  do {                                               \
    if ((call) != SV_OK) fail_msg("%s", sv_error()); \
  } while (0)

/* The call fails with this status and a line that has these words in it. */
#define assert_error(status, words, call)                          \
  do {                                                             \
    assert_int_equal((call), (status));                            \
    if (!strstr(sv_error(), (words)))                              \
      fail_msg("\"%s\" does not say \"%s\"", sv_error(), (words)); \
  } while (0)

/* All of a file, with a zero behind it; free() it. */
static inline uint8_t *file_bytes(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("%s is missing", path);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *size = (size_t)ftell(file);
  uint8_t *bytes = calloc(*size + 1, 1);
  assert_non_null(bytes);
  rewind(file);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

static inline void assert_same_files(const char *a, const char *b) {
  size_t a_size, b_size;
  uint8_t *a_bytes = file_bytes(a, &a_size), *b_bytes = file_bytes(b, &b_size);
  if (a_size != b_size || memcmp(a_bytes, b_bytes, a_size) != 0)
    fail_msg("%s and %s differ", a, b);
  free(a_bytes);
  free(b_bytes);
}

#endif
