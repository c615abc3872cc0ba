/* What many families share. Names are given before, as to the builder. */
#ifndef SV_ZOO_BLOCKS_H
#define SV_ZOO_BLOCKS_H

#include <svertka/layers.h>

/* A convolution whose borders keep the size (over the stride), unless it is
 * valid. What is 0 is the usual: a square kernel, stride, dilation and group 1,
 * no bias. */
typedef struct sv_conv_form {
  int64_t channels;
  int64_t kernel, kernel_w; /* height, width */
  int64_t stride, dilation, group;
  bool valid; /* no border */
  bool bias;
} sv_conv_form;

sv_value sv_zoo_conv(sv_graph *g, sv_value x, sv_conv_form form);

/* conv -> relu, with bias: before there was batch norm. */
sv_value sv_zoo_conv_relu(sv_graph *g, sv_value x, sv_conv_form form);

/* conv -> batch norm -> relu as <name>.conv, <name>.bn, <name>.relu. */
sv_value sv_zoo_unit(sv_graph *g, sv_value x, const char *name,
                     sv_conv_form form);

/* Batch norm with another epsilon than 1e-5. */
sv_value sv_zoo_norm(sv_graph *g, sv_value x, float epsilon);

/* x / (k + alpha * sum of squares)^0.75 over 5 neighbouring maps; the paper's
 * alpha, 1e-4, is not divided by the window's size.
 * Source: Krizhevsky, Sutskever, Hinton, NIPS 2012, section 3.3. */
sv_value sv_zoo_lrn(sv_graph *g, sv_value x, double k);

/* Max pooling 3x3 with stride 2: `ceil` as Caffe rounds, else padded by 1 as
 * ResNets have it. */
sv_value sv_zoo_pool_ceil(sv_graph *g, sv_value x, int64_t kernel);
sv_value sv_zoo_pool_padded(sv_graph *g, sv_value x, int64_t stride);

/* The input "image". Of `size`, a number or height and width, a 0 is left free;
 * where it is empty the image has `usual` pixels each way. */
sv_value sv_zoo_image(sv_graph *g, int64_t channels, const sv_ints *size,
                      int64_t usual);

/* round(count * width), at least 1. */
int64_t sv_zoo_scaled(int64_t count, double width);

/* All numbers of x for a linear layer, which has a weight for each of them: a
 * network with a free size has none. */
sv_value sv_zoo_flatten(sv_graph *g, sv_value x);

/* Global average, flat: N x C. */
sv_value sv_zoo_global_average(sv_graph *g, sv_value x);

/* The end of a classifier: the linear layer `name`, drawn with a deviation of
 * 0.01 as the papers from AlexNet on have it, and the head. */
void sv_zoo_classify(sv_graph *g, sv_value x, const char *name,
                     int64_t classes);

/* The end of a classifier without linear layers: a convolution of 1x1 to the
 * classes, ReLU, global average, and the head. The scores begin at about 1:
 * where a class' ReLU is off everywhere it has no gradient, and would never
 * come back. */
void sv_zoo_classify_maps(sv_graph *g, sv_value x, const char *name,
                          int64_t classes);

/* How many maps the image x has. */
int64_t sv_zoo_maps(const sv_graph *g, sv_value x);

/* The multiple of 8 that is nearest, at least 8 and at least 0.9 of maps: how
 * MobileNets are scaled. */
int64_t sv_zoo_by_eight(double maps);

/* A parameter that cannot be: kept as the builder's first fault. */
void sv_zoo_fail(sv_graph *g, const char *format, ...) SV_PRINTF(2, 3);

/* x from `offset` pixels on, cut to the height and width of `like`; and x
 * resized to those, between its pixels. Where the input's size is free both
 * follow it. */
sv_value sv_zoo_crop(sv_graph *g, sv_value x, sv_value like, int64_t offset);
sv_value sv_zoo_resize_like(sv_graph *g, sv_value x, sv_value like);

/* Dropout unless the share is 0. */
sv_value sv_zoo_dropout(sv_graph *g, sv_value x, double share);

#endif
