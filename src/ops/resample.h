/* The geometry of resize: sizes, and which elements an output is made of. */
#ifndef SV_OPS_RESAMPLE_H
#define SV_OPS_RESAMPLE_H

#include <svertka/layers.h>

#include "ops/op.h"

/* One dimension. */
typedef struct sv_resample_axis {
  int64_t in, out;
  double scale;      /* as given, or out / in */
  double start, end; /* of what is cropped, as parts of the whole */
  bool changes;      /* else outputs are inputs */
} sv_resample_axis;

typedef struct sv_resample {
  sv_resize_attrs attrs;
  sv_resample_axis axis[SV_MAX_RANK];
  int rank;
} sv_resample;

/* Output o is the sum of weight * x[at]; `outside`: it is extrapolated. */
typedef struct sv_resample_taps {
  int count;
  int64_t at[4];
  double weight[4];
  bool outside;
} sv_resample_taps;

/* Products of the taps of all dimensions but the last: three cubic ones. */
enum { SV_RESAMPLE_ROWS = 64 };

sv_status sv_resample_resolve(sv_resample *resample, const sv_shape *x,
                              const sv_resize_attrs *attrs) SV_CHECKED;

void sv_resample_taps_of(const sv_resample *resample, int dimension, int64_t o,
                         sv_resample_taps *taps);

#endif
