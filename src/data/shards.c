/* Shards: tar files in which files with the same name up to the first dot are a
 * sample.
 *
 *   photos-000.tar: 0001.jpg, 0001.cls, 0002.jpg, 0002.cls, ...
 *
 * DATA is a tar file, a range "photos-{000..146}.tar", or a folder of tar
 * files. In a folder, the part of a shard is a word of its path, such as
 * "imagenet-train-000000.tar" or "val/0.tar"; without any, a fifth of each
 * class is the test set.
 *
 * The label is the text of the file .cls, or "label", "class" or "cls" in the
 * object in .json. Whole numbers are classes from 0 on, whose names are in
 * classes.txt beside the shards, one per line; other labels are names.
 *
 * All headers are read when the data set is opened; an image is read by its
 * offset then. Source: Aizman, Maltby, Breuel, "High Performance I/O For Large
 * Scale Deep Learning", 2019 (WebDataset). */
#include "data/shards.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/image.h"
#include "data/roll.h"

enum {
  LARGEST_LABEL = 1 << 16, /* bytes of a .cls or .json */
  LARGEST_IMAGE = 1 << 30
};

/* Where the image of a row of the roll lies. */
typedef struct place {
  int64_t offset;
  int32_t size, shard;
} place;

typedef struct reader {
  sv_roll roll;
  sv_listing shards; /* their paths */
  place *places;
  int count, room; /* of the places */
} reader;

/* ---- Samples ---- */

/* The sample whose files are being read. */
typedef struct sample {
  sv_dataset *d;
  int shard;
  sv_part part;
  char *key;         /* NULL: none yet */
  char *image;       /* the name of its image; NULL: none */
  char *label;       /* NULL: none */
  bool label_is_cls; /* which overrides .json */
  place place;
} sample;

static const char *shard_path(const sv_dataset *d, int shard) {
  return sv_listing_name(&((const reader *)d->state)->shards, shard);
}

static void forget(sample *s) {
  sv_free(s->key);
  sv_free(s->image);
  sv_free(s->label);
  s->key = s->image = s->label = NULL;
  s->label_is_cls = false;
}

/* Adds the sample to the roll when all of its files were seen. */
static sv_status finish(sample *s) {
  reader *r = s->d->state;
  const char *shard = shard_path(s->d, s->shard);
  if (!s->key) return SV_OK;
  if (!s->image && !s->label) { /* files that are not of a sample */
    forget(s);
    return SV_OK;
  }
  if (!s->image)
    return sv_fail(SV_FORMAT, "%s: the sample '%s' has a label, but no image",
                   shard, s->key);
  if (!s->label)
    return sv_fail(SV_FORMAT,
                   "%s: the sample '%s' has no label: neither %s.cls nor a "
                   "label in %s.json",
                   shard, s->key, s->key, s->key);
  if (r->count == INT_MAX)
    return sv_fail(SV_UNSUPPORTED, "%s: more than %d samples", shard, INT_MAX);
  SV_TRY(sv_grow(&r->places, r->count, &r->room, sizeof *r->places));
  r->places[r->count++] = s->place;
  sv_status status = sv_roll_add(&r->roll, s->image, s->label, s->part);
  if (status != SV_OK) status = sv_fail_in(status, "%s", shard);
  forget(s);
  return status;
}

/* ---- The files of a shard ---- */

typedef sv_status label_from(char **label, const char *name, const char *text,
                             size_t size);

/* Reads the label of the sample from one of its files. */
static sv_status take_label(sample *s, const sv_tar_entry *e,
                            label_from *read_label) {
  const char *path = shard_path(s->d, s->shard);
  unsigned char *bytes;
  char *label;
  if (e->size > LARGEST_LABEL)
    return sv_fail(SV_FORMAT, "%s: %s: %lld bytes, expected at most %d", path,
                   e->name, (long long)e->size, LARGEST_LABEL);
  SV_TRY(sv_file_read_part(path, e->offset, e->size, &bytes));
  sv_status status =
      read_label(&label, e->name, (char *)bytes, (size_t)e->size);
  sv_free(bytes);
  if (status != SV_OK) return sv_fail_in(status, "%s", path);
  if (!label) return SV_OK;
  sv_free(s->label);
  s->label = label;
  return SV_OK;
}

static sv_status take_cls(sample *s, const sv_tar_entry *e) {
  s->label_is_cls = true;
  return take_label(s, e, sv_label_from_text);
}

static sv_status take_json(sample *s, const sv_tar_entry *e) {
  return s->label_is_cls ? SV_OK : take_label(s, e, sv_label_from_json);
}

