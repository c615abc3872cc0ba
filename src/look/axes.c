#include "look/axes.h"

#include <math.h>
#include <stdio.h>

enum { TICKS = 6, MOST_NAMES = 40, TICK_TEXT = 32 };

/* ---- Ticks ---- */

/* 1, 2 or 5 times a power of ten, for about TICKS ticks. */
static double step_of(const sv_axis *a) {
  double range = a->to - a->from;
  double rough = range / TICKS, power = pow(10, floor(log10(rough)));
  double times = rough / power;
  double step = power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
  return a->whole ? fmax(1, step) : step;
}

/* Decades between two ticks of a logarithmic axis. */
static double decades_of(const sv_axis *a) {
  double all = log10(a->to) - log10(a->from);
  return fmax(1, ceil(all / 10));
}

void sv_axis_fit(sv_axis *a, double least, double most) {
  a->from = least;
  a->to = most;
  if (a->log) {
    a->from = pow(10, floor(log10(least)));
    a->to = pow(10, ceil(log10(most)));
    if (a->from < a->to) return;
    a->from /= 10;
    a->to *= 10;
    return;
  }
  if (!(least < most)) { /* a single value stands in the middle */
    double room = a->whole || least == 0 ? 1 : fabs(least) / 2;
    a->from = least - room;
    a->to = least + room;
  }
  double step = step_of(a);
  a->from = step * floor(a->from / step + 1e-9);
  a->to = step * ceil(a->to / step - 1e-9);
}

/* The i-th tick; false: there is no more. */
static bool tick_at(const sv_axis *a, int i, double *value) {
  if (a->names) {
    int every = (int)ceil((a->to - a->from + 1) / MOST_NAMES);
    *value = ceil(a->from) + (double)i * every;
  } else if (a->log) {
    double decades = decades_of(a);
    *value = pow(10, ceil(log10(a->from) - 1e-9) + i * decades);
  } else {
    double step = step_of(a);
    *value = step * (ceil(a->from / step - 1e-9) + i);
    if (fabs(*value) < step * 1e-9) *value = 0;
  }
  return *value <= a->to + 1e-9 * fabs(a->to);
}

static const char *tick_text(const sv_axis *a, double value,
                             char text[TICK_TEXT]) {
  if (a->names) return a->names[(int)value];
  if (a->log)
    snprintf(text, TICK_TEXT, "1e%d", (int)lround(log10(value)));
  else
    snprintf(text, TICK_TEXT, "%g", value);
  return text;
}

/* ---- Places ---- */

static double place(const sv_axis *a, double value) {
  if (a->log)
    return (log10(value) - log10(a->from)) / (log10(a->to) - log10(a->from));
  return (value - a->from) / (a->to - a->from);
}

double sv_axes_x(const sv_axes *a, double x) {
  return a->left + a->width * place(&a->x, x);
}

double sv_axes_y(const sv_axes *a, double y) {
  return a->top + a->height * (1 - place(&a->y, y));
}

/* ---- Drawing ---- */

static void draw_line(const sv_axes *a, double x0, double y0, double x1,
                      double y1) {
  cairo_t *cr = a->canvas->cr;
  sv_canvas_ink(a->canvas, sv_ink_mix(sv_ink_paper, sv_ink_faint, 0.35));
  cairo_set_line_width(cr, 0.7);
  cairo_move_to(cr, x0, y0);
  cairo_line_to(cr, x1, y1);
  cairo_stroke(cr);
}

static void draw_x_tick(const sv_axes *a, double value) {
  sv_canvas *c = a->canvas;
  char text[TICK_TEXT];
  const char *label = tick_text(&a->x, value, text);
  double x = sv_axes_x(a, value), bottom = a->top + a->height;
  draw_line(a, x, a->top, x, bottom);
  sv_canvas_ink(c, sv_ink_text);
  if (!a->x.names) {
    sv_canvas_text(c, x, bottom + 15, SV_CENTRE, 0, label);
    return;
  }
  cairo_save(c->cr);
  cairo_translate(c->cr, x + 4, bottom + 6);
  cairo_rotate(c->cr, -M_PI / 2);
  sv_canvas_text(c, 0, 0, SV_RIGHT, 170, label);
  cairo_restore(c->cr);
}

void sv_axes_draw(const sv_axes *a) {
  sv_canvas *c = a->canvas;
  char text[TICK_TEXT];
  double value;
  sv_canvas_font(c, 11, false);
  for (int i = 0; tick_at(&a->x, i, &value); i++) draw_x_tick(a, value);
  for (int i = 0; tick_at(&a->y, i, &value); i++) {
    double y = sv_axes_y(a, value);
    draw_line(a, a->left, y, a->left + a->width, y);
    sv_canvas_ink(c, sv_ink_text);
    sv_canvas_text(c, a->left - 7, y + 4, SV_RIGHT, 0,
                   tick_text(&a->y, value, text));
  }
  sv_canvas_ink(c, sv_ink_faint);
  if (a->y.label)
    sv_canvas_text(c, a->left, a->top - 8, SV_LEFT, a->width, a->y.label);
  if (a->x.label && !a->x.names)
    sv_canvas_text(c, a->left + a->width, a->top + a->height + 31, SV_RIGHT,
                   a->width, a->x.label);
}
