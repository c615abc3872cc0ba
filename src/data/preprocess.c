/* From 8-bit pixels to a network's input. */
#include "data/preprocess.h"

#include <math.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "data/image.h"
#include "tensor/tensor.h"

sv_preprocess sv_preprocess_default(void) {
  return (sv_preprocess){.mean = {NAN, NAN, NAN}, .deviation = {NAN, NAN, NAN}};
}

void sv_preprocess_free(sv_preprocess *p) {
  sv_preprocess_free_names(p);
  sv_free(p->pixels);
  *p = sv_preprocess_default();
}

void sv_preprocess_free_names(sv_preprocess *p) {
  for (int i = 0; p->names && i < p->classes; i++) sv_free(p->names[i]);
  sv_free(p->names);
  p->names = NULL;
  p->classes = 0;
}

/* p's own copy of these names. */
static sv_status copy_names(sv_preprocess *p, int classes, char **names) {
  p->names = NULL;
  p->classes = 0;
  if (classes == 0) return SV_OK;
  SV_TRY(sv_alloc_array(&p->names, (size_t)classes, sizeof *p->names));
  p->classes = classes;
  sv_status status = SV_OK;
  for (int i = 0; i < classes && status == SV_OK; i++)
    status = sv_copy_text(&p->names[i], names[i]);
  if (status != SV_OK) sv_preprocess_free_names(p);
  return status;
}

sv_status sv_preprocess_copy(sv_preprocess *copy, const sv_preprocess *p) {
  *copy = *p;
  copy->pixels = NULL;
  SV_TRY(copy_names(copy, p->classes, p->names));
  sv_status status = sv_preprocess_make_order(copy);
  if (status != SV_OK) sv_preprocess_free(copy);
  return status;
}

sv_status sv_preprocess_name(sv_preprocess *p, const sv_dataset *d) {
  sv_preprocess_free_names(p);
  return copy_names(p, d->classes, d->names);
}

/* ---- For a data set ---- */

/* The pad on each side if the network's input is a little larger than the
 * images; else 0. */
static int pad_for(const sv_dataset *d, const sv_preprocess *p) {
  int more = p->height - d->height;
  bool little = more > 0 && more % 2 == 0 && more == p->width - d->width &&
                3 * more <= d->height && 3 * more <= d->width;
  return little ? more / 2 : 0;
}

sv_status sv_preprocess_match(sv_preprocess *p, const sv_dataset *d,
                              const sv_shape *input) {
  *p = sv_preprocess_default();
  if (input->rank != 3 || input->dim[1] > SV_IMAGE_SIDE ||
      input->dim[2] > SV_IMAGE_SIDE ||
      (input->dim[0] != 1 && input->dim[0] != 3))
    return sv_fail(SV_INVALID,
                   "%s: the network's input is %s, expected 1 or 3 channels x "
                   "height x width, sides of 1 to %d",
                   d->path, sv_shape_text(input, (char[SV_SHAPE_TEXT]){0}),
                   SV_IMAGE_SIDE);
  p->channels = (int)input->dim[0];
  p->height = (int)input->dim[1];
  p->width = (int)input->dim[2];
  p->pad_top = p->pad_left = p->pad_bottom = p->pad_right = pad_for(d, p);
  SV_TRY(sv_preprocess_check_size(p));
  return copy_names(p, d->classes, d->names);
}

/* Exact sums of a row's values and squares: 65535 * 255 * 255 < 2^32. */
static void add_row(const uint8_t *row, int width, int step, uint64_t *sum,
                    uint64_t *squares) {
  uint32_t s = 0, q = 0;
  if (step == 1)
    for (int x = 0; x < width; x++) {
      s += row[x];
      q += (uint32_t)row[x] * row[x];
    }
  else
    for (int x = 0; x < width; x++) {
      s += row[x * step];
      q += (uint32_t)row[x * step] * row[x * step];
    }
  *sum += s;
  *squares += q;
}

typedef struct sums {
  uint64_t sum[3], squares[3]; /* per channel of the picture: R, G, B */
} sums;

static sv_status add_sample(const sv_preprocess *p, const sv_dataset *d,
                            int64_t i, sums *totals) {
  sv_image image, ready = {0};
  SV_TRY(sv_dataset_image(d, i, &image));
  sv_status status = sv_preprocess_fit_size(p, &image, &ready);
  for (int y = 0; status == SV_OK && y < ready.height; y++)
    for (int c = 0; c < p->channels; c++)
      add_row(sv_image_row(&ready, y) + c, ready.width, p->channels,
              &totals->sum[c], &totals->squares[c]);
  sv_image_free(&ready);
  sv_image_free(&image);
  return status;
}

