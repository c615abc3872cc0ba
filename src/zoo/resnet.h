/* A residual network without its head, for networks that are built on one. */
#ifndef SV_ZOO_RESNET_H
#define SV_ZOO_RESNET_H

#include <svertka/layers.h>

enum { SV_RESNET_STAGES = 4 };

/* What the stages make of the image, x[3] the last's. Stages 3 and 4 keep the
 * size of 1/8: instead of a stride their 3x3 convolutions are dilated, the
 * first block's as those before it, the others' twice as much. False: the depth
 * is none, which the builder knows. Source: Chen et al., "Rethinking Atrous
 * Convolution for Semantic Image Segmentation", 2017. */
bool sv_zoo_resnet_dilated(sv_graph *g, int64_t depth, sv_value image,
                           sv_value x[SV_RESNET_STAGES]);

#endif