/* The length of the key in a name: up to the first dot of its last part. */
static size_t key_length(const char *name) {
  const char *slash = strrchr(name, '/');
  const char *last = slash ? slash + 1 : name;
  return (size_t)(last - name) + strcspn(last, ".");
}

static sv_status take_image(sample *s, const sv_tar_entry *e) {
  const char *path = shard_path(s->d, s->shard);
  if (s->image)
    return sv_fail(SV_FORMAT, "%s: the sample '%s' has two images, %s and %s",
                   path, s->key, s->image, e->name);
  if (e->size > LARGEST_IMAGE)
    return sv_fail(SV_FORMAT, "%s: %s: %lld bytes, expected at most %d", path,
                   e->name, (long long)e->size, LARGEST_IMAGE);
  s->place = (place){e->offset, (int32_t)e->size, s->shard};
  return sv_copy_text(&s->image, e->name);
}

static sv_status take_file(void *context, const sv_tar_entry *e) {
  sample *s = context;
  size_t length = key_length(e->name);
  const char *ending = e->name + length;
  const char *slash = strrchr(e->name, '/');
  if ((slash ? slash[1] : e->name[0]) == '.') return SV_OK; /* hidden */
  if (!s->key || strlen(s->key) != length ||
      strncmp(s->key, e->name, length) != 0) {
    SV_TRY(finish(s));
    SV_TRY(sv_copy_text(&s->key, e->name));
    s->key[length] = '\0';
  }
  if (strcasecmp(ending, ".cls") == 0) return take_cls(s, e);
  if (strcasecmp(ending, ".json") == 0) return take_json(s, e);
  return sv_image_is_named(ending) && !strchr(ending + 1, '.')
             ? take_image(s, e)
             : SV_OK;
}

static sv_status read_shard(sv_dataset *d, int shard) {
  sample s = {.d = d, .shard = shard};
  SV_TRY(sv_shards_part(&s.part, d, &((reader *)d->state)->shards, shard));
  sv_status status = sv_tar_read(shard_path(d, shard), take_file, &s);
  if (status == SV_OK) status = finish(&s);
  forget(&s);
  return status;
}

/* ---- The reader ---- */

static sv_status source(const sv_dataset *d, int64_t i, char **text) {
  const reader *r = d->state;
  const place *p = &r->places[r->roll.samples[i]];
  sv_text joined = {0};
  sv_text_add(&joined, "%s: %s", shard_path(d, p->shard),
              sv_roll_name(&r->roll, i));
  return sv_text_take(&joined, text);
}

static sv_status get_encoded(const sv_dataset *d, int64_t i, sv_encoded *e) {
  const reader *r = d->state;
  const place *p = &r->places[r->roll.samples[i]];
  *e = (sv_encoded){.size = (size_t)p->size};
  SV_TRY(source(d, i, &e->name));
  sv_status status =
      sv_file_read_part(shard_path(d, p->shard), p->offset, p->size, &e->bytes);
  if (status != SV_OK) sv_free(e->name);
  return status;
}

typedef sv_status decode(sv_image *image, const char *name, const void *bytes,
                         size_t size);

static sv_status decode_sample(const sv_dataset *d, int64_t i,
                               decode *decode_bytes, sv_image *image) {
  sv_encoded e;
  SV_TRY(get_encoded(d, i, &e));
  sv_status status = decode_bytes(image, e.name, e.bytes, e.size);
  sv_free(e.bytes);
  sv_free(e.name);
  return status;
}

static sv_status get_image(const sv_dataset *d, int64_t i, sv_image *image) {
  return decode_sample(d, i, sv_image_decode, image);
}

static sv_status read_header(const sv_dataset *d, int64_t i, sv_image *header) {
  return decode_sample(d, i, sv_image_decode_header, header);
}

static sv_status open_shards(sv_dataset *d) {
  reader *r;
  SV_TRY(sv_alloc(&r, sizeof *r));
  d->state = r;
  SV_TRY(sv_shards_list(&r->shards, d));
  for (int i = 0; i < r->shards.count; i++) SV_TRY(read_shard(d, i));
  SV_TRY(sv_roll_settle(&r->roll, d, true));
  SV_TRY(sv_shards_names(d));
  return sv_dataset_measure(d, read_header);
}

static void close_shards(void *state) {
  reader *r = state;
  if (!r) return;
  sv_roll_free(&r->roll);
  sv_listing_free(&r->shards);
  sv_free(r->places);
  sv_free(r);
}

const sv_reader sv_reader_shards = {
    .name = "shards",
    .help =
        "tar files of images and labels: one, a range "
        "\"name-{000..146}.tar\", or a folder of them",
    .ranges = true,
    .probe = sv_shards_probe,
    .open = open_shards,
    .image = get_image,
    .encoded = get_encoded,
    .source = source,
    .close = close_shards,
};