sv_status sv_preprocess_fit(sv_preprocess *p, const sv_dataset *d,
                            const sv_samples *samples) {
  const int64_t most = 100000;
  if (d->split != SV_SPLIT_TRAIN)
    return sv_fail(SV_INVALID,
                   "%s: mean and deviation must come from the training split, "
                   "not from the test split",
                   d->path);
  if (samples->count < 1)
    return sv_fail(SV_INVALID, "%s: no samples to compute the mean from",
                   d->path);
  SV_TRY(sv_preprocess_check_size(p));
  int64_t used = samples->count < most ? samples->count : most;
  sums totals = {0};
  for (int64_t i = 0; i < used; i++)
    SV_TRY(add_sample(p, d, samples->at[i * samples->count / used], &totals));
  int height = p->height - p->pad_top - p->pad_bottom;
  int width = p->width - p->pad_left - p->pad_right;
  double pixels = (double)used * height * width;
  for (int c = 0; c < p->channels; c++) {
    int from = sv_preprocess_source(p, c);
    double mean = (double)totals.sum[from] / pixels;
    double variance = (double)totals.squares[from] / pixels - mean * mean;
    p->mean[c] = (float)(mean / 255);
    p->deviation[c] = variance > 0 ? (float)(sqrt(variance) / 255) : 1;
  }
  return SV_OK;
}

/* ---- For a picture ---- */

static const double srgb = 0.45455;

/* Grey as PIL and libjpeg have it (ITU-R BT.601), in 16 bits, rounded. */
static uint8_t grey_of(const uint8_t *rgb) {
  return (
      uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 32768u) >>
               16);
}

static void convert_row(const uint8_t *src, int from, uint8_t *dst, int to,
                        int width) {
  for (int x = 0; x < width; x++, src += from, dst += to) {
    uint8_t rgb[3];
    for (int c = 0; c < 3; c++) {
      uint8_t value = src[from == 1 ? 0 : c];
      rgb[c] = from == 4 ? sv_over_white(value, src[3]) : value;
    }
    if (to == 1)
      *dst = from == 1 ? rgb[0] : grey_of(rgb);
    else
      memcpy(dst, rgb, 3);
  }
}

/* *converted = the image with p's channels, dense; borrowed if it is so. */
static sv_status convert(const sv_image *image, int channels,
                         sv_image *converted) {
  ptrdiff_t row = (ptrdiff_t)image->width * image->channels;
  if (image->channels == channels &&
      (image->stride == 0 || image->stride == row)) {
    *converted = *image;
    converted->stride = row;
    converted->owned = NULL;
    return SV_OK;
  }
  uint8_t *dst;
  SV_TRY(sv_image_new(converted, image->width, image->height, channels, &dst));
  for (int y = 0; y < image->height; y++, dst += converted->stride)
    convert_row(sv_image_row(image, y), image->channels, dst, channels,
                image->width);
  return SV_OK;
}

/* ---- Gamma ---- */

/* As 0.45455, that of sRGB, has it; what is nearly so stays, as in libpng. */
static bool has_gamma(const sv_preprocess *p, const sv_image *image) {
  return p->gamma && image->gamma > 0 && fabs(srgb / image->gamma - 1) >= 0.05;
}

static sv_status apply_gamma(const sv_image *image, sv_image *applied) {
  uint8_t table[256], *dst;
  double exponent = srgb / (double)image->gamma;
  for (int i = 0; i < 256; i++)
    table[i] = (uint8_t)floor(255 * pow(i / 255.0, exponent) + 0.5);
  int channels = image->channels, row = image->width * channels;
  SV_TRY(sv_image_new(applied, image->width, image->height, channels, &dst));
  for (int y = 0; y < image->height; y++, dst += row) {
    const uint8_t *src = sv_image_row(image, y);
    for (int x = 0; x < row; x++) /* opacity has no gamma */
      dst[x] = channels == 4 && x % 4 == 3 ? src[x] : table[src[x]];
  }
  return SV_OK;
}

/* ---- What the file says ---- */

static bool is_turned(const sv_preprocess *p, const sv_image *image) {
  return p->as_stored && image->orientation >= 2 && image->orientation <= 8;
}

/* *own = the image as it is stored, and with its gamma applied, if either is
 * wanted and there is anything to do; without pixels otherwise. */
