/* The geometry of a window that slides over H and W: convolution, pooling. A
 * 1-D image (N C W) has height 1. */
#ifndef SV_GEOMETRY_WINDOW_H
#define SV_GEOMETRY_WINDOW_H

#include <svertka/layers.h>

#include "op/op.h"

typedef struct sv_window {
  int64_t in[2], out[2]; /* IH IW, OH OW */
  int64_t kernel[2], stride[2], dilation[2];
  int64_t begin[2], end[2]; /* padding: top left, bottom right */
} sv_window;

/* Computed from attributes and the shape of x (N C W or N C H W; other ranks
 * are errors). Checks sizes, lengths of lists, and that the output is not
 * empty. */
sv_status sv_window_resolve(sv_window *window, const sv_shape *x,
                            const sv_ints *kernel, const sv_ints *stride,
                            const sv_ints *dilation, const sv_padding *padding,
                            bool ceil_mode) SV_CHECKED;

/* The same for a transposed convolution of x: the window slides over its
 * result, `in`, and has x's size as its outputs. The result has stride (x - 1)
 * + reach + output_padding elements, minus the padding; a padding rule or
 * output_shape (of all axes, or of all dimensions) gives the remaining size
 * directly. */
sv_status sv_window_transpose(sv_window *window, const sv_shape *x,
                              const sv_conv_transpose_attrs *attrs) SV_CHECKED;

/* N, C and the outputs' H, W as a shape of x's rank. */
sv_shape sv_window_output(const sv_window *window, const sv_shape *x,
                          int64_t channels);

void sv_window_cost(const sv_window *window, sv_cost *cost);

/* Normalises attributes, so that equal networks have equal attributes: strides
 * and dilations of 1 and paddings of 0 become empty, other single values one
 * per axis, FULL padding values. ONNX requires all of them. Returns the number
 * of axes of input 0, less than 1 if it is absent. */
int sv_window_settle(const sv_info *in, int in_count, sv_ints *kernel,
                     sv_ints *stride, sv_ints *dilation, sv_padding *padding);
void sv_window_spread(sv_ints *list, int axes);

/* Replaces a padding rule by values for an image x; sizes below 0 are free.
 * False: it is not a rule, or its values depend on a free size. */
bool sv_window_spell(const sv_shape *x, const sv_ints *kernel,
                     const sv_ints *stride, const sv_ints *dilation,
                     sv_padding *padding);
void sv_window_spell_transpose(const sv_shape *x,
                               sv_conv_transpose_attrs *attrs);

/* Taps first..last-1 of the kernel that are inside the image along axis d, for
 * output o. */
void sv_window_taps(const sv_window *window, int d, int64_t o, int64_t *first,
                    int64_t *last);

/* The same for a tap: outputs first..last-1 for which it is inside the
 * image. */
void sv_window_outputs(const sv_window *window, int d, int64_t tap,
                       int64_t *first, int64_t *last);

/* ---- Rows of attribute tables; a file adds its own ---- */

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
