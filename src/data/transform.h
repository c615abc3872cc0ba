/* A transform: one random change of training images. It consists of a source
 * file, often shared by a few, and a line in transforms.def.
 *
 * The descriptor's name, summary and settings are those of an operator (op.h):
 * the same tables give the text form, the help and the error messages. Names,
 * settings and defaults are those of torchvision.transforms.v2, and so are the
 * pixels for the same random values (within rounding). */
#ifndef SV_DATA_TRANSFORM_H
#define SV_DATA_TRANSFORM_H

#include <svertka/data.h>

#include "base/error.h"
#include "base/random.h"
#include "op/op.h"

/* ---- Random values ---- */

/* The random values of one transform for one sample. Value i depends only on
 * the seed, the epoch, the sample, the transform's place in the list and i. */
typedef struct sv_draws {
  sv_random key;
  uint64_t base;
} sv_draws;

enum { SV_DRAWS = 256 }; /* values per sample */

/* Uniform in [low, high). */
double sv_draw(const sv_draws *draws, int i, double low, double high);
/* Uniform in least .. most. */
int sv_draw_int(const sv_draws *draws, int i, int least, int most);
/* True with probability p. */
bool sv_draw_true(const sv_draws *draws, int i, double p);
/* The same values from value i on. */
sv_draws sv_draws_from(const sv_draws *draws, int i);

/* ---- A sample on its way ---- */

/* The pixels of a sample, owned, dense, interleaved: 1 or 3 channels, RGB. */
typedef struct sv_frame {
  int width, height, channels;
  uint8_t *pixels;
  uint8_t *mask; /* width x height classes, SV_NO_CLASS: none; NULL: no mask */
  const sv_preprocess *preprocess; /* the size to end with */
  /* If only a part of the image was decoded (sv_image_part): the size of the
   * whole image, where the part begins in it, and how many times smaller it is.
   * scale 0: the frame is the whole image. */
  int whole_width, whole_height;
  int x, y, scale;
} sv_frame;

void sv_frame_free(sv_frame *frame);

/* Replaces the frame by an uninitialised one of width x height; *old gets the
 * previous one. */
sv_status sv_frame_renew(sv_frame *frame, sv_frame *old, int width,
                         int height) SV_CHECKED;

static inline size_t sv_frame_bytes(const sv_frame *f) {
  return (size_t)f->width * (size_t)f->height * (size_t)f->channels;
}

/* A rectangle of pixels. */
typedef struct sv_box {
  int x, y, width, height;
} sv_box;

/* Resizes this part of the frame to width x height, with antialiasing; the
 * mask takes the nearest pixel. */
sv_status sv_frame_resize(sv_frame *frame, const sv_box *box, int width,
                          int height) SV_CHECKED;

/* Brings the frame to the network's size as preprocessing does: resizes it as
 * `resize` says, then adds the pads. sv_frame_pad only adds them. */
sv_status sv_frame_fit(sv_frame *frame) SV_CHECKED;
sv_status sv_frame_pad(sv_frame *frame) SV_CHECKED;
/* True if the frame has the network's size. */
bool sv_frame_fits(const sv_frame *frame);

/* The network's input before elements are reordered. */
typedef struct sv_plane_set {
  float *pixels; /* channels x height x width, normalised */
  uint8_t *mask; /* height x width, or NULL */
  int channels, height, width;
} sv_plane_set;

/* How the samples of a batch are mixed: sample i keeps `share` of itself and
 * gets the rest from its predecessor, i - 1; the first one from the last. */
typedef struct sv_mix {
  bool on;
  float share; /* of the sample's own label */
  sv_box box;  /* the pixels to copy; width 0: all pixels are blended */
} sv_mix;

/* ---- The descriptor ---- */

typedef struct sv_transform {
  sv_op op; /* name, summary, attrs and attrs_size only */
  /* Exactly one of the next three is set. */
  sv_status (*image)(sv_frame *frame, const void *settings,
                     const sv_draws *draws);
  void (*input)(sv_plane_set *input, const void *settings,
                const sv_draws *draws);
  void (*batch)(sv_mix *mix, const void *settings, const sv_draws *draws,
                int height, int width);
  /* The result has the network's size, or another that the user asked for: the
   * transforms before it work on the image as it was read. */
  bool resizes;
  /* Optional: the part that `image` needs of an image of this size. */
  sv_box (*part)(const void *settings, const sv_draws *draws, int width,
                 int height);
  /* Optional: checks settings against each other. */
  sv_status (*check)(const char *name, const void *settings);
} sv_transform;

#define SV_TRANSFORM_OF(n) const sv_transform sv_transform_##n

/* All transforms, in the order of transforms.def; ends with NULL. */
extern const sv_transform *const sv_transforms[];

/* SV_INVALID suggests a similar name or lists all. */
sv_status sv_transform_find(const sv_transform **transform, const char *name,
                            size_t length) SV_CHECKED;

/* SV_INVALID unless low <= high; `name` is the transform's. */
sv_status sv_transform_check_range(const char *name, const char *low_name,
                                   double low, const char *high_name,
                                   double high) SV_CHECKED;

/* Rows of settings that several transforms have. */
#define SV_SETTING_P(struct_, default_p, place)                         \
  {                                                                     \
    .name = "p", .type = SV_ATTR_FLOAT, .offset = offsetof(struct_, p), \
    .initial = default_p, .max = 1, .position = place,                  \
    .help = "share of the images that are changed"                      \
  }
#define SV_SETTING_FILTER(struct_)                                     \
  {                                                                    \
    .name = "filter", .type = SV_ATTR_CHOICE,                          \
    .offset = offsetof(struct_, filter), .choices = sv_affine_filters, \
    .help = "interpolation of the pixels"                              \
  }
extern const char *const sv_affine_filters[]; /* nearest, bilinear, NULL */

#endif
