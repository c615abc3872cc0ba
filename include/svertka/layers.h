/* The layers by name, so that a network reads like its paper. Each is sv_apply
 * with an attribute struct; `svertka ops OP` prints an operator's whole table.
 * Images are N C H W; kernels, strides and paddings H W.
 *
 * The graph owns what a call adds and copies the attributes; a value is a plain
 * number that needs no freeing. One thread at a time may build a graph; the
 * _default functions and sv_square, sv_pair, sv_pad_by are thread-safe. */
#ifndef SVERTKA_LAYERS_H
#define SVERTKA_LAYERS_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_conv_attrs {
  int64_t channels; /* OC; 0: as many as the weight has */
  sv_ints kernel;
  sv_ints stride;
  sv_padding padding;
  sv_ints dilation;
  int64_t group;
  bool bias;
} sv_conv_attrs;

/* Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic
 * Segmentation", 2015: learned upsampling. w is IC OC/G KH KW. */
typedef struct sv_conv_transpose_attrs {
  int64_t channels; /* OC; 0: as many as the weight has */
  sv_ints kernel;
  sv_ints stride;
  sv_padding padding; /* what is cut off the result */
  sv_ints dilation;
  sv_ints output_padding; /* what is added at its ends, before that */
  sv_ints output_shape;   /* what it is cut to; empty: the padding says */
  int64_t group;
  bool bias;
} sv_conv_transpose_attrs;

typedef struct sv_pool_attrs {
  sv_ints kernel;
  sv_ints stride; /* empty: 1, as in ONNX; the short forms below pass it on */
  sv_padding padding;
  sv_ints dilation;
  bool ceil_mode;     /* sizes are rounded up */
  bool count_padding; /* average only: include the padding in the divisor */
  bool column_major;  /* maximum only: how the second output counts */
} sv_pool_attrs;

typedef enum sv_window_shape {
  SV_WINDOW_BINOMIAL, /* 1 2 1, 1 3 3 1, ... */
  SV_WINDOW_GAUSSIAN,
  SV_WINDOW_BOX /* the mean */
} sv_window_shape;

/* Zhang, "Making Convolutional Networks Shift-Invariant Again", 2019: means
 * with fixed weights, those of a row times those of a column. */
typedef struct sv_window_pool_attrs {
  sv_ints kernel; /* up to 32 x 32 */
  sv_ints stride;
  sv_padding padding; /* by zeros */
  sv_window_shape window;
  float sigma;       /* standard deviation of a gaussian in pixels */
  sv_floats numbers; /* instead: along each axis, divided by their sum */
} sv_window_pool_attrs;

/* y = alpha x W^T + beta b; the last four are for ONNX's Gemm. */
typedef struct sv_linear_attrs {
  int64_t features; /* number of outputs; 0: from the weight's shape */
  bool bias;
  float alpha, beta;
  bool transpose_x;
  bool transpose_w; /* the default: a row of W per output */
} sv_linear_attrs;

typedef enum sv_border {
  SV_BORDER_CONSTANT,
  SV_BORDER_REFLECT,
  SV_BORDER_REPLICATE,
  SV_BORDER_WRAP
} sv_border;

typedef struct sv_pad_attrs {
  /* One number for all sides of H and W, one for each of the two, top, left,
   * bottom, right, or the beginnings of all dimensions, then their ends. Less
   * than 0 crops. */
  sv_ints pads;
  sv_border border;
  float value;  /* value of a constant border */
  sv_ints axes; /* what `pads` speaks of; none: as said there */
} sv_pad_attrs;

typedef struct sv_batch_norm_attrs {
  float epsilon, momentum;
  bool training; /* use the batch's statistics at inference too */
  bool spatial;  /* statistics of channels, the default */
  bool is_test;  /* without a meaning: a word of old ONNX files */
} sv_batch_norm_attrs;

typedef struct sv_dropout_attrs {
  float ratio;    /* share of the elements that are dropped */
  bool training;  /* at inference, too */
  bool is_test;   /* without a meaning: a word of old ONNX files */
  int64_t seed;   /* of its own random numbers; INT64_MIN: the run's */
  bool real_mask; /* of 1 and 0, as in opsets before 10 */
} sv_dropout_attrs;

