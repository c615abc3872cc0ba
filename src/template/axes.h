/* Shared by squeeze and unsqueeze: a list of axes; no data are moved. Before
 * including this, an operator defines infer and
 *
 *     #define AXES "which go"   the help of its attribute
 *     #define REQUIRED true     the attribute is required */
#ifndef SV_TEMPLATE_AXES_H
#define SV_TEMPLATE_AXES_H

#include "op/op.h"

typedef struct axes_attrs {
  sv_ints axes;
} axes_attrs;

static const sv_attr attrs[] = {{.name = "axes",
                                 .onnx = "axes",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(axes_attrs, axes),
                                 .min = -SV_MAX_RANK,
                                 .max = SV_MAX_RANK - 1,
                                 .position = 1,
                                 .until = 12,
                                 .required = REQUIRED,
                                 .help = AXES},
                                {.name = "axes",
                                 .onnx = "axes",
                                 .type = SV_ATTR_INTS,
                                 .offset = offsetof(axes_attrs, axes),
                                 .since = 13,
                                 .slot = 1,
                                 .required = REQUIRED,
                                 .help = "form of opset 13 and later"},
                                {.name = NULL}};

/* The descriptor except its names. */
#define SV_AXES_VIEW                                                          \
  .in =                                                                       \
      (const sv_port[]){{.name = "x"},                                        \
                        {.name = "axes", .role = SV_INDEX, .optional = true}, \
                        {.name = NULL}},                                      \
  .out = (const sv_port[]){{.name = "y"}, {.name = NULL}}, .attrs = attrs,    \
  .attrs_size = sizeof(axes_attrs), .infer = infer, .cost = sv_cost_image,    \
  .ref = {.forward = sv_view_forward,                                         \
          .backward_data = sv_view_backward,                                  \
          .view = true,                                                       \
          .folds = SV_FOLD_CONTENTS,                                          \
          .any_type = true,                                                   \
          .moves = true}

#endif
