/* What lies in a folder: names in byte order, in one piece of memory, since a
 * data set may have millions of files. */
#ifndef SV_DATA_LISTING_H
#define SV_DATA_LISTING_H

#include "base/error.h"

/* Free with sv_listing_free. */
typedef struct sv_listing {
  char *bytes; /* the names, each followed by a zero */
  size_t length, capacity;
  size_t *at; /* where each name begins in bytes */
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

/* What both functions below pass over: hidden names (.DS_Store), and what
 * systems leave among files: Thumbs.db, desktop.ini, __MACOSX, @eaDir.
 * Symbolic links are followed. SV_IO names a folder that cannot be read. */

/* The names of the folders inside a folder. */
sv_status sv_list_folders(sv_listing *listing, const char *path) SV_CHECKED;

/* The files inside a folder and the folders below it, by their paths relative
 * to it. Whatever is not a folder is a file here, a dangling link too: who
 * reads it gets the error that names it. A link that leads back to a folder
 * above it is SV_IO. */
sv_status sv_list_files(sv_listing *listing, const char *path) SV_CHECKED;

#endif
