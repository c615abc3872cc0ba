/* A classifier made fully convolutional: what its files share. */
#ifndef SV_GRAPH_CONVOLVE_H
#define SV_GRAPH_CONVOLVE_H

#include "graph/model.h"

/* What became of a value of `from`. */
typedef struct converted_value {
  int id;      /* in `to`; 0: nothing yet */
  bool is_map; /* it was flat, N x CHW, and is N x C x H x W */
  sv_shape map;
} converted_value;

typedef struct convolver {
  const sv_model *model;
  sv_graph *from, *to;
  sv_state *state; /* of `to` */
  sv_info *infos;  /* of from's values, at the size it was made for */
  sv_contents contents;
  converted_value *converted;
  int changed; /* layers that became another */
} convolver;

/* The value as it is, or with another shape, in `to`. */
sv_status sv_convolve_value(convolver *c, int id,
                            const sv_shape *shape) SV_CHECKED;
/* A tensor of the state, with these numbers; one that several nodes share must
 * be the same for all of them. */
sv_status sv_convolve_tensor(convolver *c, int id,
                             const sv_tensor *tensor) SV_CHECKED;
/* A node in the place of `node`, with one output of this shape. */
sv_status sv_convolve_node(convolver *c, const sv_node *node, const char *op,
                           const void *attrs, const int *in, int in_count,
                           const sv_shape *shape) SV_CHECKED;
/* A convolution in the place of a linear layer on a flattened map. */
sv_status sv_convolve_linear(convolver *c, const sv_node *node) SV_CHECKED;

/* The same in the place of a product of such a map with a weight. */
sv_status sv_convolve_product(convolver *c, const sv_node *node) SV_CHECKED;
/* A tensor of the state that is added to a row, or multiplied with it: a number
 * for each of the maps. */
sv_status sv_convolve_channels(convolver *c, int id,
                               int64_t channels) SV_CHECKED;

/* A pooling with a window of the map's size in the place of a global one, where
 * what it makes meets no map again; *done: it is one. */
sv_status sv_convolve_pool(convolver *c, const sv_node *node,
                           bool *done) SV_CHECKED;

/* Maps of an image of any size: N x C x ? x ?. */
sv_shape sv_convolve_slid(int64_t channels);

#endif
