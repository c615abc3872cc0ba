/* Parts of the reader of ImageNet's layout: its folders and its lists. */
#ifndef SV_DATA_IMAGENET_H
#define SV_DATA_IMAGENET_H

#include "base/names.h"
#include "data/listing.h"

/* Where the parts of the data set lie. */
typedef struct sv_imagenet_places {
  char *base;                /* the folder that holds train and val */
  bool has_train;            /* with class folders */
  bool synsets;              /* the first of them is called like n01440764 */
  bool has_val, val_is_flat; /* images without class folders */
  char *names;               /* the list of synsets and words; NULL: none */
  char *labels;              /* the list of validation labels; NULL: none */
  char *ids; /* the list of synsets and ILSVRC2012 IDs; NULL: none */
} sv_imagenet_places;

/* Free with sv_imagenet_places_free. */
sv_status sv_imagenet_find(sv_imagenet_places *places,
                           const char *path) SV_CHECKED;
void sv_imagenet_places_free(sv_imagenet_places *places);

/* Keys and their values, in the order of a list. */
typedef struct sv_pairs {
  sv_listing keys, values;
  sv_names index; /* of a key */
} sv_pairs;

void sv_pairs_free(sv_pairs *pairs);
/* The value of a key; NULL: there is none. */
const char *sv_pairs_get(const sv_pairs *pairs, const char *key);

/* From a synset to its words, "n01440764" to "tench, Tinca tinca". */
sv_status sv_imagenet_read_names(sv_pairs *names, const char *path) SV_CHECKED;

/* From the name of a validation image, without its ending, to its synset or the
 * number of its class. `files` are the validation images, sorted. */
sv_status sv_imagenet_read_labels(sv_pairs *labels,
                                  const sv_imagenet_places *places,
                                  const sv_listing *files) SV_CHECKED;

/* "a/b.JPEG" becomes "b". */
sv_status sv_imagenet_stem(char **stem, const char *name) SV_CHECKED;

#endif
