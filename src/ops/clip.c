/* clip: between two bounds; 0 and 6 make it the ReLU6.
 *
 *   y = min(max(x, l), u)
 *   dx = dy where l < y < u, else 0
 *
 * Shapes: any; y as x.
 * Source: Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10", 2010;
 * https://onnx.ai/onnx/operators/onnx__Clip.html */
#include <float.h>

#include "op/op.h"

#define ATTRIBUTES clip
typedef struct clip {
  float min, max;
} clip;

/* Written so that what is not a number stays visible. */
static inline real value(real x, const clip *a) {
  real y = x < a->min ? a->min : x;
  return y > a->max ? a->max : y;
}

#define GRADIENT_READS_Y
static inline real gradient(real dy, real y, const clip *a) {
  return y <= a->min || y >= a->max ? 0 : dy;
}

/* A bound that is a float is compared as one: a whole one, or none at all. */
static inline int64_t whole_value(int64_t x, const clip *a) {
  if ((double)x < (double)a->min) x = (int64_t)a->min;
  return (double)x > (double)a->max ? (int64_t)a->max : x;
}
#define WHOLE_VALUE whole_value(x, &a)
#define WHOLE_TYPES SV_WHOLE_ALL

#include "template/pointwise.h"

#define AT(field) offsetof(clip, field)
static const sv_attr attrs[] = {{.name = "min",
                                 .onnx = "min",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(min),
                                 .initial = -FLT_MAX,
                                 .position = 1,
                                 .until = 10,
                                 .help = "lower bound"},
                                {.name = "min",
                                 .onnx = "min",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(min),
                                 .initial = -FLT_MAX,
                                 .since = 11,
                                 .slot = 1,
                                 .help = "form of opset 11 and later"},
                                {.name = "max",
                                 .onnx = "max",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(max),
                                 .initial = FLT_MAX,
                                 .position = 2,
                                 .until = 10,
                                 .help = "upper bound"},
                                {.name = "max",
                                 .onnx = "max",
                                 .type = SV_ATTR_FLOAT,
                                 .offset = AT(max),
                                 .initial = FLT_MAX,
                                 .since = 11,
                                 .slot = 2,
                                 .help = "form of opset 11 and later"},
                                {.name = NULL}};

SV_OP(clip) = {
    .name = "clip",
    .summary = "y = min(max(x, min), max)",
    .effect = SV_EFFECT_BOUNDS,
    .onnx = (const sv_onnx_name[]){{"Clip", 0, 0}, {NULL, 0, 0}},
    .attrs = attrs,
    .attrs_size = sizeof(clip),
    .in = (const sv_port[]){{.name = "x"},
                            {.name = "min", .role = SV_INDEX, .optional = true},
                            {.name = "max", .role = SV_INDEX, .optional = true},
                            {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"}, {.name = NULL}},
    .infer = sv_infer_same,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_out = SV_PORT(0),
            .in_place = true,
            .pointwise = true,
            .whole = WHOLE_TYPES,
            .folds = SV_FOLD_CONTENTS},
};
