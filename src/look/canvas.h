/* A canvas: Cairo with the common style of all plots. */
#ifndef SV_LOOK_CANVAS_H
#define SV_LOOK_CANVAS_H

#include <cairo.h>
#include <svertka/look.h>

#include "base/error.h"

/* Coordinates are in points on white; SV_CANVAS_PIXELS pixels per point. */
enum { SV_CANVAS_PIXELS = 2, SV_CANVAS_SIDE = 16000 };

typedef struct sv_canvas {
  cairo_surface_t *surface;
  cairo_t *cr;
  double width, height;
} sv_canvas;

/* Size in points, each side up to SV_CANVAS_SIDE. Free with sv_canvas_close. */
sv_status sv_canvas_open(sv_canvas *canvas, double width,
                         double height) SV_CHECKED;
/* Writes a PNG file, completely or not at all. */
sv_status sv_canvas_save(sv_canvas *canvas, const char *path) SV_CHECKED;
void sv_canvas_close(sv_canvas *canvas);

/* Colours that colour-blind readers can distinguish; each is used with a mark
 * or text as well. Source: Wong, "Points of view: Color blindness", Nature
 * Methods 8, 2011. */
typedef struct sv_ink {
  double r, g, b;
} sv_ink;
extern const sv_ink sv_ink_text, sv_ink_faint, sv_ink_right, sv_ink_wrong,
    sv_ink_paper;

void sv_canvas_ink(sv_canvas *canvas, sv_ink ink);
/* From a (share 0) to b (share 1). */
sv_ink sv_ink_mix(sv_ink a, sv_ink b, double share);

typedef enum sv_anchor { SV_LEFT, SV_CENTRE, SV_RIGHT } sv_anchor;

void sv_canvas_font(sv_canvas *canvas, double size, bool bold);
double sv_canvas_text_width(sv_canvas *canvas, const char *text);
/* Draws text on the line y, truncated with an ellipsis if wider than `most`
 * points (0: never). Bytes that are not UTF-8 become question marks. */
void sv_canvas_text(sv_canvas *canvas, double x, double y, sv_anchor anchor,
                    double most, const char *text);

/* Draws a title and a smaller subtitle, the heading of all plots. Both may be
 * NULL. */
void sv_canvas_heading(sv_canvas *canvas, double margin, const char *title,
                       const char *below);

/* Draws an image as large as fits into the square at x, y, centred; enlarged
 * pixels stay square. */
sv_status sv_canvas_image(sv_canvas *canvas, double x, double y, double side,
                          const sv_image *image) SV_CHECKED;

#endif
