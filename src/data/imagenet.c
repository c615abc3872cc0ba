/* ImageNet, as it is unpacked:
 *
 *   train/n01440764/n01440764_10026.JPEG    a folder for each synset
 *   val/ILSVRC2012_val_00000001.JPEG        with a list of labels, or in
 *                                           folders as train
 *
 * or Kaggle's archive, in which both lie in ILSVRC/Data/CLS-LOC. The lists that
 * are known are in imagenet_lists.c. The classes are the synsets in byte order,
 * as everywhere else, so that class 0 is the tench. With a list of names a
 * class is called by its words: "tench, Tinca tinca"; two classes with the same
 * words get their synset in brackets. The images of val are the validation set
 * and the test set; those of test have no labels and are not read. Source:
 * Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV
 * 2015. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/image.h"
#include "data/imagenet.h"
#include "data/roll.h"

typedef struct reader {
  sv_roll roll;
  sv_imagenet_places places;
} reader;

/* Synsets with a list of names, or a flat val beside class folders. */
static bool probe(const char *path) {
  sv_imagenet_places p;
  if (!sv_path_is_folder(path) || sv_imagenet_find(&p, path) != SV_OK)
    return false;
  bool found = p.has_train && ((p.names && p.synsets) || p.val_is_flat);
  sv_imagenet_places_free(&p);
  return found;
}

/* ---- Files ---- */

/* Adds folder/class/..., each with the name of its folder as the label. */
static sv_status add_folders(reader *r, const char *folder, sv_part part) {
  char *path;
  sv_listing files;
  SV_TRY(sv_path_join(&path, r->places.base, folder));
  sv_status status = sv_list_files(&files, path);
  for (int64_t i = 0; status == SV_OK && i < files.count; i++) {
    const char *name = sv_listing_name(&files, i), *slash = strchr(name, '/');
    char *whole = NULL, *label = NULL;
    if (!slash) continue; /* beside the class folders */
    status = sv_path_join(&whole, folder, name);
    if (status == SV_OK) status = sv_copy_text(&label, name);
    if (status == SV_OK) label[slash - name] = '\0';
    if (status == SV_OK) status = sv_roll_add(&r->roll, whole, label, part);
    sv_free(label);
    sv_free(whole);
  }
  sv_listing_free(&files);
  sv_free(path);
  return status;
}

/* The synset for a value of a list: itself, or that with this number. */
static const char *synset_of(const char *value, const sv_listing *synsets) {
  char *end;
  if (!isdigit((unsigned char)*value)) return value;
  long number = strtol(value, &end, 10);
  return *end || number >= synsets->count ? NULL
                                          : sv_listing_name(synsets, number);
}

static sv_status add_labelled(reader *r, const char *name,
                              const sv_pairs *labels,
                              const sv_listing *synsets) {
  char *stem, *whole;
  SV_TRY(sv_imagenet_stem(&stem, name));
  const char *value = sv_pairs_get(labels, stem);
  const char *label = value ? synset_of(value, synsets) : NULL;
  sv_free(stem);
  if (!label)
    return sv_fail(
        SV_FORMAT, "%s: %s val/%s", r->places.labels,
        value ? "no class has the number given for" : "has no label for", name);
  SV_TRY(sv_path_join(&whole, "val", name));
  sv_status status = sv_roll_add(&r->roll, whole, label, SV_PART_VAL);
  sv_free(whole);
  return status;
}

/* The images in a folder: without lists of labels. */
static sv_status list_images(sv_listing *images, const char *path) {
  sv_listing files;
  *images = (sv_listing){0};
  SV_TRY(sv_list_files(&files, path));
  sv_status status = SV_OK;
  for (int64_t i = 0; status == SV_OK && i < files.count; i++)
    if (sv_image_is_named(sv_listing_name(&files, i)))
      status = sv_listing_add(images, sv_listing_name(&files, i));
  sv_listing_free(&files);
  return status;
}

static sv_status add_flat(reader *r, const char *val,
                          const sv_listing *synsets) {
  sv_listing images;
  sv_pairs labels = {0};
  sv_status status = list_images(&images, val);
  if (status == SV_OK)
    status = sv_imagenet_read_labels(&labels, &r->places, &images);
  for (int64_t i = 0; status == SV_OK && i < images.count; i++)
    status = add_labelled(r, sv_listing_name(&images, i), &labels, synsets);
  sv_pairs_free(&labels);
  sv_listing_free(&images);
  return status;
}

