/* Gaussian blur and sharpness. */
#include <math.h>

#include "base/memory.h"
#include "data/pixels.h"

static inline uint8_t rounded(float value) {
  value += 0.5f;
  return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

/* ---- Blur ---- */

/* k[i] = exp(-t^2 / 2), t = (i - size / 2) / sigma, with sum 1. */
static void make_kernel(float *kernel, int size, double sigma) {
  double sum = 0;
  for (int i = 0; i < size; i++) {
    double t = (i - size / 2) / sigma;
    kernel[i] = (float)exp(-0.5 * t * t);
    sum += (double)kernel[i];
  }
  for (int i = 0; i < size; i++) kernel[i] = (float)((double)kernel[i] / sum);
}

/* -1 is 1 and `count` is count - 2; further out it goes on so. */
static int reflected(int i, int count) {
  if (count == 1) return 0;
  int period = 2 * (count - 1);
  i = i % period;
  if (i < 0) i += period;
  return i < count ? i : period - i;
}

/* sums = rows of f around y, weighted. */
static void blur_columns(const sv_frame *f, int y, const float *kernel,
                         int size, float *sums) {
  int row = f->width * f->channels;
  for (int x = 0; x < row; x++) sums[x] = 0;
  for (int k = 0; k < size; k++) {
    int from = reflected(y + k - size / 2, f->height);
    const uint8_t *src = f->pixels + (ptrdiff_t)from * row;
    for (int x = 0; x < row; x++) sums[x] += kernel[k] * src[x];
  }
}

/* The same along the row, whose ends are continued by half a kernel. */
static void blur_row(float *wide, const float *sums, int width, int channels,
                     const float *kernel, int size, uint8_t *dst) {
  int half = size / 2, row = width * channels;
  for (int x = -half; x < width + half; x++)
    for (int c = 0; c < channels; c++)
      wide[(x + half) * channels + c] =
          sums[reflected(x, width) * channels + c];
  for (int x = 0; x < row; x++) {
    float sum = 0;
    for (int k = 0; k < size; k++) sum += kernel[k] * wide[x + k * channels];
    dst[x] = rounded(sum);
  }
}

sv_status sv_pixels_blur(sv_frame *f, int size, double sigma) {
  int row = f->width * f->channels, wide = (size - 1) * f->channels + row;
  float *room;
  sv_frame old;
  SV_TRY(sv_alloc_array(&room, (size_t)(row + wide + size), sizeof *room));
  float *sums = room, *longer = room + row, *kernel = longer + wide;
  sv_status status = sv_frame_renew(f, &old, f->width, f->height);
  if (status == SV_OK) {
    make_kernel(kernel, size, sigma);
    for (int y = 0; y < f->height; y++) {
      blur_columns(&old, y, kernel, size, sums);
      blur_row(longer, sums, f->width, f->channels, kernel, size,
               f->pixels + (ptrdiff_t)y * row);
    }
    uint8_t *mask = f->mask; /* stays as it was */
    f->mask = old.mask;
    old.mask = mask;
    sv_frame_free(&old);
  }
  sv_free(room);
  return status;
}

/* ---- Sharpness ---- */

/* The mean of a pixel and its neighbours, the pixel itself counting five
 * times. */
static float smooth(const uint8_t *at, int row, int step) {
  int sum = 5 * at[0] + at[-step] + at[step];
  for (int x = -step; x <= step; x += step) sum += at[x - row] + at[x + row];
  return floorf((float)sum / 13 + 0.5f);
}

/* The border stays. */
sv_status sv_pixels_sharpness(sv_frame *f, double factor) {
  int step = f->channels, row = f->width * step;
  float own = (float)factor, rest = (float)(1 - factor);
  uint8_t *copy;
  if (f->width < 3 || f->height < 3) return SV_OK;
  SV_TRY(sv_alloc_array(&copy, (size_t)f->height, (size_t)row));
  for (size_t i = 0; i < sv_frame_bytes(f); i++) copy[i] = f->pixels[i];
  for (int y = 1; y < f->height - 1; y++) {
    const uint8_t *src = copy + (ptrdiff_t)y * row;
    uint8_t *dst = f->pixels + (ptrdiff_t)y * row;
    for (int x = step; x < row - step; x++) {
      float value = own * src[x] + rest * smooth(src + x, row, step);
      dst[x] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
    }
  }
  sv_free(copy);
  return SV_OK;
}
