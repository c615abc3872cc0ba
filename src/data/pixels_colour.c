/* Colours. Blends and greys are truncated to 8 bits, as in torchvision. */
#include <math.h>

#include "data/pixels.h"

static inline uint8_t clamped(float value) {
  return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

/* Source: Recommendation ITU-R BT.601. */
static inline float grey_of(const uint8_t *rgb) {
  return 0.2989f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

/* Every value of all channels through one table. */
static void look_up(sv_frame *f, const uint8_t table[256]) {
  size_t count = sv_frame_bytes(f);
  for (size_t i = 0; i < count; i++) f->pixels[i] = table[f->pixels[i]];
}

void sv_pixels_brightness(sv_frame *f, double factor) {
  uint8_t table[256];
  for (int i = 0; i < 256; i++) table[i] = clamped((float)factor * (float)i);
  look_up(f, table);
}

/* The mean of the grey image. */
static double mean_grey(const sv_frame *f) {
  size_t count = (size_t)f->width * (size_t)f->height;
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += f->channels == 3 ? (int)grey_of(f->pixels + 3 * i) : f->pixels[i];
  return sum / (double)count;
}

void sv_pixels_contrast(sv_frame *f, double factor) {
  uint8_t table[256];
  float grey = (float)((1 - factor) * mean_grey(f));
  for (int i = 0; i < 256; i++)
    table[i] = clamped((float)factor * (float)i + grey);
  look_up(f, table);
}

void sv_pixels_saturation(sv_frame *f, double factor) {
  size_t count = (size_t)f->width * (size_t)f->height;
  float own = (float)factor, rest = (float)(1 - factor);
  if (f->channels != 3) return;
  for (size_t i = 0; i < count; i++) {
    uint8_t *rgb = f->pixels + 3 * i;
    float grey = rest * (float)(int)grey_of(rgb);
    for (int c = 0; c < 3; c++) rgb[c] = clamped(own * rgb[c] + grey);
  }
}

void sv_pixels_grey(sv_frame *f) {
  size_t count = (size_t)f->width * (size_t)f->height;
  if (f->channels != 3) return;
  for (size_t i = 0; i < count; i++) {
    uint8_t *rgb = f->pixels + 3 * i;
    rgb[0] = rgb[1] = rgb[2] = (uint8_t)grey_of(rgb);
  }
}

/* Hue, 0 to 1, of a pixel with `range` = max - min > 0. */
static float hue_of(const uint8_t *rgb, int max, float range) {
  float r = rgb[0], g = rgb[1], b = rgb[2], h;
  if (rgb[0] == max)
    h = (g - b) / range;
  else if (rgb[1] == max)
    h = 2 + (b - r) / range;
  else
    h = 4 + (r - g) / range;
  h /= 6;
  return h < 0 ? h + 1 : h;
}

/* Value and saturation stay: max and range do. Channel c of a pixel of hue h is
 * max - range t, t the distance of h from the part of the circle where the
 * channel is at its maximum, limited to 0 .. 1 (in sixths of the circle).
 * Source: Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978. */
void sv_pixels_hue(sv_frame *f, double shift) {
  static const float centre[3] = {0, 2, 4};
  size_t count = (size_t)f->width * (size_t)f->height;
  if (f->channels != 3) return;
  for (size_t i = 0; i < count; i++) {
    uint8_t *rgb = f->pixels + 3 * i;
    int max = rgb[0] > rgb[1] ? rgb[0] : rgb[1];
    int min = rgb[0] < rgb[1] ? rgb[0] : rgb[1];
    if (rgb[2] > max) max = rgb[2];
    if (rgb[2] < min) min = rgb[2];
    if (max == min) continue;
    float range = (float)(max - min);
    float h = hue_of(rgb, max, range) + (float)shift;
    h = 6 * (h < 0 ? h + 1 : h >= 1 ? h - 1 : h);
    for (int c = 0; c < 3; c++) {
      float far = fabsf(h - centre[c]);
      if (far > 3) far = 6 - far;
      float t = far <= 1 ? 0 : far >= 2 ? 1 : far - 1;
      rgb[c] = clamped((float)max - range * t + 0.5f);
    }
  }
}
