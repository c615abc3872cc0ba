/* resize: an image in another size.
 *
 *   y[o0, o1, ...] = sum over taps of w0 w1 ... x[i0, i1, ...]
 *   dx[i0, i1, ...] = sum over the outputs that it was a tap of of w0 w1 ... dy
 *
 * Along each axis output o lies at a place between the inputs. nearest: the
 * input at the rounded place, w = 1; linear: the two around it, by distance;
 * cubic: the four around it; all that a smaller image leaves no place for are
 * taken in with antialias. resample.c has the rules.
 *
 * Shapes: any; a dimension of d becomes floor(d scale), or its given size.
 * Source: https://onnx.ai/onnx/operators/onnx__Resize.html */
#include "base/thread.h"
#include "geometry/resample.h"
#include "graph/compose.h"
#include "template/sum.h"
#include "tensor/tensor.h"

enum { SCALES_PORT = 2 };

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_resize_attrs *a = node->attrs;
  sv_resample r;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(sv_resample_resolve(&r, &in[0].shape, a));
  out[0].dtype = in[0].dtype;
  out[0].shape = in[0].shape;
  for (int d = 0; d < r.rank; d++) out[0].shape.dim[d] = r.axis[d].out;
  return SV_OK;
}

static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  sv_resample r;
  (void)out;
  SV_TRY(sv_resample_resolve(&r, &in[0].shape, node->attrs));
  cost->spatial = r.rank == 3 || r.rank == 4;
  for (int d = 0; d < r.rank && cost->spatial; d++)
    cost->spatial = d < 2
                        ? !r.axis[d].changes
                        : sv_resample_reach(&r, d, &cost->axis[d + 2 - r.rank]);
  return SV_OK;
}

/* ---- Arithmetic ---- */

/* Dimensions before the first that changes count as one, `outer`; of each of
 * its parts a row of y is made of some rows of x. */
typedef struct resizing {
  sv_resample at;
  int first;
  int64_t outer, in_size, out_size, rows, in_width, width;
  real extrapolation;
  const real *x, *dy;
  real *y, *dx;
} resizing;

/* The rows of x, with their weights, a part of them at a time. No parts: the
 * row is extrapolated. */
typedef struct row_taps {
  sv_resample_window window[SV_MAX_RANK];
  int64_t parts;
  int count;
  int64_t at[SV_RESAMPLE_ROWS];
  real weight[SV_RESAMPLE_ROWS];
} row_taps;

static sv_status prepare(resizing *z, const sv_args *args, const sv_shape *x) {
  const sv_resize_attrs *a = args->node->attrs;
  *z = (resizing){.outer = 1, .in_size = 1, .out_size = 1};
  z->extrapolation = a->extrapolation;
  SV_TRY(sv_resample_resolve(&z->at, x, a));
  int last = z->at.rank - 1;
  while (z->first < last && !z->at.axis[z->first].changes)
    z->outer *= x->dim[z->first++];
  for (int d = z->first; d <= last; d++) {
    z->in_size *= z->at.axis[d].in;
    z->out_size *= z->at.axis[d].out;
  }
  z->in_width = z->at.axis[last].in;
  z->width = z->at.axis[last].out;
  z->rows = z->out_size / z->width;
  return SV_OK;
}

static void begin_rows(const resizing *z, int64_t row, row_taps *t) {
  t->parts = 1;
  for (int d = z->at.rank - 2; d >= z->first; d--) {
    t->window[d] = sv_resample_window_of(&z->at, d, row % z->at.axis[d].out);
    row /= z->at.axis[d].out;
    t->parts *= t->window[d].outside ? 0 : sv_resample_parts(&t->window[d]);
  }
}

/* The products of the taps of all dimensions but the last. */
static void rows_of(const resizing *z, int64_t part, row_taps *t) {
  int64_t step = z->in_width;
  t->count = 1;
  t->at[0] = 0;
  t->weight[0] = 1;
  for (int d = z->at.rank - 2; d >= z->first; d--) {
    sv_resample_taps own;
    int64_t parts = sv_resample_parts(&t->window[d]);
    sv_resample_taps_of(&z->at, d, &t->window[d], part % parts, &own);
    part /= parts;
    int before = t->count;
    for (int k = own.count - 1; k >= 0; k--)
      for (int i = 0; i < before; i++) {
        t->at[k * before + i] = t->at[i] + own.at[k] * step;
        t->weight[k * before + i] = t->weight[i] * (real)own.weight[k];
      }
    t->count = before * own.count;
    step *= z->at.axis[d].in;
  }
}

