/* Analysis of a network: shapes, parameters, multiply-accumulates, memory and
 * receptive fields of its layers, as `svertka summary` shows them.
 *
 *     sv_analysis *analysis;
 *     sv_status status = sv_analysis_new(&analysis, graph, NULL);
 *     if (status == SV_OK)
 *       printf("%lld\n", (long long)sv_analysis_totals(analysis).parameters);
 *     sv_analysis_free(analysis);
 *
 * An analysis is a copy: it needs neither the graph nor the state afterwards.
 * Any number of threads may read it. Returned pointers are borrowed from it. */
#ifndef SVERTKA_ANALYSIS_H
#define SVERTKA_ANALYSIS_H

#include <svertka/inspect.h>
#include <svertka/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A receptive field along one axis, in pixels; padding counts as pixels before
 * 0. Position 0 depends on first .. last. The field of position i + per is that
 * of i, shifted by `step`. After upsampling, per is more than 1 and fields
 * differ in size; none is larger than `size`. */
typedef struct sv_receptive {
  int64_t step, per, first, last, size;
} sv_receptive;

/* The field of one position, per axis H, W. `whole`: the whole input, or parts
 * that differ from position to position. `none`: the value does not depend on
 * the image. */
typedef struct sv_field {
  bool none, whole;
  sv_receptive axis[2];
} sv_field;

/* A layer: a node and its counts. */
typedef struct sv_layer {
  const sv_node *node;
  sv_shape input;     /* of the first data input; rank -1: none */
  sv_shape output;    /* of its first output */
  int64_t parameters; /* trained elements, not counting those of earlier
                       * nodes */
  int64_t neurons;    /* elements of the output for one image */
  int64_t macs;       /* multiply-accumulates of the batch */
  int64_t bytes;      /* of its outputs, for the batch */
  int64_t connected;  /* parameters of a linear layer in the place of one with a
                       * window or weights: inputs * neurons + neurons; 0: not
                       * such a layer, -1: too many to count */
  bool weighted;      /* has a weight of its own: a "weight layer" */
  sv_field field;     /* receptive field of its first output */
} sv_layer;

typedef struct sv_analysis sv_analysis;

typedef struct sv_analysis_options {
  size_t size;   /* of this struct; set by sv_analysis_default */
  int64_t batch; /* 1: size of a free first dimension */
  /* The size of one image (C H W), which replaces the declared size of the only
   * image input. NULL: as declared. Borrowed during the call. */
  const sv_ints *image;
  bool training; /* false: only nodes that an output depends on are analysed,
                  * unless there is no output; true: all nodes */
  /* The state with the constants from which shapes are computed; NULL: none. */
  const sv_state *state;
} sv_analysis_options;

SV_API sv_analysis_options sv_analysis_default(void);

/* Analyses a graph; `options` may be NULL. SV_INVALID if a size other than the
 * first dimension is free and not given, or if shapes do not fit; the message
 * names the input or node. SV_NO_MEMORY if a count overflows. The caller frees
 * *analysis with sv_analysis_free. */
SV_API SV_CHECKED sv_status sv_analysis_new(sv_analysis **analysis,
                                            const sv_graph *graph,
                                            const sv_analysis_options *options);
SV_API void sv_analysis_free(sv_analysis *analysis);

/* The layers, in the order of execution: 0 <= i < sv_analysis_count(). NULL for
 * any other i. */
SV_API int sv_analysis_count(const sv_analysis *analysis);
SV_API const sv_layer *sv_analysis_layer(const sv_analysis *analysis, int i);

/* The part of the graph that was analysed: layer i is its node i. Sizes that
 * nodes compute from shapes are attributes in it. */
SV_API const sv_graph *sv_analysis_graph(const sv_analysis *analysis);

/* The shape of a value of that graph. Rank -1: there is no such value. */
SV_API sv_shape sv_analysis_shape(const sv_analysis *analysis, sv_value value);

/* Sums over the layers. */
typedef struct sv_totals {
  int64_t parameters, macs, bytes; /* as in sv_layer */
  int weight_layers;
  sv_shape input; /* of the first image input; rank -1: none */
} sv_totals;
SV_API sv_totals sv_analysis_totals(const sv_analysis *analysis);

/* The average distance between the receptive fields of neighbouring positions;
 * and the centre of the receptive field of position 0, which may lie between
 * two pixels. Both in pixels. */
SV_API double sv_receptive_step(const sv_receptive *s);
SV_API double sv_receptive_centre(const sv_receptive *s);

#ifdef __cplusplus
}
#endif
#endif
