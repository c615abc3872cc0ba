/* Reliability diagram: is a network right as often as it is sure?
 *
 * DeGroot, Fienberg, "The Comparison and Evaluation of Forecasters", 1983; Guo,
 * Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017. */
#include <math.h>
#include <stdio.h>

#include "look/axes.h"

/* In points. */
static const double margin = 24, heading = 66, side = 400, numbers = 44,
                    gap = 56, counts = 90;

static void fill(const sv_axes *a, double x0, double x1, double y0, double y1,
                 sv_ink ink) {
  sv_canvas_ink(a->canvas, ink);
  double left = sv_axes_x(a, x0), right = sv_axes_x(a, x1);
  double low = sv_axes_y(a, y0), high = sv_axes_y(a, y1);
  cairo_rectangle(a->canvas->cr, left + 0.5, fmin(low, high), right - left - 1,
                  fabs(low - high));
  cairo_fill(a->canvas->cr);
}

/* What was right in blue, a mark at the mean confidence, and between them the
 * gap: orange where the network was surer than it was right. */
static void draw_bin(const sv_axes *a, const sv_calibration_bin *bin, int b) {
  if (bin->samples == 0 || !isfinite(bin->confidence)) return;
  double x0 = b / (double)SV_CALIBRATION_BINS;
  double x1 = (b + 1) / (double)SV_CALIBRATION_BINS;
  double right = (double)bin->right / (double)bin->samples;
  double sure = bin->confidence / (double)bin->samples;
  fill(a, x0, x1, 0, fmin(right, sure),
       sv_ink_mix(sv_ink_paper, sv_ink_right, 0.75));
  sv_ink less = sv_ink_mix(sv_ink_paper, sv_ink_right, 0.35);
  sv_ink more = sv_ink_mix(sv_ink_paper, sv_ink_wrong, 0.45);
  fill(a, x0, x1, right, sure, sure > right ? more : less);
  sv_canvas_ink(a->canvas, sv_ink_wrong);
  cairo_set_line_width(a->canvas->cr, 2);
  cairo_move_to(a->canvas->cr, sv_axes_x(a, x0) + 0.5, sv_axes_y(a, sure));
  cairo_line_to(a->canvas->cr, sv_axes_x(a, x1) - 0.5, sv_axes_y(a, sure));
  cairo_stroke(a->canvas->cr);
}

static void draw_diagonal(const sv_axes *a) {
  cairo_t *cr = a->canvas->cr;
  sv_canvas_ink(a->canvas, sv_ink_text);
  cairo_set_line_width(cr, 1);
  cairo_set_dash(cr, (double[]){4, 4}, 2, 0);
  cairo_move_to(cr, sv_axes_x(a, 0), sv_axes_y(a, 0));
  cairo_line_to(cr, sv_axes_x(a, 1), sv_axes_y(a, 1));
  cairo_stroke(cr);
  cairo_set_dash(cr, NULL, 0, 0);
}

static void draw_shares(sv_canvas *c, const sv_metrics *m) {
  sv_axes a = {.canvas = c,
               .left = margin + numbers,
               .top = margin + heading,
               .width = side,
               .height = side,
               .x = {.from = 0, .to = 1},
               .y = {.from = 0, .to = 1, .label = "accuracy"}};
  sv_axes_draw(&a);
  for (int b = 0; b < SV_CALIBRATION_BINS; b++) draw_bin(&a, &m->bins[b], b);
  draw_diagonal(&a);
}

static void draw_counts(sv_canvas *c, const sv_metrics *m) {
  int64_t most = 1;
  for (int b = 0; b < SV_CALIBRATION_BINS; b++)
    if (m->bins[b].samples > most) most = m->bins[b].samples;
  double all = m->samples ? (double)m->samples : 1;
  sv_axes a = {.canvas = c,
               .left = margin + numbers,
               .top = margin + heading + side + gap,
               .width = side,
               .height = counts,
               .x = {.from = 0, .to = 1, .label = "confidence"},
               .y = {.label = "share of the images"}};
  sv_axis_fit(&a.y, 0, (double)most / all);
  sv_axes_draw(&a);
  for (int b = 0; b < SV_CALIBRATION_BINS; b++)
    fill(&a, b / (double)SV_CALIBRATION_BINS,
         (b + 1) / (double)SV_CALIBRATION_BINS, 0,
         (double)m->bins[b].samples / all, sv_ink_faint);
}

sv_status sv_look_calibration(const char *path, const char *title,
                              const sv_metrics *m) {
  sv_canvas canvas;
  char below[160];
  snprintf(below, sizeof below,
           "calibration error %.4f, Brier score %.4f; orange: overconfident, "
           "pale: underconfident",
           m->calibration_error, m->brier);
  SV_TRY(sv_canvas_open(&canvas, 2 * margin + numbers + side,
                        2 * margin + heading + side + gap + counts + 34));
  sv_canvas_heading(&canvas, margin, title ? title : "Calibration", below);
  draw_shares(&canvas, m);
  draw_counts(&canvas, m);
  sv_status status = sv_canvas_save(&canvas, path);
  sv_canvas_close(&canvas);
  return status;
}
