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
#include <string.h>

#include "base/memory.h"
#include "data/image.h"
#include "data/resize.h"

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

static void free_taps(sv_taps *t) {
  sv_free(t->first);
  sv_free(t->count);
  sv_free(t->weights);
  *t = (sv_taps){0};
}

/* Weights in double, then rounded, of the pixel at place i of the new size. */
static void weigh(sv_taps *t, int at, int i, sv_filter filter, int size,
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
    double w = (sum != 0 ? exact[j] / sum : exact[j]) * (1 << SV_TAP_BITS);
    weights[j] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
  }
}

/* Of `count` pixels of the new size from pixel `from` on. */
static sv_status make_taps(sv_taps *t, sv_filter filter, int size, int new_size,
                           int from, int count) {
  double scale = (double)size / new_size, stretch = scale > 1 ? scale : 1;
  double *exact = NULL;
  *t = (sv_taps){.most = 2 * (int)ceil(filters[filter].reach * stretch) + 2};
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
  for (int i = 0; i < count && status == SV_OK; i++)
    if (t->count[i] > 2 * t->pairs) t->pairs = (t->count[i] + 1) / 2;
  sv_free(exact);
  if (status != SV_OK) free_taps(t);
  return status;
}

/* Columns first, of the rows that are needed; then rows. */
static sv_status resize_with(const sv_resize_loops *loops, const sv_image *src,
                             const sv_scaling *s, const sv_taps *columns,
                             const sv_taps *rows, uint8_t *pixels) {
  int first = rows->first[0], last = s->out_height - 1;
  int count = rows->first[last] + rows->count[last] - first;
  int channels = src->channels, bytes = s->out_width * channels;
  size_t row = (size_t)src->width * (size_t)channels;
  size_t behind = (size_t)(2 * columns->pairs + 2) * (size_t)channels;
  uint8_t *middle, *wide = NULL;
  SV_TRY(sv_alloc_array(&middle, (size_t)count, (size_t)bytes));
  sv_status status = sv_alloc(&wide, row + behind);
  for (int y = 0; y < count && status == SV_OK; y++) {
    memcpy(wide, sv_image_row(src, first + y), row);
    loops->columns(wide, columns, s->out_width, channels,
                   middle + (ptrdiff_t)y * bytes);
  }
  sv_free(wide);
  for (int y = 0; y < s->out_height && status == SV_OK; y++)
    loops->row(middle + (ptrdiff_t)(rows->first[y] - first) * bytes, rows, y,
               bytes, pixels + (ptrdiff_t)y * bytes);
  sv_free(middle);
  return status;
}

sv_status sv_image_resize_by(const sv_resize_loops *loops, const sv_image *src,
                             const sv_scaling *s, sv_filter filter,
                             uint8_t *pixels) {
  sv_taps columns, rows;
  SV_TRY(make_taps(&columns, filter, src->width, s->width, s->x, s->out_width));
  sv_status status =
      make_taps(&rows, filter, src->height, s->height, s->y, s->out_height);
  if (status == SV_OK) {
    status = resize_with(loops, src, s, &columns, &rows, pixels);
    free_taps(&rows);
  }
  free_taps(&columns);
  return status;
}

sv_status sv_image_resize(const sv_image *src, const sv_scaling *s,
                          sv_filter filter, uint8_t *pixels) {
  return sv_image_resize_by(sv_resize_loops_at(0), src, s, filter, pixels);
}
