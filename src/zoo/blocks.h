/* Blocks shared by several families. Set names before a call, as with the graph
 * functions. */
#ifndef SV_ZOO_BLOCKS_H
#define SV_ZOO_BLOCKS_H

#include <svertka/layers.h>

/* A convolution padded to keep the size (divided by the stride), unless it is
 * `valid`. 0 stands for the default: a square kernel; stride, dilation and
 * group 1; no bias. */
typedef struct sv_conv_form {
  int64_t channels;
  int64_t kernel, kernel_w; /* height, width */
  int64_t stride, dilation, group;
  bool valid; /* no padding */
  bool bias;
} sv_conv_form;

sv_value sv_zoo_conv(sv_graph *g, sv_value x, sv_conv_form form);

/* conv -> relu, with bias: used before batch normalisation. */
sv_value sv_zoo_conv_relu(sv_graph *g, sv_value x, sv_conv_form form);

/* conv -> batch norm -> relu as <name>.conv, <name>.bn, <name>.relu. */
sv_value sv_zoo_unit(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form);

/* Batch normalisation with an epsilon other than 1e-5. */
sv_value sv_zoo_norm(sv_graph *g, sv_value x, float epsilon);

/* x / (k + alpha * sum of squares)^0.75 over 5 neighbouring channels; the
 * paper's alpha, 1e-4, is not divided by the window's size. Source: Krizhevsky,
 * Sutskever, Hinton, NIPS 2012, section 3.3. */
sv_value sv_zoo_lrn(sv_graph *g, sv_value x, double k);

/* Max pooling 3x3 with stride 2: `ceil` rounds up as in Caffe; the other is
 * padded by 1 as in ResNets. */
sv_value sv_zoo_pool_ceil(sv_graph *g, sv_value x, int64_t kernel);
sv_value sv_zoo_pool_padded(sv_graph *g, sv_value x, int64_t stride);

/* Adds the input "image". `size` is one number or height and width; 0 leaves it
 * free. If it is empty, both are `usual` pixels. */
sv_value sv_zoo_image(sv_graph *g, int64_t channels, const sv_ints *size,
                      int64_t usual);

/* round(count * width), at least 1. */
int64_t sv_zoo_scaled(int64_t count, double width);

/* Flattens x for a linear layer, which has a weight for each element: an error
 * if the network's size is free. */
sv_value sv_zoo_flatten(sv_graph *g, sv_value x);

/* Global average pooling, flattened: N x C. */
sv_value sv_zoo_global_average(sv_graph *g, sv_value x);

/* The end of a classifier: the linear layer `name`, initialised with a
 * deviation of 0.01 as in the papers since AlexNet, and the head. */
void sv_zoo_classify(sv_graph *g, sv_value x, const char *name,
                     int64_t classes);

/* The end of a classifier without linear layers: a 1x1 convolution to the
 * classes, ReLU, global average pooling, and the head. The scores start at
 * about 1: a class whose ReLU is off everywhere has no gradient and would never
 * recover. */
void sv_zoo_classify_maps(sv_graph *g, sv_value x, const char *name,
                          int64_t classes);

/* The number of channels of x. */
int64_t sv_zoo_maps(const sv_graph *g, sv_value x);

/* The nearest multiple of 8, at least 8 and at least 0.9 of maps: the scaling
 * of MobileNets. */
int64_t sv_zoo_by_eight(double maps);

/* Reports an invalid parameter as the first error of the graph. */
void sv_zoo_fail(sv_graph *g, const char *format, ...) SV_PRINTF(2, 3);

/* x from `offset` pixels on, cropped to the height and width of `like`; and x
 * resized to those with interpolation. If the input's size is free, both follow
 * it. */
sv_value sv_zoo_crop(sv_graph *g, sv_value x, sv_value like, int64_t offset);
sv_value sv_zoo_resize_like(sv_graph *g, sv_value x, sv_value like);

/* Dropout, unless `share` is 0. */
sv_value sv_zoo_dropout(sv_graph *g, sv_value x, double share);

#endif
