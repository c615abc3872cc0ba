#include "geometry/resample.h"

#include <math.h>

#include "geometry/axis_set.h"

enum { LARGEST = 1 << 24 };

/* ---- Sizes ---- */

/* ONNX has a number for each dimension. Sizes of the image alone are told
 * through axes: the batch may be free. */
/* Where all that changes becomes smaller, or larger, one rounding says it. */
static void settle_rounding(sv_resize_attrs *a) {
  int smaller = 0, larger = 0;
  for (int i = 0; i < a->scales.count; i++) {
    smaller += a->scales.at[i] < 1;
    larger += a->scales.at[i] > 1;
  }
  if (a->mode == SV_SAMPLE_NEAREST &&
      (a->scales.count == 0 || (smaller && larger)))
    return;
  if (a->by_scale && a->mode == SV_SAMPLE_NEAREST)
    a->rounding = smaller ? SV_SAMPLE_CEIL : SV_SAMPLE_FLOOR;
  a->by_scale = false;
}

sv_status sv_resample_settle(void *attrs, const sv_info *in, int in_count) {
  sv_resize_attrs *a = attrs;
  settle_rounding(a);
  int rank = in_count > 0 && in[0].present ? in[0].shape.rank : 0;
  if (rank < 3 || rank > 4 || a->axes.count) return SV_OK;
  if (a->scales.count && a->scales.count != rank &&
      (a->scales.count == 1 || a->scales.count == rank - 2)) {
    sv_floats given = a->scales;
    a->scales = (sv_floats){rank, {1, 1}};
    for (int i = 0; i < rank - 2; i++)
      a->scales.at[i + 2] = given.at[given.count == 1 ? 0 : i];
  }
  if (a->sizes.count && a->sizes.count != rank &&
      (a->sizes.count == 1 || a->sizes.count == rank - 2)) {
    a->axes.count = rank - 2;
    for (int i = 0; i < rank - 2; i++) a->axes.at[i] = i + 2;
    for (int i = a->sizes.count; i < rank - 2; i++)
      a->sizes.at[i] = a->sizes.at[0];
    a->sizes.count = rank - 2;
  }
  return SV_OK;
}

/* The dimensions that the lists speak of: those of `axes`, all if there is a
 * number for each, else those of the image. */
static sv_status choose_axes(const sv_resize_attrs *a, int rank, int given,
                             int *axes, int *count) {
  *count = a->axes.count ? a->axes.count : given == rank ? rank : rank - 2;
  if (*count < 1 || (given != *count && given != 1))
    return sv_fail(SV_INVALID,
                   "%s has %d values, expected one for each of %d %s",
                   a->sizes.count ? "sizes" : "scales", given,
                   a->axes.count ? a->axes.count : rank,
                   a->axes.count ? "axes"
                   : rank > 2    ? "dimensions, or of an image's"
                                 : "dimensions");
  unsigned seen = 0;
  for (int i = 0; i < *count; i++) {
    int64_t axis = a->axes.count ? a->axes.at[i] : i + rank - *count;
    SV_TRY(sv_axis_set_add(&seen, &axis, rank));
    axes[i] = (int)axis;
  }
  return SV_OK;
}

static sv_status check_size(const sv_resample_axis *axis) {
  if (axis->out >= 1 && axis->out <= LARGEST) return SV_OK;
  return sv_fail(SV_INVALID, "a dimension of %lld cannot become %lld",
                 (long long)axis->in, (long long)axis->out);
}

static sv_status by_scales(sv_resample *r, const int *axes, int count) {
  const sv_floats *scales = &r->attrs.scales;
  for (int i = 0; i < count; i++) {
    sv_resample_axis *axis = &r->axis[axes[i]];
    float scale = scales->at[scales->count == 1 ? 0 : i];
    float size = floorf(scale * (float)axis->in);
    axis->scale = scale;
    if (!(size >= (axis->in > 0) && size <= LARGEST))
      return sv_fail(SV_INVALID,
                     "a dimension of %lld cannot become %g by a scale of %g",
                     (long long)axis->in, (double)size, (double)scale);
    axis->out = (int64_t)size;
  }
  return SV_OK;
}

/* One scale for all axes: the least or the greatest that the sizes ask for. */
static double common_scale(const sv_resample *r, const int *axes, int count) {
  const sv_ints *sizes = &r->attrs.sizes;
  double scale = 0;
  for (int i = 0; i < count; i++) {
    double own = (double)sizes->at[sizes->count == 1 ? 0 : i] /
                 (double)r->axis[axes[i]].in;
    bool better =
        r->attrs.policy == SV_SAMPLE_NOT_LARGER ? own < scale : own > scale;
    if (i == 0 || better) scale = own;
  }
  return scale;
}

