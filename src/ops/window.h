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

/* Turns FULL padding into numbers, given the kernel's size. */
void sv_window_settle(sv_padding *padding, const sv_ints *kernel,
                      const sv_ints *dilation);

/* One number for all axes becomes one for each; for paddings, also for the
 * ends. ONNX wants all of them. Strides and dilations of 1 and paddings of 0
 * become none: however it is written, a network is the same. */
void sv_window_spread(sv_ints *list, int axes);
void sv_window_spread_step(sv_ints *list, int axes);
void sv_window_spread_padding(sv_padding *padding, int axes);

/* Positions along axis d that lie inside the image: taps first..last-1 of the
 * kernel for output o. */
void sv_window_taps(const sv_window *window, int d, int64_t o, int64_t *first,
                    int64_t *last);

/* The same seen from a tap: outputs first..last-1 meet the image with it. */
void sv_window_outputs(const sv_window *window, int d, int64_t tap,
                       int64_t *first, int64_t *last);

#endif
