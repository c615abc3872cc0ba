/* Parts of the reader of shards: tar files, which ones they are, labels. */
#ifndef SV_DATA_SHARDS_H
#define SV_DATA_SHARDS_H

#include "data/listing.h"
#include "data/reader.h"

/* ---- tar.c ---- */

/* A regular file in a tar file. */
typedef struct sv_tar_entry {
  const char *name;     /* "a/0001.jpg"; valid until the next entry */
  int64_t offset, size; /* of its content, within the tar file */
} sv_tar_entry;

/* Reads the headers of a tar file that is not compressed and calls `take` for
 * each regular file in it, in order; stops with its error. Folders, links and
 * devices are skipped. Errors name the file: SV_FORMAT if it is not a tar file,
 * truncated, or has sparse files. */
sv_status sv_tar_read(const char *path,
                      sv_status (*take)(void *context,
                                        const sv_tar_entry *entry),
                      void *context) SV_CHECKED;

/* Reads `size` bytes at this offset of a file; free *bytes with sv_free. A zero
 * follows the last byte. */
sv_status sv_file_read_part(const char *path, int64_t offset, int64_t size,
                            unsigned char **bytes) SV_CHECKED;

/* ---- shard_list.c ---- */

/* True if the path is a tar file, a range of tar files or a folder of some. */
bool sv_shards_probe(const char *path);

/* The paths of the shards of the data set. */
sv_status sv_shards_list(sv_listing *shards, const sv_dataset *d) SV_CHECKED;

/* The part that a shard belongs to. SV_FORMAT if only some of the shards have
 * one. */
sv_status sv_shards_part(sv_part *part, const sv_dataset *d,
                         const sv_listing *shards, int shard) SV_CHECKED;

/* Names classes that are numbers by classes.txt, if it exists. */
sv_status sv_shards_names(sv_dataset *d) SV_CHECKED;

/* ---- shard_label.c ---- */

/* The label of a sample from the content of its .cls file, or of its .json
 * file: *label stays NULL if that has none. `name` is what errors call the
 * file; a zero byte follows the text. Free *label with sv_free. */
sv_status sv_label_from_text(char **label, const char *name, const char *text,
                             size_t size) SV_CHECKED;
sv_status sv_label_from_json(char **label, const char *name, const char *text,
                             size_t size) SV_CHECKED;

#endif
