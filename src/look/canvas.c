#include "look/canvas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

const sv_ink sv_ink_text = {0.13, 0.13, 0.15};
const sv_ink sv_ink_faint = {0.55, 0.56, 0.58};
const sv_ink sv_ink_right = {0.0, 0.447, 0.698};
const sv_ink sv_ink_wrong = {0.835, 0.369, 0.0};
const sv_ink sv_ink_paper = {1, 1, 1};

/* ---- The sheet ---- */

static sv_status check(cairo_status_t status, const char *what) {
  if (status == CAIRO_STATUS_SUCCESS) return SV_OK;
  return sv_fail(SV_NO_MEMORY, "%s: %s", what, cairo_status_to_string(status));
}

sv_status sv_canvas_open(sv_canvas *canvas, double width, double height) {
  *canvas = (sv_canvas){.width = width, .height = height};
  if (!(width <= SV_CANVAS_SIDE && height <= SV_CANVAS_SIDE))
    return sv_fail(SV_INVALID,
                   "a picture of %.0f x %.0f points, at most %d are supported",
                   width, height, SV_CANVAS_SIDE);
  canvas->surface = cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, (int)ceil(width * SV_CANVAS_PIXELS),
      (int)ceil(height * SV_CANVAS_PIXELS));
  canvas->cr = cairo_create(canvas->surface);
  cairo_scale(canvas->cr, SV_CANVAS_PIXELS, SV_CANVAS_PIXELS);
  sv_canvas_ink(canvas, sv_ink_paper);
  cairo_paint(canvas->cr);
  sv_status status = check(cairo_status(canvas->cr), "a picture");
  if (status != SV_OK) sv_canvas_close(canvas);
  return status;
}

static cairo_status_t put_bytes(void *writer, const unsigned char *bytes,
                                unsigned size) {
  return sv_writer_put(writer, bytes, size) == SV_OK ? CAIRO_STATUS_SUCCESS
                                                     : CAIRO_STATUS_WRITE_ERROR;
}

sv_status sv_canvas_save(sv_canvas *canvas, const char *path) {
  SV_TRY(check(cairo_status(canvas->cr), path));
  sv_writer *writer;
  SV_TRY(sv_writer_open(&writer, path));
  cairo_status_t written =
      cairo_surface_write_to_png_stream(canvas->surface, put_bytes, writer);
  if (written == CAIRO_STATUS_SUCCESS) return sv_writer_commit(writer);
  sv_writer_abandon(writer);
  if (written == CAIRO_STATUS_WRITE_ERROR) return SV_IO; /* the writer said */
  return check(written, path);
}

void sv_canvas_close(sv_canvas *canvas) {
  if (canvas->cr) cairo_destroy(canvas->cr);
  if (canvas->surface) cairo_surface_destroy(canvas->surface);
  *canvas = (sv_canvas){0};
}

void sv_canvas_ink(sv_canvas *canvas, sv_ink ink) {
  cairo_set_source_rgb(canvas->cr, ink.r, ink.g, ink.b);
}

sv_ink sv_ink_mix(sv_ink a, sv_ink b, double share) {
  return (sv_ink){a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share,
                  a.b + (b.b - a.b) * share};
}

/* ---- Text ---- */

enum { LONGEST_TEXT = 256 };

/* A copy that Cairo takes: any other bytes put it into an error for good. */
static void make_clean(const char *text, char clean[LONGEST_TEXT]) {
  size_t to = 0;
  while (*text && to + 5 < LONGEST_TEXT) {
    int bytes = sv_utf8_bytes(text);
    if (bytes == 0 || (bytes == 1 && (unsigned char)*text < 0x20)) {
      clean[to++] = '?';
      text++;
      continue;
    }
    memcpy(clean + to, text, (size_t)bytes);
    to += (size_t)bytes;
    text += bytes;
  }
  clean[to] = '\0';
}

static double clean_width(sv_canvas *canvas, const char *clean) {
  cairo_text_extents_t extents;
  cairo_text_extents(canvas->cr, clean, &extents);
  return extents.x_advance;
}

/* Characters go from the end until the text with an ellipsis fits. */
static void make_fit(sv_canvas *canvas, char clean[LONGEST_TEXT], double most) {
  if (clean_width(canvas, clean) <= most) return;
  size_t length = strlen(clean);
  while (length > 0) {
    do length--;
    while (length > 0 && ((unsigned char)clean[length] & 0xC0) == 0x80);
    strcpy(clean + (length > LONGEST_TEXT - 4 ? LONGEST_TEXT - 4 : length),
           "\xE2\x80\xA6");
    if (clean_width(canvas, clean) <= most) return;
  }
}