static sv_status settle(const sv_preprocess *p, const sv_image *image,
                        sv_image *own) {
  *own = (sv_image){0};
  if (is_turned(p, image)) SV_TRY(sv_image_as_stored(image, own));
  if (!has_gamma(p, image)) return SV_OK;
  sv_image applied;
  sv_status status = apply_gamma(own->pixels ? own : image, &applied);
  sv_image_free(own);
  if (status == SV_OK) *own = applied;
  return status;
}

sv_status sv_preprocess_turn(const sv_preprocess *p, sv_image *image) {
  sv_image stored;
  if (!is_turned(p, image)) return SV_OK;
  sv_status status = sv_image_as_stored(image, &stored);
  sv_image_free(image);
  if (status == SV_OK) *image = stored;
  return status;
}

/* One side in proportion to the other, rounded down. */
static int proportional(int side, int from, int to) {
  return (int)((int64_t)side * to / from);
}

/* Half of what is too much, half a pixel to even. */
static int middle(int whole, int part) {
  return (int)nearbyint((whole - part) / 2.0);
}

/* The size to which the image is brought, and the part of it that is taken. */
sv_scaling sv_preprocess_scaling(const sv_preprocess *p, int from_width,
                                 int from_height) {
  int height = p->height - p->pad_top - p->pad_bottom;
  int width = p->width - p->pad_left - p->pad_right;
  sv_scaling s = {width, height, 0, 0, width, height};
  if (p->resize == SV_RESIZE_STRETCH) return s;
  double crop = p->crop > 0 ? (double)p->crop : 1;
  s.width = (int)floor(width / crop + 0.5);
  s.height = (int)floor(height / crop + 0.5);
  if ((int64_t)from_width * s.height < (int64_t)from_height * s.width)
    s.height = proportional(from_height, from_width, s.width);
  else
    s.width = proportional(from_width, from_height, s.height);
  s.x = middle(s.width, width);
  s.y = middle(s.height, height);
  return s;
}

/* Where the part begins: a corner, or the centre. */
static void move_crop(sv_scaling *s, int crop) {
  int corner = crop % SV_CORNERS;
  if (corner == SV_CENTRE_CROP) return;
  s->x = corner % 2 ? s->width - s->out_width : 0;
  s->y = corner / 2 ? s->height - s->out_height : 0;
}

/* Of an image that has been checked. */
static sv_status fit_size(const sv_preprocess *p, const sv_image *image,
                          int crop, sv_image *ready) {
  sv_scaling scaling = sv_preprocess_scaling(p, image->width, image->height);
  move_crop(&scaling, crop);
  int height = scaling.out_height, width = scaling.out_width;
  bool same = image->width == width && image->height == height &&
              scaling.width == width && scaling.height == height;
  if (same && image->channels == p->channels) {
    *ready = *image;
    ready->owned = NULL;
    return SV_OK;
  }
  sv_image converted;
  SV_TRY(convert(image, p->channels, &converted));
  if (same) {
    *ready = converted;
    return SV_OK;
  }
  uint8_t *pixels;
  sv_status status = sv_image_new(ready, width, height, p->channels, &pixels);
  if (status == SV_OK)
    status = sv_image_resize(&converted, &scaling, p->filter, pixels);
  sv_image_free(&converted);
  if (status != SV_OK) sv_image_free(ready);
  return status;
}

static sv_status fit_crop(const sv_preprocess *p, const sv_image *image,
                          int crop, sv_image *ready) {
  *ready = (sv_image){0};
  SV_TRY(sv_image_check(image));
  sv_image own;
  SV_TRY(settle(p, image, &own));
  if (!own.pixels) return fit_size(p, image, crop, ready);
  sv_status status = fit_size(p, &own, crop, ready);
  if (status == SV_OK && ready->pixels == own.pixels)
    ready->owned = own.owned; /* taken over */
  else
    sv_image_free(&own);
  return status;
}

sv_status sv_preprocess_fit_size(const sv_preprocess *p, const sv_image *image,
                                 sv_image *ready) {
  return fit_crop(p, image, SV_CENTRE_CROP, ready);
}

sv_status sv_preprocess_colours(const sv_preprocess *p, const sv_image *image,
                                sv_image *ready) {
  sv_image own;
  *ready = (sv_image){0};
  SV_TRY(sv_image_check(image));
  SV_TRY(settle(p, image, &own));
  sv_status status = convert(own.pixels ? &own : image, p->channels, ready);
  if (status == SV_OK && own.pixels && ready->pixels == own.pixels)
    ready->owned = own.owned; /* taken over */
  else
    sv_image_free(&own);
  return status;
}