/* y = x / (k + alpha / size  sum of x^2 over `size` channels)^beta. */
typedef struct sv_lrn_attrs {
  int64_t size;
  float alpha, beta, k;
} sv_lrn_attrs;

/* As ONNX's Resize has them. */
typedef enum sv_resize_mode {
  SV_SAMPLE_NEAREST,
  SV_SAMPLE_LINEAR,
  SV_SAMPLE_CUBIC
} sv_resize_mode;

typedef enum sv_resize_coordinates {
  SV_SAMPLE_HALF_PIXEL,
  SV_SAMPLE_HALF_PIXEL_SYMMETRIC,
  SV_SAMPLE_PYTORCH_HALF_PIXEL,
  SV_SAMPLE_ALIGN_CORNERS,
  SV_SAMPLE_ASYMMETRIC,
  SV_SAMPLE_TF_HALF_PIXEL,
  SV_SAMPLE_CROP /* tf_crop_and_resize */
} sv_resize_coordinates;

typedef enum sv_resize_rounding {
  SV_SAMPLE_PREFER_FLOOR,
  SV_SAMPLE_PREFER_CEIL,
  SV_SAMPLE_FLOOR,
  SV_SAMPLE_CEIL
} sv_resize_rounding;

typedef enum sv_resize_policy {
  SV_SAMPLE_STRETCH,
  SV_SAMPLE_NOT_LARGER,
  SV_SAMPLE_NOT_SMALLER
} sv_resize_policy;

typedef struct sv_resize_attrs {
  sv_resize_mode mode;
  sv_floats scales; /* of H, W, of all dimensions, or of axes */
  sv_ints sizes;    /* the same; either is empty */
  sv_resize_coordinates coordinates;
  sv_resize_rounding rounding; /* nearest */
  bool by_scale; /* nearest: up where it becomes smaller, else down; overrides
                  * rounding. As ONNX had it up to opset 10 */
  float cubic;   /* -0.75 */
  bool exclude_outside;
  float extrapolation; /* CROP: beyond the borders */
  sv_floats roi;       /* CROP: beginnings, then ends, from 0 to 1 */
  sv_ints axes;
  sv_resize_policy policy;
  bool antialias; /* linear, cubic: takes in all of what becomes smaller */
} sv_resize_attrs;
typedef struct sv_layer_norm_attrs {
  int64_t axis; /* the first of those normalised together; -1: the last */
  float epsilon;
  int64_t stash; /* ONNX's: 1, f32 */
  bool bias;
} sv_layer_norm_attrs;

typedef struct sv_group_norm_attrs {
  int64_t groups;
  float epsilon;
  int64_t stash; /* ONNX's: 1, f32 */
  bool by_group; /* one scale and bias per group instead of per channel */
} sv_group_norm_attrs;

/* Each starts from the defaults of the operator's table. */
SV_API sv_conv_attrs sv_conv_default(void);
SV_API sv_conv_transpose_attrs sv_conv_transpose_default(void);
SV_API sv_pool_attrs sv_pool_default(void);
SV_API sv_window_pool_attrs sv_window_pool_default(void);
SV_API sv_linear_attrs sv_linear_default(void);
SV_API sv_pad_attrs sv_pad_default(void);
SV_API sv_resize_attrs sv_resize_default(void);
SV_API sv_batch_norm_attrs sv_batch_norm_default(void);
SV_API sv_dropout_attrs sv_dropout_default(void);
SV_API sv_lrn_attrs sv_lrn_default(void);
SV_API sv_layer_norm_attrs sv_layer_norm_default(void);
SV_API sv_group_norm_attrs sv_group_norm_default(void);

/* {2, {size, size}} */
SV_API sv_ints sv_square(int64_t size);
/* {2, {height, width}} */
SV_API sv_ints sv_pair(int64_t height, int64_t width);
/* {SV_PAD_EXPLICIT, {1, {size}}} */
SV_API sv_padding sv_pad_by(int64_t size);

/* kernel x kernel, stride 1, no padding, with bias. */
SV_API sv_value sv_conv(sv_graph *g, sv_value x, int64_t channels,
                        int64_t kernel);
SV_API sv_value sv_conv_with(sv_graph *g, sv_value x,
                             const sv_conv_attrs *attrs);
/* An image `stride` times as large: kernel x kernel, cut to that size, with
 * bias. */
