/* Data augmentation of training images: a list of transforms as text, such as
 * "random_resized_crop 0.35; flip; erase 0.25". The result depends only on the
 * seed, the epoch and the sample. */
#ifndef SV_DATA_AUGMENT_H
#define SV_DATA_AUGMENT_H

#include "data/image.h"
#include "data/transform.h"

typedef struct sv_augment_step {
  const sv_transform *transform;
  void *settings;
} sv_augment_step;

/* In the order in which they are applied: those of images, of the input, of
 * batches. */
typedef struct sv_augment_list {
  sv_augment_step *steps;
  int count, images, inputs; /* steps before `images` change images; from there
                              * to `inputs` the input; then batches */
  int resizing; /* the first step that resizes; -1: none, the image is resized
                 * first */
} sv_augment_list;

/* Parses the transforms of `augment`; an empty list if it asks for none.
 * SV_INVALID if one is unknown or out of order, or if a setting is. Free with
 * sv_augment_free. */
sv_status sv_augment_parse(sv_augment_list *list,
                           const sv_augment *augment) SV_CHECKED;
void sv_augment_free(sv_augment_list *list);

/* True if the list mixes the samples of a batch. */
static inline bool sv_augment_mixes(const sv_augment_list *list) {
  return list->inputs < list->count;
}

/* SV_INVALID if the list mixes labels and the data have a class per pixel. */
sv_status sv_augment_check(const sv_augment_list *list,
                           const sv_dataset *dataset) SV_CHECKED;

/* A sample as it was read. The functions below take over its pixels and its
 * mask's: free both images with sv_image_free afterwards. */
typedef struct sv_augment_sample {
  sv_image *image, *mask;    /* mask: NULL if there is none */
  const sv_image_part *part; /* what of the image was decoded; NULL: all */
} sv_augment_sample;

/* dst = channels x height x width of the network's input, augmented and not yet
 * reordered; classes = height x width, with a mask. `index` is the number of
 * the sample's random values: the sample's own number, unless it occurs more
 * than once in an epoch. */
sv_status sv_augment_apply(const sv_augment_list *list, const sv_random *key,
                           int64_t index, const sv_preprocess *preprocess,
                           const sv_augment_sample *sample, float *dst,
                           int64_t *classes) SV_CHECKED;

/* The part of an image that the list needs, for sv_image_read_part. */
typedef struct sv_augment_need {
  const sv_augment_list *list;
  const sv_random *key;
  int64_t index;
  const sv_preprocess *preprocess;
} sv_augment_need;
/* True if the first transform needs only a part; sets *part, with `need` as its
 * context. */
bool sv_augment_part(const sv_augment_need *need, sv_image_part *part);

/* How batch number `batch` of an epoch is mixed. If the list has several such
 * transforms, one of them is drawn. */
sv_mix sv_augment_mix(const sv_augment_list *list, const sv_random *key,
                      int64_t batch, const sv_preprocess *preprocess);
/* Mixes `count` samples from sv_augment_apply; `room` has space for one. */
void sv_augment_mix_pixels(const sv_mix *mix, const sv_preprocess *preprocess,
                           int64_t count, float *pixels, float *room);

#endif
