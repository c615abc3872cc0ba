/* Affine transformations: a pixel of the result comes from the place to which
 * the inverse matrix brings its middle.
 *
 *   M = translate(centre + shift) rotate(angle) shear(x, y) scale
 *       translate(-centre)
 *
 * Source: torchvision's affine, whose matrix this is. */
#include <math.h>
#include <string.h>

#include <svertka/layers.h>

#include "data/pixels.h"

const char *const sv_affine_filters[] = {"nearest", "bilinear", NULL};

/* x = xx X + xy Y + x0, and so on: where the pixel (X, Y) comes from. */
typedef struct inverse {
  double xx, xy, x0, yx, yy, y0;
} inverse;

static double radians(double degrees) { return degrees * (M_PI / 180); }

static inverse invert(const sv_affine *m, int width, int height) {
  double angle = radians(m->angle);
  double sx = radians(m->shear_x), sy = radians(m->shear_y);
  double a = cos(angle - sy) / cos(sy), c = sin(angle - sy) / cos(sy);
  double b = -a * tan(sx) - sin(angle), d = -c * tan(sx) + cos(angle);
  double cx = m->corner ? 0 : width * 0.5, cy = m->corner ? 0 : height * 0.5;
  inverse i = {.xx = d / m->scale,
               .xy = -b / m->scale,
               .yx = -c / m->scale,
               .yy = a / m->scale};
  i.x0 = cx - i.xx * (cx + m->right) - i.xy * (cy + m->down);
  i.y0 = cy - i.yx * (cx + m->right) - i.yy * (cy + m->down);
  return i;
}

/* The place of the middle of pixel (x, y). */
static inline void place(const inverse *m, int x, int y, double *from_x,
                         double *from_y) {
  double mx = x + 0.5, my = y + 0.5;
  *from_x = m->xx * mx + m->xy * my + m->x0;
  *from_y = m->yx * mx + m->yy * my + m->y0;
}

static inline bool is_inside(double x, double y, int width, int height) {
  return x >= 0 && y >= 0 && x < width && y < height;
}

static void take_nearest(const uint8_t *src, const sv_frame *f,
                         const inverse *m, int bytes, uint8_t fill,
                         uint8_t *dst) {
  for (int y = 0; y < f->height; y++)
    for (int x = 0; x < f->width; x++, dst += bytes) {
      double from_x, from_y;
      place(m, x, y, &from_x, &from_y);
      if (is_inside(from_x, from_y, f->width, f->height))
        memcpy(dst,
               src + ((ptrdiff_t)from_y * f->width + (ptrdiff_t)from_x) * bytes,
               (size_t)bytes);
      else
        memset(dst, fill, (size_t)bytes);
    }
}

/* Channel c at (x, y); black outside. */
static float pixel(const uint8_t *src, const sv_frame *f, int x, int y, int c) {
  if (x < 0 || y < 0 || x >= f->width || y >= f->height) return 0;
  return src[((ptrdiff_t)y * f->width + x) * f->channels + c];
}

static void take_bilinear(const uint8_t *src, const sv_frame *f,
                          const inverse *m, uint8_t *dst) {
  for (int y = 0; y < f->height; y++)
    for (int x = 0; x < f->width; x++, dst += f->channels) {
      double from_x, from_y;
      place(m, x, y, &from_x, &from_y);
      memset(dst, 0, (size_t)f->channels);
      if (!is_inside(from_x + 0.5, from_y + 0.5, f->width + 1, f->height + 1))
        continue;
      double left = floor(from_x - 0.5), top = floor(from_y - 0.5);
      float right = (float)(from_x - 0.5 - left);
      float down = (float)(from_y - 0.5 - top);
      int x0 = (int)left, y0 = (int)top;
      for (int c = 0; c < f->channels; c++) {
        float upper = (1 - right) * pixel(src, f, x0, y0, c) +
                      right * pixel(src, f, x0 + 1, y0, c);
        float lower = (1 - right) * pixel(src, f, x0, y0 + 1, c) +
                      right * pixel(src, f, x0 + 1, y0 + 1, c);
        dst[c] = (uint8_t)((1 - down) * upper + down * lower + 0.5f);
      }
    }
}

sv_status sv_pixels_affine(sv_frame *f, const sv_affine *affine,
                           sv_affine_filter filter) {
  const inverse m = invert(affine, f->width, f->height);
  sv_frame old;
  SV_TRY(sv_frame_renew(f, &old, f->width, f->height));
  if (filter == SV_AFFINE_BILINEAR)
    take_bilinear(old.pixels, f, &m, f->pixels);
  else
    take_nearest(old.pixels, f, &m, f->channels, 0, f->pixels);
  if (f->mask) take_nearest(old.mask, f, &m, 1, SV_NO_CLASS, f->mask);
  sv_frame_free(&old);
  return SV_OK;
}
