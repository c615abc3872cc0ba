/* A sheet of test images, each with what the network says of it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "look/canvas.h"

enum { MOST_ITEMS = 4096 };

/* In points. */
static const double card = 104, gap = 14, margin = 24, heading = 58, words = 40,
                    least_width = 360;

static bool is_wrong(const sv_prediction *item) {
  return item->label && strcmp(item->label, item->predicted) != 0;
}

/* "27 of 30 right", if the truth is known. */
static void draw_heading(sv_canvas *c, const char *title,
                         const sv_prediction *items, int count) {
  int known = 0, right = 0;
  for (int i = 0; i < count; i++) {
    known += items[i].label != NULL;
    right += items[i].label && !is_wrong(&items[i]);
  }
  char text[64];
  snprintf(text, sizeof text, "%d of these %d are correct", right, known);
  sv_canvas_heading(c, margin, title ? title : "Predictions",
                    known ? text : NULL);
}

/* A round badge with a cross: wrong is told by shape as well as by colour. */
static void draw_cross(sv_canvas *c, double x, double y) {
  double arm = 3.6;
  sv_canvas_ink(c, sv_ink_wrong);
  cairo_arc(c->cr, x, y, 8.5, 0, 2 * M_PI);
  cairo_fill(c->cr);
  sv_canvas_ink(c, sv_ink_paper);
  cairo_set_line_width(c->cr, 2);
  cairo_set_line_cap(c->cr, CAIRO_LINE_CAP_ROUND);
  cairo_move_to(c->cr, x - arm, y - arm);
  cairo_line_to(c->cr, x + arm, y + arm);
  cairo_move_to(c->cr, x + arm, y - arm);
  cairo_line_to(c->cr, x - arm, y + arm);
  cairo_stroke(c->cr);
}

static void draw_bar(sv_canvas *c, double x, double y, double share,
                     sv_ink ink) {
  sv_canvas_ink(c, sv_ink_mix(sv_ink_paper, sv_ink_faint, 0.3));
  cairo_rectangle(c->cr, x, y, card, 3);
  cairo_fill(c->cr);
  sv_canvas_ink(c, ink);
  cairo_rectangle(c->cr, x, y, card * share, 3);
  cairo_fill(c->cr);
}

static sv_status draw_card(sv_canvas *c, double x, double y,
                           const sv_prediction *item) {
  bool wrong = is_wrong(item);
  double share = item->probability;
  if (!(share >= 0 && share <= 1)) share = share > 1;
  sv_canvas_ink(c, sv_ink_mix(sv_ink_paper, sv_ink_faint, 0.15));
  cairo_rectangle(c->cr, x, y, card, card);
  cairo_fill(c->cr);
  SV_TRY(sv_canvas_image(c, x, y, card, &item->image));
  sv_ink ink = wrong ? sv_ink_wrong : sv_ink_right;
  if (wrong) {
    sv_canvas_ink(c, sv_ink_wrong);
    cairo_set_line_width(c->cr, 2.5);
    cairo_rectangle(c->cr, x, y, card, card);
    cairo_stroke(c->cr);
    draw_cross(c, x + card, y);
  }
  draw_bar(c, x, y + card + 5, share, item->label ? ink : sv_ink_text);
  char percent[16];
  snprintf(percent, sizeof percent, "%.0f%%", 100 * share);
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_faint);
  sv_canvas_text(c, x + card, y + card + 21, SV_RIGHT, 0, percent);
  sv_canvas_font(c, 11, true);
  sv_canvas_ink(c, wrong ? sv_ink_wrong : sv_ink_text);
  sv_canvas_text(c, x, y + card + 21, SV_LEFT, card - 34, item->predicted);
  if (!wrong) return SV_OK;
  char truth[160];
  snprintf(truth, sizeof truth, "true: %.150s", item->label);
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_text);
  sv_canvas_text(c, x, y + card + 35, SV_LEFT, card, truth);
  return SV_OK;
}

/* A sheet wider than high, of full rows where the count allows it. */
static int choose_columns(int count) {
  int columns = (int)ceil(sqrt(1.7 * count));
  for (int more = 0; more <= 2; more++) {
    if (count % (columns + more) == 0) return columns + more;
    if (columns > more && count % (columns - more) == 0) return columns - more;
  }
  return columns < count ? columns : count;
}

sv_status sv_look_predictions(const char *path, const char *title,
                              const sv_prediction *items, int count) {
  if (count < 1 || count > MOST_ITEMS)
    return sv_fail(SV_INVALID, "%d predictions to draw, expected 1 to %d",
                   count, MOST_ITEMS);
  int columns = choose_columns(count);
  int rows = (count + columns - 1) / columns;
  double width = 2 * margin + columns * (card + gap) - gap;
  double height = 2 * margin + heading + rows * (card + words + gap) - gap;
  sv_canvas canvas;
  SV_TRY(sv_canvas_open(&canvas, fmax(width, least_width), height));
  draw_heading(&canvas, title, items, count);
  sv_status status = SV_OK;
  for (int i = 0; i < count && status == SV_OK; i++)
    status = draw_card(
        &canvas, margin + i % columns * (card + gap),
        margin + heading + (double)(i / columns) * (card + words + gap),
        &items[i]);
  if (status == SV_OK) status = sv_canvas_save(&canvas, path);
  sv_canvas_close(&canvas);
  return status;
}
