/* Shared by the kernels of this backend: the layout and its conditions. */
#ifndef SV_SIMD_SIMD_H
#define SV_SIMD_SIMD_H

#include "geometry/window.h"
#include "op/backend.h"
#include "simd/loops.h"

/* ---- isa.c ---- */

/* The loops in use: the fastest for this processor, or those that the
 * environment variable named at the first call. */
const sv_loops *sv_simd_loops(void);
/* The widest loops, of these and the narrower ones of the same kind, whose
 * vectors `lanes` floats fill; NULL: none. */
const sv_loops *sv_simd_loops_within(int64_t lanes);

/* ---- Blocks of images ---- */

/* The number of interleaved images: two vectors of them, or one; 0 if the batch
 * fills neither. */
int64_t sv_simd_block(int64_t batch);

/* Stores N C H W as [N / block] C H W [block]. */
sv_status sv_simd_layout(sv_layout *layout, const sv_shape *shape) SV_CHECKED;

/* f32, rank 4, a batch of whole blocks. */
bool sv_simd_fits(const sv_spec *x);

/* The value already has this layout. */
bool sv_simd_lies_so(const sv_spec *x);

/* True if there are so few channels that blocks of channels in other layouts
 * stay half empty, and maps so small that a row of them stays in the cache.
 * Measured: docs/performance.md. */
bool sv_simd_pays(int64_t channels, const sv_shape *image);

/* For each position along an axis, the taps that apply to it: taps of position
 * o are at[first[o]] .. at[first[o + 1] - 1]. Start from zeros;
 * sv_simd_taps_free accepts that. */
typedef struct sv_axis_taps {
  sv_tap *at;
  int *first;
} sv_axis_taps;

/* Forward: for output o the elements u of the kernel that are inside the image,
 * x = the input's position * x_step, w = u * w_step. */
sv_status sv_simd_taps(sv_axis_taps *taps, const sv_window *window, int axis,
                       int64_t x_step, int64_t w_step) SV_CHECKED;
/* Backward: for input p the outputs o and elements u that used it, x = o *
 * x_step, w = u * w_step. */
sv_status sv_simd_taps_back(sv_axis_taps *taps, const sv_window *window,
                            int axis, int64_t x_step,
                            int64_t w_step) SV_CHECKED;
void sv_simd_taps_free(sv_axis_taps *taps);

static inline int sv_taps_count(const sv_axis_taps *taps, int64_t o) {
  return taps->first[o + 1] - taps->first[o];
}

/* Writes "simd:avx2" to need->name. */
void sv_simd_name(sv_need *need);

#endif