static sv_status by_sizes(sv_resample *r, const int *axes, int count) {
  const sv_ints *sizes = &r->attrs.sizes;
  double common = common_scale(r, axes, count);
  for (int i = 0; i < count; i++) {
    sv_resample_axis *axis = &r->axis[axes[i]];
    axis->out = sizes->at[sizes->count == 1 ? 0 : i];
    axis->scale = (double)axis->out / (double)axis->in;
    if (r->attrs.policy != SV_SAMPLE_STRETCH) {
      axis->scale = common;
      axis->out = (int64_t)floor(common * (double)axis->in + 0.5);
    }
    SV_TRY(check_size(axis));
  }
  return SV_OK;
}

/* Beginnings, then ends, of the axes. */
static sv_status crop(sv_resample *r, const int *axes, int count) {
  const sv_floats *roi = &r->attrs.roi;
  if (r->attrs.coordinates != SV_SAMPLE_CROP) return SV_OK;
  if (roi->count != 2 * count)
    return sv_fail(SV_INVALID, "roi has %d values, expected %d", roi->count,
                   2 * count);
  for (int i = 0; i < count; i++) {
    r->axis[axes[i]].start = roi->at[i];
    r->axis[axes[i]].end = roi->at[count + i];
  }
  return SV_OK;
}

static sv_status check_form(const sv_resample *r) {
  const sv_resize_attrs *a = &r->attrs;
  int taps = a->mode == SV_SAMPLE_NEAREST                   ? 1
             : a->mode == SV_SAMPLE_LINEAR && !a->antialias ? 2
                                                            : 4;
  int changes = 0, rows = 1;
  for (int d = 0; d < r->rank; d++) {
    changes += r->axis[d].changes;
    if (r->axis[d].changes && d < r->rank - 1 && changes <= 4) rows *= taps;
  }
  if (changes > 4)
    return sv_fail(SV_UNSUPPORTED,
                   "%d dimensions change, at most 4 are supported", changes);
  if (rows > SV_RESAMPLE_ROWS)
    return sv_fail(SV_UNSUPPORTED,
                   "%d dimensions before the last change by cubic or with "
                   "antialias, at most 3 are supported",
                   changes);
  return SV_OK;
}

