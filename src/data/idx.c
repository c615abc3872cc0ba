/* IDX, the format of MNIST and its successors: two zero bytes, the type of the
 * elements (8: unsigned bytes), the number of dimensions, each dimension in 32
 * bits with the high byte first, then the elements, the last dimension fastest.
 * A data set is a folder of four such files, each plain or gzip.
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits". */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/gzip.h"
#include "data/reader.h"

enum { MAX_DIMS = 3, UNSIGNED_BYTE = 8 };

typedef struct idx {
  char *path;
  uint32_t dim[MAX_DIMS];
  uint8_t *at;
  size_t size; /* the product of dim */
} idx;

static void idx_free(idx *x) {
  sv_free(x->path);
  sv_free(x->at);
  *x = (idx){0};
}

static const char *what_has(int dims) {
  return dims == 3 ? "images" : dims == 1 ? "labels" : "data";
}

/* The file of a split: "train", 3 -> train-images-idx3-ubyte, also written
 * train-images.idx3-ubyte, also with .gz. *path is NULL if there is none. */
static sv_status find_file(char **path, const char *folder, const char *split,
                           int dims) {
  for (int form = 0; form < 4; form++) {
    char name[64];
    snprintf(name, sizeof name, "%s-%s%cidx%d-ubyte%s", split, what_has(dims),
             "-."[form / 2], dims, form % 2 ? ".gz" : "");
    SV_TRY(sv_path_join(path, folder, name));
    if (sv_path_exists(*path)) return SV_OK;
    sv_free(*path);
    *path = NULL;
  }
  return SV_OK;
}

static const char *split_text(sv_split split) {
  return split == SV_SPLIT_TRAIN ? "train" : "t10k";
}

static bool probe(const char *folder) {
  for (int i = 0; i < 4; i++) {
    char *path;
    if (find_file(&path, folder, split_text((sv_split)(i / 2)), 1 + i % 2 * 2))
      return false;
    bool found = path != NULL;
    sv_free(path);
    if (found) return true;
  }
  return false;
}

static uint32_t big_endian(const uint8_t *b) {
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
         b[3];
}

static sv_status read_magic(const idx *x, sv_source *source, int dims) {
  uint8_t magic[4];
  size_t got;
  SV_TRY(sv_source_read(source, magic, sizeof magic, &got));
  if (got < sizeof magic)
    return sv_fail(SV_FORMAT,
                   "%s: truncated: %zu bytes are too few for an IDX header",
                   x->path, got);
  if (magic[0] || magic[1])
    return sv_fail(SV_FORMAT,
                   "%s: not an IDX file: begins with %02x %02x %02x %02x, "
                   "expected 00 00 08 %02x",
                   x->path, magic[0], magic[1], magic[2], magic[3], dims);
  if (magic[2] != UNSIGNED_BYTE)
    return sv_fail(SV_FORMAT,
                   "%s: elements of type 0x%02x, expected 0x08 (unsigned "
                   "bytes)",
                   x->path, magic[2]);
  if (magic[3] != dims)
    return sv_fail(SV_FORMAT, "%s: holds %s (%d-dimensional), expected %s (%d)",
                   x->path, what_has(magic[3]), magic[3], what_has(dims), dims);
  return SV_OK;
}

static sv_status read_header(idx *x, sv_source *source, int dims) {
  SV_TRY(read_magic(x, source, dims));
  uint8_t bytes[4 * MAX_DIMS];
  size_t got;
  SV_TRY(sv_source_read(source, bytes, 4 * (size_t)dims, &got));
  if (got < 4 * (size_t)dims)
    return sv_fail(SV_FORMAT, "%s: truncated inside its header", x->path);
  x->size = 1;
  bool overflow = false;
  for (int i = 0; i < dims; i++) {
    x->dim[i] = big_endian(bytes + 4 * i);
    if (x->dim[i] == 0)
      return sv_fail(SV_FORMAT, "%s: holds no %s", x->path,
                     i ? "pixels" : what_has(dims));
    if (i && x->dim[i] > SV_IMAGE_SIDE)
      return sv_fail(
          SV_FORMAT,
          "%s: images with a side of %u pixels, at most %d are supported",
          x->path, x->dim[i], SV_IMAGE_SIDE);
    overflow |= sv_mul_overflows(x->size, x->dim[i], &x->size);
  }
  if (overflow || x->size > sv_source_left(source))
    return sv_fail(
        SV_FORMAT,
        "%s: truncated: too short for the %u %s that its header promises",
        x->path, x->dim[0], what_has(dims));
  return SV_OK;
}

static sv_status read_elements(idx *x, sv_source *source, int dims) {
  SV_TRY(sv_alloc(&x->at, x->size));
  size_t got;
  SV_TRY(sv_source_read(source, x->at, x->size, &got));
  if (got < x->size)
    return sv_fail(SV_FORMAT,
                   "%s: truncated: %zu of the %zu bytes for the %u %s that its "
                   "header promises",
                   x->path, got, x->size, x->dim[0], what_has(dims));
  uint8_t more;
  SV_TRY(sv_source_read(source, &more, 1, &got));
  if (got)
    return sv_fail(
        SV_FORMAT,
        "%s: has extra bytes after the %u %s that its header promises", x->path,
        x->dim[0], what_has(dims));
  return SV_OK;
}

