/* Moves blocks of b x b pixels to channels and back: everything except the
 * order. Operators that include this define the order, as in template/moves.h,
 * and MODE_SINCE, the version of ONNX that added `mode`. */
#ifndef SV_TEMPLATE_BLOCKS_H
#define SV_TEMPLATE_BLOCKS_H

#include "template/moves.h"

enum mode { DCR, CRD };

typedef struct block_attrs {
  int64_t block;
  int mode;
} block_attrs;

static const char *const modes[] = {"DCR", "CRD", NULL};

static const sv_attr attrs[] = {
    {.name = "block",
     .onnx = "blocksize",
     .type = SV_ATTR_INT,
     .offset = offsetof(block_attrs, block),
     .initial = 2,
     .min = 1,
     .max = 1 << 12,
     .position = 1,
     .required = true,
     .help = "side of a block in pixels"},
    {.name = "mode",
     .onnx = "mode",
     .type = SV_ATTR_CHOICE,
     .offset = offsetof(block_attrs, mode),
     .choices = modes,
     .position = 2,
     .since = MODE_SINCE,
     .help = "DCR: the pixels of a block are the outer part of the channels; "
             "CRD: the inner part"},
    {.name = NULL}};

#define SV_BLOCKS                                                          \
  .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},                  \
  .out = (const sv_port[]){{.name = "y"}, {.name = NULL}}, .attrs = attrs, \
  .attrs_size = sizeof(block_attrs), .infer = infer, .cost = cost,         \
  .ref = {.forward = forward,                                              \
          .backward_data = backward_data,                                  \
          .any_type = true,                                                \
          .moves = true}

#endif
