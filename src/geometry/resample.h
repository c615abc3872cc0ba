/* The geometry of resize: sizes, and the inputs of each output. */
#ifndef SV_GEOMETRY_RESAMPLE_H
#define SV_GEOMETRY_RESAMPLE_H

#include <svertka/layers.h>

#include "op/op.h"

/* One dimension. */
typedef struct sv_resample_axis {
  int64_t in, out;
  double scale;      /* as given, or out / in */
  double start, end; /* region to crop, relative to the whole */
  bool changes;      /* if not, outputs equal inputs */
} sv_resample_axis;

typedef struct sv_resample {
  sv_resize_attrs attrs;
  sv_resample_axis axis[SV_MAX_RANK];
  int rank;
} sv_resample;

/* The inputs of one output along one dimension. `outside`: it is
 * extrapolated. */
typedef struct sv_resample_window {
  double x;       /* its position among the inputs */
  double stretch; /* distance of inputs for the filter: below 1 with
                   * antialias */
  double sum;     /* sum of the weights with antialias, normalised to 1 */
  int64_t first, count;
  bool plain, outside;
} sv_resample_window;

/* A part of its inputs: the output is the sum of weight * x[at]. */
enum { SV_RESAMPLE_TAPS = 4 };
typedef struct sv_resample_taps {
  int count;
  int64_t at[SV_RESAMPLE_TAPS];
  double weight[SV_RESAMPLE_TAPS];
} sv_resample_taps;

/* Products of the taps of all dimensions but the last: three with four each. */
enum { SV_RESAMPLE_ROWS = 64 };

/* Sizes and scales as in ONNX. */
sv_status sv_resample_settle(void *attrs, const sv_info *in, int in_count);

sv_status sv_resample_resolve(sv_resample *resample, const sv_shape *x,
                              const sv_resize_attrs *attrs) SV_CHECKED;

/* False: outputs are not equally spaced by an integer factor. */
bool sv_resample_reach(const sv_resample *resample, int dimension,
                       sv_reach *reach);

sv_resample_window sv_resample_window_of(const sv_resample *resample,
                                         int dimension, int64_t o);

/* The number of parts of its inputs. */
static inline int64_t sv_resample_parts(const sv_resample_window *window) {
  return (window->count + SV_RESAMPLE_TAPS - 1) / SV_RESAMPLE_TAPS;
}

void sv_resample_taps_of(const sv_resample *resample, int dimension,
                         const sv_resample_window *window, int64_t part,
                         sv_resample_taps *taps);

#endif