/* So many planes share the search for taps. */
enum { PLANES = 16 };

static int64_t blocks_of(const resizing *z) {
  return (z->outer + PLANES - 1) / PLANES;
}

/* The planes of a block: first .. last-1. */
static void planes_of(const resizing *z, int64_t block, int64_t *first,
                      int64_t *last) {
  *first = block * PLANES;
  *last = *first + PLANES < z->outer ? *first + PLANES : z->outer;
}

/* The sum over the taps of one plane. */
static real take(const row_taps *rows, const sv_resample_taps *own,
                 const real *x) {
  real sum = 0;
  for (int r = 0; r < rows->count; r++)
    for (int k = 0; k < own->count; k++)
      sum +=
          rows->weight[r] * (real)own->weight[k] * x[rows->at[r] + own->at[k]];
  return sum;
}

static void give(const row_taps *rows, const sv_resample_taps *own, real dy,
                 real *dx) {
  for (int r = 0; r < rows->count; r++)
    for (int k = 0; k < own->count; k++)
      dx[rows->at[r] + own->at[k]] +=
          rows->weight[r] * (real)own->weight[k] * dy;
}

/* What these rows of x, the first of them to begin with, add to a row of y, in
 * `planes` planes. */
static void forward_row(const resizing *z, const row_taps *rows, bool first,
                        int64_t planes, const real *x, real *y) {
  for (int64_t j = 0; j < z->width; j++) {
    sv_resample_taps own;
    sv_resample_window w = sv_resample_window_of(&z->at, z->at.rank - 1, j);
    bool outside = w.outside || rows->parts == 0;
    for (int64_t p = 0; p < planes && first; p++)
      y[p * z->out_size + j] = outside ? z->extrapolation : 0;
    for (int64_t k = 0; k < sv_resample_parts(&w) && !outside; k++) {
      sv_resample_taps_of(&z->at, z->at.rank - 1, &w, k, &own);
      for (int64_t p = 0; p < planes; p++)
        y[p * z->out_size + j] += take(rows, &own, x + p * z->in_size);
    }
  }
}

static void forward_rows(void *context, int64_t begin, int64_t end) {
  const resizing *z = context;
  for (int64_t i = begin; i < end; i++) {
    int64_t row = i % z->rows, first, last;
    row_taps rows;
    planes_of(z, i / z->rows, &first, &last);
    const real *x = z->x + first * z->in_size;
    real *y = z->y + first * z->out_size + row * z->width;
    begin_rows(z, row, &rows);
    for (int64_t part = 0; part == 0 || part < rows.parts; part++) {
      if (rows.parts) rows_of(z, part, &rows);
      forward_row(z, &rows, part == 0, last - first, x, y);
    }
  }
}

static sv_status forward(const sv_args *args) {
  resizing z;
  SV_TRY(prepare(&z, args, &args->in[0]->shape));
  z.x = sv_in(args, 0);
  z.y = sv_out(args, 0);
  sv_parallel(blocks_of(&z) * z.rows, 4, forward_rows, &z);
  return SV_OK;
}

static void backward_row(const resizing *z, const row_taps *rows,
                         int64_t planes, int64_t begin, int64_t end,
                         const real *dy, real *dx) {
  for (int64_t j = begin; j < end; j++) {
    sv_resample_taps own;
    sv_resample_window w = sv_resample_window_of(&z->at, z->at.rank - 1, j);
    for (int64_t k = 0; k < sv_resample_parts(&w) && !w.outside; k++) {
      sv_resample_taps_of(&z->at, z->at.rank - 1, &w, k, &own);
      for (int64_t p = 0; p < planes; p++)
        give(rows, &own, dy[p * z->out_size + j], dx + p * z->in_size);
    }
  }
}

