/* The inner loops of Winograd's convolution, compiled once per instruction
 * set.
 *
 * An output tile of m x m pixels is a sum over the input channels of
 * elementwise products of (m + 2) x (m + 2) numbers: the transformed input
 * tile, times the transformed weights; the sum is transformed back. With m = 4
 * that is 36 multiplications for 16 outputs of a 3x3 window, which has 144 by
 * the definition. All tiles of all channels together are (m + 2)^2 matrix
 * products: tiles x input channels times input channels x output channels.
 *
 * Sources: Winograd, "Arithmetic Complexity of Computations", 1980; Lavin and
 * Gray, "Fast Algorithms for Convolutional Neural Networks", 2016. */
#ifndef SV_WINOGRAD_LOOPS_H
#define SV_WINOGRAD_LOOPS_H

#include "op/backend.h"

/* Tiles of 2x2, 4x4 and 6x6 outputs: index m / 2 - 1. */
enum { SV_WINOGRAD_SIZES = 3 };

/* How the channels of pixels lie, in floats: channel c of pixel (h, w) of image
 * n at n image + c / block blocks + c % block + h row + w column. */
typedef struct sv_winograd_map {
  int64_t image, blocks, block, row, column;
  int64_t height, width;
} sv_winograd_map;

/* Transformed tiles: (m + 2)^2 planes, each groups of `rows` tiles by vectors
 * of channels: element (group, vector, row, lane) of a plane. */
typedef struct sv_winograd_planes {
  float *at;
  int64_t plane; /* floats from one plane to the next */
  int64_t vectors, groups;
  int rows;
} sv_winograd_planes;

/* A part of a block of tiles, which are numbered through all images, row by
 * row. */
typedef struct sv_winograd_tiles {
  sv_winograd_map map;
  sv_winograd_planes planes;
  int64_t tile_rows, tile_columns; /* of an image */
  int64_t first, count;            /* the tiles of the block */
  int64_t begin, end;              /* the part: places in the block */
  int64_t from_vector, to_vector;  /* and channels */
  int64_t top, left;               /* padding */
  const float *x;                  /* read by `in` */
  float *y;                        /* written by `out` */
  const float *bias;               /* NULL: none */
  /* The tail: adds what y holds, or is a ReLU. */
  bool adds[SV_LONGEST_TAIL];
  int tail;
} sv_winograd_tiles;

/* Floats from one plane of transformed numbers to the next. Planes that lie
 * powers of two apart would share a few lines of the cache. */
static inline int64_t sv_winograd_plane(int64_t numbers) {
  return numbers + 16;
}

/* Weights to u: (m + 2)^2 planes, each of panels of two vectors of outputs (the
 * last one may be of one): element (panel, input, lane). */
typedef struct sv_winograd_weights {
  const float *w;
  const sv_layout *layout;
  float *u;
  int64_t outs, ins;
  bool back; /* outputs and inputs change places, and the window turns */
  int64_t from_vector, to_vector;
} sv_winograd_weights;

/* A plane of the sums, from a plane of the tiles and one of the weights; of all
 * outputs those of panels from_panel .. to_panel - 1. */
typedef struct sv_winograd_product {
  const float *u, *v;
  float *m;
  int64_t groups, ins, outs;
  int rows;
  int64_t from_panel, to_panel;
} sv_winograd_product;

typedef struct sv_winograd_loops {
  int width; /* floats in a vector */
  int rows;  /* the most tiles of a group */
  void (*in[SV_WINOGRAD_SIZES])(const sv_winograd_tiles *tiles);
  void (*out[SV_WINOGRAD_SIZES])(const sv_winograd_tiles *tiles);
  void (*weights[SV_WINOGRAD_SIZES])(const sv_winograd_weights *weights);
  void (*product)(const sv_winograd_product *product);
} sv_winograd_loops;

extern const sv_winograd_loops sv_winograd_base, sv_winograd_avx2,
    sv_winograd_avx512;
extern const sv_winograd_loops sv_winograd_base8, sv_winograd_base16;

#endif
