/* Resizing as Pillow and torchvision do it, to the bit, so that a model that
 * was trained there sees the same pixels here.
 *
 * Along one axis, with s = size / new size and r = max(s, 1):
 *
 *   centre = (i + 1/2) s
 *   y[i] = sum over j of k[j] x[j] / sum over j of k[j],
 *   k[j] = filter((j + 1/2 - centre) / r)
 *
 * over the j from floor(centre - R r + 1/2) to floor(centre + R r + 1/2) - 1
 * inside the image, R the filter's reach. The filter is stretched when the
 * image shrinks (antialiasing). Weights are rounded to 22 bits, columns are
 * done before rows, and each of the two rounds to 8 bits. Filters: bilinear 1 -
 * |t|; bicubic with a = -1/2. Source: Keys, "Cubic Convolution Interpolation
 * for Digital Image Processing", 1981; Pillow's documentation, "Filters". */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/image.h"

enum { BITS = 22 }; /* 32, less 8 of a pixel and 2 of the bicubic overshoot */

static double bilinear(double t) {
  t = fabs(t);
  return t < 1 ? 1 - t : 0;
}

static double bicubic(double t) {
  const double a = -0.5;
  t = fabs(t);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

static const struct {
  double (*at)(double t);
  double reach;
} filters[] = {
    [SV_FILTER_BILINEAR] = {bilinear, 1}, [SV_FILTER_BICUBIC] = {bicubic, 2}};

/* The pixels that become each one along an axis: `most` weights each. */
typedef struct taps {
  int *first, *count;
  int32_t *weights;
  int most;
} taps;

static void free_taps(taps *t) {
  sv_free(t->first);
  sv_free(t->count);
  sv_free(t->weights);
  *t = (taps){0};
}

/* Weights in double, then rounded, of the pixel at place i of the new size. */
static void weigh(taps *t, int at, int i, sv_filter filter, int size,
                  double scale, double *exact) {
  double stretch = scale > 1 ? scale : 1, sum = 0;
  double reach = filters[filter].reach * stretch, centre = (i + 0.5) * scale;
  int first = (int)(centre - reach + 0.5), end = (int)(centre + reach + 0.5);
  if (first < 0) first = 0;
  if (end > size) end = size;
  for (int j = first; j < end; j++) {
    exact[j - first] = filters[filter].at((j - centre + 0.5) * (1 / stretch));
    sum += exact[j - first];
  }
  t->first[at] = first;
  t->count[at] = end - first;
  int32_t *weights = t->weights + (size_t)at * (size_t)t->most;
  for (int j = 0; j < end - first; j++) {
    double w = (sum != 0 ? exact[j] / sum : exact[j]) * (1 << BITS);
    weights[j] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
  }
}

/* Of `count` pixels of the new size from pixel `from` on. */
static sv_status make_taps(taps *t, sv_filter filter, int size, int new_size,
                           int from, int count) {
  double scale = (double)size / new_size, stretch = scale > 1 ? scale : 1;
  double *exact = NULL;
  *t = (taps){.most = 2 * (int)ceil(filters[filter].reach * stretch) + 1};
  sv_status status = sv_alloc_array(&t->first, (size_t)count, sizeof(int));
  if (status == SV_OK)
    status = sv_alloc_array(&t->count, (size_t)count, sizeof(int));
  if (status == SV_OK)
    status = sv_alloc_array(&t->weights, (size_t)count * (size_t)t->most,
                            sizeof *t->weights);
  if (status == SV_OK)
    status = sv_alloc_array(&exact, (size_t)t->most, sizeof *exact);
  for (int i = 0; i < count && status == SV_OK; i++)
    weigh(t, i, from + i, filter, size, scale, exact);
  sv_free(exact);
  if (status != SV_OK) free_taps(t);
  return status;
}

static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* `channels` is a constant wherever it is used. */
static inline __attribute__((always_inline)) void squeeze_row(
    const uint8_t *src, const taps *t, int width, const int channels,
    uint8_t *dst) {
  for (int x = 0; x < width; x++, dst += channels) {
    const int32_t *weights = t->weights + (size_t)x * (size_t)t->most;
    const uint8_t *from = src + (ptrdiff_t)t->first[x] * channels;
    int32_t sum[4];
    for (int c = 0; c < channels; c++) sum[c] = 1 << (BITS - 1);
    for (int j = 0; j < t->count[x]; j++, from += channels)
      for (int c = 0; c < channels; c++) sum[c] += from[c] * weights[j];
    for (int c = 0; c < channels; c++) dst[c] = rounded(sum[c]);
  }
}

/* Columns: the rows first .. first + rows - 1 of the image to `width`. */
static void squeeze(const sv_image *src, int first, int rows, const taps *t,
                    int width, uint8_t *dst) {
  for (int y = first; y < first + rows; y++, dst += width * src->channels) {
    const uint8_t *row = sv_image_row(src, y);
    switch (src->channels) {
      case 1: squeeze_row(row, t, width, 1, dst); break;
      case 3: squeeze_row(row, t, width, 3, dst); break;
      default: squeeze_row(row, t, width, 4, dst); break;
    }
  }
}

/* Rows: each is a weighted sum of whole rows of `bytes`; src begins with the
 * image's row `first`. */
static void lower(const uint8_t *src, int first, const taps *t, int height,
                  int bytes, int32_t *sums, uint8_t *dst) {
  for (int y = 0; y < height; y++, dst += bytes) {
    const int32_t *weights = t->weights + (size_t)y * (size_t)t->most;
    const uint8_t *row = src + (ptrdiff_t)(t->first[y] - first) * bytes;
    for (int x = 0; x < bytes; x++) sums[x] = 1 << (BITS - 1);
    for (int j = 0; j < t->count[y]; j++, row += bytes)
      for (int x = 0; x < bytes; x++) sums[x] += row[x] * weights[j];
    for (int x = 0; x < bytes; x++) dst[x] = rounded(sums[x]);
  }
}

static sv_status resize_with(const sv_image *src, const sv_scaling *s,
                             const taps *columns, const taps *rows,
                             uint8_t *pixels) {
  int first = rows->first[0], last = s->out_height - 1;
  int count = rows->first[last] + rows->count[last] - first;
  int bytes = s->out_width * src->channels;
  uint8_t *middle = NULL;
  int32_t *sums = NULL;
  sv_status status = sv_alloc_array(&middle, (size_t)count, (size_t)bytes);
  if (status == SV_OK)
    status = sv_alloc_array(&sums, (size_t)bytes, sizeof *sums);
  if (status == SV_OK) {
    squeeze(src, first, count, columns, s->out_width, middle);
    lower(middle, first, rows, s->out_height, bytes, sums, pixels);
  }
  sv_free(sums);
  sv_free(middle);
  return status;
}

sv_status sv_image_resize(const sv_image *src, const sv_scaling *s,
                          sv_filter filter, uint8_t *pixels) {
  taps columns, rows;
  SV_TRY(make_taps(&columns, filter, src->width, s->width, s->x, s->out_width));
  sv_status status =
      make_taps(&rows, filter, src->height, s->height, s->y, s->out_height);
  if (status == SV_OK) {
    status = resize_with(src, s, &columns, &rows, pixels);
    free_taps(&rows);
  }
  free_taps(&columns);
  return status;
}
