/* expand: repeated along dimensions of size 1.
 *
 *   y = x where they agree, x's only element along an axis where x has one
 *   dx = dy summed over the places that an element was repeated to
 *
 * Shapes: x and `shape` are compared from the last dimension on; where one has
 * 1, or nothing, y has the other's.
 * Source: https://onnx.ai/onnx/operators/onnx__Expand.html */
#define REPEATS
#include "template/moves.h"

typedef struct expand_attrs {
  sv_ints shape;
} expand_attrs;

/* Dimension d from the end; 1 where there is none. */
static int64_t from_end(const int64_t *dims, int rank, int d) {
  return d < rank ? dims[rank - 1 - d] : 1;
}

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  const sv_ints *shape = &((const expand_attrs *)node->attrs)->shape;
  const sv_shape *x = &in[0].shape;
  SV_TRY(sv_check_inputs(node, in));
  int rank = shape->count > x->rank ? shape->count : x->rank;
  if (rank > SV_MAX_RANK)
    return sv_fail(SV_UNSUPPORTED,
                   "shape has %d dimensions, at most %d are supported", rank,
                   SV_MAX_RANK);
  out[0].dtype = in[0].dtype;
  out[0].shape = (sv_shape){.rank = rank};
  for (int d = 0; d < rank; d++) {
    int64_t a = from_end(x->dim, x->rank, d);
    int64_t b = from_end(shape->at, shape->count, d);
    if (a != b && a != 1 && b != 1)
      return sv_fail(SV_INVALID,
                     "%s cannot be expanded: dimension %lld requested for %lld",
                     sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}), (long long)b,
                     (long long)a);
    out[0].shape.dim[rank - 1 - d] = a == 1 ? b : a;
  }
  return SV_OK;
}

/* Along an axis of one, every place sees that one: the whole of it. */
static sv_status cost(const sv_node *node, const sv_info *in,
                      const sv_info *out, sv_cost *cost) {
  const sv_shape *x = &in[0].shape, *y = &out[0].shape;
  (void)node;
  for (int d = 2; d < y->rank; d++)
    if (x->rank != y->rank || x->dim[d] != y->dim[d]) cost->spatial = false;
  return SV_OK;
}

static sv_walk walk_over(const sv_node *node, const sv_shape *x,
                         const sv_shape *y) {
  (void)node;
  int64_t step[SV_MAX_RANK];
  sv_walk walk = {0};
  sv_walk_steps(x, step);
  for (int d = 0; d < y->rank; d++) {
    int own = d - (y->rank - x->rank);
    bool moves = own >= 0 && x->dim[own] > 1;
    sv_walk_add(&walk, y->dim[d], moves ? step[own] : 0);
  }
  return walk;
}

static const sv_attr attrs[] = {
    {.name = "shape",
     .onnx = "shape",
     .type = SV_ATTR_INTS,
     .offset = offsetof(expand_attrs, shape),
     .max = INT32_MAX,
     .position = 1,
     .slot = 1,
     .required = true,
     .help = "shape of y; may differ from x where x has 1"},
    {.name = NULL}};

SV_OP(expand) = {
    .name = "expand",
    .summary = "y = x repeated along dimensions of size 1",
    .effect = SV_EFFECT_PARTS,
    .onnx = (const sv_onnx_name[]){{"Expand", 8, 0}, {NULL, 0, 0}},
    .in =
        (const sv_port[]){{.name = "x"},
                          {.name = "shape", .role = SV_INDEX, .optional = true},
                          {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(expand_attrs),
    .infer = infer,
    .cost = cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .folds = SV_FOLD_CONTENTS,
            .any_type = true},
};
