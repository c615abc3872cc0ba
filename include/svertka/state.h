/* The state: all named tensors of a checkpoint. These are parameters, running
 * statistics, constants, and the training's own: moments, counters, seeds. One
 * thread may write; several threads may read while no thread writes. */
#ifndef SVERTKA_STATE_H
#define SVERTKA_STATE_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_state sv_state;

/* Creates a tensor of zeros for each parameter of the graph. Floating-point
 * tensors have the type `precision` (SV_F32, or SV_F64 for gradient checks).
 * The state keeps no pointer to the graph. */
SV_API SV_CHECKED sv_status sv_state_new(sv_state **state,
                                         const sv_graph *graph,
                                         sv_dtype precision);
SV_API void sv_state_free(sv_state *state);

/* Initialises all trained parameters and running statistics, each by its own
 * initialiser or by the default of its role, and the constants that have an
 * initialiser. Defaults: weights Xavier uniform, or LeCun normal if the layer
 * is followed by a selu; biases 0; scales 1. The same seed and names give the
 * same values, whatever else the graph contains. SV_INVALID names the tensor
 * whose initialiser is wrong or whose file does not contain it. Glorot, Bengio,
 * "Understanding the difficulty of training deep feedforward neural networks",
 * AISTATS 2010; Klambauer et al., "Self-Normalizing Neural Networks", NIPS
 * 2017. */
SV_API SV_CHECKED sv_status sv_state_init(sv_state *state,
                                          const sv_graph *graph, uint64_t seed);

/* The same with an initialiser for all weights that have none of their own
 * ("he", "orthogonal 1.4"; NULL: none). "file PATH" initialises all parameters
 * and statistics that have none of their own from the tensors of the same names
 * in an ONNX file. */
SV_API SV_CHECKED sv_status sv_state_init_with(sv_state *state,
                                               const sv_graph *graph,
                                               uint64_t seed, const char *init);

SV_API int sv_state_count(const sv_state *state);
SV_API const char *sv_state_name(const sv_state *state, int i);
SV_API sv_role sv_state_role(const sv_state *state, int i);
SV_API sv_shape sv_state_shape(const sv_state *state, int i);

/* Copies a tensor, in PLAIN layout; the caller frees *copy with sv_tensor_free.
 * SV_INVALID names an unknown tensor. */
SV_API SV_CHECKED sv_status sv_state_get(const sv_state *state,
                                         const char *name, sv_tensor **copy);

/* Overwrites a tensor; the new one must have the same shape. f32 and f64 are
 * converted. */
SV_API SV_CHECKED sv_status sv_state_set(sv_state *state, const char *name,
                                         const sv_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
