/* Data sets: found by name or path, read by the first reader that knows them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/image.h"
#include "data/reader.h"

#define SV_READER(name) extern const sv_reader sv_reader_##name;
#include "data/readers.def"
#undef SV_READER

const sv_reader *const sv_readers[] = {
#define SV_READER(name) &sv_reader_##name,
#include "data/readers.def"
#undef SV_READER
    NULL};

/* What the classes are called where the files do not say it. */
static const struct {
  const char *dataset;
  int classes;
  const char *names[10];
} known[] = {
    {"fashion-mnist",
     10,
     {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
      "Sneaker", "Bag", "Ankle boot"}},
    {"mnist", 10, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
};

/* ---- Where it is ---- */

/* Takes data/name if it is there; *path stays NULL otherwise. */
static sv_status try_place(char **path, const char *place, const char *name) {
  SV_TRY(sv_path_join(path, place, name));
  if (sv_path_exists(*path)) return SV_OK;
  sv_free(*path);
  *path = NULL;
  return SV_OK;
}

/* "photos-{000..146}.tar" */
static bool is_range(const char *data) {
  for (int i = 0; sv_readers[i] && strchr(data, '{'); i++)
    if (sv_readers[i]->ranges && sv_readers[i]->probe(data)) return true;
  return false;
}

static sv_status locate(char **path, const char *data) {
  *path = NULL;
  if ((data[0] && sv_path_exists(data)) || is_range(data))
    return sv_copy_text(path, data);
  if (!data[0] || strchr(data, '/'))
    return sv_fail(SV_IO, "\"%s\": no such file or folder", data);
  const char *own = getenv("SVERTKA_DATA");
  const char *places[] = {own && own[0] ? own : NULL, "./data",
                          "/usr/share/datasets"};
  for (int i = 0; i < 3 && !*path; i++)
    if (places[i]) SV_TRY(try_place(path, places[i], data));
  if (*path) return SV_OK;
  return sv_fail(SV_IO,
                 "unknown data set '%s': not found in ./%s, %s/%s%s, "
                 "./data/%s, /usr/share/datasets/%s",
                 data, data, places[0] ? places[0] : "$SVERTKA_DATA", data,
                 places[0] ? "" : " (which is not set)", data, data);
}

/* "a/fashion-mnist/" -> "fashion-mnist"; "." is called what its folder is. */
static sv_status name_of(char **name, const char *path) {
  size_t end = strlen(path);
  while (end > 1 && path[end - 1] == '/') end--;
  size_t begin = end;
  while (begin > 0 && path[begin - 1] != '/') begin--;
  SV_TRY(sv_copy_text(name, path + begin));
  (*name)[end - begin] = '\0';
  if (strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0) return SV_OK;
  char *real = realpath(path, NULL);
  if (!real) return SV_OK;
  sv_free(*name);
  sv_status status = sv_copy_text(name, strrchr(real, '/') + 1);
  free(real);
  return status;
}

/* What a path is that is no data set. */
static const char *what_it_is(const char *path) {
  const sv_kind *kind = sv_kind_of_path(path);
  if (kind) return kind->name;
  if (!sv_path_is_folder(path)) return "a file";
  char *last;
  if (sv_path_join(&last, path, "last.onnx") != SV_OK) return "a folder";
  bool run = sv_path_exists(last);
  sv_free(last);
  return run ? "the folder of a run" : "a folder";
}

static sv_status find_reader(sv_dataset *d) {
  for (int i = 0; sv_readers[i]; i++)
    if (sv_readers[i]->probe(d->path)) {
      d->reader = sv_readers[i];
      return SV_OK;
    }
  sv_text text = {0};
  for (int i = 0; sv_readers[i]; i++)
    sv_text_add(&text, "%s %s (%s)", i ? "," : "", sv_readers[i]->name,
                sv_readers[i]->help);
  char *list;
  SV_TRY(sv_text_take(&text, &list));
  sv_status status = sv_fail(
      SV_FORMAT, "%s: not a recognised data set (%s); expected one of:%s",
      d->path, what_it_is(d->path), list);
  sv_free(list);
  return status;
}

/* ---- What it holds ---- */

/* The names of a known data set, or NULL; their number goes to *classes. */
static const char *const *known_names(const sv_dataset *d, int *classes) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i].dataset, d->name) == 0) {
      *classes = known[i].classes;
      return known[i].names;
    }
  return NULL;
}

static sv_status give_names(sv_dataset *d) {
  const char *const *names = known_names(d, &d->classes);
  SV_TRY(sv_alloc_array(&d->names, (size_t)d->classes, sizeof *d->names));
  for (int i = 0; i < d->classes; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    SV_TRY(sv_copy_text(&d->names[i], names ? names[i] : number));
  }
  return SV_OK;
}

