/* pad: a border around an image, or of less than nothing: cropping.
 *
 *   y[o] = x[m(o)] along each axis, or `value` where m(o) lies outside
 *   dx[i] = sum of dy[o] over the o with m(o) = i
 *
 * With n elements left after cropping and p = o - begin, m(o) is p inside, and
 * outside for a border of
 *   constant  nothing           . . [a b c] . .
 *   edge      the nearest       a a [a b c] c c
 *   reflect   mirrored          c b [a b c] b a
 *   wrap      p modulo n        b c [a b c] a b
 *
 * Shapes: any; each dimension grows by its two pads.
 * Source: https://onnx.ai/onnx/operators/onnx__Pad.html */
#include <svertka/layers.h>

#include <string.h>

#include "base/thread.h"
#include "geometry/axis_set.h"
#include "template/sum.h"
#include "tensor/tensor.h"

/* ---- Shapes ---- */

typedef struct sides {
  int64_t begin[SV_MAX_RANK], end[SV_MAX_RANK];
} sides;

/* Which dimensions the list speaks of: those of `axes`, all if there are two
 * numbers for each, else H and W (all of a matrix). */
static sv_status choose_axes(const sv_pad_attrs *a, int rank, int *axes,
                             int *count) {
  unsigned seen = 0;
  *count = a->axes.count ? a->axes.count : rank;
  if (*count > rank)
    return sv_fail(SV_INVALID, "axes has %d values for %d dimensions", *count,
                   rank);
  for (int i = 0; i < *count; i++) {
    int64_t axis = a->axes.count ? a->axes.at[i] : i;
    SV_TRY(sv_axis_set_add(&seen, &axis, rank));
    axes[i] = (int)axis;
  }
  if (a->axes.count || a->pads.count == 2 * rank || rank < 3) return SV_OK;
  *count = rank - 2;
  for (int i = 0; i < *count; i++) axes[i] = i + 2;
  return SV_OK;
}

static sv_status resolve(const sv_pad_attrs *a, int rank, sides *s) {
  *s = (sides){0};
  int axes[SV_MAX_RANK], count, given = a->pads.count;
  SV_TRY(choose_axes(a, rank, axes, &count));
  if (given > 1 && given != count && given != 2 * count)
    return sv_fail(SV_INVALID, "pads has %d values, expected 1, %d or %d",
                   given, count, 2 * count);
  for (int i = 0; i < count && given > 0; i++) {
    int second = given == 2 * count ? count + i : given == 1 ? 0 : i;
    s->begin[axes[i]] = a->pads.at[given == 1 ? 0 : i];
    s->end[axes[i]] = a->pads.at[second];
  }
  return SV_OK;
}

enum port { X, PADS, VALUE, AXES };

/* As ONNX has it: a beginning for each dimension, then the ends; once both
 * lists are known. */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  sv_pad_attrs *a = attrs;
  if (in_count < 1 || !in[X].present || in[X].shape.rank < 1) return SV_OK;
  if (in_count > PADS && in[PADS].present) return SV_OK;
  if (in_count > AXES && in[AXES].present) return SV_OK;
  int rank = in[X].shape.rank;
  sides s;
  SV_TRY(resolve(a, rank, &s));
  for (int d = 0; d < rank; d++) {
    a->pads.at[d] = s.begin[d];
    a->pads.at[rank + d] = s.end[d];
  }
  a->pads.count = 2 * rank;
  a->axes.count = 0;
  return SV_OK;
}

static int64_t cropped(int64_t pad) { return pad < 0 ? -pad : 0; }

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_pad_attrs *a = node->attrs;
  SV_TRY(sv_check_inputs(node, in)); /* of any type: elements only move */
  const sv_shape *x = &in[0].shape;
  if (x->rank < 1) return sv_fail(SV_INVALID, "input x is a scalar");
  sides s;
  SV_TRY(resolve(a, x->rank, &s));
  out[0].dtype = in[0].dtype;
  out[0].shape = *x;
  for (int d = 0; d < x->rank; d++) {
    int64_t left = x->dim[d] - cropped(s.begin[d]) - cropped(s.end[d]);
    int64_t *size = &out[0].shape.dim[d];
    if (__builtin_add_overflow(*size, s.begin[d] + s.end[d], size) ||
        left < (x->dim[d] > 0 || d > 0))
      return sv_fail(SV_INVALID,
                     "pads of %lld and %lld do not fit dimension %d of %s",
                     (long long)s.begin[d], (long long)s.end[d], d,
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}));
  }
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  (void)out;
  int rank = in[0].shape.rank;
  sides s;
  SV_TRY(resolve(node->attrs, rank, &s));
  for (int d = 0; d < 2; d++) {
    int own = d + rank - 2;
    int64_t shift = own >= 2 ? -s.begin[own] : 0;
    cost->axis[d] = (sv_reach){.step = 1, .first = shift, .last = shift};
  }
  return SV_OK;
}

