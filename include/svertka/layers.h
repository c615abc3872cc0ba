/* Layers as functions. Each function calls sv_apply with an attribute struct;
 * `svertka ops OP` prints all attributes of an operator. Images are N C H W;
 * kernels, strides and paddings are H W.
 *
 * The graph owns the nodes that a call adds, and copies the attributes. An
 * sv_value is a plain handle that needs no freeing. A graph may be built by one
 * thread at a time; the _default functions and sv_square, sv_pair and sv_pad_by
 * are thread-safe. */
#ifndef SVERTKA_LAYERS_H
#define SVERTKA_LAYERS_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_conv_attrs {
  int64_t channels; /* OC; 0: from the weight's shape */
  sv_ints kernel;
  sv_ints stride;
  sv_padding padding;
  sv_ints dilation;
  int64_t group;
  bool bias;
} sv_conv_attrs;

/* Transposed convolution for learned upsampling; the weight is IC OC/G KH KW.
 * Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic
 * Segmentation", 2015. */
typedef struct sv_conv_transpose_attrs {
  int64_t channels; /* OC; 0: from the weight's shape */
  sv_ints kernel;
  sv_ints stride;
  sv_padding padding; /* rows and columns removed from the output */
  sv_ints dilation;
  sv_ints output_padding; /* extra rows and columns at the bottom and right */
  sv_ints output_shape;   /* size of the output; empty: from padding */
  int64_t group;
  bool bias;
} sv_conv_transpose_attrs;

typedef struct sv_pool_attrs {
  sv_ints kernel;
  sv_ints stride; /* empty: 1, as in ONNX; sv_max_pool and the other short forms
                   * set it */
  sv_padding padding;
  sv_ints dilation;
  bool ceil_mode;     /* round output sizes up */
  bool count_padding; /* average only: count the padding in the divisor */
  bool column_major;  /* max only: order in which the second output counts */
} sv_pool_attrs;

typedef enum sv_window_shape {
  SV_WINDOW_BINOMIAL, /* 1 2 1, 1 3 3 1, ... */
  SV_WINDOW_GAUSSIAN,
  SV_WINDOW_BOX /* the mean */
} sv_window_shape;

/* Pooling with a fixed window: a weighted mean whose weights are the product of
 * a row and a column vector. Zhang, "Making Convolutional Networks
 * Shift-Invariant Again", 2019. */
typedef struct sv_window_pool_attrs {
  sv_ints kernel; /* up to 32 x 32 */
  sv_ints stride;
  sv_padding padding; /* with zeros */
  sv_window_shape window;
  float sigma;       /* standard deviation in pixels of SV_WINDOW_GAUSSIAN */
  sv_floats numbers; /* window values along each axis, in the place of `window`;
                      * divided by their sum */
} sv_window_pool_attrs;

/* y = alpha x W^T + beta b; alpha and the members below are for ONNX's Gemm. */
typedef struct sv_linear_attrs {
  int64_t features; /* number of outputs; 0: from the weight's shape */
  bool bias;
  float alpha, beta;
  bool transpose_x;
  bool transpose_w; /* default true: W has one row per output */
} sv_linear_attrs;

typedef enum sv_border {
  SV_BORDER_CONSTANT,
  SV_BORDER_REFLECT,
  SV_BORDER_REPLICATE,
  SV_BORDER_WRAP
} sv_border;

typedef struct sv_pad_attrs {
  /* One value for all sides of H and W; one for H and one for W; top, left,
   * bottom, right; or the beginnings of all dimensions, then their ends.
   * Negative values crop. */
  sv_ints pads;
  sv_border border;
  float value;  /* value of a constant border */
  sv_ints axes; /* dimensions that `pads` applies to; empty: see pads */
} sv_pad_attrs;

typedef struct sv_batch_norm_attrs {
  float epsilon, momentum;
  bool training; /* use the batch's statistics at inference too */
  bool spatial;  /* default true: one mean and variance per channel */
  bool is_test;  /* flag of opsets before 7: turns `training` off */
} sv_batch_norm_attrs;

typedef struct sv_dropout_attrs {
  float ratio;    /* share of the elements that is set to 0 */
  bool training;  /* drop elements at inference, too */
  bool is_test;   /* flag of opsets before 7: ignored */
  int64_t seed;   /* seed of its own random numbers; INT64_MIN: the plan's */
  bool real_mask; /* the mask is 1 and 0 in floating point, as in opsets before
                   * 10 */
} sv_dropout_attrs;

/* y = x / (k + alpha / size  sum of x^2 over `size` channels)^beta. */
typedef struct sv_lrn_attrs {
  int64_t size;
  float alpha, beta, k;
} sv_lrn_attrs;