sv_status sv_resample_resolve(sv_resample *r, const sv_shape *x,
                              const sv_resize_attrs *a) {
  int axes[SV_MAX_RANK], count;
  bool sized = a->sizes.count > 0;
  *r = (sv_resample){.attrs = *a, .rank = x->rank};
  if (sized == (a->scales.count > 0))
    return sv_fail(SV_INVALID, "expected either sizes or scales");
  for (int d = 0; d < x->rank; d++) {
    if (x->dim[d] < (d > 0) || x->dim[d] > INT32_MAX) /* no image is one */
      return sv_fail(SV_INVALID,
                     "input x is %s: it has no dimensions to resize",
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
    r->axis[d] = (sv_resample_axis){x->dim[d], x->dim[d], 1, 0, 1, false};
  }
  SV_TRY(choose_axes(a, x->rank, sized ? a->sizes.count : a->scales.count, axes,
                     &count));
  SV_TRY(sized ? by_sizes(r, axes, count) : by_scales(r, axes, count));
  SV_TRY(crop(r, axes, count));
  for (int d = 0; d < x->rank; d++) {
    sv_resample_axis *axis = &r->axis[d];
    axis->changes = axis->in != axis->out || axis->scale != 1 ||
                    axis->start != 0 || axis->end != 1;
  }
  return check_form(r);
}

/* ---- Coordinates ---- */

/* Scales are floats: 1 / 0.33333334 is 3 to them, which `floor` would miss in
 * double. */
static double quotient(const sv_resample *r, double a, double b) {
  return r->attrs.mode == SV_SAMPLE_NEAREST ? (float)(a / b) : a / b;
}

/* The centre of the image stays where it is. In float, where rounding follows,
 * step by step as ONNX Runtime does: whole places are not missed there. */
static double symmetric(const sv_resample *r, const sv_resample_axis *a,
                        double o, double length) {
  double in = (double)a->in, out = (double)a->out;
  if (r->attrs.mode != SV_SAMPLE_NEAREST)
    return in / 2 * (1 - out / length) + (o + 0.5) / a->scale - 0.5;
  float adjustment = (float)out / (float)length;
  float offset = (float)in / 2 * (1 - adjustment);
  float place = offset + ((float)o + 0.5F) / (float)a->scale;
  return place - 0.5F;
}

/* Where output o lies between the inputs, which lie at 0, 1, ... The length
 * that scales make is not rounded, as ONNX's tests have it. Source:
 * https://onnx.ai/onnx/operators/onnx__Resize.html */
static double coordinate(const sv_resample *r, const sv_resample_axis *a,
                         double o) {
  bool sized = r->attrs.sizes.count && r->attrs.policy == SV_SAMPLE_STRETCH;
  double in = (double)a->in, out = (double)a->out;
  double length = sized ? out : a->scale * in;
  double end = quotient(r, o + 0.5, a->scale), centre = end - 0.5;
  switch (r->attrs.coordinates) {
    case SV_SAMPLE_HALF_PIXEL: return centre;
    case SV_SAMPLE_HALF_PIXEL_SYMMETRIC: return symmetric(r, a, o, length);
    case SV_SAMPLE_PYTORCH_HALF_PIXEL: return a->out > 1 ? centre : 0;
    case SV_SAMPLE_ALIGN_CORNERS:
      return a->out > 1 ? quotient(r, o * (in - 1), length - 1) : 0;
    case SV_SAMPLE_ASYMMETRIC: return quotient(r, o, a->scale);
    case SV_SAMPLE_TF_HALF_PIXEL: return end;
    case SV_SAMPLE_CROP:
      if (a->out == 1) return 0.5 * (a->start + a->end) * (in - 1);
      return a->start * (in - 1) +
             o * (a->end - a->start) * (in - 1) / (out - 1);
  }
  return 0;
}

static double round_nearest(const sv_resample *r, const sv_resample_axis *a,
                            double x) {
  if (r->attrs.by_scale) return a->scale < 1 ? ceil(x) : floor(x);
  switch (r->attrs.rounding) {
    case SV_SAMPLE_PREFER_FLOOR: return ceil(x - 0.5);
    case SV_SAMPLE_PREFER_CEIL: return floor(x + 0.5);
    case SV_SAMPLE_FLOOR: return floor(x);
    case SV_SAMPLE_CEIL: return ceil(x);
  }
  return 0;
}

/* With a whole scale s output o lies at x = (2 o + c) / 2 s. */
static bool origin(const sv_resample *r, int64_t s, int64_t *c) {
  switch (r->attrs.coordinates) {
    case SV_SAMPLE_HALF_PIXEL:
    case SV_SAMPLE_HALF_PIXEL_SYMMETRIC:
    case SV_SAMPLE_PYTORCH_HALF_PIXEL: *c = 1 - s; return true;
    case SV_SAMPLE_ASYMMETRIC: *c = 0; return true;
    case SV_SAMPLE_TF_HALF_PIXEL: *c = 1; return true;
    case SV_SAMPLE_ALIGN_CORNERS:
    case SV_SAMPLE_CROP: return false;
  }
  return false;
}

/* floor(x) .. ceil(x), one element about it or, of a cubic, two. */
bool sv_resample_reach(const sv_resample *r, int dimension, sv_reach *reach) {
  const double most = 1 << 20;
  const sv_resample_axis *a = &r->axis[dimension];
  int64_t s = a->scale < most ? (int64_t)a->scale : 0, up = 2 * s - 1, c;
  *reach = (sv_reach){.step = 1};
  if (!a->changes) return true;
  if ((double)s != a->scale || s * a->in != a->out || !origin(r, s, &c))
    return false;
  *reach = (sv_reach){2, c - up, c + up, 2 * s};
  if (r->attrs.mode == SV_SAMPLE_CUBIC) {
    reach->first -= 2 * s;
    reach->last += 2 * s;
  }
  if (r->attrs.mode != SV_SAMPLE_NEAREST) return true;
  /* By a whole scale it is enlarged. */
  switch (r->attrs.by_scale ? SV_SAMPLE_FLOOR : r->attrs.rounding) {
    case SV_SAMPLE_PREFER_FLOOR: reach->last = c - s + up; break;
    case SV_SAMPLE_PREFER_CEIL: reach->last = c + s; break;
    case SV_SAMPLE_FLOOR: reach->last = c; break;
    case SV_SAMPLE_CEIL: break;
  }
  reach->first = reach->last - up;
  return true;
}

/* Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981:
 * at a distance below 1, and from 1 to 2. */
static double near(double a, double x) {
  return ((a + 2) * x - (a + 3)) * x * x + 1;
}
static double far(double a, double x) {
  return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/* ---- Weights ---- */

/* The ordinary ones: at most four. */
static void weigh(const sv_resample *r, const sv_resample_axis *axis, double x,
                  sv_resample_taps *t) {
  double below = floor(x), part = x - below, a = r->attrs.cubic;
  if (r->attrs.mode == SV_SAMPLE_NEAREST) {
    *t = (sv_resample_taps){1, {(int64_t)round_nearest(r, axis, x)}, {1}};
  } else if (r->attrs.mode == SV_SAMPLE_LINEAR) {
    *t = (sv_resample_taps){2, {(int64_t)below}, {1 - part, part}};
  } else {
    double weights[] = {far(a, 1 + part), near(a, part), near(a, 1 - part),
                        far(a, 2 - part)};
    t->count = 4;
    t->at[0] = (int64_t)below - 1;
    for (int i = 0; i < 4; i++) t->weight[i] = weights[i];
  }
  for (int i = 1; i < t->count; i++) t->at[i] = t->at[0] + i;
}

static void exclude(sv_resample_taps *t, int64_t size) {
  double sum = 0;
  for (int i = 0; i < t->count; i++) {
    if (t->at[i] < 0 || t->at[i] >= size) t->weight[i] = 0;
    sum += t->weight[i];
  }
  for (int i = 0; i < t->count && sum != 0; i++) t->weight[i] /= sum;
}

/* With antialias: the same curves, as much wider as the image gets smaller. */
static double weight_at(const sv_resample *r, const sv_resample_axis *axis,
                        const sv_resample_window *w, int64_t at) {
  double distance = fabs(((double)at - w->x) * w->stretch);
  double a = r->attrs.cubic;
  if (r->attrs.exclude_outside && (at < 0 || at >= axis->in)) return 0;
  if (r->attrs.mode == SV_SAMPLE_LINEAR) return fmax(1 - distance, 0);
  return distance <= 1  ? near(a, distance)
         : distance < 2 ? far(a, distance)
                        : 0;
}

static void widen(const sv_resample *r, const sv_resample_axis *axis,
                  sv_resample_window *w) {
  double reach = r->attrs.mode == SV_SAMPLE_LINEAR ? 1 : 2;
  w->plain = false;
  w->stretch = fmin(axis->scale, 1);
  w->first = (int64_t)floor(w->x - reach / w->stretch) + 1;
  w->count = (int64_t)ceil(w->x + reach / w->stretch) - w->first;
  for (int64_t i = 0; i < w->count; i++)
    w->sum += weight_at(r, axis, w, w->first + i);
}

sv_resample_window sv_resample_window_of(const sv_resample *r, int dimension,
                                         int64_t o) {
  const sv_resample_axis *a = &r->axis[dimension];
  sv_resample_window w = {.x = (double)o, .count = 1, .plain = true};
  if (!a->changes) return w;
  double x = coordinate(r, a, (double)o), last = (double)(a->in - 1);
  w.outside = r->attrs.coordinates == SV_SAMPLE_CROP && (x < 0 || x > last);
  /* Far from the image all is border. */
  w.x = fmin(fmax(x, -4), last + 4);
  if (r->attrs.antialias && r->attrs.mode != SV_SAMPLE_NEAREST) widen(r, a, &w);
  return w;
}

/* Beyond the borders lies the nearest element. */
void sv_resample_taps_of(const sv_resample *r, int dimension,
                         const sv_resample_window *w, int64_t part,
                         sv_resample_taps *t) {
  const sv_resample_axis *a = &r->axis[dimension];
  int64_t begin = part * SV_RESAMPLE_TAPS;
  if (!a->changes) {
    *t = (sv_resample_taps){1, {(int64_t)w->x}, {1}};
    return;
  }
  if (w->plain) {
    weigh(r, &r->axis[dimension], w->x, t);
    if (r->attrs.exclude_outside && r->attrs.mode != SV_SAMPLE_NEAREST)
      exclude(t, a->in);
  } else {
    int64_t left = w->count - begin;
    t->count = left < SV_RESAMPLE_TAPS ? (int)left : SV_RESAMPLE_TAPS;
    for (int i = 0; i < t->count; i++) {
      t->at[i] = w->first + begin + i;
      t->weight[i] = weight_at(r, a, w, t->at[i]);
      if (w->sum != 0) t->weight[i] /= w->sum;
    }
  }
  for (int i = 0; i < t->count; i++)
    t->at[i] = t->at[i] < 0 ? 0 : t->at[i] < a->in ? t->at[i] : a->in - 1;
}
