/* Shared by the files of this backend. */
#ifndef SV_WINOGRAD_WINOGRAD_H
#define SV_WINOGRAD_WINOGRAD_H

#include "op/backend.h"
#include "winograd/loops.h"

/* The loops for the vectors that base/isa.h chooses. */
const sv_winograd_loops *sv_winograd_loops_used(void);

/* ---- weights.c ---- */

/* The layout of weights that are transformed for tiles of m x m; its id, below
 * zero, says m and the width of the vectors. */
void sv_winograd_layout(sv_layout *layout, const sv_shape *w, int m);

/* Transforms all of w, in parallel; `parts` says all but the vectors. */
void sv_winograd_transform(const sv_winograd_loops *loops, int m,
                           const sv_winograd_weights *parts);

/* Weights in any known layout to such a layout. */
extern const sv_kernel sv_winograd_reorder;

/* ---- rule.c ---- */

/* A convolution as the rule sees it; height and width are those of what it
 * writes. */
typedef struct sv_winograd_work {
  int64_t images, ins, outs, height, width;
  bool transforms; /* the weights, too, in each run */
} sv_winograd_work;

/* The size m of the tiles that is expected to be the fastest, the second,
 * third; 0: there is no such candidate, or the definition is faster than all.
 */
int sv_winograd_size(const sv_winograd_work *work, int candidate);

#endif