/* The enumerations and the struct follow the attributes of ONNX's Resize. */
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
  sv_floats scales; /* factors of H and W, of all dimensions, or of `axes` */
  sv_ints sizes;    /* output sizes of the same; set either scales or sizes */
  sv_resize_coordinates coordinates;
  sv_resize_rounding rounding; /* of nearest */
  bool by_scale; /* nearest: round up along axes that shrink, down along others,
                  * as ONNX did up to opset 10; overrides rounding */
  float cubic;   /* coefficient a of cubic interpolation; default -0.75 */
  bool exclude_outside;
  float extrapolation; /* CROP: value beyond the borders */
  sv_floats roi;       /* CROP: starts, then ends, each from 0 to 1 */
  sv_ints axes;
  sv_resize_policy policy;
  bool antialias; /* linear, cubic: antialias when shrinking */
} sv_resize_attrs;
typedef struct sv_layer_norm_attrs {
  int64_t axis; /* first of the dimensions normalised together; -1: the last */
  float epsilon;
  int64_t stash; /* ONNX's stash_type: 1, f32 */
  bool bias;
} sv_layer_norm_attrs;

typedef struct sv_group_norm_attrs {
  int64_t groups;
  float epsilon;
  int64_t stash; /* ONNX's stash_type: 1, f32 */
  bool by_group; /* one scale and bias per group instead of per channel */
} sv_group_norm_attrs;

/* The defaults of the operators' tables. */
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

/* A convolution of kernel x kernel, stride 1, no padding, with bias. */
SV_API sv_value sv_conv(sv_graph *g, sv_value x, int64_t channels,
                        int64_t kernel);
SV_API sv_value sv_conv_with(sv_graph *g, sv_value x,
                             const sv_conv_attrs *attrs);
/* A transposed convolution of kernel x kernel, with bias. H and W of the output
 * are `stride` times those of x. */
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
/* Zhang 2019: a binomial window. Each axis is padded with kernel - 1 zeros:
 * (kernel - 1) / 2 before the image, the rest after it. */
SV_API sv_value sv_window_pool(sv_graph *g, sv_value x, int64_t kernel,
                               int64_t stride);
SV_API sv_value sv_window_pool_with(sv_graph *g, sv_value x,
                                    const sv_window_pool_attrs *attrs);
/* LeCun et al. 1998: average pooling with a trainable factor and bias per
 * channel. */
SV_API sv_value sv_weighted_avg_pool(sv_graph *g, sv_value x, int64_t kernel,
                                     int64_t stride);

/* pads: top, left, bottom, right. `value` is for SV_BORDER_CONSTANT. */
SV_API sv_value sv_pad(sv_graph *g, sv_value x, sv_border border,
                       const int64_t pads[4], double value);

/* Ioffe, Szegedy 2015. Defaults: epsilon 1e-5, momentum 0.9. */
SV_API sv_value sv_batch_norm(sv_graph *g, sv_value x);
SV_API sv_value sv_batch_norm_with(sv_graph *g, sv_value x,
                                   const sv_batch_norm_attrs *attrs);
/* In training, sets each element to 0 with probability `ratio` and divides the
 * others by 1 - ratio. */
SV_API sv_value sv_dropout(sv_graph *g, sv_value x, double ratio);
/* Local response normalisation. Defaults: size 5, alpha 1e-4, beta 0.75, k 1.
 * AlexNet uses k = 2. */
SV_API sv_value sv_lrn(sv_graph *g, sv_value x);
SV_API sv_value sv_lrn_with(sv_graph *g, sv_value x, const sv_lrn_attrs *attrs);
/* Normalises over the dimensions from `axis` to the last. */
SV_API sv_value sv_layer_norm(sv_graph *g, sv_value x, int64_t axis);
SV_API sv_value sv_instance_norm(sv_graph *g, sv_value x);
SV_API sv_value sv_group_norm(sv_graph *g, sv_value x, int64_t groups);

/* Resizes H and W by the factor `scale`, or to height x width. Pixels are
 * interpolated as by PyTorch's interpolate with align_corners off. */
SV_API sv_value sv_resize_by(sv_graph *g, sv_value x, sv_resize_mode mode,
                             double scale);
SV_API sv_value sv_resize_to(sv_graph *g, sv_value x, sv_resize_mode mode,
                             int64_t height, int64_t width);
SV_API sv_value sv_resize_with(sv_graph *g, sv_value x,
                               const sv_resize_attrs *attrs);