/* Reads one of a split's files. A missing one leaves x empty. */
static sv_status read_file(idx *x, const char *folder, sv_split split,
                           int dims) {
  *x = (idx){0};
  SV_TRY(find_file(&x->path, folder, split_text(split), dims));
  if (!x->path) return SV_OK;
  sv_source *source = NULL;
  sv_status status = sv_source_open(&source, x->path);
  if (status == SV_OK) status = read_header(x, source, dims);
  if (status == SV_OK) status = read_elements(x, source, dims);
  sv_source_close(source);
  if (status != SV_OK) idx_free(x);
  return status;
}

static sv_status read_needed(idx *x, const sv_dataset *d, int dims) {
  SV_TRY(read_file(x, d->path, d->split, dims));
  if (x->path) return SV_OK;
  const char *split = split_text(d->split), *what = what_has(dims);
  return sv_fail(SV_IO, "%s: does not contain %s-%s-idx%d-ubyte, plain or .gz",
                 d->path, split, what, dims);
}

/* What the training labels say of the classes; byte labels are 0 to 255. */
typedef struct classes {
  bool seen[256];
  int count; /* the highest label, and one more */
} classes;

static void see(classes *c, const idx *x) {
  for (size_t i = 0; i < x->size; i++) {
    c->seen[x->at[i]] = true;
    if (x->at[i] >= c->count) c->count = x->at[i] + 1;
  }
}

/* Every class up to the highest label has training images: one wrong byte would
 * make a network of 256 classes. Names the first label beyond the first gap. */
static sv_status check_gaps(const idx *x, const classes *c) {
  int first = 0, last;
  while (first < c->count && c->seen[first]) first++;
  size_t at = 0;
  while (at < x->size && x->at[at] < first) at++;
  if (at == x->size) return SV_OK;
  for (last = first; last < x->at[at] && !c->seen[last + 1];) last++;
  char gap[32];
  snprintf(gap, sizeof gap, last > first ? "classes %d to %d" : "class %d",
           first, last);
  return sv_fail(SV_FORMAT,
                 "%s: label %zu is %d, but the training images contain only %s",
                 x->path, at, x->at[at], gap);
}

/* A small test split may lack classes; the training labels know them. A test
 * split alone may be anything. */
static sv_status check_classes(sv_dataset *d, const idx *labels) {
  classes c = {.count = 0};
  idx training = {0};
  bool test = d->split == SV_SPLIT_TEST;
  if (test) SV_TRY(read_file(&training, d->path, SV_SPLIT_TRAIN, 1));
  bool known = d->classes > 0, alone = test && !training.path;
  see(&c, test ? &training : labels);
  sv_status status = SV_OK;
  if (!known && !alone) {
    if (test) status = check_gaps(&training, &c);
    if (status == SV_OK) status = check_gaps(labels, &c);
  }
  see(&c, labels);
  if (!known) d->classes = c.count;
  idx_free(&training);
  return status;
}

static sv_status take_labels(sv_dataset *d, const idx *x) {
  SV_TRY(check_classes(d, x));
  SV_TRY(sv_alloc_array(&d->labels, x->size, sizeof *d->labels));
  for (size_t i = 0; i < x->size; i++) d->labels[i] = x->at[i];
  return SV_OK;
}

static sv_status open_idx(sv_dataset *d) {
  idx labels = {0}, images = {0};
  sv_status status;
  SV_TRY_GOTO(status, read_needed(&labels, d, 1), done);
  SV_TRY_GOTO(status, read_needed(&images, d, 3), done);
  if (labels.dim[0] != images.dim[0]) {
    status = sv_fail(SV_FORMAT, "%s: holds %u labels, but %s holds %u images",
                     labels.path, labels.dim[0], images.path, images.dim[0]);
    goto done;
  }
  SV_TRY_GOTO(status, take_labels(d, &labels), done);
  d->count = images.dim[0];
  d->channels = 1;
  d->height = (int)images.dim[1];
  d->width = (int)images.dim[2];
  d->state = images.at;
  images.at = NULL;
done:
  idx_free(&labels);
  idx_free(&images);
  return status;
}

static sv_status get_image(const sv_dataset *d, int64_t i, sv_image *image) {
  size_t size = (size_t)d->width * (size_t)d->height;
  const uint8_t *pixels = d->state;
  *image = (sv_image){.width = d->width,
                      .height = d->height,
                      .channels = 1,
                      .stride = d->width,
                      .pixels = pixels + (size_t)i * size};
  return SV_OK;
}

const sv_reader sv_reader_idx = {
    .name = "idx",
    .help =
        "a folder with train- and t10k-images-idx3-ubyte, -labels-idx1-ubyte",
    .in_memory = true,
    .probe = probe,
    .open = open_idx,
    .image = get_image,
    .close = sv_free,
};