static void normalise_row(const uint8_t *src, int step, int width, float scale,
                          float shift, float *dst) {
  if (step == 1)
    for (int x = 0; x < width; x++) dst[x] = (float)src[x] * scale + shift;
  else
    for (int x = 0; x < width; x++)
      dst[x] = (float)src[x * step] * scale + shift;
}

/* (pixel / 255 - mean) / deviation = pixel * scale + shift; black is shift. */
static void normalise(const sv_preprocess *p, const sv_image *ready, int c,
                      float *dst) {
  float scale = 1 / (255 * p->deviation[c]);
  float shift = -p->mean[c] / p->deviation[c];
  size_t plane = (size_t)p->height * (size_t)p->width;
  if (ready->width < p->width || ready->height < p->height) {
    for (size_t i = 0; i < plane; i++) dst[i] = shift;
    dst += p->pad_top * p->width + p->pad_left;
  }
  for (int y = 0; y < ready->height; y++, dst += p->width)
    normalise_row(sv_image_row(ready, y) + sv_preprocess_source(p, c),
                  ready->channels, ready->width, scale, shift, dst);
}

void sv_preprocess_normalise(const sv_preprocess *p, const sv_image *ready,
                             float *dst) {
  size_t plane = (size_t)p->height * (size_t)p->width;
  for (int c = 0; c < p->channels; c++)
    normalise(p, ready, c, dst + (size_t)c * plane);
}

static void mirror(const sv_preprocess *p, float *pixels) {
  for (int i = 0; i < p->channels * p->height; i++, pixels += p->width)
    for (int x = 0; x < p->width / 2; x++) {
      float kept = pixels[x];
      pixels[x] = pixels[p->width - 1 - x];
      pixels[p->width - 1 - x] = kept;
    }
}

sv_status sv_preprocess_crop(const sv_preprocess *p, const sv_image *image,
                             int crop, float *dst) {
  SV_TRY(sv_preprocess_check(p));
  sv_image ready;
  SV_TRY(fit_crop(p, image, crop, &ready));
  sv_preprocess_normalise(p, &ready, dst);
  sv_image_free(&ready);
  if (crop >= SV_CORNERS) mirror(p, dst);
  return SV_OK;
}

sv_status sv_preprocess_plain(const sv_preprocess *p, const sv_image *image,
                              float *dst) {
  return sv_preprocess_crop(p, image, SV_CENTRE_CROP, dst);
}

sv_status sv_preprocess_pixels(const sv_preprocess *p, const sv_image *image,
                               float *dst) {
  SV_TRY(sv_preprocess_plain(p, image, dst));
  return sv_preprocess_reorder(p, dst);
}

void sv_preprocess_give(sv_tensor *x, const float *pixels, int64_t count) {
  if (x->dtype == SV_F32)
    memcpy(x->data, pixels, (size_t)count * sizeof *pixels);
  else
    for (int64_t i = 0; i < count; i++)
      sv_tensor_set(x, i, nearbyint((double)pixels[i]));
}

/* ---- For a mask ---- */

/* The pixel of `size` in which the middle of pixel `at` of `count` lies. */
static int source_of(int at, int count, int size) {
  return (int)((2 * (int64_t)at + 1) * size / (2 * (int64_t)count));
}

sv_status sv_preprocess_mask(const sv_preprocess *p, const sv_image *mask,
                             int64_t *dst) {
  int height = p->height - p->pad_top - p->pad_bottom;
  int width = p->width - p->pad_left - p->pad_right;
  SV_TRY(sv_preprocess_check(p));
  SV_TRY(sv_image_check(mask));
  sv_scaling s = sv_preprocess_scaling(p, mask->width, mask->height);
  if (mask->channels != 1 || p->pixels)
    return sv_fail(SV_INVALID,
                   p->pixels ? "permuted pixels exclude semantic segmentation"
                             : "a mask of several channels");
  for (int y = 0; y < p->height; y++)
    for (int x = 0; x < p->width; x++) {
      int row = y - p->pad_top, column = x - p->pad_left;
      bool pad = row < 0 || row >= height || column < 0 || column >= width;
      *dst++ =
          pad ? SV_NO_CLASS
              : sv_image_row(
                    mask,
                    source_of(s.y + row, s.height, mask->height))[source_of(
                    s.x + column, s.width, mask->width)];
    }
  return SV_OK;
}
