/* What the poolings of this backend share. */
#ifndef SV_SIMD_POOL_H
#define SV_SIMD_POOL_H

#include <svertka/layers.h>

#include "simd/simd.h"

typedef struct sv_simd_pool {
  const sv_loops *loops;
  sv_window at;
  int64_t block, maps;     /* images side by side; N / block C */
  int64_t in_map, out_map; /* floats of a map of a block */
  sv_axis_taps rows, columns;
  bool keeps_index; /* of the maximum, for a backward pass */
} sv_simd_pool;

/* Takes x where it lies in blocks of images already, or plain if that pays.
 * Taps bear `w_step` times their number along the axis as their weight. */
sv_status sv_simd_pool_plan(sv_simd_pool **pool, const sv_site *site,
                            sv_need *need, int64_t w_step) SV_CHECKED;
void sv_simd_pool_destroy(void *pool);

/* One row of a map: of outputs (forward) or of inputs. */
typedef void sv_simd_row(const sv_simd_pool *pool, const sv_args *args,
                         int64_t map, int64_t row);

/* The pass of all rows. */
sv_status sv_simd_pool_run(const sv_simd_pool *pool, const sv_args *args,
                           sv_simd_row *forward, sv_simd_row *backward);

#endif