void sv_canvas_font(sv_canvas *canvas, double size, bool bold) {
  cairo_select_font_face(
      canvas->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
      bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(canvas->cr, size);
}

double sv_canvas_text_width(sv_canvas *canvas, const char *text) {
  char clean[LONGEST_TEXT];
  make_clean(text, clean);
  return clean_width(canvas, clean);
}

void sv_canvas_text(sv_canvas *canvas, double x, double y, sv_anchor anchor,
                    double most, const char *text) {
  char clean[LONGEST_TEXT];
  make_clean(text, clean);
  if (most > 0) make_fit(canvas, clean, most);
  double width = clean_width(canvas, clean);
  double back = anchor == SV_LEFT ? 0 : anchor == SV_CENTRE ? width / 2 : width;
  cairo_move_to(canvas->cr, x - back, y);
  cairo_show_text(canvas->cr, clean);
}

void sv_canvas_heading(sv_canvas *c, double margin, const char *title,
                       const char *below) {
  double room = c->width - 2 * margin;
  sv_canvas_ink(c, sv_ink_text);
  sv_canvas_font(c, 17, true);
  if (title) sv_canvas_text(c, margin, margin + 14, SV_LEFT, room, title);
  sv_canvas_ink(c, sv_ink_faint);
  sv_canvas_font(c, 12, false);
  if (below) sv_canvas_text(c, margin, margin + 33, SV_LEFT, room, below);
}

/* ---- Pictures ---- */

/* Grey, RGB or RGB with alpha, which is laid over white, as 0x00RRGGBB. */
static uint32_t pixel(const uint8_t *at, int channels) {
  uint32_t r = at[0], g = at[0], b = at[0];
  if (channels >= 3) {
    g = at[1];
    b = at[2];
  }
  if (channels == 4) {
    uint32_t a = at[3], white = 255 * (255 - a) + 127;
    r = (r * a + white) / 255;
    g = (g * a + white) / 255;
    b = (b * a + white) / 255;
  }
  return r << 16 | g << 8 | b;
}

static void copy_pixels(cairo_surface_t *surface, const sv_image *image) {
  ptrdiff_t row =
      image->stride ? image->stride : (ptrdiff_t)image->width * image->channels;
  unsigned char *to = cairo_image_surface_get_data(surface);
  int to_row = cairo_image_surface_get_stride(surface);
  cairo_surface_flush(surface);
  for (int y = 0; y < image->height; y++)
    for (int x = 0; x < image->width; x++) {
      uint32_t value =
          pixel(image->pixels + y * row + x * image->channels, image->channels);
      memcpy(to + (ptrdiff_t)y * to_row + 4 * x, &value, sizeof value);
    }
  cairo_surface_mark_dirty(surface);
}

sv_status sv_canvas_image(sv_canvas *canvas, double x, double y, double side,
                          const sv_image *image) {
  if (!image->pixels || image->width < 1 || image->height < 1 ||
      (image->channels != 1 && image->channels != 3 && image->channels != 4))
    return sv_fail(SV_INVALID, "an image of %dx%d with %d channels",
                   image->width, image->height, image->channels);
  cairo_surface_t *surface = cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, image->width, image->height);
  sv_status status = check(cairo_surface_status(surface), "a picture");
  if (status == SV_OK) {
    int longer = image->width > image->height ? image->width : image->height;
    double scale = side / longer;
    copy_pixels(surface, image);
    cairo_save(canvas->cr);
    cairo_translate(canvas->cr, x + (side - scale * image->width) / 2,
                    y + (side - scale * image->height) / 2);
    cairo_scale(canvas->cr, scale, scale);
    cairo_set_source_surface(canvas->cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(canvas->cr),
                             scale * SV_CANVAS_PIXELS > 1 ? CAIRO_FILTER_NEAREST
                                                          : CAIRO_FILTER_GOOD);
    cairo_rectangle(canvas->cr, 0, 0, image->width, image->height);
    cairo_fill(canvas->cr);
    cairo_restore(canvas->cr);
  }
  cairo_surface_destroy(surface);
  return status;
}
