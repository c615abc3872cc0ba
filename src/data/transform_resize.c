/* resize, random_resized_crop: from an image of any size to the network's.
 *
 * random_resized_crop cuts out a rectangle whose area is a random share of the
 * image's and whose aspect ratio is random on a logarithmic scale. After ten
 * rectangles that do not fit into the image, it is the largest one in the
 * centre with a valid aspect ratio. Source: Szegedy et al., "Going Deeper with
 * Convolutions", CVPR 2015, section 6; torchvision's RandomResizedCrop. */
#include <math.h>

#include "data/transform.h"

/* ---- resize ---- */

typedef struct resize {
  int64_t size;
} resize;

static int in_proportion(int side, int from, int to) {
  int64_t length = (int64_t)side * to / from;
  return length < 1 ? 1 : length > SV_IMAGE_SIDE ? SV_IMAGE_SIDE : (int)length;
}

static sv_status apply_resize(sv_frame *f, const void *settings,
                              const sv_draws *draws) {
  const resize *s = settings;
  const sv_box all = {0, 0, f->width, f->height};
  (void)draws;
  if (s->size == 0) return sv_frame_fit(f);
  int size = (int)s->size, width = size, height = size;
  if (f->width < f->height)
    height = in_proportion(f->height, f->width, size);
  else
    width = in_proportion(f->width, f->height, size);
  if (width == f->width && height == f->height) return SV_OK;
  return sv_frame_resize(f, &all, width, height);
}

static const sv_attr resize_settings[] = {
    {.name = "size",
     .type = SV_ATTR_INT,
     .offset = offsetof(resize, size),
     .max = 8192,
     .position = 1,
     .help = "length of the shorter side; 0: to the network's size, as "
             "--resize specifies"},
    {.name = NULL}};

SV_TRANSFORM_OF(resize) = {
    .op = {.name = "resize",
           .summary = "resize the image",
           .attrs = resize_settings,
           .attrs_size = sizeof(resize)},
    .image = apply_resize,
    .resizes = true,
};

/* ---- random_resized_crop ---- */

typedef struct crop {
  float least, most, low, high;
} crop;

enum { TRIES = 10, DRAWS = 4 };

/* Inside the valid aspect ratios, as large as possible. */
static sv_box centre(const crop *s, int width, int height) {
  double ratio = (double)width / height;
  sv_box b = {.width = width, .height = height};
  if (ratio < (double)s->low)
    b.height = (int)nearbyint(width / (double)s->low);
  else if (ratio > (double)s->high)
    b.width = (int)nearbyint(height * (double)s->high);
  if (b.width < 1) b.width = 1;
  if (b.height < 1) b.height = 1;
  b.x = (width - b.width) / 2;
  b.y = (height - b.height) / 2;
  return b;
}

static sv_box choose(const void *settings, const sv_draws *draws, int width,
                     int height) {
  const crop *s = settings;
  double area = (double)width * height;
  double low = log((double)s->low), high = log((double)s->high);
  for (int i = 0; i < TRIES * DRAWS; i += DRAWS) {
    double wanted = area * sv_draw(draws, i, (double)s->least, (double)s->most);
    double ratio = exp(sv_draw(draws, i + 1, low, high));
    double w = nearbyint(sqrt(wanted * ratio));
    double h = nearbyint(sqrt(wanted / ratio));
    if (!(w >= 1 && w <= width && h >= 1 && h <= height)) continue;
    sv_box b = {.width = (int)w, .height = (int)h};
    b.y = sv_draw_int(draws, i + 2, 0, height - b.height);
    b.x = sv_draw_int(draws, i + 3, 0, width - b.width);
    return b;
  }
  return centre(s, width, height);
}

/* The same rectangle in a frame that holds a part of the image, to whole pixels
 * of the frame. */
static sv_box inside(const sv_frame *f, sv_box b) {
  if (!f->scale) return b;
  sv_box to = {(b.x - f->x) / f->scale, (b.y - f->y) / f->scale,
               (b.width + f->scale - 1) / f->scale,
               (b.height + f->scale - 1) / f->scale};
  if (to.width > f->width) to.width = f->width;
  if (to.height > f->height) to.height = f->height;
  if (to.x > f->width - to.width) to.x = f->width - to.width;
  if (to.y > f->height - to.height) to.y = f->height - to.height;
  return to;
}

static sv_status apply_crop(sv_frame *f, const void *settings,
                            const sv_draws *draws) {
  const sv_preprocess *p = f->preprocess;
  int width = f->scale ? f->whole_width : f->width;
  int height = f->scale ? f->whole_height : f->height;
  sv_box box = inside(f, choose(settings, draws, width, height));
  SV_TRY(sv_frame_resize(f, &box, p->width - p->pad_left - p->pad_right,
                         p->height - p->pad_top - p->pad_bottom));
  return sv_frame_pad(f);
}

static sv_status check_crop(const char *name, const void *settings) {
  const crop *s = settings;
  SV_TRY(sv_transform_check_range(name, "min", (double)s->least, "max",
                                  (double)s->most));
  return sv_transform_check_range(name, "ratio_min", (double)s->low,
                                  "ratio_max", (double)s->high);
}

#define AT(field) offsetof(crop, field)
static const sv_attr crop_settings[] = {
    {.name = "min",
     .type = SV_ATTR_FLOAT,
     .offset = AT(least),
     .initial = 0.08,
     .min = 1e-4,
     .max = 1,
     .position = 1,
     .help = "smallest share of the image's area"},
    {.name = "max",
     .type = SV_ATTR_FLOAT,
     .offset = AT(most),
     .initial = 1,
     .min = 1e-4,
     .max = 1,
     .position = 2,
     .help = "largest share of the image's area"},
    {.name = "ratio_min",
     .type = SV_ATTR_FLOAT,
     .offset = AT(low),
     .initial = 3.0 / 4,
     .min = 0.01,
     .max = 100,
     .position = 3,
     .help = "smallest ratio of width to height"},
    {.name = "ratio_max",
     .type = SV_ATTR_FLOAT,
     .offset = AT(high),
     .initial = 4.0 / 3,
     .min = 0.01,
     .max = 100,
     .position = 4,
     .help = "largest ratio of width to height"},
    {.name = NULL}};

SV_TRANSFORM_OF(random_resized_crop) = {
    .op = {.name = "random_resized_crop",
           .summary = "crop a random part and resize it to the network's size",
           .attrs = crop_settings,
           .attrs_size = sizeof(crop)},
    .image = apply_crop,
    .resizes = true,
    .part = choose,
    .check = check_crop,
};