/* Names are stored in model files as lines of UTF-8; names of folders may have
 * any bytes. */
static sv_status settle_name(const sv_dataset *d, char **name) {
  sv_text text = {0};
  char *valid;
  if (strpbrk(*name, "\n\r"))
    return sv_fail(SV_FORMAT,
                   "%s: the name of the class \"%s\" contains a line break",
                   d->path, *name);
  sv_text_add_utf8(&text, *name);
  if (!text.length && !text.failed)
    return sv_fail(SV_FORMAT, "%s: the name of a class is empty", d->path);
  SV_TRY(sv_text_take(&text, &valid));
  sv_free(*name);
  *name = valid;
  return SV_OK;
}

static sv_status settle_names(sv_dataset *d) {
  if (!d->names) return give_names(d);
  for (int i = 0; i < d->classes; i++) SV_TRY(settle_name(d, &d->names[i]));
  return SV_OK;
}

static sv_status check(const sv_dataset *d) {
  if (d->count - d->held_out < 1)
    return sv_fail(SV_FORMAT, "%s: holds no images", d->path);
  if (d->channels != 1 && d->channels != 3)
    return sv_fail(SV_UNSUPPORTED, "%s: images of %d channels, expected 1 or 3",
                   d->path, d->channels);
  for (int64_t i = 0; i < d->count; i++)
    if (d->labels[i] < 0 || d->labels[i] >= d->classes)
      return sv_fail(SV_FORMAT, "%s: label %d of sample %lld is not 0 to %d",
                     d->path, d->labels[i], (long long)i, d->classes - 1);
  return SV_OK;
}

static sv_status open_path(sv_dataset *d, const char *data, sv_split split) {
  d->split = split;
  SV_TRY(locate(&d->path, data));
  SV_TRY(name_of(&d->name, d->path));
  SV_TRY(find_reader(d));
  known_names(d, &d->classes);
  SV_TRY(d->reader->open(d));
  SV_TRY(settle_names(d));
  return check(d);
}

sv_status sv_dataset_open(sv_dataset **dataset, const char *data,
                          sv_split split) {
  *dataset = NULL;
  sv_dataset *d;
  SV_TRY(sv_alloc(&d, sizeof *d));
  sv_status status = open_path(d, data, split);
  if (status == SV_OK)
    *dataset = d;
  else
    sv_dataset_free(d);
  return status;
}

void sv_dataset_free(sv_dataset *d) {
  if (!d) return;
  if (d->reader) d->reader->close(d->state);
  for (int i = 0; d->names && i < d->classes; i++) sv_free(d->names[i]);
  sv_free(d->names);
  sv_free(d->labels);
  sv_free(d->kept);
  sv_free(d->name);
  sv_free(d->path);
  sv_free(d);
}

const char *sv_dataset_name(const sv_dataset *d) { return d->name; }

const char *sv_dataset_path(const sv_dataset *d) { return d->path; }

int64_t sv_dataset_count(const sv_dataset *d) { return d->count; }

int64_t sv_dataset_held_out(const sv_dataset *d) { return d->held_out; }

int sv_dataset_channels(const sv_dataset *d) { return d->channels; }

int sv_dataset_height(const sv_dataset *d) { return d->height; }

int sv_dataset_width(const sv_dataset *d) { return d->width; }

int sv_dataset_classes(const sv_dataset *d) { return d->classes; }

const char *sv_dataset_class_name(const sv_dataset *d, int i) {
  return i >= 0 && i < d->classes ? d->names[i] : NULL;
}

int sv_dataset_label(const sv_dataset *d, int64_t i) {
  return i >= 0 && i < d->count ? d->labels[i] : -1;
}

/* ---- Samples that are left out ---- */

/* The reader's number of sample i. */
static int64_t number_of(const sv_dataset *d, int64_t i) {
  return d->kept ? d->kept[i] : i;
}

/* Every class with a training sample keeps one. */
static sv_status check_kept(const sv_dataset *d, const bool *skip) {
  int64_t training = d->count - d->held_out;
  enum { HAD = 1, HAS = 2 };
  uint8_t *classes;
  SV_TRY(sv_alloc(&classes, (size_t)d->classes));
  for (int64_t i = 0; i < training; i++)
    classes[d->labels[i]] |= skip[i] ? HAD : HAS;
  int lost = 0;
  while (lost < d->classes && classes[lost] != HAD) lost++;
  sv_free(classes);
  if (lost == d->classes) return SV_OK;
  return sv_fail(SV_FORMAT, "%s: the class '%s' has no readable %s images",
                 d->path, d->names[lost],
                 d->split == SV_SPLIT_TEST ? "test" : "training");
}

