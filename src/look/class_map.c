/* A map of classes over the picture that it is of. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "look/canvas.h"

/* In points. */
static const double margin = 24, heading = 52, side = 480, gap = 20,
                    legend = 190, line = 18;
enum { MOST_LINES = 24, FINEST = 640 };

/* ---- The picture ---- */

typedef struct overlay {
  const sv_image *image;
  const sv_class_map *map;
  int chosen, width, height;
  bool coloured_first; /* class 0 is a class like the others */
} overlay;

static void colour_of(const overlay *o, int class, uint8_t rgb[3]) {
  sv_mask_colour(class + o->coloured_first, rgb);
}

static int position(const overlay *o, int axis, double pixel) {
  const sv_class_map *m = o->map;
  int count = axis == 0 ? m->height : m->width;
  double at = floor((pixel - m->first[axis]) / m->stride[axis] + 0.5);
  return at < 0 ? 0 : at >= count ? count - 1 : (int)at;
}

/* The picture is grey and dim below its colours. */
static double luminance(const sv_image *image, int x, int y) {
  ptrdiff_t row =
      image->stride ? image->stride : (ptrdiff_t)image->width * image->channels;
  const uint8_t *at = image->pixels + y * row + (ptrdiff_t)x * image->channels;
  if (image->channels < 3) return at[0];
  return 0.299 * at[0] + 0.587 * at[1] + 0.114 * at[2];
}

static void draw_pixel(const overlay *o, int x, int y, uint8_t *to) {
  double px = (x + 0.5) * o->image->width / o->width - 0.5;
  double py = (y + 0.5) * o->image->height / o->height - 0.5;
  int row = position(o, 0, py), column = position(o, 1, px);
  int class =
      o->chosen >= 0 ? o->chosen : sv_class_map_best(o->map, row, column);
  double sure = sv_class_map_at(o->map, class, row, column);
  double grey = luminance(o->image, (int)(px + 0.5), (int)(py + 0.5));
  uint8_t rgb[3];
  colour_of(o, class, rgb);
  double share = o->chosen >= 0 ? 0.85 * sure : 0.65 * sure;
  for (int c = 0; c < 3; c++)
    to[c] = (uint8_t)((1 - share) * (40 + 0.55 * grey) + share * rgb[c]);
}

/* Small pictures are enlarged first, so that positions are not the pixels'. */
static sv_status draw_overlay(sv_canvas *canvas, overlay *o) {
  int longer =
      o->image->width > o->image->height ? o->image->width : o->image->height;
  int times = longer < FINEST ? FINEST / longer : 1;
  uint8_t *pixels;
  o->width = o->image->width * times;
  o->height = o->image->height * times;
  SV_TRY(sv_alloc_array(&pixels, (size_t)o->width * (size_t)o->height, 3));
  for (int y = 0; y < o->height; y++)
    for (int x = 0; x < o->width; x++)
      draw_pixel(o, x, y,
                 pixels + ((size_t)y * (size_t)o->width + (size_t)x) * 3);
  sv_image drawn = {
      .width = o->width, .height = o->height, .channels = 3, .pixels = pixels};
  sv_status status =
      sv_canvas_image(canvas, margin, margin + heading, side, &drawn);
  sv_free(pixels);
  return status;
}

/* ---- The legend ---- */

static void swatch(sv_canvas *c, double x, double y, const uint8_t rgb[3],
                   const char *name, const char *number) {
  sv_canvas_ink(c, (sv_ink){rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0});
  cairo_rectangle(c->cr, x, y, 12, 12);
  cairo_fill(c->cr);
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_text);
  sv_canvas_text(c, x + 18, y + 10, SV_LEFT, legend - 66, name);
  sv_canvas_ink(c, sv_ink_faint);
  sv_canvas_text(c, x + legend, y + 10, SV_RIGHT, 0, number);
}

/* How many positions each class is best at, the most common first. */
static sv_status draw_legend(sv_canvas *c, const overlay *o) {
  const sv_class_map *m = o->map;
  double all = (double)m->height * m->width;
  int *count, drawn = 0;
  SV_TRY(sv_alloc_array(&count, (size_t)m->classes, sizeof *count));
  for (int y = 0; y < m->height; y++)
    for (int x = 0; x < m->width; x++) count[sv_class_map_best(m, y, x)]++;
  for (; drawn < MOST_LINES; drawn++) {
    int most = 0;
    for (int i = 1; i < m->classes; i++)
      if (count[i] > count[most]) most = i;
    if (count[most] <= 0) break;
    uint8_t rgb[3];
    char share[16];
    colour_of(o, most, rgb);
    snprintf(share, sizeof share, "%.1f%%", 100 * count[most] / all);
    swatch(c, margin + side + gap, margin + heading + drawn * line, rgb,
           m->names[most], share);
    count[most] = 0;
  }
  sv_free(count);
  return SV_OK;
}

static void draw_scale(sv_canvas *c, const overlay *o) {
  uint8_t rgb[3];
  double x = margin + side + gap, y = margin + heading + 10;
  colour_of(o, o->chosen, rgb);
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_text);
  sv_canvas_text(c, x, y, SV_LEFT, legend, o->map->names[o->chosen]);
  for (int i = 0; i < 20; i++) {
    sv_ink full = {rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0};
    sv_canvas_ink(c, sv_ink_mix(sv_ink_faint, full, 0.85 * (19 - i) / 19));
    cairo_rectangle(c->cr, x, y + 10 + 6 * i, 14, 6.2);
    cairo_fill(c->cr);
  }
  sv_canvas_ink(c, sv_ink_faint);
  sv_canvas_text(c, x + 20, y + 19, SV_LEFT, 0, "1");
  sv_canvas_text(c, x + 20, y + 129, SV_LEFT, 0, "0");
}

sv_status sv_look_class_map(const char *path, const char *title,
                            const sv_image *image, const sv_class_map *map,
                            int chosen) {
  sv_canvas c;
  char below[128];
  overlay o = {.image = image,
               .map = map,
               .chosen = chosen,
               .coloured_first = strcmp(map->names[0], "background") != 0};
  if (chosen >= map->classes)
    return sv_fail(SV_INVALID, "class %d of %d", chosen, map->classes);
  SV_TRY(sv_canvas_open(&c, 2 * margin + side + gap + legend,
                        2 * margin + heading + side));
  snprintf(below, sizeof below, "%d x %d positions, %.4g x %.4g pixels apart",
           map->width, map->height, map->stride[1], map->stride[0]);
  sv_canvas_heading(&c, margin, title ? title : "Classes", below);
  sv_status status = draw_overlay(&c, &o);
  if (status == SV_OK && chosen < 0) status = draw_legend(&c, &o);
  if (chosen >= 0) draw_scale(&c, &o);
  if (status == SV_OK) status = sv_canvas_save(&c, path);
  sv_canvas_close(&c);
  return status;
}
