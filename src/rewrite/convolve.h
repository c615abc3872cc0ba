/* Converting a classifier to a fully convolutional network: shared by its
 * files. */
#ifndef SV_REWRITE_CONVOLVE_H
#define SV_REWRITE_CONVOLVE_H

#include "graph/model.h"

/* The converted value of a value of `from`. */
typedef struct converted_value {
  int id;      /* id in `to`; 0: not converted yet */
  bool is_map; /* was flat, N x CHW; is N x C x H x W */
  sv_shape map;
} converted_value;

typedef struct convolver {
  const sv_model *model;
  sv_graph *from, *to;
  sv_state *state; /* of `to` */
  sv_info *infos;  /* of from's values, at the original size */
  sv_contents contents;
  converted_value *converted;
  int changed; /* number of layers converted */
} convolver;

/* The value in `to`, unchanged or with another shape. */
sv_status sv_convolve_value(convolver *c, int id,
                            const sv_shape *shape) SV_CHECKED;
/* A tensor of the state with these values. A tensor shared by several nodes
 * must be the same for all of them. */
sv_status sv_convolve_tensor(convolver *c, int id,
                             const sv_tensor *tensor) SV_CHECKED;
/* Adds a node in the place of `node`, with one output of this shape. */
sv_status sv_convolve_node(convolver *c, const sv_node *node, const char *op,
                           const void *attrs, const int *in, int in_count,
                           const sv_shape *shape) SV_CHECKED;
/* Replaces a linear layer on a flattened map by a convolution. */
sv_status sv_convolve_linear(convolver *c, const sv_node *node) SV_CHECKED;

/* The same for a matrix product of such a map with a weight. */
sv_status sv_convolve_product(convolver *c, const sv_node *node) SV_CHECKED;
/* Converts a tensor of the state that is added to a row or multiplied with it:
 * one value per channel. */
sv_status sv_convolve_channels(convolver *c, int id,
                               int64_t channels) SV_CHECKED;

/* Replaces a global pooling by pooling with a window of the map's size, unless
 * its result is combined with a map again; *done: it was replaced. */
sv_status sv_convolve_pool(convolver *c, const sv_node *node,
                           bool *done) SV_CHECKED;

/* The shape of maps for an image of any size: N x C x ? x ?. */
sv_shape sv_convolve_slid(int64_t channels);

#endif
