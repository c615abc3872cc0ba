/* Steps of preprocessing shared by several files. */
#ifndef SV_DATA_PREPROCESS_H
#define SV_DATA_PREPROCESS_H

#include "data/image.h"
#include "data/reader.h"

/* The channel of the image that becomes the network's channel c. */
static inline int sv_preprocess_source(const sv_preprocess *p, int c) {
  return p->order == SV_ORDER_BGR ? 2 - c : c;
}

/* The shape of the network's input. */
static inline sv_shape sv_preprocess_shape(const sv_preprocess *p,
                                           int64_t batch) {
  if (p->layout == SV_IMAGE_NHWC)
    return (sv_shape){4, {batch, p->height, p->width, p->channels}};
  return (sv_shape){4, {batch, p->channels, p->height, p->width}};
}
/* The same for one image, without the batch. */
static inline sv_ints sv_preprocess_sizes(const sv_preprocess *p) {
  const sv_shape s = sv_preprocess_shape(p, 1);
  return (sv_ints){3, {s.dim[1], s.dim[2], s.dim[3]}};
}

/* Whether dimension `d` of that shape is C, H or W: 0, 1, 2. */
static inline int sv_preprocess_part(const sv_preprocess *p, int d) {
  return p->layout == SV_IMAGE_NHWC ? d % 3 : d - 1;
}

/* Derives the layout from the graph if it is not given. */
void sv_preprocess_find_layout(sv_preprocess *p, const sv_graph *graph);

/* Checks that channels, size, pads and order agree. */
sv_status sv_preprocess_check_size(const sv_preprocess *p) SV_CHECKED;

/* ready = the image with the network's channels and the size without pads. It
 * shares the pixels of `image` if nothing has to be done. Free it before
 * `image`. */
sv_status sv_preprocess_fit_size(const sv_preprocess *p, const sv_image *image,
                                 sv_image *ready) SV_CHECKED;

/* ready = the image with the network's channels, turned and with its gamma
 * applied as the settings say, dense,
 * of its own size. It shares the pixels of `image` if nothing has to be done;
 * `owned` is NULL then. */
sv_status sv_preprocess_colours(const sv_preprocess *p, const sv_image *image,
                                sv_image *ready) SV_CHECKED;

/* How an image of this size is brought to the size without pads. */
sv_scaling sv_preprocess_scaling(const sv_preprocess *p, int width, int height);

/* (pixel / 255 - mean) / deviation of an image from sv_preprocess_fit_size, or
 * of one of the network's whole size. */
void sv_preprocess_normalise(const sv_preprocess *p, const sv_image *ready,
                             float *dst);

/* The two steps of sv_preprocess_pixels: all but the order of elements, then
 * the order (permutation, channels last), which follows any augmentation. */
sv_status sv_preprocess_plain(const sv_preprocess *p, const sv_image *image,
                              float *dst) SV_CHECKED;
sv_status sv_preprocess_reorder(const sv_preprocess *p,
                                float *pixels) SV_CHECKED;

/* sv_preprocess_plain with another part of the resized image than its centre:
 * crops 0 to 3 are the corners, top left, top right, bottom left, bottom right;
 * 4 is the centre; 5 to 9 are the same mirrored left to right. Source:
 * Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural
 * Networks", 2012, section 4.1. */
enum { SV_CENTRE_CROP = 4, SV_CORNERS = 5, SV_MOST_CROPS = 10 };
sv_status sv_preprocess_crop(const sv_preprocess *p, const sv_image *image,
                             int crop, float *dst) SV_CHECKED;

/* Writes the first `count` elements of a network's input; they are rounded if
 * the input has integers of one byte. */
void sv_preprocess_give(sv_tensor *x, const float *pixels, int64_t count);

/* Computes the permutation of p again; none if the size is unknown. */
sv_status sv_preprocess_make_order(sv_preprocess *p) SV_CHECKED;

/* Reads the preprocessing metadata of a model, complete or not; the rest of p
 * stays. SV_FORMAT names the key with a malformed value. */
sv_status sv_preprocess_take(sv_preprocess *p,
                             const sv_model *model) SV_CHECKED;

/* Replaces the class names of p by those of the data set. */
sv_status sv_preprocess_name(sv_preprocess *p, const sv_dataset *d) SV_CHECKED;

/* Frees the class names. */
void sv_preprocess_free_names(sv_preprocess *p);

#endif