/* ---- Arithmetic ---- */

/* The dimensions before the first one that is padded count as one, `outer`;
 * each of its parts is padded on its own. */
typedef struct padding {
  sv_border border;
  sides at;
  sv_shape in, out;             /* of x, of y */
  int first;                    /* dimension */
  int64_t outer, in_size, rows; /* rows of y in a part; the last is a row */
  size_t element;               /* bytes */
  double value[1];              /* an element in these bytes */
  const char *x;
  char *y;
  const real *dy;
  real *dx;
} padding;

static sv_status prepare(padding *p, const sv_args *args, const sv_shape *x,
                         const sv_shape *y) {
  const sv_pad_attrs *a = args->node->attrs;
  *p = (padding){.border = a->border, .in = *x, .out = *y};
  SV_TRY(resolve(a, x->rank, &p->at));
  p->outer = p->in_size = p->rows = 1;
  while (p->first < x->rank - 1 && !p->at.begin[p->first] &&
         !p->at.end[p->first])
    p->outer *= x->dim[p->first++];
  for (int d = p->first; d < x->rank; d++) p->in_size *= x->dim[d];
  for (int d = p->first; d < x->rank - 1; d++) p->rows *= y->dim[d];
  return SV_OK;
}

/* m(o) of dimension d; -1 where there is nothing. */
static int64_t source_of(const padding *p, int d, int64_t o) {
  int64_t low = cropped(p->at.begin[d]);
  int64_t count = p->in.dim[d] - low - cropped(p->at.end[d]);
  int64_t at = o - p->at.begin[d] - low, period;
  if (at >= 0 && at < count) return low + at;
  switch (p->border) {
    case SV_BORDER_CONSTANT: return -1;
    case SV_BORDER_REPLICATE: return low + (at < 0 ? 0 : count - 1);
    case SV_BORDER_REFLECT:
      period = count > 1 ? 2 * (count - 1) : 1;
      at = (at % period + period) % period;
      return low + (at < count ? at : period - at);
    case SV_BORDER_WRAP: return low + (at % count + count) % count;
  }
  return -1;
}

/* Where in its part of x the row lies that row `row` of y is made of. */
static int64_t source_row(const padding *p, int64_t row) {
  int64_t at = 0, step = 1;
  int last = p->in.rank - 1;
  for (int d = last; d >= p->first; d--) {
    if (d < last) {
      int64_t source = source_of(p, d, row % p->out.dim[d]);
      if (source < 0) return -1;
      at += source * step;
      row /= p->out.dim[d];
    }
    step *= p->in.dim[d];
  }
  return at;
}

/* Row `to` of y; `from` is NULL where all of it is border. */
static void forward_row(const padding *p, const char *from, char *to) {
  int last = p->in.rank - 1;
  size_t element = p->element;
  int64_t width = p->out.dim[last], low = cropped(p->at.begin[last]);
  int64_t count = p->in.dim[last] - low - cropped(p->at.end[last]);
  int64_t inside = p->at.begin[last] + low;
  for (int64_t j = 0; j < width; j++) {
    if (from && j == inside) {
      memcpy(to + (size_t)j * element, from + (size_t)low * element,
             (size_t)count * element);
      j += count - 1;
      continue;
    }
    int64_t source = from ? source_of(p, last, j) : -1;
    memcpy(
        to + (size_t)j * element,
        source < 0 ? (const char *)p->value : from + (size_t)source * element,
        element);
  }
}

static void forward_parts(void *context, int64_t begin, int64_t end) {
  const padding *p = context;
  size_t row_size = (size_t)p->out.dim[p->in.rank - 1] * p->element;
  for (int64_t part = begin; part < end; part++)
    for (int64_t row = 0; row < p->rows; row++) {
      int64_t from = source_row(p, row);
      const char *x = p->x + (size_t)(part * p->in_size) * p->element;
      char *y = p->y + (size_t)(part * p->rows + row) * row_size;
      forward_row(p, from < 0 ? NULL : x + (size_t)from * p->element, y);
    }
}

static sv_status forward(const sv_args *args) {
  const sv_pad_attrs *a = args->node->attrs;
  padding p;
  SV_TRY(prepare(&p, args, &args->in[0]->shape, &args->out[0]->shape));
  p.element = sv_dtype_size(args->in[0]->dtype);
  sv_tensor value = {.dtype = args->in[0]->dtype, .data = p.value};
  sv_tensor_set(&value, 0, a->value);
  p.x = args->in[0]->data;
  p.y = args->out[0]->data;
  sv_parallel(p.outer, 1, forward_parts, &p);
  return SV_OK;
}

