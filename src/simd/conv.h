/* A convolution as planned by this backend: conv.c gathers for forward and
 * backward-data, conv_params.c correlates for the parameters. */
#ifndef SV_SIMD_CONV_H
#define SV_SIMD_CONV_H

#include <svertka/layers.h>

#include "simd/simd.h"

/* The outputs first .. last-1 for which an element of the kernel is inside the
 * image; output o uses position o * stride + shift. */
typedef struct sv_simd_span {
  int64_t first, last, shift;
} sv_simd_span;

typedef struct sv_simd_convolution {
  const sv_loops *loops;
  sv_window at;
  int64_t block, blocks, groups; /* interleaved images; N / block; G */
  int64_t ins, outs;             /* of a group: IC/G, OC/G */
  int64_t in_map, out_map;       /* floats of a map of a block */
  int64_t kernel;                /* KH KW */
  int64_t w_out, w_tap;          /* steps in w; that of an input is 1 */
  sv_axis_taps rows, columns;
  sv_simd_span *spans; /* of the kernel's rows, then of its columns */
  int64_t tasks; /* backward-params, and the rows of one part of the data */
  int64_t part_rows;
  bool whole; /* one part: all blocks, all rows */
  int dy_maps, x_maps;
} sv_simd_convolution;

static inline bool sv_simd_has_bias(const sv_args *args) {
  return args->node->in_count > 2;
}

/* Sets spans, tasks and parts. */
sv_status sv_simd_params_plan(sv_simd_convolution *c, sv_need *need) SV_CHECKED;
void sv_simd_params_run(const sv_simd_convolution *c, const sv_args *args);

#endif
