/* Small images written into the folder of data_files.h. */
#ifndef SV_TESTS_IMAGE_FILES_H
#define SV_TESTS_IMAGE_FILES_H

#include "data_files.h"

/* Makes the folders above a file. */
static inline void make_parents(const char *path) {
  char whole[256], *slash;
  snprintf(whole, sizeof whole, "%s", path);
  for (slash = strchr(whole, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(in_folder(whole), 0777);
    *slash = '/';
  }
}

/* A PNG of one grey: 2x2 pixels, or of `side`, with three channels. */
static inline void put_image(const char *path, int side, int grey) {
  uint8_t pixels[64 * 3];
  assert_true(side <= 8);
  memset(pixels, grey, sizeof pixels);
  make_parents(path);
  const sv_image image = {side, side, 3, 0, pixels, NULL, 0, 0};
  assert_ok(sv_image_write(&image, in_folder(path)));
}

static inline void put_text(const char *path, const char *text) {
  make_parents(path);
  write_plain(path, text, strlen(text));
}

static inline sv_dataset *open_split(const char *root, sv_split split) {
  sv_dataset *d;
  assert_ok(sv_dataset_open(&d, in_folder(root), split));
  return d;
}

static inline sv_status try_open(const char *root, sv_split split) {
  sv_dataset *d;
  sv_status status = sv_dataset_open(&d, in_folder(root), split);
  if (status == SV_OK) sv_dataset_free(d);
  return status;
}

/* The grey of sample i. */
static inline int shade(const sv_dataset *d, int64_t i) {
  sv_image image;
  assert_ok(sv_dataset_image(d, i, &image));
  int value = image.pixels[0];
  sv_image_free(&image);
  return value;
}

/* The number of samples of a class. */
static inline int of_class(const sv_dataset *d, int class) {
  int count = 0;
  for (int64_t i = 0; i < sv_dataset_count(d); i++)
    count += sv_dataset_label(d, i) == class;
  return count;
}

#endif
