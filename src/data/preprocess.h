/* The steps of preprocessing that its files share. */
#ifndef SV_DATA_PREPROCESS_H
#define SV_DATA_PREPROCESS_H

#include "data/reader.h"

/* The channel of the picture that becomes the network's channel c. */
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
/* The same of one image, without the batch. */
static inline sv_ints sv_preprocess_sizes(const sv_preprocess *p) {
  const sv_shape s = sv_preprocess_shape(p, 1);
  return (sv_ints){3, {s.dim[1], s.dim[2], s.dim[3]}};
}

/* Dimension `d` of that shape is which of C, H, W: 0, 1, 2. */
static inline int sv_preprocess_part(const sv_preprocess *p, int d) {
  return p->layout == SV_IMAGE_NHWC ? d % 3 : d - 1;
}

/* Where nobody says the layout, what the network does with its input. */
void sv_preprocess_find_layout(sv_preprocess *p, const sv_graph *graph);

/* Channels, size, pads and order agree. */
sv_status sv_preprocess_check_size(const sv_preprocess *p) SV_CHECKED;

/* ready = the picture with the network's channels and the size that the pads
 * leave; its pixels are the image's where nothing has to be done. Free it
 * before the image. */
sv_status sv_preprocess_fit_size(const sv_preprocess *p, const sv_image *image,
                                 sv_image *ready) SV_CHECKED;

/* sv_preprocess_pixels in two steps: all but the order of pixels, which comes
 * behind whatever is done to pictures: permuted, or with channels last. */
sv_status sv_preprocess_plain(const sv_preprocess *p, const sv_image *image,
                              float *dst) SV_CHECKED;
sv_status sv_preprocess_reorder(const sv_preprocess *p,
                                float *pixels) SV_CHECKED;

/* The first `count` numbers of a network's input: as they are, or, where it
 * takes bytes, rounded. */
void sv_preprocess_give(sv_tensor *x, const float *pixels, int64_t count);

/* The order of a permuted p, anew; none where its size is not known. */
sv_status sv_preprocess_make_order(sv_preprocess *p) SV_CHECKED;

/* What a model says of pictures, whole or not; the rest of p stays. SV_FORMAT
 * names the key whose text is wrong. */
sv_status sv_preprocess_take(sv_preprocess *p,
                             const sv_model *model) SV_CHECKED;

/* The data set's class names in the place of those of p. */
sv_status sv_preprocess_name(sv_preprocess *p, const sv_dataset *d) SV_CHECKED;

/* Forgets the class names. */
void sv_preprocess_free_names(sv_preprocess *p);

#endif
