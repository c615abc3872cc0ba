/* Images in a folder for each class:
 *
 *   photos/cat/1.jpg, photos/dog/b/2.png, ...         one set, split here
 *   photos/train/cat/..., photos/test/cat/...         split already
 *   photos/train/..., photos/val/..., photos/test/... with a validation set
 *
 * The classes are the folders' names in byte order. Folders inside a class
 * folder belong to it; files beside the class folders are not read. A folder
 * `train` (`training`) that holds folders makes the set one that is split
 * already; `val` (`valid`, `validation`) holds the validation set, and without
 * a `test` (`testing`) it is the test set too. Else a fifth of each class,
 * drawn by a hash of the file's name, is the test set: a file that is added or
 * removed hardly moves the others. Source of the layout: ImageNet's, as
 * ILSVRC's tools unpack it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/image.h"
#include "data/listing.h"
#include "data/reader.h"

enum { PARTS = 2, PROBED = 16 };

/* Samples that lie below one folder; the second part is the validation set. */
typedef struct part {
  const char *folder; /* "train"; NULL: the data set's own */
  sv_listing paths;   /* "cat/1.jpg", of each sample */
} part;

typedef struct folder {
  part parts[PARTS];
} folder;

/* ---- Which layout ---- */

static bool holds_folders(const char *path) {
  sv_listing listing;
  if (!sv_path_is_folder(path) || sv_list_folders(&listing, path) != SV_OK)
    return false;
  bool some = listing.count > 0;
  sv_listing_free(&listing);
  return some;
}

/* The first of these names that is a folder of class folders, or NULL: a class
 * may be called "train", too, but then its folder holds images. */
static const char *find_split(const char *path, sv_part part) {
  for (const char *const *names = sv_part_names(part); *names; names++) {
    char *inner;
    if (sv_path_join(&inner, path, *names) != SV_OK) return NULL;
    bool found = holds_folders(inner);
    sv_free(inner);
    if (found) return *names;
  }
  return NULL;
}

static bool is_image(const char *path, const char *name) {
  char *whole;
  if (sv_path_join(&whole, path, name) != SV_OK) return false;
  bool image = sv_image_is_known(whole);
  sv_free(whole);
  return image;
}

static bool holds_images(const char *path) {
  sv_listing listing;
  if (sv_list_files(&listing, path) != SV_OK) return false;
  bool found = false;
  for (int64_t i = 0; i < listing.count && i < PROBED && !found; i++)
    found = is_image(path, sv_listing_name(&listing, i));
  sv_listing_free(&listing);
  return found;
}

static bool probe(const char *path) {
  sv_listing classes;
  if (!sv_path_is_folder(path)) return false;
  if (find_split(path, SV_PART_TRAIN)) return true;
  if (sv_list_folders(&classes, path) != SV_OK) return false;
  bool found = false;
  for (int64_t i = 0; i < classes.count && !found; i++) {
    char *inner;
    if (sv_path_join(&inner, path, sv_listing_name(&classes, i)) != SV_OK)
      break;
    found = holds_images(inner);
    sv_free(inner);
  }
  sv_listing_free(&classes);
  return found;
}

/* ---- Classes ---- */

static sv_status part_path(const sv_dataset *d, const char *inner,
                           char **path) {
  return inner ? sv_path_join(path, d->path, inner)
               : sv_copy_text(path, d->path);
}

/* The class folders of a part, sorted. */
static sv_status list_classes(const sv_dataset *d, const char *inner,
                              sv_listing *classes) {
  char *path;
  SV_TRY(part_path(d, inner, &path));
  sv_status status = sv_list_folders(classes, path);
  if (status == SV_OK && classes->count > SV_MOST_CLASSES) {
    status =
        sv_fail(SV_FORMAT, "%s: %lld class folders, at most %d are supported",
                path, (long long)classes->count, SV_MOST_CLASSES);
    sv_listing_free(classes);
  }
  sv_free(path);
  return status;
}

static sv_status take_classes(sv_dataset *d, const sv_listing *classes) {
  SV_TRY(sv_alloc_array(&d->names, (size_t)classes->count, sizeof *d->names));
  d->classes = (int)classes->count;
  for (int i = 0; i < d->classes; i++)
    SV_TRY(sv_copy_text(&d->names[i], sv_listing_name(classes, i)));
  return SV_OK;
}

static int compare_names(const void *path, const void *row) {
  const char *name = *(char *const *)row;
  size_t length = strcspn(path, "/");
  int order = strncmp(path, name, length);
  return order ? order : name[length] ? -1 : 0;
}

/* The class of "cat" or "cat/1.jpg", or -1. */
static int class_of(const sv_dataset *d, const char *path) {
  char **row = bsearch(path, d->names, (size_t)d->classes, sizeof *d->names,
                       compare_names);
  return row ? (int)(row - d->names) : -1;
}

/* ---- Samples ---- */

/* Marks the test samples of a class. */
static sv_status draw_tests(const sv_listing *files, const char *class,
                            bool *is_test) {
  const char **names;
  SV_TRY(sv_alloc_array(&names, (size_t)files->count, sizeof *names));
  for (int64_t i = 0; i < files->count; i++)
    names[i] = sv_listing_name(files, i);
  sv_status status = sv_draw_tests(is_test, class, names, files->count);
  sv_free(names);
  return status;
}