sv_status sv_dataset_skip(sv_dataset *d, const bool *skip) {
  int64_t *kept, count = 0, held_out = 0;
  SV_TRY(check_kept(d, skip));
  SV_TRY(sv_alloc_array(&kept, (size_t)d->count, sizeof *kept));
  for (int64_t i = 0; i < d->count; i++) {
    if (skip[i]) continue;
    held_out += i >= d->count - d->held_out;
    d->labels[count] = d->labels[i];
    kept[count++] = number_of(d, i);
  }
  sv_free(d->kept);
  d->kept = kept;
  d->count = count;
  d->held_out = held_out;
  return SV_OK;
}

sv_status sv_dataset_image(const sv_dataset *d, int64_t i, sv_image *image) {
  *image = (sv_image){0};
  if (i < 0 || i >= d->count)
    return sv_fail(SV_INVALID, "%s: sample %lld is not 0 to %lld", d->path,
                   (long long)i, (long long)d->count - 1);
  return d->reader->image(d, number_of(d, i), image);
}

sv_status sv_dataset_source(const sv_dataset *d, int64_t i, char **source) {
  *source = NULL;
  if (i < 0 || i >= d->count)
    return sv_fail(SV_INVALID, "%s: sample %lld is not 0 to %lld", d->path,
                   (long long)i, (long long)d->count - 1);
  if (d->reader->source) return d->reader->source(d, number_of(d, i), source);
  sv_text text = {0};
  sv_text_add(&text, "%s: %s sample %lld", d->path,
              d->split == SV_SPLIT_TEST ? "test" : "training",
              (long long)number_of(d, i));
  return sv_text_take(&text, source);
}

void sv_dataset_source_free(char *source) { sv_free(source); }

sv_status sv_dataset_image_part(const sv_dataset *d, int64_t i,
                                sv_image_part *part, sv_image *image) {
  sv_encoded encoded;
  part->scale = 0;
  if (!d->reader->encoded || i < 0 || i >= d->count)
    return sv_dataset_image(d, i, image);
  *image = (sv_image){0};
  SV_TRY(d->reader->encoded(d, i, &encoded));
  sv_status status = sv_image_decode_part(image, encoded.name, encoded.bytes,
                                          encoded.size, part);
  sv_free(encoded.bytes);
  sv_free(encoded.name);
  return status;
}

sv_status sv_image_of_file(const sv_dataset *d, int64_t i, sv_image *image) {
  char *path;
  SV_TRY(d->reader->source(d, i, &path));
  sv_status status = sv_image_read(image, path);
  sv_free(path);
  return status;
}

sv_status sv_header_of_file(const sv_dataset *d, int64_t i, sv_image *header) {
  char *path;
  SV_TRY(d->reader->source(d, i, &path));
  sv_status status = sv_image_read_header(header, path);
  sv_free(path);
  return status;
}

sv_status sv_encoded_file(const sv_dataset *d, int64_t i, sv_encoded *e) {
  *e = (sv_encoded){0};
  SV_TRY(d->reader->source(d, i, &e->name));
  sv_status status =
      sv_file_read(e->name, SV_IMAGE_FILE_LIMIT, &e->bytes, &e->size);
  if (status != SV_OK) sv_free(e->name);
  return status;
}

bool sv_dataset_has_masks(const sv_dataset *d) {
  return d->reader->mask != NULL;
}

static sv_status check_mask(const sv_dataset *d, int64_t i,
                            const sv_image *mask) {
  for (int y = 0; y < mask->height; y++) {
    const uint8_t *row = mask->pixels + y * mask->stride;
    for (int x = 0; x < mask->width; x++)
      if (row[x] >= d->classes && row[x] != SV_NO_CLASS)
        return sv_fail(SV_FORMAT,
                       "%s: the mask of sample %lld has class %d, expected 0 "
                       "to %d or %d",
                       d->path, (long long)i, row[x], d->classes - 1,
                       SV_NO_CLASS);
  }
  return SV_OK;
}

sv_status sv_dataset_mask(const sv_dataset *d, int64_t i, sv_image *mask) {
  *mask = (sv_image){0};
  if (!d->reader->mask)
    return sv_fail(SV_INVALID,
                   "%s: not for semantic segmentation: it has no masks",
                   d->path);
  if (i < 0 || i >= d->count)
    return sv_fail(SV_INVALID, "%s: sample %lld is not 0 to %lld", d->path,
                   (long long)i, (long long)d->count - 1);
  SV_TRY(d->reader->mask(d, number_of(d, i), mask));
  sv_status status = check_mask(d, i, mask);
  if (status != SV_OK) sv_image_free(mask);
  return status;
}
