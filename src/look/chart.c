/* Lines over a pair of axes: losses over epochs, gradients over layers. */
#include <math.h>
#include <stdio.h>

#include "look/axes.h"

/* In points. */
static const double margin = 24, heading = 66, plot_width = 560,
                    plot_height = 320, numbers = 44, longest = 170;
enum { MOST_LINES = 4096, MOST_LEGENDS = 16 };

/* Wong, "Points of view: Color blindness", Nature Methods 8, 2011. */
static const sv_ink inks[] = {{0.0, 0.447, 0.698}, {0.835, 0.369, 0.0},
                              {0.0, 0.62, 0.451},  {0.8, 0.475, 0.655},
                              {0.902, 0.624, 0.0}, {0.337, 0.706, 0.914},
                              {0.13, 0.13, 0.15},  {0.6, 0.6, 0.2}};
enum { INKS = sizeof inks / sizeof inks[0] };

static sv_ink ink_of(const sv_chart *chart, int i) {
  if (!chart->in_order) return inks[i % INKS];
  double share = chart->count > 1 ? i / (chart->count - 1.0) : 1;
  return sv_ink_mix(sv_ink_paper, inks[0], 0.25 + 0.75 * share);
}

static double x_of(const sv_chart_line *line, int i) {
  return line->x ? line->x[i] : i;
}

static bool is_drawn(const sv_chart *chart, const sv_chart_line *line, int i) {
  double x = x_of(line, i), y = line->y[i];
  return isfinite(x) && isfinite(y) && (!chart->log_x || x > 0) &&
         (!chart->log_y || y > 0);
}

typedef struct bounds {
  double x0, x1, y0, y1;
} bounds;

static bool find_bounds(const sv_chart *chart, bounds *b) {
  *b = (bounds){INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (int k = 0; k < chart->count; k++)
    for (int i = 0; i < chart->lines[k].count; i++) {
      double x = x_of(&chart->lines[k], i), y = chart->lines[k].y[i];
      if (!is_drawn(chart, &chart->lines[k], i)) continue;
      b->x0 = fmin(b->x0, x);
      b->x1 = fmax(b->x1, x);
      b->y0 = fmin(b->y0, y);
      b->y1 = fmax(b->y1, y);
    }
  return b->x0 <= b->x1;
}

/* Of epochs or steps: a tick between two of them means nothing. */
static bool has_whole_x(const sv_chart *chart) {
  for (int k = 0; k < chart->count; k++)
    for (int i = 0; i < chart->lines[k].count; i++) {
      double x = x_of(&chart->lines[k], i);
      if (is_drawn(chart, &chart->lines[k], i) && x != floor(x)) return false;
    }
  return !chart->log_x;
}

static void draw_dot(const sv_axes *a, double x, double y) {
  cairo_arc(a->canvas->cr, x, y, 3, 0, 2 * M_PI);
  cairo_fill(a->canvas->cr);
}

static void draw_line(const sv_axes *a, const sv_chart *chart, int k) {
  const sv_chart_line *line = &chart->lines[k];
  cairo_t *cr = a->canvas->cr;
  sv_canvas_ink(a->canvas, ink_of(chart, k));
  cairo_set_line_width(cr, 1.8);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
  int length = 0; /* points since the last gap */
  for (int i = 0; i < line->count; i++) {
    bool drawn = is_drawn(chart, line, i);
    bool next = i + 1 < line->count && is_drawn(chart, line, i + 1);
    double x = drawn ? sv_axes_x(a, x_of(line, i)) : 0;
    double y = drawn ? sv_axes_y(a, line->y[i]) : 0;
    if (drawn && length) cairo_line_to(cr, x, y);
    if (drawn && !length && next) cairo_move_to(cr, x, y);
    if (drawn && !length && !next) draw_dot(a, x, y); /* a point alone */
    length = drawn ? length + 1 : 0;
    if (drawn && !next) cairo_stroke(cr);
  }
}

/* Of many lines in order the first, the last and some between. */
static void draw_legend(const sv_axes *a, const sv_chart *chart) {
  sv_canvas *c = a->canvas;
  double x = a->left + a->width + 14, y = a->top + 10;
  int shown = chart->count < MOST_LEGENDS ? chart->count : MOST_LEGENDS;
  sv_canvas_font(c, 11, false);
  for (int n = 0; n < shown; n++, y += 17) {
    int k =
        shown > 1 ? (int)((int64_t)n * (chart->count - 1) / (shown - 1)) : 0;
    if (!chart->lines[k].name) continue;
    sv_canvas_ink(c, ink_of(chart, k));
    cairo_set_line_width(c->cr, 3);
    cairo_move_to(c->cr, x, y - 4);
    cairo_line_to(c->cr, x + 14, y - 4);
    cairo_stroke(c->cr);
    sv_canvas_ink(c, sv_ink_text);
    sv_canvas_text(c, x + 22, y, SV_LEFT, longest, chart->lines[k].name);
  }
}

static void draw(sv_canvas *canvas, const sv_chart *chart, const bounds *b) {
  sv_axes a = {.canvas = canvas,
               .left = margin + numbers,
               .top = margin + heading,
               .width = plot_width,
               .height = plot_height,
               .x = {.log = chart->log_x,
                     .whole = has_whole_x(chart),
                     .label = chart->x_label,
                     .names = chart->x_names},
               .y = {.log = chart->log_y, .label = chart->y_label}};
  sv_axis_fit(&a.x, b->x0, b->x1);
  sv_axis_fit(&a.y, b->y0, b->y1);
  if (chart->x_names) {
    a.x.from = -0.5;
    a.x.to = chart->x_name_count - 0.5;
  }
  sv_canvas_heading(canvas, margin, chart->title, chart->below);
  sv_axes_draw(&a);
  for (int k = 0; k < chart->count; k++) draw_line(&a, chart, k);
  draw_legend(&a, chart);
}

static double wider(sv_canvas *canvas, const char *name, double most) {
  double width = name ? sv_canvas_text_width(canvas, name) : 0;
  return fmin(longest, fmax(most, width));
}

/* A sheet of one point is enough to measure the names on. */
static sv_status open_sheet(sv_canvas *canvas, const sv_chart *chart) {
  double below = 0, beside = 0;
  SV_TRY(sv_canvas_open(canvas, 1, 1));
  sv_canvas_font(canvas, 11, false);
  for (int i = 0; i < chart->x_name_count; i++)
    below = wider(canvas, chart->x_names[i], below);
  for (int k = 0; k < chart->count; k++)
    beside = wider(canvas, chart->lines[k].name, beside);
  sv_canvas_close(canvas);
  return sv_canvas_open(
      canvas, 2 * margin + numbers + plot_width + beside + 36,
      2 * margin + heading + plot_height + (chart->x_names ? below + 6 : 36));
}

sv_status sv_look_chart(const char *path, const sv_chart *chart) {
  bounds b;
  sv_canvas canvas;
  if (chart->count > MOST_LINES)
    return sv_fail(SV_INVALID, "%d lines to draw, expected up to %d",
                   chart->count, MOST_LINES);
  if (!find_bounds(chart, &b))
    return sv_fail(SV_INVALID, "%s: no points to draw", path);
  SV_TRY(open_sheet(&canvas, chart));
  draw(&canvas, chart, &b);
  sv_status status = sv_canvas_save(&canvas, path);
  sv_canvas_close(&canvas);
  return status;
}
