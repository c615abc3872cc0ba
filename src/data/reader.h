/* A reader: one format of labelled images on disk. It consists of a source file
 * and a line in readers.def. */
#ifndef SV_DATA_READER_H
#define SV_DATA_READER_H

#include <svertka/data.h>

#include "base/error.h"

/* Before a reader's open is called, path, name and split are set; `classes` is
 * set if the name is that of a data set with known classes (0: not). The reader
 * sets the rest; dataset.c checks counts, sizes and labels for all readers. */
struct sv_dataset {
  const struct sv_reader *reader;
  sv_split split;
  char *path, *name;
  int64_t count;
  int64_t held_out;            /* the last samples, its own validation set */
  int channels, height, width; /* height and width 0: images differ */
  int32_t *labels;             /* `count` labels, from sv_alloc */
  int classes;
  char **names;  /* names of the classes, from sv_alloc; NULL: unknown */
  void *state;   /* private data of the reader */
  int64_t *kept; /* the reader's number of each sample; NULL: the same */
};

/* An image file in memory; free both with sv_free. */
typedef struct sv_encoded {
  char *name; /* of the file, in errors */
  unsigned char *bytes;
  size_t size;
} sv_encoded;

typedef struct sv_reader {
  const char *name; /* "idx" */
  const char *help; /* short description of the format */
  bool in_memory;   /* images are in memory and need no decoding */
  bool ranges;      /* paths with braces, "photos-{000..146}.tar", are probed,
                     * too, although no file has that name */
  /* True if this existing path looks like the reader's format. Never fails. */
  bool (*probe)(const char *path);
  /* Reads the split. The files are untrusted: every count is bounded by the
   * bytes available. A missing split is an error that says so. The caller frees
   * what was set before a failure. */
  sv_status (*open)(sv_dataset *dataset);
  /* The image of sample i, in range; as sv_dataset_image. */
  sv_status (*image)(const sv_dataset *dataset, int64_t i, sv_image *image);
  /* For data with masks, else NULL: as sv_dataset_mask. */
  sv_status (*mask)(const sv_dataset *dataset, int64_t i, sv_image *mask);
  /* For samples that are image files, else NULL: reads sample i, in range,
   * without decoding it. */
  sv_status (*encoded)(const sv_dataset *dataset, int64_t i,
                       sv_encoded *encoded);
  /* For samples that are files, else NULL: where sample i, in range, lies; as
   * sv_dataset_source. */
  sv_status (*source)(const sv_dataset *dataset, int64_t i, char **source);
  /* Frees state; accepts NULL. */
  void (*close)(void *state);
} sv_reader;

/* All readers; ends with NULL. */
extern const sv_reader *const sv_readers[];

/* As sv_dataset_image, but decodes only a part if the format and the reader
 * can (sv_image_part); otherwise part->scale is 0. */
struct sv_image_part;
sv_status sv_dataset_image_part(const sv_dataset *dataset, int64_t i,
                                struct sv_image_part *part,
                                sv_image *image) SV_CHECKED;

/* ---- Shared by readers ---- */

/* sv_reader.image of a reader whose sources are paths of image files; its
 * header, for sv_dataset_measure; and sv_reader.encoded. */
sv_status sv_image_of_file(const sv_dataset *dataset, int64_t i,
                           sv_image *image) SV_CHECKED;
sv_status sv_header_of_file(const sv_dataset *dataset, int64_t i,
                            sv_image *header) SV_CHECKED;
sv_status sv_encoded_file(const sv_dataset *dataset, int64_t i,
                          sv_encoded *encoded) SV_CHECKED;

enum { SV_MOST_CLASSES = 1 << 20 };

/* Sets size and channels from the headers of up to 64 samples at equal
 * distances: three channels if one image has colours; no size if two differ.
 * Samples that cannot be read are reported when they are used; SV_FORMAT if
 * none of them can be read. */
typedef sv_status sv_header_of(const sv_dataset *dataset, int64_t i,
                               sv_image *header);
sv_status sv_dataset_measure(sv_dataset *dataset,
                             sv_header_of *header_of) SV_CHECKED;

/* The parts of a data set. OPEN: it is not split. */
typedef enum sv_part {
  SV_PART_OPEN,
  SV_PART_TRAIN,
  SV_PART_VAL,
  SV_PART_TEST
} sv_part;

/* The names of a part other than OPEN, "val", "valid", ...; ends with NULL. */
const char *const *sv_part_names(sv_part part);

/* Sets is_test[i] for the samples of a class that is not split: a fifth of
 * them, rounded, one of two, none of one. A sample is drawn by the hash of its
 * name: when samples are added or removed, the others hardly move. */
sv_status sv_draw_tests(bool *is_test, const char *class,
                        const char *const *names, int64_t count) SV_CHECKED;

#endif