SV_API sv_value sv_conv_transpose(sv_graph *g, sv_value x, int64_t channels,
                                  int64_t kernel, int64_t stride);
SV_API sv_value sv_conv_transpose_with(sv_graph *g, sv_value x,
                                       const sv_conv_transpose_attrs *attrs);
SV_API sv_value sv_linear(sv_graph *g, sv_value x, int64_t features);

SV_API sv_value sv_max_pool(sv_graph *g, sv_value x, int64_t kernel,
                            int64_t stride);
SV_API sv_value sv_avg_pool(sv_graph *g, sv_value x, int64_t kernel,
                            int64_t stride);
SV_API sv_value sv_max_pool_with(sv_graph *g, sv_value x,
                                 const sv_pool_attrs *attrs);
SV_API sv_value sv_avg_pool_with(sv_graph *g, sv_value x,
                                 const sv_pool_attrs *attrs);
/* N C H W to N C 1 1. */
SV_API sv_value sv_global_avg_pool(sv_graph *g, sv_value x);
SV_API sv_value sv_global_max_pool(sv_graph *g, sv_value x);
/* Zhang 2019: a binomial window, (kernel - 1) / 2 zeros before the image, as
 * many as are left of kernel - 1 behind it. */
SV_API sv_value sv_window_pool(sv_graph *g, sv_value x, int64_t kernel,
                               int64_t stride);
SV_API sv_value sv_window_pool_with(sv_graph *g, sv_value x,
                                    const sv_window_pool_attrs *attrs);
/* LeCun et al. 1998: a trainable coefficient and bias per map. */
SV_API sv_value sv_weighted_avg_pool(sv_graph *g, sv_value x, int64_t kernel,
                                     int64_t stride);

/* top, left, bottom, right; `value` for SV_BORDER_CONSTANT. */
SV_API sv_value sv_pad(sv_graph *g, sv_value x, sv_border border,
                       const int64_t pads[4], double value);

/* Ioffe, Szegedy 2015: epsilon 1e-5, momentum 0.9. */
SV_API sv_value sv_batch_norm(sv_graph *g, sv_value x);
SV_API sv_value sv_batch_norm_with(sv_graph *g, sv_value x,
                                   const sv_batch_norm_attrs *attrs);
/* In training a share of the numbers is left out at random. */
SV_API sv_value sv_dropout(sv_graph *g, sv_value x, double ratio);
/* Size 5, alpha 1e-4, beta 0.75, k 1; AlexNet's k is 2. */
SV_API sv_value sv_lrn(sv_graph *g, sv_value x);
SV_API sv_value sv_lrn_with(sv_graph *g, sv_value x, const sv_lrn_attrs *attrs);
/* Over the dimensions from `axis` on. */
SV_API sv_value sv_layer_norm(sv_graph *g, sv_value x, int64_t axis);
SV_API sv_value sv_instance_norm(sv_graph *g, sv_value x);
SV_API sv_value sv_group_norm(sv_graph *g, sv_value x, int64_t groups);

/* H and W `scale` times as large, or height x width; between the pixels as
 * PyTorch's interpolate has it (align_corners off). */
SV_API sv_value sv_resize_by(sv_graph *g, sv_value x, sv_resize_mode mode,
                             double scale);
SV_API sv_value sv_resize_to(sv_graph *g, sv_value x, sv_resize_mode mode,
                             int64_t height, int64_t width);
SV_API sv_value sv_resize_with(sv_graph *g, sv_value x,
                               const sv_resize_attrs *attrs);

