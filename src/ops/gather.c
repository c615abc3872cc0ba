/* gather: parts of a tensor by their numbers.
 *
 *   y[before, i, after] = x[before, index[i], after] along an axis
 *   dx = dy summed over the places that a part was taken to
 *
 * Shapes: x with the axis replaced by index's dimensions, of which there may be
 * none. Numbers count from the end where they are negative.
 * Source: https://onnx.ai/onnx/operators/onnx__Gather.html */
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "op/op.h"
#include "template/sum.h"
#include "tensor/tensor.h"

typedef struct gather_attrs {
  int64_t axis;
} gather_attrs;

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  int64_t axis = ((const gather_attrs *)node->attrs)->axis;
  SV_TRY(sv_check_inputs(node, in));
  const sv_shape *x = &in[0].shape, *index = &in[1].shape;
  SV_TRY(sv_check_axis(&axis, x->rank));
  if (in[1].dtype != SV_I64 && in[1].dtype != SV_I32)
    return sv_fail(SV_INVALID, "index is %s, expected i64",
                   sv_dtype_name(in[1].dtype));
  int rank = x->rank - 1 + index->rank;
  if (rank > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED, "%d dimensions, at most %d are supported",
                   rank, SV_MAX_RANK);
  sv_shape *y = &out[0].shape;
  *y = (sv_shape){0};
  for (int d = 0; d < axis; d++) y->dim[y->rank++] = x->dim[d];
  for (int d = 0; d < index->rank; d++) y->dim[y->rank++] = index->dim[d];
  for (int d = (int)axis + 1; d < x->rank; d++) y->dim[y->rank++] = x->dim[d];
  out[0].dtype = in[0].dtype;
  return SV_OK;
}

/* Channels, or images, are chosen; places are not. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  int64_t axis = ((const gather_attrs *)node->attrs)->axis;
  (void)out;
  SV_TRY(sv_check_axis(&axis, in[0].shape.rank));
  cost->spatial = axis < 2 && in[1].shape.rank == 1;
  return SV_OK;
}

typedef struct gathering {
  const sv_tensor *index;
  int64_t size, count, inner; /* of the axis; of numbers; of what is taken */
  size_t element;
  const char *x;
  char *y;
  const real *dy;
  real *dx;
  int64_t *slot; /* backward; NULL if no sum can be long */
  int64_t longs; /* the number of parts whose sums are */
  double *sums;
} gathering;

static int64_t number_at(const gathering *g, int64_t i) {
  int64_t number = g->index->dtype == SV_I64
                       ? ((const int64_t *)g->index->data)[i]
                       : ((const int32_t *)g->index->data)[i];
  return number < 0 ? number + g->size : number;
}

static sv_status prepare(gathering *g, const sv_args *args, const sv_shape *x,
                         int64_t *outer) {
  int64_t axis = ((const gather_attrs *)args->node->attrs)->axis;
  SV_TRY(sv_check_axis(&axis, x->rank));
  *g = (gathering){.index = args->in[1], .size = x->dim[axis], .inner = 1};
  g->count = sv_shape_count(&g->index->shape);
  *outer = 1;
  for (int d = 0; d < axis; d++) *outer *= x->dim[d];
  for (int d = (int)axis + 1; d < x->rank; d++) g->inner *= x->dim[d];
  for (int64_t i = 0; i < g->count; i++) {
    int64_t number = number_at(g, i);
    if (number < 0 || number >= g->size)
      return sv_fail(SV_INVALID, "index %lld, expected %lld to %lld",
                     (long long)(number < 0 ? number - g->size : number),
                     (long long)-g->size, (long long)g->size - 1);
  }
  return SV_OK;
}

static void take_parts(void *context, int64_t begin, int64_t end) {
  const gathering *g = context;
  size_t part = (size_t)g->inner * g->element;
  for (int64_t k = begin; k < end; k++) {
    int64_t outer = k / g->count, from = number_at(g, k % g->count);
    memcpy(g->y + (size_t)k * part,
           g->x + (size_t)(outer * g->size + from) * part, part);
  }
}