/* A row of dy in all planes of a block; `sums` is NULL or gets its terms. */
static void backward_strips(const resizing *z, row_taps *rows, int64_t planes,
                            const real *dy, real *dx, double *sums) {
  int64_t strip = sums ? SV_STRIP : z->width;
  for (int64_t part = 0; part < rows->parts; part++) {
    rows_of(z, part, rows);
    for (int64_t j = 0; j < z->width; j += strip) {
      int64_t end = j + strip < z->width ? j + strip : z->width;
      backward_row(z, rows, planes, j, end, dy, dx);
      if (sums) sv_move_strip(sums, dx, planes * z->in_size);
    }
  }
}

static void backward_blocks(void *context, int64_t begin, int64_t end) {
  const resizing *z = context;
  bool few = sv_sums_are_few(z->in_size, z->rows * z->width);
  for (int64_t block = begin; block < end; block++) {
    double sums[PLANES * SV_FEW_SUMS] = {0};
    int64_t first, last;
    planes_of(z, block, &first, &last);
    real *dx = z->dx + first * z->in_size;
    int64_t count = (last - first) * z->in_size;
    for (int64_t i = 0; i < count; i++) dx[i] = 0;
    for (int64_t row = 0; row < z->rows; row++) {
      row_taps rows;
      begin_rows(z, row, &rows);
      backward_strips(z, &rows, last - first,
                      z->dy + first * z->out_size + row * z->width, dx,
                      few ? sums : NULL);
    }
    for (int64_t i = 0; few && i < count; i++) dx[i] = (real)sums[i];
  }
}

static sv_status backward_data(const sv_args *args) {
  resizing z;
  SV_TRY(prepare(&z, args, &args->diff_in[0]->shape));
  z.dy = sv_diff_out(args, 0);
  z.dx = sv_diff_in(args, 0);
  sv_parallel(blocks_of(&z), 1, backward_blocks, &z);
  return SV_OK;
}

/* ---- By scale ---- */

static sv_value with_one(sv_graph *g, const char *op, sv_value scales) {
  return sv_with(g, op, scales, op, 1);
}

/* First what becomes smaller, then what becomes larger. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  sv_resize_attrs smaller = *(const sv_resize_attrs *)node->attrs, larger;
  bool computed = smaller.scales.count == 0;
  smaller.by_scale = false;
  larger = smaller;
  smaller.rounding = SV_SAMPLE_CEIL;
  larger.rounding = SV_SAMPLE_FLOOR;
  for (int i = 0; i < smaller.scales.count; i++) {
    float *low = &smaller.scales.at[i], *high = &larger.scales.at[i];
    if (*low > 1) *low = 1;
    if (*high < 1) *high = 1;
  }
  if (!computed) {
    out[0] = sv_one(g, "resize", sv_one(g, "resize", in[0], &smaller), &larger);
    return sv_graph_check(g);
  }
  if (node->in_count <= SCALES_PORT || !node->in[SCALES_PORT])
    return sv_fail(SV_UNSUPPORTED,
                   "sizes with by_scale cannot be expressed in ONNX");
  sv_value from[] = {in[0], {0}, with_one(g, "min", in[SCALES_PORT])};
  from[0] = sv_apply(g, "resize", from, 3, &smaller);
  from[SCALES_PORT] = with_one(g, "max", in[SCALES_PORT]);
  out[0] = sv_apply(g, "resize", from, 3, &larger);
  return sv_graph_check(g);
}

/* ---- Tables ---- */

#define AT(field) offsetof(sv_resize_attrs, field)
static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
static const char *const coordinates[] = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
    "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", NULL};
