/* Pictures with a class for each pixel: what is true and what was told. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "data/image.h"
#include "look/canvas.h"

enum { MOST_SCENES = 1024, VALUES = 256, SCENES_IN_ROW = 2, PICTURES = 3 };

/* In points. */
static const double card = 96, space = 6, gap = 28, margin = 24, heading = 64,
                    words = 24, entry = 125, line = 20;

typedef struct sheet {
  sv_canvas canvas;
  const sv_told_scene *scenes;
  int count, columns;
  bool there[VALUES]; /* which classes the masks have */
} sheet;

static double scene_width(void) {
  return PICTURES * card + (PICTURES - 1) * space;
}

/* ---- Masks ---- */

static void find_classes(sheet *s, const sv_image *mask) {
  for (int y = 0; y < mask->height; y++)
    for (int x = 0; x < mask->width; x++)
      s->there[sv_image_row(mask, y)[x]] = true;
}

/* Of the true pixels with a class; masks of other sizes by the nearest pixel.
 */
static double share_right(const sv_told_scene *scene) {
  const sv_image *is = &scene->truth, *told = &scene->told;
  int64_t right = 0, all = 0;
  for (int y = 0; y < is->height; y++) {
    const uint8_t *row = sv_image_row(
        told, (int)((int64_t)(2 * y + 1) * told->height / (2 * is->height)));
    for (int x = 0; x < is->width; x++) {
      int class = sv_image_row(is, y)[x];
      if (class == SV_NO_CLASS) continue;
      all++;
      right +=
          row[(int64_t)(2 * x + 1) * told->width / (2 * is->width)] == class;
    }
  }
  return all ? (double)right / (double)all : 0;
}

static sv_status draw_mask(sheet *s, double x, double y, const sv_image *mask) {
  uint8_t *pixels, *to;
  SV_TRY(
      sv_alloc_array(&pixels, (size_t)mask->width * (size_t)mask->height, 3));
  to = pixels;
  for (int i = 0; i < mask->height; i++)
    for (int j = 0; j < mask->width; j++, to += 3)
      sv_mask_colour(sv_image_row(mask, i)[j], to);
  sv_image coloured = {.width = mask->width,
                       .height = mask->height,
                       .channels = 3,
                       .pixels = pixels};
  sv_status status = sv_canvas_image(&s->canvas, x, y, card, &coloured);
  sv_free(pixels);
  return status;
}

/* ---- The sheet ---- */

static sv_status draw_scene(sheet *s, int i) {
  const sv_told_scene *scene = &s->scenes[i];
  double x = margin + i % s->columns * (scene_width() + gap),
         step = card + space;
  double y = margin + heading + (double)(i / s->columns) * (card + words);
  char text[32];
  SV_TRY(sv_canvas_image(&s->canvas, x, y, card, &scene->image));
  SV_TRY(draw_mask(s, x + step, y, &scene->truth));
  SV_TRY(draw_mask(s, x + 2 * step, y, &scene->told));
  snprintf(text, sizeof text, "%.1f%% correct", 100 * share_right(scene));
  sv_canvas_font(&s->canvas, 11, false);
  sv_canvas_ink(&s->canvas, sv_ink_faint);
  sv_canvas_text(&s->canvas, x + scene_width(), y + card + 14, SV_RIGHT, 0,
                 text);
  return SV_OK;
}

static void draw_heading(sheet *s, const char *title) {
  static const char *const captions[PICTURES] = {"image", "true", "predicted"};
  sv_canvas *c = &s->canvas;
  sv_canvas_heading(c, margin, title ? title : "Masks", NULL);
  sv_canvas_ink(c, sv_ink_text);
  sv_canvas_font(c, 11, true);
  for (int i = 0; i < s->columns * PICTURES; i++)
    sv_canvas_text(c,
                   margin + i / PICTURES * (scene_width() + gap) +
                       i % PICTURES * (card + space),
                   margin + heading - 8, SV_LEFT, card, captions[i % PICTURES]);
}

static int legend_columns(const sheet *s) {
  double width = s->columns * (scene_width() + gap) - gap;
  return (int)(width / entry);
}

static int legend_rows(const sheet *s) {
  int entries = 0;
  for (int i = 0; i < VALUES; i++) entries += s->there[i];
  return (entries + legend_columns(s) - 1) / legend_columns(s);
}

static void draw_legend(sheet *s, double top, const char *const *names,
                        int classes) {
  sv_canvas *c = &s->canvas;
  sv_canvas_font(c, 11, false);
  for (int i = 0, n = 0; i < VALUES; i++) {
    if (!s->there[i]) continue;
    double x = margin + n % legend_columns(s) * entry;
    double y = top + (double)(n / legend_columns(s)) * line;
    uint8_t rgb[3];
    sv_mask_colour(i, rgb);
    sv_canvas_ink(c, (sv_ink){rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0});
    cairo_rectangle(c->cr, x, y, 12, 12);
    cairo_fill_preserve(c->cr);
    sv_canvas_ink(c, sv_ink_faint);
    cairo_set_line_width(c->cr, 0.5);
    cairo_stroke(c->cr);
    sv_canvas_ink(c, sv_ink_text);
    sv_canvas_text(c, x + 18, y + 10, SV_LEFT, entry - 24,
                   i < classes ? names[i] : "no class");
    n++;
  }
}

static sv_status draw(sheet *s, const char *title, const char *const *names,
                      int classes) {
  int rows = (s->count + s->columns - 1) / s->columns;
  double legend = margin + heading + rows * (card + words) + 8;
  double width = 2 * margin + s->columns * (scene_width() + gap) - gap;
  SV_TRY(sv_canvas_open(&s->canvas, width,
                        legend + legend_rows(s) * line + margin - 8));
  draw_heading(s, title);
  for (int i = 0; i < s->count; i++) SV_TRY(draw_scene(s, i));
  draw_legend(s, legend, names, classes);
  return SV_OK;
}

static sv_status check_mask(const sv_image *mask) {
  SV_TRY(sv_image_check(mask));
  if (mask->channels == 1) return SV_OK;
  return sv_fail(SV_INVALID, "a mask of %d channels, expected 1",
                 mask->channels);
}

sv_status sv_look_masks(const char *path, const char *title,
                        const sv_told_scene *scenes, int count,
                        const char *const *names, int classes) {
  sheet s = {.scenes = scenes,
             .count = count,
             .columns = count < SCENES_IN_ROW ? count : SCENES_IN_ROW};
  if (count < 1 || count > MOST_SCENES)
    return sv_fail(SV_INVALID, "%d scenes to draw, expected 1 to %d", count,
                   MOST_SCENES);
  for (int i = 0; i < count; i++) {
    SV_TRY(check_mask(&scenes[i].truth));
    SV_TRY(check_mask(&scenes[i].told));
    find_classes(&s, &scenes[i].truth);
    find_classes(&s, &scenes[i].told);
  }
  sv_status status = draw(&s, title, names, classes);
  if (status == SV_OK) status = sv_canvas_save(&s.canvas, path);
  sv_canvas_close(&s.canvas);
  return status;
}
