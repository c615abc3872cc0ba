/* Shared by the poolings of this backend. */
#ifndef SV_SIMD_POOL_H
#define SV_SIMD_POOL_H

#include <svertka/layers.h>

#include "simd/simd.h"

/* What is innermost in memory and pooled in one step. */
typedef enum sv_simd_lanes {
  SV_LANES_OF_IMAGES,      /* a block of images */
  SV_LANES_OF_CHANNELS,    /* a block of channels, as in oneDNN */
  SV_LANES_OF_ALL_CHANNELS /* channels last */
} sv_simd_lanes;

typedef struct sv_simd_pool {
  const sv_loops *loops;
  sv_window at;
  sv_simd_lanes lanes;
  int64_t block, maps;     /* lanes per map; number of these */
  int64_t in_map, out_map; /* floats of a map of a block */
  sv_axis_taps rows, columns;
  bool keeps_index; /* index of the maximum, for a backward pass */
} sv_simd_pool;

/* Accepts x in blocks of images, or plain if converting is worth it; with
 * `channels` also with channels innermost, or plain if they fill a vector. The
 * weight of a tap is `w_step` times its index along the axis. */
sv_status sv_simd_pool_plan(sv_simd_pool **pool, const sv_site *site,
                            sv_need *need, int64_t w_step,
                            bool channels) SV_CHECKED;
void sv_simd_pool_destroy(void *pool);

/* One row of a map: of outputs (forward) or of inputs. */
typedef void sv_simd_row(const sv_simd_pool *pool, const sv_args *args,
                         int64_t map, int64_t row);

/* The pass of all rows. */
sv_status sv_simd_pool_run(const sv_simd_pool *pool, const sv_args *args,
                           sv_simd_row *forward, sv_simd_row *backward);

#endif
