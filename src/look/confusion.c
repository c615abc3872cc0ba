/* The confusion matrix as a picture: which classes are taken for which. */
#include <math.h>
#include <stdio.h>

#include "look/canvas.h"

/* In points. Up to MANY classes every cell has its number. */
static const double margin = 24, heading = 58, side_column = 52;
enum { MOST_CLASSES = 4000, MANY = 32 };

typedef struct matrix {
  sv_canvas canvas;
  const int64_t *counts;
  const char *const *names;
  int classes;
  double cell, label; /* sides of a cell; room for the labels */
  double left, top;   /* of the first cell */
} matrix;

static int64_t at(const matrix *m, int truth, int predicted) {
  return m->counts[(int64_t)truth * m->classes + predicted];
}

static int64_t row_sum(const matrix *m, int truth) {
  int64_t sum = 0;
  for (int i = 0; i < m->classes; i++) sum += at(m, truth, i);
  return sum;
}

/* What is right is blue, what is wrong orange, the deeper the larger its share
 * of the row. The root lets small shares be seen. */
static sv_ink shade(bool right, double share) {
  return sv_ink_mix(sv_ink_paper, right ? sv_ink_right : sv_ink_wrong,
                    sqrt(share));
}

static void draw_cell(matrix *m, int truth, int predicted, int64_t sum) {
  sv_canvas *c = &m->canvas;
  int64_t count = at(m, truth, predicted);
  double share = sum ? (double)count / (double)sum : 0;
  double x = m->left + predicted * m->cell, y = m->top + truth * m->cell;
  double line = m->classes <= MANY ? 1 : 0; /* white lines between the cells */
  sv_ink empty = sv_ink_mix(sv_ink_paper, sv_ink_faint, 0.08);
  sv_canvas_ink(c, count ? shade(truth == predicted, share) : empty);
  cairo_rectangle(c->cr, x, y, m->cell - line, m->cell - line);
  cairo_fill(c->cr);
  if (!count || m->classes > MANY) return;
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)count);
  sv_canvas_font(c, count > 9999 ? 9 : 11, truth == predicted);
  sv_canvas_ink(c, share > 0.3 ? sv_ink_paper : sv_ink_text);
  sv_canvas_text(c, x + m->cell / 2, y + m->cell / 2 + 4, SV_CENTRE,
                 m->cell - 2, text);
}

static void draw_recall_heading(matrix *m) {
  sv_canvas *c = &m->canvas;
  if (m->classes > MANY) return;
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_faint);
  sv_canvas_text(c, m->left + m->classes * m->cell + side_column - 8,
                 m->top - 7, SV_RIGHT, 0, "recall");
}

/* The share of the class that was told as such. */
static void draw_recall(matrix *m, int truth, int64_t sum) {
  if (!sum || m->classes > MANY) return;
  sv_canvas *c = &m->canvas;
  char text[24];
  snprintf(text, sizeof text, "%.1f%%",
           100 * (double)at(m, truth, truth) / (double)sum);
  sv_canvas_font(c, 11, false);
  sv_canvas_ink(c, sv_ink_faint);
  sv_canvas_text(c, m->left + m->classes * m->cell + side_column - 8,
                 m->top + (truth + 0.5) * m->cell + 4, SV_RIGHT, 0, text);
}

/* The class's name before its row and, going up, above its column. */
static void draw_names(matrix *m, int i) {
  sv_canvas *c = &m->canvas;
  double size = m->cell < 12 ? m->cell * 0.9 : 11;
  if (size < 4) return;
  sv_canvas_font(c, size, false);
  sv_canvas_ink(c, sv_ink_text);
  sv_canvas_text(c, m->left - 7, m->top + (i + 0.5) * m->cell + size * 0.36,
                 SV_RIGHT, m->label, m->names[i]);
  cairo_save(c->cr);
  cairo_translate(c->cr, m->left + (i + 0.5) * m->cell + size * 0.36,
                  m->top - 7);
  cairo_rotate(c->cr, -M_PI / 2);
  sv_canvas_text(c, 0, 0, SV_LEFT, m->label, m->names[i]);
  cairo_restore(c->cr);
}

static void draw_heading(matrix *m, const char *title) {
  int64_t right = 0, all = 0;
  for (int i = 0; i < m->classes; i++) {
    right += at(m, i, i);
    all += row_sum(m, i);
  }
  char text[160];
  snprintf(text, sizeof text,
           "%lld of %lld correct (%.2f%%). Rows: true class; columns: "
           "predicted class",
           (long long)right, (long long)all,
           all ? 100 * (double)right / (double)all : 0);
  sv_canvas_heading(&m->canvas, margin, title ? title : "Confusion matrix",
                    text);
}

static double widest(matrix *m) {
  double most = 0;
  sv_canvas_font(&m->canvas, 11, false);
  for (int i = 0; i < m->classes; i++) {
    double width = sv_canvas_text_width(&m->canvas, m->names[i]);
    if (width > most) most = width;
  }
  return most < 160 ? most + 2 : 160;
}

/* A sheet of one point is enough to measure the names on. */
static sv_status lay_out(matrix *m) {
  SV_TRY(sv_canvas_open(&m->canvas, 1, 1));
  m->label = widest(m);
  sv_canvas_close(&m->canvas);
  m->cell = m->classes <= MANY ? 40 : fmax(900.0 / m->classes, 2);
  m->left = margin + m->label + 7;
  m->top = margin + heading + m->label + 7;
  double side = m->cell * m->classes;
  double width = m->left + side + side_column + margin - 8;
  return sv_canvas_open(&m->canvas, fmax(width, 560), m->top + side + margin);
}

sv_status sv_look_confusion(const char *path, const char *title,
                            const int64_t *counts, int classes,
                            const char *const *names) {
  if (classes < 1 || classes > MOST_CLASSES)
    return sv_fail(SV_INVALID, "%d classes to draw, expected 1 to %d", classes,
                   MOST_CLASSES);
  matrix m = {.counts = counts, .names = names, .classes = classes};
  SV_TRY(lay_out(&m));
  draw_heading(&m, title);
  draw_recall_heading(&m);
  for (int truth = 0; truth < classes; truth++) {
    int64_t sum = row_sum(&m, truth);
    draw_names(&m, truth);
    for (int i = 0; i < classes; i++) draw_cell(&m, truth, i, sum);
    draw_recall(&m, truth, sum);
  }
  sv_status status = sv_canvas_save(&m.canvas, path);
  sv_canvas_close(&m.canvas);
  return status;
}
