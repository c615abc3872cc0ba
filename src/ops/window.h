/* The geometry of a window that slides over H and W: convolution, pooling.
 * A 1-D image (N C W) is one of height 1. */
#ifndef SV_OPS_WINDOW_H
#define SV_OPS_WINDOW_H

#include <svertka/layers.h>

#include "ops/op.h"

typedef struct sv_window {
  int64_t in[2], out[2]; /* IH IW, OH OW */
  int64_t kernel[2], stride[2], dilation[2];
  int64_t begin[2], end[2]; /* padding: top left, bottom right */
} sv_window;

/* From attributes and the shape of x (N C W or N C H W; others are refused by
 * rank). Checks everything: sizes, counts of numbers, that an output remains.
 */
sv_status sv_window_resolve(sv_window *window, const sv_shape *x,
                            const sv_ints *kernel, const sv_ints *stride,
                            const sv_ints *dilation, const sv_padding *padding,
                            bool ceil_mode) SV_CHECKED;

/* The same of a transposed convolution of x: the window slides over its result,
 * `in`, and has x's size as its outputs. From stride (x - 1) + reach +
 * output_padding elements the padding is cut off, or, where a rule or
 * output_shape (of all axes, or of all dimensions) says what remains, the rest
 * is. */
sv_status sv_window_transpose(sv_window *window, const sv_shape *x,
                              const sv_conv_transpose_attrs *attrs) SV_CHECKED;

/* N, C and the outputs' H, W as a shape of x's rank. */
sv_shape sv_window_output(const sv_window *window, const sv_shape *x,
                          int64_t channels);

void sv_window_cost(const sv_window *window, sv_cost *cost);

/* However it is written, a network is the same: strides and dilations of 1 and
 * paddings of 0 become none, other single numbers one for each axis, FULL
 * padding numbers. ONNX wants all of them. Gives the number of axes of input
 * 0, less than 1 if it is not there. */
int sv_window_settle(const sv_info *in, int in_count, sv_ints *kernel,
                     sv_ints *stride, sv_ints *dilation, sv_padding *padding);
void sv_window_spread(sv_ints *list, int axes);

/* A padding that is a rule becomes numbers for an image x, sizes below 0 being
 * free; false: it is none, or its numbers depend on such a size. */
bool sv_window_spell(const sv_shape *x, const sv_ints *kernel,
                     const sv_ints *stride, const sv_ints *dilation,
                     sv_padding *padding);
void sv_window_spell_transpose(const sv_shape *x,
                               sv_conv_transpose_attrs *attrs);

/* Positions along axis d that lie inside the image: taps first..last-1 of the
 * kernel for output o. */
void sv_window_taps(const sv_window *window, int d, int64_t o, int64_t *first,
                    int64_t *last);

/* The same seen from a tap: outputs first..last-1 meet the image with it. */
void sv_window_outputs(const sv_window *window, int d, int64_t tap,
                       int64_t *first, int64_t *last);

/* ---- Rows of attribute tables, to which a file adds what is its own ---- */

#define SV_KERNEL_ATTR                                                      \
  .name = "kernel", .onnx = "kernel_shape", .type = SV_ATTR_INTS, .min = 1, \
  .max = 1 << 24, .help = "size of the window, height x width"
#define SV_STRIDE_ATTR                                                 \
  .name = "stride", .onnx = "strides", .type = SV_ATTR_INTS, .min = 1, \
  .max = 1 << 24
#define SV_DILATION_ATTR                                                   \
  .name = "dilation", .onnx = "dilations", .type = SV_ATTR_INTS, .min = 1, \
  .max = 1 << 24, .help = "distance between the window's elements; none: 1"
#define SV_PADDING_ATTR \
  .name = "padding", .onnx = "pads", .type = SV_ATTR_PADDING, .max = 1 << 24
#define SV_PADDING_WORDS \
  "same, same_lower, valid, full, one number, HxW, or top,left,bottom,right"

#endif
