/* Pictures with a class for each pixel, laid out as Pascal VOC's:
 *
 *   classes.txt            a class a line, the first one is class 0
 *   train.txt, test.txt    the names of the pictures of a split, one a line
 *   images/NAME.png        the picture, or NAME.jpg
 *   labels/NAME.png        its mask: grey or with a palette, the value the
 *                          class, 255 none
 *
 * Source: Everingham et al., "The Pascal Visual Object Classes Challenge",
 * IJCV 2010 (the lists and masks). */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "data/image.h"
#include "data/reader.h"

enum { LARGEST_LIST = 1 << 26, MOST_CLASSES = 255, LONGEST_NAME = 200 };

/* Lines of a text; `bytes` holds them. */
typedef struct lines {
  char *bytes;
  char **at;
  int64_t count;
} lines;

static void free_lines(lines *l) {
  sv_free(l->bytes);
  sv_free(l->at);
  *l = (lines){0};
}

/* Cuts the text at its ends of lines; empty lines at the end are none. */
static sv_status cut(lines *l, size_t size) {
  size_t count = 1;
  for (size_t i = 0; i < size; i++) count += l->bytes[i] == '\n';
  SV_TRY(sv_alloc_array(&l->at, count, sizeof *l->at));
  for (char *at = l->bytes, *end; at; at = end) {
    end = strchr(at, '\n');
    if (end) *end++ = '\0';
    size_t length = strlen(at);
    if (length && at[length - 1] == '\r') at[length - 1] = '\0';
    l->at[l->count++] = at;
  }
  while (l->count && !l->at[l->count - 1][0]) l->count--;
  return SV_OK;
}

static sv_status read_lines(lines *l, const char *folder, const char *name) {
  char *path;
  *l = (lines){0};
  SV_TRY(sv_path_join(&path, folder, name));
  sv_status status = sv_text_read(&l->bytes, path, LARGEST_LIST,
                                  "a text file with one name per line");
  if (status == SV_OK) status = cut(l, strlen(l->bytes));
  if (status == SV_OK && !l->count)
    status = sv_fail(SV_FORMAT, "%s: is empty", path);
  sv_free(path);
  if (status != SV_OK) free_lines(l);
  return status;
}

/* ---- Opening ---- */

static bool has(const char *folder, const char *name) {
  char *path;
  if (sv_path_join(&path, folder, name) != SV_OK) return false;
  bool there = sv_path_exists(path);
  sv_free(path);
  return there;
}

static bool probe(const char *folder) {
  return has(folder, "classes.txt") && has(folder, "images") &&
         has(folder, "labels");
}

static sv_status take_classes(sv_dataset *d) {
  lines l;
  SV_TRY(read_lines(&l, d->path, "classes.txt"));
  sv_status status = SV_OK;
  if (l.count > MOST_CLASSES)
    status = sv_fail(SV_FORMAT,
                     "%s/classes.txt: %lld classes, at most %d are supported",
                     d->path, (long long)l.count, MOST_CLASSES);
  if (status == SV_OK)
    status = sv_alloc_array(&d->names, (size_t)l.count, sizeof *d->names);
  if (status == SV_OK) d->classes = (int)l.count;
  for (int i = 0; status == SV_OK && i < d->classes; i++)
    status = l.at[i][0] ? sv_copy_text(&d->names[i], l.at[i])
                        : sv_fail(SV_FORMAT, "%s/classes.txt: line %d is empty",
                                  d->path, i + 1);
  free_lines(&l);
  return status;
}

/* Names stay inside the folder. */
static sv_status check_names(const sv_dataset *d, const lines *l,
                             const char *list) {
  for (int64_t i = 0; i < l->count; i++) {
    const char *name = l->at[i];
    if (!name[0] || name[0] == '.' || strchr(name, '/') ||
        strlen(name) > LONGEST_NAME)
      return sv_fail(SV_FORMAT,
                     "%s/%s: line %lld is not the name of an image without its "
                     "folder and suffix",
                     d->path, list, (long long)i + 1);
  }
  return SV_OK;
}

/* *path = images/NAME.png or .jpg; which exists. */
static sv_status image_path(const sv_dataset *d, int64_t i, char **path) {
  const lines *l = d->state;
  char name[LONGEST_NAME + 16];
  for (int k = 0; k < 2; k++) {
    snprintf(name, sizeof name, "images/%s.%s", l->at[i], k ? "jpg" : "png");
    SV_TRY(sv_path_join(path, d->path, name));
    if (k || sv_path_exists(*path)) return SV_OK;
    sv_free(*path);
  }
  return SV_OK;
}

static sv_status get_image(const sv_dataset *d, int64_t i, sv_image *image) {
  char *path;
  SV_TRY(image_path(d, i, &path));
  sv_status status = sv_image_read(image, path);
  sv_free(path);
  return status;
}

/* Of all pictures, 0 where they differ. */
static sv_status measure(sv_dataset *d) {
  for (int64_t i = 0; i < d->count; i++) {
    sv_image image;
    SV_TRY(get_image(d, i, &image));
    if (i == 0) {
      d->height = image.height;
      d->width = image.width;
    }
    if (image.channels > d->channels) d->channels = image.channels;
    bool same = image.height == d->height && image.width == d->width;
    sv_image_free(&image);
    if (same) continue;
    d->height = d->width = 0;
    break;
  }
  return SV_OK;
}

static sv_status open_masks(sv_dataset *d) {
  const char *list = d->split == SV_SPLIT_TRAIN ? "train.txt" : "test.txt";
  lines *l;
  SV_TRY(take_classes(d));
  SV_TRY(sv_alloc(&l, sizeof *l));
  d->state = l;
  SV_TRY(read_lines(l, d->path, list));
  SV_TRY(check_names(d, l, list));
  d->count = l->count;
  SV_TRY(sv_alloc_array(&d->labels, (size_t)d->count, sizeof *d->labels));
  return measure(d);
}

static void close_masks(void *state) {
  if (state) free_lines(state);
  sv_free(state);
}

/* ---- A mask ---- */

static sv_status get_mask(const sv_dataset *d, int64_t i, sv_image *mask) {
  const lines *l = d->state;
  char name[LONGEST_NAME + 16], *path;
  snprintf(name, sizeof name, "labels/%s.png", l->at[i]);
  SV_TRY(sv_path_join(&path, d->path, name));
  sv_status status = sv_mask_read(mask, path);
  if (status == SV_OK && d->height &&
      (mask->height != d->height || mask->width != d->width)) {
    status = sv_fail(SV_FORMAT, "%s: is %dx%d, but its image is %dx%d", path,
                     mask->width, mask->height, d->width, d->height);
    sv_image_free(mask);
  }
  sv_free(path);
  return status;
}

const sv_reader sv_reader_masks = {
    .name = "masks",
    .help = "a folder with classes.txt, train.txt, test.txt, images, labels",
    .probe = probe,
    .open = open_masks,
    .image = get_image,
    .mask = get_mask,
    .close = close_masks,
};
