/* A convolution as planned by this backend: conv.c plans, run.c computes. */
#ifndef SV_WINOGRAD_CONV_H
#define SV_WINOGRAD_CONV_H

#include "winograd/winograd.h"

typedef struct sv_winograd_convolution {
  const sv_winograd_loops *loops;
  int m;
  bool back;       /* the gradient of the input */
  bool transforms; /* the weights, in each run */
  sv_layout w;     /* if so, where they lie */
  sv_winograd_map x, y;
  int64_t ins, outs, tile_rows, tile_columns, tiles;
  int64_t top, left;
  bool bias;
  bool adds[SV_LONGEST_TAIL];
  int tail;
  /* Blocks of at most `block` tiles; each thread has some of its own, or all
   * work on one block together. */
  int64_t block;
  int threads;
  bool together;
  int64_t v_plane, m_plane; /* floats */
  size_t part; /* bytes of scratch of a thread; after them the weights */
} sv_winograd_convolution;

/* Sets block to part; *scratch: the bytes of all. */
void sv_winograd_divide(sv_winograd_convolution *c, int threads,
                        size_t *scratch);
void sv_winograd_run(const sv_winograd_convolution *c, const sv_args *args);

#endif