/* Columns begin .. end-1 of a row of y; those that repeat one of x follow each
 * other. */
static void backward_columns(const padding *p, const real *dy, real *dx,
                             int64_t begin, int64_t end) {
  int last = p->in.rank - 1;
  for (int64_t j = begin; j < end;) {
    int64_t source = source_of(p, last, j);
    double sum = 0;
    do sum += dy[j++];
    while (j < end && source_of(p, last, j) == source);
    if (source >= 0) dx[source] += (real)sum;
  }
}

static void backward_parts(void *context, int64_t begin, int64_t end) {
  const padding *p = context;
  int64_t width = p->out.dim[p->in.rank - 1];
  bool few = sv_sums_are_few(p->in_size, p->rows * width);
  int64_t strip = few ? SV_STRIP : width;
  for (int64_t part = begin; part < end; part++) {
    real *dx = p->dx + part * p->in_size;
    double sums[SV_FEW_SUMS] = {0};
    memset(dx, 0, (size_t)p->in_size * sizeof *dx);
    for (int64_t row = 0; row < p->rows; row++) {
      int64_t to = source_row(p, row);
      const real *dy = p->dy + (part * p->rows + row) * width;
      for (int64_t j = 0; j < width && to >= 0; j += strip) {
        int64_t next = j + strip < width ? j + strip : width;
        backward_columns(p, dy, dx + to, j, next);
        if (few) sv_move_strip(sums, dx, p->in_size);
      }
    }
    for (int64_t i = 0; few && i < p->in_size; i++) dx[i] = (real)sums[i];
  }
}

static sv_status backward_data(const sv_args *args) {
  padding p;
  SV_TRY(
      prepare(&p, args, &args->diff_in[0]->shape, &args->diff_out[0]->shape));
  p.dy = sv_diff_out(args, 0);
  p.dx = sv_diff_in(args, 0);
  sv_parallel(p.outer, 1, backward_parts, &p);
  return SV_OK;
}

/* ---- Tables ---- */

#define AT(field) offsetof(sv_pad_attrs, field)
static const char *const borders[] = {"constant", "reflect", "edge", "wrap",
                                      NULL};
static const char *const older_borders[] = {"constant", "reflect", "edge",
                                            NULL};
static const sv_attr attrs[] = {
    {.name = "pads",
     .onnx = "pads",
     .type = SV_ATTR_INTS,
     .offset = AT(pads),
     .min = -(1 << 24),
     .max = 1 << 24,
     .position = 1,
     .until = 10,
     .required = true,
     .help =
         "one number for all sides of H and W; HxW; top,left,bottom,right; or "
         "the starts of all dimensions, then the ends; negative values crop"},
    {.name = "pads",
     .onnx = "pads",
     .type = SV_ATTR_INTS,
     .offset = AT(pads),
     .since = 11,
     .slot = 1,
     .required = true,
     .help = "form of opset 11 and later"},
    {.name = "border",
     .onnx = "mode",
     .type = SV_ATTR_CHOICE,
     .offset = AT(border),
     .choices = borders,
     .position = 2,
     .since = 19,
     .help = "how the border is filled"},
    {.name = "border",
     .onnx = "mode",
     .type = SV_ATTR_CHOICE,
     .offset = AT(border),
     .choices = older_borders,
     .until = 18,
     .help = "form of older opsets"},
    {.name = "value",
     .onnx = "value",
     .type = SV_ATTR_FLOAT,
     .offset = AT(value),
     .until = 10,
     .help = "value of a constant border"},
    {.name = "value",
     .onnx = "constant_value",
     .type = SV_ATTR_FLOAT,
     .offset = AT(value),
     .since = 11,
     .slot = 2,
     .help = "form of opset 11 and later"},
    {.name = "axes",
     .onnx = "axes",
     .type = SV_ATTR_INTS,
     .offset = AT(axes),
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .since = 18,
     .slot = 3,
     .help = "dimensions that pads applies to; none: see pads"},
    {.name = NULL}};

SV_OP(pad) = {
    .name = "pad",
    .summary = "y = x with a border: constant, reflect, edge or wrap",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"Pad", 2, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "pads", .role = SV_INDEX, .optional = true},
                          {.name = "value", .role = SV_INDEX, .optional = true},
                          {.name = "axes", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_pad_attrs),
    .settle = settle,
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward, .backward_data = backward_data},
};
