/* The state: every named tensor that a checkpoint holds. Parameters, running
 * statistics, constants, and what training adds: moments, counters, seeds.
 * One thread writes; several may read while nobody writes. */
#ifndef SVERTKA_STATE_H
#define SVERTKA_STATE_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_state sv_state;

/* A tensor of zeros for each parameter of the graph, real ones in `precision`
 * (SV_F32, or SV_F64 to check gradients). The state keeps no pointer to the
 * graph. */
SV_API SV_CHECKED sv_status sv_state_new(sv_state **state,
                                         const sv_graph *graph,
                                         sv_dtype precision);
SV_API void sv_state_free(sv_state *state);

/* Initialises every trained parameter and running statistic by its own text or
 * its role's usual one, and every constant that has a text: weights Xavier
 * uniform, LeCun normal where the layer goes into a selu; biases 0, scales 1.
 * The same seed and names give the same numbers, whatever else the graph has.
 * SV_INVALID names the tensor whose text is wrong or whose file does not have
 * it. Sources: Glorot, Bengio, "Understanding the difficulty of training deep
 * feedforward neural networks", AISTATS 2010; Klambauer et al.,
 * "Self-Normalizing Neural Networks", NIPS 2017. */
SV_API SV_CHECKED sv_status sv_state_init(sv_state *state,
                                          const sv_graph *graph, uint64_t seed);

/* The same with a text for all weights that have none of their own ("he",
 * "orthogonal 1.4"; NULL: none), or "file PATH" for all parameters and
 * statistics that have none: they are in an ONNX file under the same names. */
SV_API SV_CHECKED sv_status sv_state_init_with(sv_state *state,
                                               const sv_graph *graph,
                                               uint64_t seed, const char *init);

SV_API int sv_state_count(const sv_state *state);
SV_API const char *sv_state_name(const sv_state *state, int i);
SV_API sv_role sv_state_role(const sv_state *state, int i);

/* A plain copy, freed by the caller. SV_INVALID names what there is not. */
SV_API SV_CHECKED sv_status sv_state_get(const sv_state *state,
                                         const char *name, sv_tensor **copy);

/* Overwrites a tensor of the same shape; f32 and f64 convert. */
SV_API SV_CHECKED sv_status sv_state_set(sv_state *state, const char *name,
                                         const sv_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
