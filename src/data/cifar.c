/* CIFAR's binaries: records of one label byte (CIFAR-100: the coarse label,
 * then the fine one, which is used) and 3 x 32 x 32 bytes, plane by plane.
 *
 *   CIFAR-10    data_batch_1.bin .. data_batch_5.bin, test_batch.bin,
 *               batches.meta.txt: a class a line
 *   CIFAR-100   train.bin, test.bin, fine_label_names.txt
 *
 * Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images",
 * 2009. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/reader.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE };
enum { LARGEST = 1 << 30, LARGEST_NAMES = 1 << 16 };

typedef struct layout {
  const char *first_file; /* by which it is recognised */
  const char *train[5], *test, *names;
  int labels, classes;
} layout;

static const layout layouts[] = {
    {"data_batch_1.bin",
     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
      "data_batch_4.bin", "data_batch_5.bin"},
     "test_batch.bin",
     "batches.meta.txt",
     1,
     10},
    {"fine_label_names.txt",
     {"train.bin"},
     "test.bin",
     "fine_label_names.txt",
     2,
     100},
};

static const layout *find_layout(const char *folder) {
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
    char *path;
    if (sv_path_join(&path, folder, layouts[i].first_file)) return NULL;
    bool found = sv_path_exists(path);
    sv_free(path);
    if (found) return &layouts[i];
  }
  return NULL;
}

static bool probe(const char *folder) { return find_layout(folder) != NULL; }

/* ---- Names ---- */

/* The next line, without its end; NULL where the text ends. */
static char *next_line(char **at) {
  char *line = *at, *end = strchr(line, '\n');
  if (!*line) return NULL;
  *at = end ? end + 1 : line + strlen(line);
  if (end) *end = '\0';
  line[strcspn(line, "\r")] = '\0';
  return line;
}

/* Empty lines at the end are passed over. */
static sv_status take_names(sv_dataset *d, const char *path, char *text) {
  int count = 0;
  char *line;
  SV_TRY(sv_alloc_array(&d->names, (size_t)d->classes, sizeof *d->names));
  while ((line = next_line(&text)) != NULL) {
    if (!line[0]) continue;
    if (count < d->classes) SV_TRY(sv_copy_text(&d->names[count], line));
    count++;
  }
  if (count == d->classes) return SV_OK;
  return sv_fail(SV_FORMAT, "%s: %d names, expected %d", path, count,
                 d->classes);
}

static sv_status read_names(sv_dataset *d, const char *path) {
  unsigned char *bytes;
  size_t size;
  SV_TRY(sv_file_read(path, LARGEST_NAMES, &bytes, &size));
  sv_status status = take_names(d, path, (char *)bytes);
  sv_free(bytes);
  return status;
}

/* The names may be missing: known ones, or numbers, stand for them. */
static sv_status find_names(sv_dataset *d, const layout *l) {
  char *path;
  SV_TRY(sv_path_join(&path, d->path, l->names));
  sv_status status = sv_path_exists(path) ? read_names(d, path) : SV_OK;
  sv_free(path);
  return status;
}

/* ---- Images ---- */

/* From planes to interleaved pixels. */
static void interleave(const uint8_t *src, uint8_t *dst) {
  for (int i = 0; i < PLANE; i++)
    for (int c = 0; c < 3; c++) dst[3 * i + c] = src[c * PLANE + i];
}

/* Makes room for `more` samples. */
static sv_status enlarge(sv_dataset *d, size_t more) {
  uint8_t *pixels;
  int32_t *labels;
  size_t count = (size_t)d->count;
  SV_TRY(sv_alloc_array(&pixels, count + more, PIXELS));
  sv_status status = sv_alloc_array(&labels, count + more, sizeof *labels);
  if (status != SV_OK) {
    sv_free(pixels);
    return status;
  }
  if (count) memcpy(pixels, d->state, count * PIXELS);
  if (count) memcpy(labels, d->labels, count * sizeof *labels);
  sv_free(d->state);
  sv_free(d->labels);
  d->state = pixels;
  d->labels = labels;
  return SV_OK;
}

static sv_status take_records(sv_dataset *d, const layout *l, const char *path,
                              const uint8_t *bytes, size_t size) {
  size_t record = (size_t)l->labels + PIXELS;
  if (size == 0 || size % record)
    return sv_fail(SV_FORMAT,
                   "%s: %zu bytes are not a multiple of the record size %zu",
                   path, size, record);
  SV_TRY(enlarge(d, size / record));
  for (size_t i = 0; i < size / record; i++, bytes += record) {
    int label = bytes[l->labels - 1];
    if (label >= l->classes)
      return sv_fail(SV_FORMAT, "%s: label %d of record %zu is not 0 to %d",
                     path, label, i, l->classes - 1);
    d->labels[d->count] = label;
    interleave(bytes + l->labels, (uint8_t *)d->state + d->count * PIXELS);
    d->count++;
  }
  return SV_OK;
}

static sv_status read_file(sv_dataset *d, const layout *l, const char *name) {
  char *path;
  unsigned char *bytes = NULL;
  size_t size;
  SV_TRY(sv_path_join(&path, d->path, name));
  sv_status status = sv_file_read(path, LARGEST, &bytes, &size);
  if (status == SV_OK) status = take_records(d, l, path, bytes, size);
  sv_free(bytes);
  sv_free(path);
  return status;
}

static sv_status open_cifar(sv_dataset *d) {
  const layout *l = find_layout(d->path);
  if (!l) return sv_fail(SV_IO, "%s: no longer exists", d->path);
  d->channels = 3;
  d->height = d->width = SIDE;
  d->classes = l->classes;
  SV_TRY(find_names(d, l));
  if (d->split == SV_SPLIT_TEST) return read_file(d, l, l->test);
  for (int i = 0; i < 5 && l->train[i]; i++)
    SV_TRY(read_file(d, l, l->train[i]));
  return SV_OK;
}

static sv_status get_image(const sv_dataset *d, int64_t i, sv_image *image) {
  *image = (sv_image){.width = SIDE,
                      .height = SIDE,
                      .channels = 3,
                      .stride = 3 * SIDE,
                      .pixels = (const uint8_t *)d->state + i * PIXELS};
  return SV_OK;
}

const sv_reader sv_reader_cifar = {
    .name = "cifar",
    .help = "a folder with the binary files of CIFAR-10 or CIFAR-100",
    .in_memory = true,
    .probe = probe,
    .open = open_cifar,
    .image = get_image,
    .close = sv_free,
};
