/* A pair of axes with grid, ticks and labels. */
#ifndef SV_LOOK_AXES_H
#define SV_LOOK_AXES_H

#include "look/canvas.h"

typedef struct sv_axis {
  double from, to; /* from < to; above 0 if log */
  bool log;
  bool whole; /* ticks at integers only, e.g. epochs */
  const char *label;
  const char *const *names; /* labels of 0, 1, ... instead of numbers; or
                             * NULL */
} sv_axis;

/* The rectangle of the plot in points. Tick labels are to its left and below
 * it; names of x are slanted below it. */
typedef struct sv_axes {
  sv_canvas *canvas;
  double left, top, width, height;
  sv_axis x, y;
} sv_axes;

/* Chooses bounds that include `least` and `most`, with ticks at both ends. */
void sv_axis_fit(sv_axis *axis, double least, double most);

double sv_axes_x(const sv_axes *axes, double x);
double sv_axes_y(const sv_axes *axes, double y);
void sv_axes_draw(const sv_axes *axes);

#endif
