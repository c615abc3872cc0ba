/* lrn: a number is damped by its neighbours in the channels beside it.
 *
 *   s[c] = k + alpha / size  sum of x[j]^2 over the window c - B .. c + E
 *   y[c] = x[c] / s[c]^beta
 *   dx[c] = dy[c] / s[c]^beta - 2 alpha beta / size  x[c]
 *           sum of dy[j] x[j] / s[j]^(beta+1) over j = c - E .. c + B
 *
 * with B = floor((size - 1) / 2) channels before and E = ceil((size - 1) / 2)
 * after; those that are not there count as zero.
 *
 * Shapes: x and y N C D1 ...
 * Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep
 * Convolutional Neural Networks", NIPS 2012, section 3.3;
 * https://onnx.ai/onnx/operators/onnx__LRN.html */
#include <tgmath.h>

#include <svertka/layers.h>

#include "base/thread.h"
#include "op/op.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_infer_same(node, in, out));
  if (in[0].shape.rank >= 2) return SV_OK;
  return sv_fail(SV_INVALID, "input x is %s, expected N C H W, N C W or N C",
                 sv_shape_text(&in[0].shape, (char[SV_SHAPE_TEXT]){0}));
}

/* x as batch x channels x inner. */
typedef struct lrn {
  int64_t batch, channels, inner;
  int64_t before, after; /* channels of the window */
  real factor, beta, k;  /* alpha / size */
  const real *x, *dy;
  real *y, *dx;
} lrn;

static lrn describe(const sv_args *args, const sv_shape *x) {
  const sv_lrn_attrs *a = args->node->attrs;
  lrn l = {.batch = x->dim[0],
           .channels = x->dim[1],
           .inner = 1,
           .before = (a->size - 1) / 2,
           .after = a->size / 2,
           .factor = (real)a->alpha / (real)a->size,
           .beta = a->beta,
           .k = a->k,
           .x = sv_in(args, 0)};
  for (int d = 2; d < x->rank; d++) l.inner *= x->dim[d];
  return l;
}

/* The window's channels that are there. */
static void window(const lrn *l, int64_t c, int64_t before, int64_t after,
                   int64_t *first, int64_t *last) {
  *first = c < before ? 0 : c - before;
  *last = l->channels - c <= after ? l->channels - 1 : c + after;
}

/* s[c]; x at channel 0. */
static real damping(const lrn *l, const real *x, int64_t c) {
  int64_t first, last;
  real sum = 0;
  window(l, c, l->before, l->after, &first, &last);
  for (int64_t j = first; j <= last; j++)
    sum += x[j * l->inner] * x[j * l->inner];
  return l->k + l->factor * sum;
}

static int64_t column_at(const lrn *l, int64_t item) {
  return item / l->inner * l->channels * l->inner + item % l->inner;
}

static void forward_columns(void *context, int64_t begin, int64_t end) {
  const lrn *l = context;
  for (int64_t item = begin; item < end; item++) {
    int64_t at = column_at(l, item);
    for (int64_t c = 0; c < l->channels; c++)
      l->y[at + c * l->inner] =
          l->x[at + c * l->inner] * pow(damping(l, l->x + at, c), -l->beta);
  }
}

static sv_status forward(const sv_args *args) {
  lrn l = describe(args, &args->in[0]->shape);
  l.y = sv_out(args, 0);
  sv_parallel(l.batch * l.inner, 8, forward_columns, &l);
  return SV_OK;
}

static void backward_columns(void *context, int64_t begin, int64_t end) {
  const lrn *l = context;
  for (int64_t item = begin; item < end; item++) {
    int64_t at = column_at(l, item), step = l->inner;
    const real *x = l->x + at, *dy = l->dy + at;
    for (int64_t c = 0; c < l->channels; c++) {
      int64_t first, last;
      real sum = 0;
      window(l, c, l->after, l->before, &first, &last);
      for (int64_t j = first; j <= last; j++)
        sum += dy[j * step] * x[j * step] * pow(damping(l, x, j), -l->beta - 1);
      l->dx[at + c * step] = dy[c * step] * pow(damping(l, x, c), -l->beta) -
                             2 * l->factor * l->beta * x[c * step] * sum;
    }
  }
}

static sv_status backward_data(const sv_args *args) {
  lrn l = describe(args, &args->in[0]->shape);
  l.dy = sv_diff_out(args, 0);
  l.dx = sv_diff_in(args, 0);
  sv_parallel(l.batch * l.inner, 8, backward_columns, &l);
  return SV_OK;
}

#define AT(field) offsetof(sv_lrn_attrs, field)
static const sv_attr attrs[] = {{.name = "size",
                                 .onnx = "size",
                                 .type = SV_ATTR_INT,
                                 .offset = AT(size),
                                 .initial = 5,
                                 .min = 1,
                                 .max = 1 << 24,
                                 .position = 1,
                                 .required = true,
                                 .help = "number of channels in the window"},
                                {.name = "alpha",
                                 .onnx = "alpha",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(alpha),
                                 .initial = 1e-4,
                                 .max = 1e6,
                                 .help = "factor of the sum of squares"},
                                {.name = "beta",
                                 .onnx = "beta",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(beta),
                                 .initial = 0.75,
                                 .max = 1e3,
                                 .help = "the exponent"},
                                {.name = "k",
                                 .onnx = "bias",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(k),
                                 .initial = 1,
                                 .max = 1e6,
                                 .help = "constant added to the sum"},
                                {.name = NULL}};

SV_OP(lrn) = {
    .name = "lrn",
    .has_maps = true,
    .summary = "y = x / (k + alpha/size sum of x^2 over channels)^beta",
    .effect = SV_EFFECT_ACTIVATES,
    .onnx = (const sv_onnx_name[]){{"LRN", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_lrn_attrs),
    .infer = infer,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0)},
};