static sv_status forward(const sv_args *args) {
  gathering g;
  int64_t outer;
  SV_TRY(prepare(&g, args, &args->in[0]->shape, &outer));
  g.element = sv_dtype_size(args->in[0]->dtype);
  g.x = args->in[0]->data;
  g.y = args->out[0]->data;
  if (g.count) sv_parallel(outer * g.count, 64, take_parts, &g);
  return SV_OK;
}

/* The places of each part are counted; a part taken to more than SV_LONG_SUM of
 * them is summed in double. Sets slot[number] to its row of sums, or -1. */
static int64_t find_long(const gathering *g, int64_t *slot) {
  int64_t found = 0;
  for (int64_t i = 0; i < g->size; i++) slot[i] = 0;
  for (int64_t i = 0; i < g->count; i++) slot[number_at(g, i)]++;
  for (int64_t i = 0; i < g->size; i++)
    slot[i] = slot[i] > SV_LONG_SUM ? found++ : -1;
  return found;
}

static void give_long(const gathering *g, int64_t outer, const real *dy,
                      real *dx) {
  double *sums = g->sums + outer * g->longs * g->inner;
  for (int64_t i = 0; i < g->longs * g->inner; i++) sums[i] = 0;
  for (int64_t i = 0; i < g->count; i++) {
    int64_t slot = g->slot[number_at(g, i)];
    for (int64_t j = 0; slot >= 0 && j < g->inner; j++)
      sums[slot * g->inner + j] += dy[i * g->inner + j];
  }
  for (int64_t i = 0; i < g->size; i++)
    for (int64_t j = 0; g->slot[i] >= 0 && j < g->inner; j++)
      dx[i * g->inner + j] = (real)sums[g->slot[i] * g->inner + j];
}

static void give_parts(void *context, int64_t begin, int64_t end) {
  const gathering *g = context;
  for (int64_t outer = begin; outer < end; outer++) {
    real *dx = g->dx + outer * g->size * g->inner;
    const real *dy = g->dy + outer * g->count * g->inner;
    memset(dx, 0, (size_t)(g->size * g->inner) * sizeof *dx);
    for (int64_t i = 0; i < g->count; i++) {
      real *to = dx + number_at(g, i) * g->inner;
      for (int64_t j = 0; j < g->inner; j++) to[j] += dy[i * g->inner + j];
    }
    if (g->longs > 0) give_long(g, outer, dy, dx);
  }
}

static sv_status prepare_long(gathering *g, int64_t outer) {
  SV_TRY(sv_alloc_array(&g->slot, (size_t)g->size, sizeof *g->slot));
  g->longs = find_long(g, g->slot);
  return sv_alloc_array(&g->sums, (size_t)(outer * g->longs * g->inner),
                        sizeof *g->sums);
}

static sv_status backward_data(const sv_args *args) {
  gathering g;
  int64_t outer;
  sv_status status = SV_OK;
  SV_TRY(prepare(&g, args, &args->diff_in[0]->shape, &outer));
  g.dy = sv_diff_out(args, 0);
  g.dx = sv_diff_in(args, 0);
  if (g.count > SV_LONG_SUM) status = prepare_long(&g, outer);
  if (status == SV_OK) sv_parallel(outer, 1, give_parts, &g);
  sv_free(g.slot);
  sv_free(g.sums);
  return status;
}

static const sv_attr attrs[] = {{.name = "axis",
                                 .onnx = "axis",
                                 .type = SV_ATTR_INT,
                                 .offset = offsetof(gather_attrs, axis),
                                 .min = -SV_MAX_RANK,
                                 .max = SV_MAX_RANK - 1,
                                 .position = 1,
                                 .help = "the dimension of the indices"},
                                {.name = NULL}};

SV_OP(gather) = {
    .name = "gather",
    .summary = "y[i] = x[index[i]] along an axis",
    .effect = SV_EFFECT_PICKS,
    .onnx = (const sv_onnx_name[]){{"Gather", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "index", .role = SV_INDEX},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(gather_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(1),
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
