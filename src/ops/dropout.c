/* dropout: in training each number is left out with probability r, and the
 * others make up for it.
 *
 *   y = x m / (1 - r), m = 1 where u >= r, else 0     (u: random, 0 <= u < 1)
 *   dx = dy m / (1 - r)
 *
 * Else y = x. The numbers u depend on the seed, the node, the step and the
 * element's place in x alone: backward draws them again, and so do other
 * threads, layouts and processes.
 *
 * Shapes: any; y and mask as x.
 * Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: A
 * Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014;
 * https://onnx.ai/onnx/operators/onnx__Dropout.html */
#include <svertka/layers.h>

#include "base/thread.h"
#include "op/attrs.h"
#include "op/op.h"
#include "tensor/tensor.h"

enum { Y, MASK };
enum { DRAWN = 4, GRAIN = 1 << 10 }; /* numbers that one draw gives */

/* A word without a meaning is not kept: newer versions of ONNX cannot say it.
 */
static sv_status settle(void *attrs, const sv_info *in, int in_count) {
  (void)in, (void)in_count;
  ((sv_dropout_attrs *)attrs)->is_test = false;
  return SV_OK;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_infer_same(node, in, out));
  if (node->out_count <= MASK) return SV_OK;
  const sv_dropout_attrs *a = node->attrs;
  out[MASK].dtype = a->real_mask ? in[0].dtype : SV_BOOL;
  out[MASK].shape = in[0].shape;
  return SV_OK;
}

static bool drops(const sv_node *node, bool training) {
  const sv_dropout_attrs *a = node->attrs;
  return (training || a->training) && a->ratio > 0;
}

/* Nothing is dropped, and nobody asks which. */
static bool views(const sv_node *node, bool training) {
  bool asked = node->out_count > MASK && node->out[MASK];
  return !asked && !drops(node, training);
}

typedef struct dropout {
  sv_random key;
  uint64_t least; /* of 32 random bits, to be kept */
  real factor;
  int64_t count;
  const sv_tensor *x; /* how elements lie in `from` and `to` alike */
  bool plain;
  const real *from;
  real *to;
  bool *mask;
  real *real_mask; /* one of the two, or none */
} dropout;

static dropout describe(const sv_args *args, const sv_tensor *x) {
  const sv_dropout_attrs *a = args->node->attrs;
  dropout d = {.key = args->random, .factor = 1};
  if (a->seed != SV_ATTR_NONE) d.key.seed = (uint64_t)a->seed;
  if (drops(args->node, args->training)) {
    d.least = (uint64_t)((double)a->ratio * 0x1p32);
    d.factor = a->ratio < 1 ? 1 / (1 - (real)a->ratio) : 0;
  }
  d.count = sv_shape_count(&x->shape);
  d.x = x;
  d.plain = sv_layout_is_plain(&x->layout, &x->shape);
  return d;
}

/* `count` elements of x, starting at `at`, `step` apart. */
typedef struct line {
  int64_t at, step, count;
} line;

/* From element i on as far as its row, or less. */
static line line_at(const dropout *d, int64_t i) {
  if (d->plain) return (line){i, 1, d->count - i};
  const sv_layout *layout = &d->x->layout;
  const sv_shape *shape = &d->x->shape;
  int last = shape->rank - 1;
  int64_t index[SV_MAX_RANK];
  for (int k = last; k >= 0; k--) {
    index[k] = i % shape->dim[k];
    i /= shape->dim[k];
  }
  line l = {sv_layout_offset(layout, shape->rank, index), layout->stride[last],
            shape->dim[last] - index[last]};
  for (int k = 0; k < layout->inner_count; k++)
    if (layout->inner_dim[k] == last) l.count = 1;
  return l;
}

