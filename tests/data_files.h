/* What the tests of src/data share: a folder that is removed at the end, files
 * written into it, errors looked at. */
#ifndef SV_TESTS_DATA_FILES_H
#define SV_TESTS_DATA_FILES_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <svertka/data.h>
#include <zlib.h>

#include "asserts.h"

static char folder[256]; /* the test program's own */

static inline int make_folder(void **state) {
  (void)state;
  const char *place = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/svertka-test-XXXXXX",
           place && place[0] ? place : "/tmp");
  return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *info,
                             int kind, struct FTW *walk) {
  (void)info, (void)kind, (void)walk;
  return remove(path);
}

static inline int remove_folder(void **state) {
  (void)state;
  return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* "<folder>/<name>", in one of a few buffers used in turn. */
static inline const char *in_folder(const char *name) {
  static char paths[8][512];
  static int turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline void write_plain(const char *name, const void *bytes,
                               size_t size) {
  FILE *file = fopen(in_folder(name), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static inline void write_gzip(const char *name, const void *bytes,
                              size_t size) {
  gzFile file = gzopen(in_folder(name), "wb9");
  assert_non_null(file);
  assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
  assert_int_equal(gzclose(file), Z_OK);
}

/* A small data set: 20 training and 7 test images of 4x6 pixels, image i, pixel
 * j being (7 i + 3 j) % 256, its label i % 5; in the test split i % 4. */
enum { SMALL_H = 4, SMALL_W = 6, SMALL_PIXELS = 24, SMALL_TRAIN = 20 };

static inline int small_pixel(int i, int j) { return (7 * i + 3 * j) % 256; }

static inline size_t small_images(uint8_t *bytes, int count) {
  const uint8_t header[16] = {0, 0, 8, 3,       0, 0, 0, (uint8_t)count,
                              0, 0, 0, SMALL_H, 0, 0, 0, SMALL_W};
  memcpy(bytes, header, 16);
  for (int i = 0; i < count * SMALL_PIXELS; i++)
    bytes[16 + i] = (uint8_t)small_pixel(i / SMALL_PIXELS, i % SMALL_PIXELS);
  return 16 + (size_t)count * SMALL_PIXELS;
}

static inline size_t small_labels(uint8_t *bytes, int count, int classes) {
  const uint8_t header[8] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)count};
  memcpy(bytes, header, 8);
  for (int i = 0; i < count; i++) bytes[8 + i] = (uint8_t)(i % classes);
  return 8 + (size_t)count;
}

/* Writes it into <folder>/<name>, gzip or plain. */
static inline void write_small(const char *name, bool gzip) {
  char path[300];
  uint8_t bytes[16 + SMALL_TRAIN * SMALL_PIXELS];
  void (*write)(const char *, const void *, size_t) =
      gzip ? write_gzip : write_plain;
  const char *end = gzip ? "-ubyte.gz" : "-ubyte";
  mkdir(in_folder(name), 0777);
  for (int test = 0; test < 2; test++) {
    const char *split = test ? "t10k" : "train";
    int count = test ? 7 : SMALL_TRAIN;
    snprintf(path, sizeof path, "%s/%s-images-idx3%s", name, split, end);
    write(path, bytes, small_images(bytes, count));
    snprintf(path, sizeof path, "%s/%s-labels-idx1%s", name, split, end);
    write(path, bytes, small_labels(bytes, count, test ? 4 : 5));
  }
}

#endif
