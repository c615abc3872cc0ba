/* The contract of a reader: one way in which images with labels lie on a disk.
 * It is a file of its own and a line in readers.def. */
#ifndef SV_DATA_READER_H
#define SV_DATA_READER_H

#include <svertka/data.h>

#include "base/error.h"

/* Path, name and split are set when a reader's open is called, and `classes` if
 * the name is of a data set whose classes are known (0: not). It fills in the
 * rest, and dataset.c checks counts, sizes and labels for all readers. */
struct sv_dataset {
  const struct sv_reader *reader;
  sv_split split;
  char *path, *name;
  int64_t count;
  int64_t held_out; /* the last ones, which are its own validation set */
  int channels, height, width; /* height and width 0: images differ */
  int32_t *labels;             /* count of them, from sv_alloc */
  int classes;
  char **names; /* of the classes, from sv_alloc; NULL: the reader knows none */
  void *state;  /* the reader's own */
};

typedef struct sv_reader {
  const char *name; /* "idx" */
  const char *help; /* what it reads, in a few words */
  bool in_memory;   /* an image costs nothing: it is there, not decoded */
  /* Does this path, which exists, look like its own? Never an error. */
  bool (*probe)(const char *path);
  /* Reads the split. The path is hostile: every count is bounded by the bytes
   * that are there. A split that is missing is an error that says so. What was
   * put into the data set before a failure is freed by the caller. */
  sv_status (*open)(sv_dataset *dataset);
  /* The picture of sample i, in range; as sv_dataset_image. */
  sv_status (*image)(const sv_dataset *dataset, int64_t i, sv_image *image);
  /* Of data with a class for each pixel, else NULL: as sv_dataset_mask. */
  sv_status (*mask)(const sv_dataset *dataset, int64_t i, sv_image *mask);
  /* Frees state; takes NULL. */
  void (*close)(void *state);
} sv_reader;

/* The readers that there are, ended by NULL. */
extern const sv_reader *const sv_readers[];

#endif
