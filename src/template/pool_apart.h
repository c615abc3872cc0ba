/* Poolings whose padding is as wide as the kernel, which dilation allows. Other
 * runtimes refuse them: their padding becomes a pad node before the pooling.
 * Included by operators. */
#ifndef SV_TEMPLATE_POOL_APART_H
#define SV_TEMPLATE_POOL_APART_H

#include <string.h>

#include "geometry/pool.h"
#include "graph/compose.h"

/* With ceil_mode the number of windows depends on where the image ends. */
static inline bool pool_is_apart(const sv_pool_attrs *a) {
  return !a->ceil_mode && sv_pool_pads_much(a);
}

/* Moves the padding of *a to a pad node after x. */
static inline sv_value pool_pad(sv_graph *g, sv_value x, double value,
                                sv_pool_attrs *a) {
  int count = a->padding.at.count, axes = count / 2, rank = axes + 2;
  sv_pad_attrs pad = sv_pad_default();
  pad.value = (float)value;
  pad.pads.count = 2 * rank;
  for (int i = 0; i < count; i++)
    pad.pads.at[(i < axes ? 2 : rank + 2) + i % axes] = a->padding.at.at[i];
  a->padding.at.count = 0;
  return sv_one(g, "pad", x, &pad);
}

#endif