static void run_draws(void *context, int64_t begin, int64_t end) {
  const dropout *d = context;
  line next = {0};
  for (int64_t draw = begin; draw < end; draw++) {
    uint32_t bits[DRAWN];
    sv_random_bits(&d->key, (uint64_t)draw, bits);
    for (int k = 0; k < DRAWN && draw * DRAWN + k < d->count; k++) {
      int64_t i = draw * DRAWN + k;
      bool kept = bits[k] >= d->least;
      if (next.count == 0) next = line_at(d, i);
      if (d->to) d->to[next.at] = kept ? d->factor * d->from[next.at] : 0;
      if (d->mask) d->mask[i] = kept;
      if (d->real_mask) d->real_mask[i] = kept;
      next.at += next.step;
      next.count--;
    }
  }
}

static void run(dropout *d) {
  sv_parallel((d->count + DRAWN - 1) / DRAWN, GRAIN, run_draws, d);
}

static sv_status forward(const sv_args *args) {
  dropout d = describe(args, args->in[0]);
  d.from = sv_in(args, 0);
  d.to = sv_out(args, Y);
  const sv_dropout_attrs *a = args->node->attrs;
  if (args->node->out_count > MASK && args->out[MASK] && a->real_mask)
    d.real_mask = args->out[MASK]->data;
  else if (args->node->out_count > MASK && args->out[MASK])
    d.mask = args->out[MASK]->data;
  run(&d);
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  dropout d = describe(args, args->diff_out[Y]);
  d.from = sv_diff_out(args, Y);
  d.to = sv_diff_in(args, 0);
  run(&d);
  return SV_OK;
}

/* As it is said since opset 10. */
static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  sv_dropout_attrs plain = *(const sv_dropout_attrs *)node->attrs;
  plain.real_mask = false;
  out[Y] = sv_apply(g, "dropout", in, 1, &plain);
  if (node->out_count <= MASK || !node->out[MASK]) return sv_graph_check(g);
  sv_value mask = sv_output_of(g, out[Y], MASK);
  out[MASK] = sv_apply_text(g, "cast", &mask, 1, "f32");
  return sv_graph_check(g);
}

#define AT(field) offsetof(sv_dropout_attrs, field)
static const sv_attr attrs[] = {
    {.name = "ratio",
     .onnx = "ratio",
     .type = SV_ATTR_FLOAT,
     .offset = AT(ratio),
     .initial = 0.5,
     .max = 1,
     .position = 1,
     .until = 11,
     .help = "share of the elements that are dropped"},
    {.name = "ratio",
     .onnx = "ratio",
     .type = SV_ATTR_FLOAT,
     .offset = AT(ratio),
     .initial = 0.5,
     .max = 1,
     .since = 12,
     .slot = 1,
     .help = "as an input"},
    {.name = "training",
     .onnx = "training_mode",
     .type = SV_ATTR_BOOL,
     .offset = AT(training),
     .since = 12,
     .slot = 2,
     .help = "drop elements at inference too"},
    {.name = "seed",
     .onnx = "seed",
     .type = SV_ATTR_INT,
     .offset = AT(seed),
     .initial = (double)SV_ATTR_NONE,
     .since = 12,
     .help = "seed of its own random numbers; none: the run's"},
    {.name = "is_test",
     .onnx = "is_test",
     .type = SV_ATTR_BOOL,
     .offset = AT(is_test),
     .until = 6,
     .help = "inference flag of opsets before 7; ignored"},
    /* Not an attribute of ONNX: what its opsets before 10 do. */
    {.name = "real_mask",
     .type = SV_ATTR_BOOL,
     .offset = AT(real_mask),
     .output = MASK,
     .help = "the mask is floating-point, 1 and 0, instead of bool"},
    {.name = "real_mask",
     .type = SV_ATTR_BOOL,
     .offset = AT(real_mask),
     .initial = 1,
     .until = 9,
     .output = MASK,
     .help = "form of older opsets"},
    {.name = NULL}};

SV_OP(dropout) = {
    .name = "dropout",
    .summary = "y = x / (1 - ratio), or 0 with probability ratio",
    .onnx = (const sv_onnx_name[]){{"Dropout", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"},
                             {.name = "mask",
                              .role = SV_INDEX,
                              .optional = true,
                              .no_gradient = true},
                             {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_dropout_attrs),
    .settle = settle,
    .infer = infer,
    .expand = expand,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .views = views,
            .moves = true,
            .in_place = true,
            .pointwise = true},
};