static sv_status add_val(reader *r) {
  char *path;
  sv_listing synsets;
  if (!r->places.val_is_flat) return add_folders(r, "val", SV_PART_VAL);
  SV_TRY(sv_path_join(&path, r->places.base, "train"));
  sv_status status = sv_list_folders(&synsets, path);
  sv_free(path);
  SV_TRY(status);
  status = sv_path_join(&path, r->places.base, "val");
  if (status == SV_OK && !r->places.labels)
    status = sv_fail(SV_FORMAT,
                     "%s: images without class folders; expected a list of "
                     "their labels: LOC_val_solution.csv, val.txt or "
                     "ILSVRC2012_validation_ground_truth.txt",
                     path);
  if (status == SV_OK) status = add_flat(r, path, &synsets);
  sv_free(path);
  sv_listing_free(&synsets);
  return status;
}

/* ---- Names ---- */

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* True if the words are those of two classes. `sorted` are all names. */
static bool is_twice(char **sorted, int count, char *name) {
  char **at =
      bsearch(&name, sorted, (size_t)count, sizeof *sorted, compare_texts);
  return at && ((at > sorted && strcmp(at[-1], name) == 0) ||
                (at + 1 < sorted + count && strcmp(at[1], name) == 0));
}

static sv_status set_name(char **name, const char *words, const char *synset) {
  sv_text text = {0};
  sv_text_add(&text, synset ? "%s (%s)" : "%s", words, synset);
  char *whole;
  SV_TRY(sv_text_take(&text, &whole));
  sv_free(*name);
  *name = whole;
  return SV_OK;
}

/* Classes that the list lacks keep their synset. */
static sv_status name_classes(sv_dataset *d, const sv_pairs *words) {
  const char **of, **sorted = NULL;
  SV_TRY(sv_alloc_array(&of, (size_t)d->classes, sizeof *of));
  sv_status status =
      sv_alloc_array(&sorted, (size_t)d->classes, sizeof *sorted);
  for (int i = 0; status == SV_OK && i < d->classes; i++) {
    of[i] = sv_pairs_get(words, d->names[i]);
    sorted[i] = of[i] ? of[i] : d->names[i];
  }
  if (status == SV_OK)
    qsort(sorted, (size_t)d->classes, sizeof *sorted, compare_texts);
  bool *twice = NULL;
  if (status == SV_OK) status = sv_alloc(&twice, (size_t)d->classes);
  for (int i = 0; status == SV_OK && i < d->classes; i++)
    twice[i] = of[i] && is_twice((char **)sorted, d->classes, (char *)of[i]);
  sv_free(sorted);
  for (int i = 0; status == SV_OK && i < d->classes; i++)
    if (of[i])
      status = set_name(&d->names[i], of[i], twice[i] ? d->names[i] : NULL);
  sv_free(twice);
  sv_free(of);
  return status;
}

/* ---- The reader ---- */

static sv_status sample_path(const sv_dataset *d, int64_t i, char **path) {
  const reader *r = d->state;
  return sv_path_join(path, r->places.base, sv_roll_name(&r->roll, i));
}

static sv_status open_imagenet(sv_dataset *d) {
  reader *r;
  sv_pairs words;
  SV_TRY(sv_alloc(&r, sizeof *r));
  d->state = r;
  SV_TRY(sv_imagenet_find(&r->places, d->path));
  SV_TRY(add_folders(r, "train", SV_PART_TRAIN));
  if (r->places.has_val) SV_TRY(add_val(r));
  SV_TRY(sv_roll_settle(&r->roll, d, false));
  if (r->places.names) {
    SV_TRY(sv_imagenet_read_names(&words, r->places.names));
    sv_status status = name_classes(d, &words);
    sv_pairs_free(&words);
    SV_TRY(status);
  }
  return sv_dataset_measure(d, sv_header_of_file);
}

static void close_imagenet(void *state) {
  reader *r = state;
  if (!r) return;
  sv_roll_free(&r->roll);
  sv_imagenet_places_free(&r->places);
  sv_free(r);
}

const sv_reader sv_reader_imagenet = {
    .name = "imagenet",
    .help = "ImageNet's folders train and val, with lists of labels and names",
    .probe = probe,
    .open = open_imagenet,
    .image = sv_image_of_file,
    .encoded = sv_encoded_file,
    .source = sample_path,
    .close = close_imagenet,
};