SV_API sv_value sv_relu(sv_graph *g, sv_value x);
SV_API sv_value sv_tanh(sv_graph *g, sv_value x);
SV_API sv_value sv_sigmoid(sv_graph *g, sv_value x);
/* alpha: the slope below zero, usually 0.01. */
SV_API sv_value sv_leaky_relu(sv_graph *g, sv_value x, double alpha);
/* The same with a trained slope for each channel; it begins at 0.25. */
SV_API sv_value sv_prelu(sv_graph *g, sv_value x);
/* Ends at -alpha far below zero; usually 1. */
SV_API sv_value sv_elu(sv_graph *g, sv_value x, double alpha);
SV_API sv_value sv_selu(sv_graph *g, sv_value x);
SV_API sv_value sv_gelu(sv_graph *g, sv_value x);
SV_API sv_value sv_silu(sv_graph *g, sv_value x);
SV_API sv_value sv_mish(sv_graph *g, sv_value x);
SV_API sv_value sv_hard_swish(sv_graph *g, sv_value x);
/* max(0, min(1, x/6 + 1/2)), the gate that belongs to hard_swish. */
SV_API sv_value sv_hard_sigmoid(sv_graph *g, sv_value x);
SV_API sv_value sv_softplus(sv_graph *g, sv_value x);
SV_API sv_value sv_softsign(sv_graph *g, sv_value x);
/* 0 and 6: the ReLU6. */
SV_API sv_value sv_clip(sv_graph *g, sv_value x, double min, double max);
SV_API sv_value sv_softmax(sv_graph *g, sv_value x);
SV_API sv_value sv_log_softmax(sv_graph *g, sv_value x);
SV_API sv_value sv_flatten(sv_graph *g, sv_value x);
/* Brought to one shape as numpy does it. */
SV_API sv_value sv_add(sv_graph *g, sv_value a, sv_value b);
SV_API sv_value sv_sub(sv_graph *g, sv_value a, sv_value b);
SV_API sv_value sv_mul(sv_graph *g, sv_value a, sv_value b);
SV_API sv_value sv_div(sv_graph *g, sv_value a, sv_value b);
/* One behind the other along an axis; 1: channels. */
SV_API sv_value sv_concat(sv_graph *g, const sv_value *values, int count,
                          int64_t axis);
/* The first of `parts` equal ones; sv_output_of(g, y, i) is the next. */
SV_API sv_value sv_split_equally(sv_graph *g, sv_value x, int parts,
                                 int64_t axis);
/* Elements begin .. end-1 of an axis. */
SV_API sv_value sv_slice(sv_graph *g, sv_value x, int64_t axis, int64_t begin,
                         int64_t end);
/* A 0 is x's own dimension, a -1 what is left over. */
SV_API sv_value sv_reshape(sv_graph *g, sv_value x, sv_ints shape);
/* Dimension d of the result is dimension perm[d] of x. */
SV_API sv_value sv_transpose(sv_graph *g, sv_value x, sv_ints perm);
/* Without dimensions `axes` of size 1; none: without all of them. */
SV_API sv_value sv_squeeze(sv_graph *g, sv_value x, sv_ints axes);
/* Zhang et al., "ShuffleNet", 2017: channel i of group g becomes channel g of
 * group i. x is N C H W, C a multiple of groups. */
SV_API sv_value sv_channel_shuffle(sv_graph *g, sv_value x, int64_t groups);

/* Products of matrices, .. M K and .. K N. */
SV_API sv_value sv_matmul(sv_graph *g, sv_value a, sv_value b);

/* Mean over the batch of -log softmax(scores)[label]. scores N x classes. */
SV_API sv_value sv_cross_entropy(sv_graph *g, sv_value scores, sv_value label);
/* Mean over all elements of (x - target)^2. */
SV_API sv_value sv_squared_error(sv_graph *g, sv_value x, sv_value target);

/* Ends a classifier: softmax(scores) becomes the output "probabilities", the
 * cross-entropy with the input "label" the loss "loss". */
SV_API void sv_classifier_head(sv_graph *g, sv_value scores);

/* The label of a pixel that belongs to no class, or whose class is not known:
 * it takes no part in a loss or a figure. */
enum { SV_NO_CLASS = 255 };

/* Ends a network that tells the class of each pixel: scores N x classes x H x W
 * of the image's own size. The softmax over the classes becomes the output
 * "probabilities", the mean cross-entropy of the pixels whose label, of the
 * input "label" (N x H x W), is not SV_NO_CLASS the loss "loss". Long,
 * Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation",
 * CVPR 2015. */
SV_API void sv_segmentation_head(sv_graph *g, sv_value scores);

/* A further classifier on the same labels that takes part in training alone:
 * `weight` times its cross-entropy is the loss `name`. Before or after the
 * head. Maps of scores are of pixels, as sv_segmentation_head has them. Szegedy
 * et al., "Going Deeper with Convolutions", CVPR 2015. */
SV_API void sv_auxiliary_head(sv_graph *g, const char *name, sv_value scores,
                              double weight);

#ifdef __cplusplus
}
#endif
#endif
