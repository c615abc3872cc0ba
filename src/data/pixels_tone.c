/* Tones: tables of 256 values, one for all channels or one per channel. */
#include "data/pixels.h"

static size_t pixels_of(const sv_frame *f) {
  return (size_t)f->width * (size_t)f->height;
}

/* Channel c through its table. */
static void look_up(sv_frame *f, int c, const uint8_t table[256]) {
  size_t count = pixels_of(f), step = (size_t)f->channels;
  uint8_t *at = f->pixels + c;
  for (size_t i = 0; i < count; i++, at += step) *at = table[*at];
}

static void look_up_all(sv_frame *f, const uint8_t table[256]) {
  for (int c = 0; c < f->channels; c++) look_up(f, c, table);
}

void sv_pixels_posterize(sv_frame *f, int bits) {
  uint8_t table[256];
  int mask = (0xff00 >> bits) & 0xff;
  for (int i = 0; i < 256; i++) table[i] = (uint8_t)(i & mask);
  look_up_all(f, table);
}

void sv_pixels_solarize(sv_frame *f, double threshold) {
  uint8_t table[256];
  for (int i = 0; i < 256; i++)
    table[i] = (uint8_t)(i >= threshold ? 255 - i : i);
  look_up_all(f, table);
}

void sv_pixels_invert(sv_frame *f) { sv_pixels_solarize(f, 0); }

typedef struct histogram {
  int64_t of[256];
} histogram;

static histogram count_values(const sv_frame *f, int c) {
  histogram h = {{0}};
  size_t count = pixels_of(f), step = (size_t)f->channels;
  const uint8_t *at = f->pixels + c;
  for (size_t i = 0; i < count; i++, at += step) h.of[*at]++;
  return h;
}

void sv_pixels_autocontrast(sv_frame *f) {
  for (int c = 0; c < f->channels; c++) {
    histogram h = count_values(f, c);
    uint8_t table[256] = {0};
    int min = 0, max = 255;
    while (!h.of[min]) min++;
    while (!h.of[max]) max--;
    if (min == max) continue;
    float step = (float)(max - min) * (1 / 255.f);
    for (int i = min; i <= max; i++) {
      float value = (float)(i - min) / step;
      table[i] = value >= 255 ? 255 : (uint8_t)value;
    }
    look_up(f, c, table);
  }
}

/* Value i becomes the number of darker pixels over a step that leaves 255 for
 * the brightest value of the image. */
void sv_pixels_equalize(sv_frame *f) {
  for (int c = 0; c < f->channels; c++) {
    histogram h = count_values(f, c);
    uint8_t table[256];
    int max = 255;
    while (!h.of[max]) max--;
    int64_t step = ((int64_t)pixels_of(f) - h.of[max]) / 255;
    if (step == 0) continue;
    int64_t darker = step / 2;
    for (int i = 0; i < 256; i++) {
      int64_t value = darker / step;
      table[i] = (uint8_t)(value > 255 ? 255 : value);
      darker += h.of[i];
    }
    look_up(f, c, table);
  }
}