static const char *const roundings[] = {
    "round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
static const char *const policies[] = {"stretch", "not_larger", "not_smaller",
                                       NULL};

/* As different versions of ONNX have them. */
#define SCALES                                                \
  .name = "scales", .onnx = "scales", .type = SV_ATTR_FLOATS, \
  .offset = AT(scales)
#define COORDINATES                                                         \
  .name = "coordinates", .type = SV_ATTR_CHOICE, .offset = AT(coordinates), \
  .choices = coordinates
#define ROUNDING                                                      \
  .name = "rounding", .type = SV_ATTR_CHOICE, .offset = AT(rounding), \
  .choices = roundings
#define BY_SCALE \
  .name = "by_scale", .type = SV_ATTR_BOOL, .offset = AT(by_scale)
static const sv_attr attrs[] = {
    {SCALES, .position = 1, .until = 8, .required = true,
     .help = "factors of H and W, of all dimensions, or of axes"},
    {SCALES, .since = 9, .until = 10, .slot = 1, .required = true,
     .help = "form of older opsets"},
    {SCALES, .since = 11, .slot = 2, .help = "form of opset 11 and later"},
    {.name = "mode",
     .onnx = "mode",
     .type = SV_ATTR_CHOICE,
     .offset = AT(mode),
     .choices = modes,
     .position = 2,
     .help = "interpolation"},
    {.name = "sizes",
     .onnx = "sizes",
     .type = SV_ATTR_INTS,
     .offset = AT(sizes),
     .max = 1 << 24,
     .since = 11,
     .slot = 3,
     .help = "sizes instead of scales: HxW, of all dimensions, or of axes"},
    {COORDINATES, .onnx = "coordinate_transformation_mode", .since = 11,
     .help = "mapping from output to input coordinates"},
    {COORDINATES, .initial = SV_SAMPLE_ASYMMETRIC, .until = 10,
     .help = "rule of older opsets"},
    {ROUNDING, .onnx = "nearest_mode", .since = 11,
     .help = "rounding of nearest"},
    {ROUNDING, .initial = SV_SAMPLE_FLOOR, .until = 10,
     .help = "rule of older opsets"},
    /* Not an attribute of ONNX: what its older versions do. */
    {BY_SCALE, .help = "nearest rounds up along axes that become smaller and "
                       "down along others; overrides rounding"},
    {BY_SCALE, .initial = 1, .until = 10, .help = "form of older opsets"},
    {.name = "cubic",
     .onnx = "cubic_coeff_a",
     .type = SV_ATTR_FLOAT,
     .offset = AT(cubic),
     .initial = -0.75,
     .min = -16,
     .max = 16,
     .since = 11,
     .help = "coefficient a of cubic interpolation"},
    {.name = "exclude_outside",
     .onnx = "exclude_outside",
     .type = SV_ATTR_BOOL,
     .offset = AT(exclude_outside),
     .since = 11,
     .help = "elements beyond the borders get no weight; otherwise the nearest "
             "element is used"},
    {.name = "extrapolation",
     .onnx = "extrapolation_value",
     .type = SV_ATTR_FLOAT,
     .offset = AT(extrapolation),
     .min = -1e30,
     .max = 1e30,
     .since = 11,
     .help = "value beyond the borders with tf_crop_and_resize"},
    {.name = "roi",
     .onnx = "roi",
     .type = SV_ATTR_FLOATS,
     .offset = AT(roi),
     .since = 11,
     .slot = 1,
     .help = "region of tf_crop_and_resize in relative coordinates: starts, "
             "then ends"},
    {.name = "axes",
     .onnx = "axes",
     .type = SV_ATTR_INTS,
     .offset = AT(axes),
     .min = -SV_MAX_RANK,
     .max = SV_MAX_RANK - 1,
     .since = 18,
     .help = "dimensions that the lists apply to; none: see there"},
    {.name = "policy",
     .onnx = "keep_aspect_ratio_policy",
     .type = SV_ATTR_CHOICE,
     .offset = AT(policy),
     .choices = policies,
     .since = 18,
     .help = "whether sizes are exact or limit a common scale"},
    {.name = "antialias",
     .onnx = "antialias",
     .type = SV_ATTR_BOOL,
     .offset = AT(antialias),
     .since = 18,
     .help = "antialias linear and cubic when shrinking"},
    {.name = NULL}};

SV_OP(resize) = {
    .name = "resize",
    .has_maps = true,
    .summary = "y = x resized: nearest, linear or cubic",
    .effect = SV_EFFECT_POOLS,
    .onnx = (const sv_onnx_name[]){{"Resize", 10, 0},
                                   {"Upsample", 7, 9},
                                   {NULL, 0, 0}},
    .in =
        (const sv_port[]){
            {.name = "x"},
            {.name = "roi", .role = SV_INDEX, .optional = true},
            {.name = "scales", .role = SV_INDEX, .optional = true},
            {.name = "sizes", .role = SV_INDEX, .optional = true},
            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_resize_attrs),
    .settle = sv_resample_settle,
    .infer = infer,
    .cost = cost,
    .expand = expand,
    .ref = {.forward = forward, .backward_data = backward_data},
};