/* Appends the files of a class that belong to the split. */
static sv_status take_files(const sv_dataset *d, part *p, const char *class,
                            const sv_listing *files) {
  bool *is_test;
  SV_TRY(sv_alloc(&is_test, (size_t)files->count));
  sv_status status = SV_OK;
  if (!p->folder) status = draw_tests(files, class, is_test);
  for (int64_t i = 0; i < files->count && status == SV_OK; i++) {
    if (!p->folder && is_test[i] != (d->split == SV_SPLIT_TEST)) continue;
    char *path;
    status = sv_path_join(&path, class, sv_listing_name(files, i));
    if (status != SV_OK) break;
    status = sv_listing_add(&p->paths, path);
    sv_free(path);
  }
  sv_free(is_test);
  return status;
}

static sv_status read_class(const sv_dataset *d, part *p, const char *class) {
  char *path, *whole;
  sv_listing files;
  SV_TRY(part_path(d, p->folder, &path));
  sv_status status = sv_path_join(&whole, path, class);
  sv_free(path);
  SV_TRY(status);
  status = sv_list_files(&files, whole);
  bool training =
      p == ((folder *)d->state)->parts && d->split == SV_SPLIT_TRAIN;
  if (status == SV_OK && files.count == 0 && training)
    status = sv_fail(SV_FORMAT, "%s: a class folder without images", whole);
  if (status == SV_OK && class_of(d, class) < 0)
    status = sv_fail(SV_FORMAT, "%s: this class has no training images", whole);
  if (status == SV_OK) status = take_files(d, p, class, &files);
  sv_listing_free(&files);
  sv_free(whole);
  return status;
}

static sv_status read_part(const sv_dataset *d, part *p) {
  sv_listing classes;
  SV_TRY(list_classes(d, p->folder, &classes));
  sv_status status = SV_OK;
  for (int64_t i = 0; i < classes.count && status == SV_OK; i++)
    status = read_class(d, p, sv_listing_name(&classes, i));
  sv_listing_free(&classes);
  return status;
}

/* The part and the number in it of a sample. */
static const part *part_of(const sv_dataset *d, int64_t *i) {
  const folder *f = d->state;
  const part *p = f->parts;
  if (*i < p->paths.count) return p;
  *i -= p->paths.count;
  return p + 1;
}

static sv_status sample_path(const sv_dataset *d, int64_t i, char **path) {
  const part *p = part_of(d, &i);
  char *above;
  SV_TRY(part_path(d, p->folder, &above));
  sv_status status = sv_path_join(path, above, sv_listing_name(&p->paths, i));
  sv_free(above);
  return status;
}

static sv_status label_samples(sv_dataset *d) {
  SV_TRY(sv_alloc_array(&d->labels, (size_t)d->count, sizeof *d->labels));
  for (int64_t i = 0; i < d->count; i++) {
    int64_t at = i;
    const part *p = part_of(d, &at);
    d->labels[i] = class_of(d, sv_listing_name(&p->paths, at));
  }
  return SV_OK;
}

/* ---- The reader ---- */

static sv_status open_parts(sv_dataset *d, folder *f) {
  const char *train = find_split(d->path, SV_PART_TRAIN);
  const char *val = train ? find_split(d->path, SV_PART_VAL) : NULL;
  const char *test = train ? find_split(d->path, SV_PART_TEST) : NULL;
  sv_listing classes;
  SV_TRY(list_classes(d, train, &classes));
  sv_status status = take_classes(d, &classes);
  if (status == SV_OK && classes.count == 1)
    status = sv_fail(SV_FORMAT,
                     "%s: one class folder, '%s'; expected two or "
                     "more",
                     d->path, d->names[0]);
  sv_listing_free(&classes);
  SV_TRY(status);
  if (d->split == SV_SPLIT_TRAIN || !train) {
    f->parts[0].folder = train;
    SV_TRY(read_part(d, &f->parts[0]));
    if (!val) return SV_OK;
    f->parts[1].folder = val;
    return read_part(d, &f->parts[1]);
  }
  f->parts[0].folder = test ? test : val;
  if (!f->parts[0].folder)
    return sv_fail(SV_FORMAT, "%s: holds %s, but neither test nor val", d->path,
                   train);
  return read_part(d, &f->parts[0]);
}

static sv_status open_folder(sv_dataset *d) {
  folder *f;
  SV_TRY(sv_alloc(&f, sizeof *f));
  d->state = f;
  SV_TRY(open_parts(d, f));
  d->count = f->parts[0].paths.count + f->parts[1].paths.count;
  d->held_out = f->parts[1].paths.count;
  if (d->count == 0)
    return sv_fail(SV_FORMAT, "%s: no images for %s", d->path,
                   d->split == SV_SPLIT_TEST ? "testing" : "training");
  SV_TRY(label_samples(d));
  return sv_dataset_measure(d, sv_header_of_file);
}

static void close_folder(void *state) {
  folder *f = state;
  for (int i = 0; f && i < PARTS; i++) sv_listing_free(&f->parts[i].paths);
  sv_free(f);
}

const sv_reader sv_reader_folder = {
    .name = "folder",
    .help = "a folder with one folder of images per class",
    .probe = probe,
    .open = open_folder,
    .image = sv_image_of_file,
    .encoded = sv_encoded_file,
    .source = sample_path,
    .close = close_folder,
};