SV_API sv_value sv_relu(sv_graph *g, sv_value x);
SV_API sv_value sv_tanh(sv_graph *g, sv_value x);
SV_API sv_value sv_sigmoid(sv_graph *g, sv_value x);
/* alpha: the slope below zero, typically 0.01. */
SV_API sv_value sv_leaky_relu(sv_graph *g, sv_value x, double alpha);
/* Leaky ReLU with a trained slope per channel; its initial value is 0.25. */
SV_API sv_value sv_prelu(sv_graph *g, sv_value x);
/* Approaches -alpha for large negative x; alpha is typically 1. */
SV_API sv_value sv_elu(sv_graph *g, sv_value x, double alpha);
SV_API sv_value sv_selu(sv_graph *g, sv_value x);
SV_API sv_value sv_gelu(sv_graph *g, sv_value x);
SV_API sv_value sv_silu(sv_graph *g, sv_value x);
SV_API sv_value sv_mish(sv_graph *g, sv_value x);
SV_API sv_value sv_hard_swish(sv_graph *g, sv_value x);
/* max(0, min(1, x/6 + 1/2)), as used in hard_swish. */
SV_API sv_value sv_hard_sigmoid(sv_graph *g, sv_value x);
SV_API sv_value sv_softplus(sv_graph *g, sv_value x);
SV_API sv_value sv_softsign(sv_graph *g, sv_value x);
/* With min 0 and max 6: ReLU6. */
SV_API sv_value sv_clip(sv_graph *g, sv_value x, double min, double max);
SV_API sv_value sv_softmax(sv_graph *g, sv_value x);
SV_API sv_value sv_log_softmax(sv_graph *g, sv_value x);
SV_API sv_value sv_flatten(sv_graph *g, sv_value x);
/* Element by element, with broadcasting as in NumPy. */
SV_API sv_value sv_add(sv_graph *g, sv_value a, sv_value b);
SV_API sv_value sv_sub(sv_graph *g, sv_value a, sv_value b);
SV_API sv_value sv_mul(sv_graph *g, sv_value a, sv_value b);
SV_API sv_value sv_div(sv_graph *g, sv_value a, sv_value b);
/* Concatenates along an axis; axis 1: the channels. */
SV_API sv_value sv_concat(sv_graph *g, const sv_value *values, int count,
                          int64_t axis);
/* Splits x into `parts` equal parts and returns the first; part i is
 * sv_output_of(g, y, i). */
SV_API sv_value sv_split_equally(sv_graph *g, sv_value x, int parts,
                                 int64_t axis);
/* Elements begin .. end-1 along an axis. */
SV_API sv_value sv_slice(sv_graph *g, sv_value x, int64_t axis, int64_t begin,
                         int64_t end);
/* 0 keeps the dimension of x; -1 is computed from the remaining elements. */
SV_API sv_value sv_reshape(sv_graph *g, sv_value x, sv_ints shape);
/* Dimension d of the result is dimension perm[d] of x. */
SV_API sv_value sv_transpose(sv_graph *g, sv_value x, sv_ints perm);
/* Removes the dimensions `axes`, which must be 1. Empty: removes all dimensions
 * of 1. */
SV_API sv_value sv_squeeze(sv_graph *g, sv_value x, sv_ints axes);
/* Zhang et al., "ShuffleNet", 2017: channel i of group g becomes channel g of
 * group i. x is N C H W, C a multiple of groups. */
SV_API sv_value sv_channel_shuffle(sv_graph *g, sv_value x, int64_t groups);

/* Matrix product of .. M K and .. K N. */
SV_API sv_value sv_matmul(sv_graph *g, sv_value a, sv_value b);

/* Mean over the batch of -log softmax(scores)[label]. scores: N x classes. */
SV_API sv_value sv_cross_entropy(sv_graph *g, sv_value scores, sv_value label);
/* Mean over all elements of (x - target)^2. */
SV_API sv_value sv_squared_error(sv_graph *g, sv_value x, sv_value target);

/* The head of a classifier. Adds the output "probabilities", softmax(scores),
 * and the loss "loss", the cross-entropy of scores and the input "label". */
SV_API void sv_classifier_head(sv_graph *g, sv_value scores);

/* The label of a pixel that belongs to no class or whose class is unknown.
 * Losses and metrics ignore such pixels. */
enum { SV_NO_CLASS = 255 };

/* The head of a semantic segmentation network. scores: N x classes x H x W,
 * with H and W of the image. Adds the output "probabilities", the softmax over
 * the classes, and the loss "loss", the mean cross-entropy over the pixels.
 * Their labels are the input "label", N x H x W; pixels labelled SV_NO_CLASS
 * are ignored. Long, Shelhamer, Darrell, "Fully Convolutional Networks for
 * Semantic Segmentation", CVPR 2015. */
SV_API void sv_segmentation_head(sv_graph *g, sv_value scores);

/* An auxiliary classifier on the same labels, used in training only. Adds the
 * loss `name`: the cross-entropy of scores times `weight`. May be called before
 * or after the head. Scores of rank 4 are per pixel, as in
 * sv_segmentation_head. Szegedy et al., "Going Deeper with Convolutions", CVPR
 * 2015. */
SV_API void sv_auxiliary_head(sv_graph *g, const char *name, sv_value scores,
                              double weight);

#ifdef __cplusplus
}
#endif
#endif
