/* Listing of a folder: names in byte order, in one block of memory, since a
 * data set may have millions of files. */
#ifndef SV_DATA_LISTING_H
#define SV_DATA_LISTING_H

#include "base/error.h"

/* Free with sv_listing_free. */
typedef struct sv_listing {
  char *bytes; /* the names, each followed by a zero */
  size_t length, capacity;
  size_t *at; /* offset of each name */
  int64_t count;
  int64_t room;
} sv_listing;

void sv_listing_free(sv_listing *listing);

static inline const char *sv_listing_name(const sv_listing *listing,
                                          int64_t i) {
  return listing->bytes + listing->at[i];
}

/* Appends a name. */
sv_status sv_listing_add(sv_listing *listing, const char *name) SV_CHECKED;

/* Both functions below skip hidden names (.DS_Store) and system files:
 * Thumbs.db, desktop.ini, __MACOSX, @eaDir. Symbolic links are followed. SV_IO
 * names a folder that cannot be read. */

/* The names of the folders inside a folder. */
sv_status sv_list_folders(sv_listing *listing, const char *path) SV_CHECKED;

/* The files in a folder and its subfolders, by their relative paths. Everything
 * that is not a folder counts as a file, including a dangling link: reading it
 * later gives an error that names it. SV_IO for a link to a parent folder. */
sv_status sv_list_files(sv_listing *listing, const char *path) SV_CHECKED;

#endif
