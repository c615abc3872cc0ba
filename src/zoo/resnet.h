/* A ResNet without its head, as the backbone of other networks. */
#ifndef SV_ZOO_RESNET_H
#define SV_ZOO_RESNET_H

#include <svertka/layers.h>

enum { SV_RESNET_STAGES = 4 };

/* The outputs of the stages; x[3] is that of the last. Stages 3 and 4 keep the
 * size of 1/8: their 3x3 convolutions are dilated instead of strided. The first
 * block has the dilation of the previous stage, the others twice that. False:
 * unknown depth, reported in the graph. Source: Chen et al., "Rethinking Atrous
 * Convolution for Semantic Image Segmentation", 2017. */
bool sv_zoo_resnet_dilated(sv_graph *g, int64_t depth, sv_value image,
                           sv_value x[SV_RESNET_STAGES]);

#endif
