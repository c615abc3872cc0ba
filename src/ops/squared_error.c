/* squared_error: how far numbers are from where they should be.
 *
 *   l = (x - target)^2
 *   loss = l for each element, their mean or their sum
 *   dx = 2 dl (x - target)   (dl: divided by the number of elements for a mean)
 *
 * Shapes: x and target alike, loss as x or a scalar.
 * Source: Rumelhart, Hinton, Williams, "Learning Representations by
 * Back-Propagating Errors", Nature 323, 1986. */
#include "graph/compose.h"

enum { NONE, MEAN, SUM };

typedef struct squared_error_attrs {
  int reduction;
} squared_error_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const squared_error_attrs *a = node->attrs;
  SV_TRY(sv_check_real(node, in));
  SV_TRY(sv_check_shape(node, in, 1, &in[0].shape));
  if (in[1].dtype != in[0].dtype)
    return sv_fail(SV_INVALID, "input target is %s, expected %s",
                   sv_dtype_name(in[1].dtype), sv_dtype_name(in[0].dtype));
  out[0].dtype = in[0].dtype;
  out[0].shape = a->reduction == NONE ? in[0].shape : (sv_shape){.rank = 0};
  return SV_OK;
}

static sv_status forward(const sv_args *args) {
  const squared_error_attrs *a = args->node->attrs;
  const real *x = sv_in(args, 0), *target = sv_in(args, 1);
  real *loss = sv_out(args, 0);
  int64_t count = sv_shape_count(&args->in[0]->shape);
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    real far = x[i] - target[i];
    if (a->reduction == NONE) loss[i] = far * far;
    sum += far * far;
  }
  if (a->reduction == SUM) loss[0] = (real)sum;
  if (a->reduction == MEAN) loss[0] = count ? (real)(sum / (double)count) : 0;
  return SV_OK;
}

static sv_status backward_data(const sv_args *args) {
  const squared_error_attrs *a = args->node->attrs;
  const real *x = sv_in(args, 0), *target = sv_in(args, 1);
  const real *dloss = sv_diff_out(args, 0);
  real *dx = sv_diff_in(args, 0);
  int64_t count = sv_shape_count(&args->in[0]->shape);
  real factor = a->reduction == MEAN ? 2 / (real)count : 2;
  for (int64_t i = 0; i < count; i++)
    dx[i] = factor * dloss[a->reduction == NONE ? i : 0] * (x[i] - target[i]);
  return SV_OK;
}

static sv_status expand(const sv_node *node, sv_graph *g, const sv_value *in,
                        sv_value *out) {
  const squared_error_attrs *a = node->attrs;
  sv_value far = sv_two(g, "sub", in[0], in[1]);
  out[0] = sv_two(g, "mul", far, far);
  if (a->reduction != NONE)
    out[0] =
        sv_apply_text(g, a->reduction == SUM ? "reduce_sum" : "reduce_mean",
                      &out[0], 1, "keepdims=false");
  return sv_graph_check(g);
}

static const char *const reductions[] = {"none", "mean", "sum", NULL};
static const sv_attr attrs[] = {
    {.name = "reduction",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(squared_error_attrs, reduction),
     .initial = MEAN,
     .choices = reductions,
     .position = 1,
     .help = "how the losses are combined"},
    {.name = NULL}};

SV_OP(squared_error) = {
    .name = "squared_error",
    .summary = "loss = mean over all elements of (x - target)^2",
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "target", .no_gradient = true},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "loss"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(squared_error_attrs),
    .infer = infer,
    .expand = expand,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0) | SV_PORT(1)},
};
