/* Changes of 8-bit pixels, in place, on which transforms are built. Each gives
 * the pixels of the function of the same name in
 * torchvision.transforms.v2.functional. */
#ifndef SV_DATA_PIXELS_H
#define SV_DATA_PIXELS_H

#include "data/transform.h"

/* ---- pixels_colour.c ---- */

/* factor 1 changes nothing; 0 gives black, a uniform grey, a grey image. */
void sv_pixels_brightness(sv_frame *frame, double factor);
void sv_pixels_contrast(sv_frame *frame, double factor);
void sv_pixels_saturation(sv_frame *frame, double factor);
/* shift: -0.5 to 0.5 of the colour circle. */
void sv_pixels_hue(sv_frame *frame, double shift);
/* Three channels of the same grey. */
void sv_pixels_grey(sv_frame *frame);

/* ---- pixels_tone.c ---- */

/* Keeps the `bits` upper bits, 0 to 8. */
void sv_pixels_posterize(sv_frame *frame, int bits);
/* Inverts the values from `threshold` on. */
void sv_pixels_solarize(sv_frame *frame, double threshold);
void sv_pixels_invert(sv_frame *frame);
/* Per channel: the darkest value becomes 0, the brightest 255. */
void sv_pixels_autocontrast(sv_frame *frame);
/* Per channel: a uniform histogram. */
void sv_pixels_equalize(sv_frame *frame);

/* ---- pixels_blur.c ---- */

/* factor 1 changes nothing; 0 gives a blurred image. */
sv_status sv_pixels_sharpness(sv_frame *frame, double factor) SV_CHECKED;
/* Gaussian kernel of `size`, an odd number; pixels are reflected at the
 * border. */
sv_status sv_pixels_blur(sv_frame *frame, int size, double sigma) SV_CHECKED;

/* ---- pixels_affine.c ---- */

typedef enum sv_affine_filter {
  SV_AFFINE_NEAREST,
  SV_AFFINE_BILINEAR
} sv_affine_filter;

/* Angles in degrees; a positive angle rotates clockwise. Shifts in pixels. The
 * transformation is around the centre, or the top left corner. */
typedef struct sv_affine {
  double angle, scale, shear_x, shear_y, right, down;
  bool corner;
} sv_affine;

/* Uncovered pixels become black and have no class. The mask takes the nearest
 * pixel. */
sv_status sv_pixels_affine(sv_frame *frame, const sv_affine *affine,
                           sv_affine_filter filter) SV_CHECKED;

#endif
