/* A model: a graph, its state, and what a user of the file needs to know. The
 * file is ONNX, as saved and as loaded. One thread writes (metadata, the
 * state); several may read, save among them, while nobody writes. */
#ifndef SVERTKA_MODEL_H
#define SVERTKA_MODEL_H

#include <svertka/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_model sv_model;

/* Takes over the graph, and makes an initialised state for it; on failure the
 * graph is freed too. */
SV_API SV_CHECKED sv_status sv_model_new(sv_model **model, sv_graph *graph,
                                         uint64_t seed);
/* Frees graph, state and metadata with it; NULL does nothing. */
SV_API void sv_model_free(sv_model *model);

/* Borrowed; any number of plans may be made of them. */
SV_API const sv_graph *sv_model_graph(const sv_model *model);
SV_API sv_state *sv_model_state(const sv_model *model);

/* Metadata: texts by key, in the order in which they were set; saved as ONNX's
 * metadata_props. Keys of ours begin with "svertka.". Texts are copied when
 * set; what is returned is the model's, until that key is set again. */
SV_API SV_CHECKED sv_status sv_model_set_meta(sv_model *model, const char *key,
                                              const char *value);
SV_API const char *sv_model_meta(const sv_model *model, const char *key);
SV_API int sv_model_meta_count(const sv_model *model);
SV_API const char *sv_model_meta_key(const sv_model *model, int i);

/* True if a weight is still as an initialiser drew it: it was neither trained
 * nor set (sv_state_set), nor does it come from a file of trained weights.
 * *tensor (may be NULL) is the first one's name, borrowed, or NULL. Zeros, ones
 * and other fixed numbers are not random. A file has the metadata
 * "svertka.random-weights" then; sv_fit trains all weights that it does not
 * freeze, and afterwards none counts as random. */
SV_API bool sv_model_is_random(const sv_model *model, const char **tensor);
/* Such a model's outputs say nothing about images: sv_classifier_new,
 * sv_classify_map, sv_eval and sv_units_measure return SV_INVALID, unless the
 * caller means it and says so here. It is not saved. */
SV_API void sv_model_allow_random(sv_model *model);

/* Reads an ONNX file; the caller frees *model with sv_model_free. Errors name
 * the file and the node, tensor or attribute. Files that need data outside of
 * them are refused. */
SV_API SV_CHECKED sv_status sv_model_load(sv_model **model, const char *path);
/* The same for a file some of whose tensors lie in others ("external data"),
 * which ONNX needs beyond 2 GiB: in the model's folder or below, not through
 * links. Without need for them it is sv_model_load. */
SV_API SV_CHECKED sv_status sv_model_load_external(sv_model **model,
                                                   const char *path);
/* The same from memory, which is not needed afterwards. */
SV_API SV_CHECKED sv_status sv_model_load_memory(sv_model **model,
                                                 const void *bytes,
                                                 size_t size);
/* Writes the inference graph; completely or not at all. */
SV_API SV_CHECKED sv_status sv_model_save(const sv_model *model,
                                          const char *path);

/* What the numbers of a model's first output are. */
typedef enum sv_score_kind {
  SV_SCORES_UNKNOWN,           /* neither said nor recognised */
  SV_SCORES_LOGITS,            /* softmax makes probabilities of them */
  SV_SCORES_LOG_PROBABILITIES, /* as log_softmax gives them */
  SV_SCORES_PROBABILITIES,     /* of the classes of an image they sum to 1 */
  SV_SCORES_INDEPENDENT        /* each from 0 to 1, as sigmoid gives them; one
                                * alone is the probability of class 1, not 0 */
} sv_score_kind;

/* What the metadata "svertka.scores" say (logits, log-probabilities,
 * probabilities, independent), else what the network computes: weighted sums,
 * and what keeps them without bounds, are logits; softmax, also written as
 * operations on single elements, and what only moves its results give
 * probabilities. Any other output is SV_INVALID, never guessed. */
SV_API SV_CHECKED sv_status sv_model_scores(sv_score_kind *kind,
                                            const sv_model *model);
/* "logits"; static. */
SV_API const char *sv_score_name(sv_score_kind kind);

/* A classifier that slides over images of any size: what its linear layers on a
 * flattened map compute becomes a convolution as large as the map, global
 * pooling a pooling with that window, and height and width of the input free.
 * The same numbers: on an image of the old size the output, N x classes x 1 x
 * 1, is the old one; on larger ones there is a position for each window.
 * A network of N x H x W x C becomes one of N x C x H x W.
 * `image` (C, H, W; may be NULL) is the size that it was made for, where its
 * input leaves that free. Metadata are copied, losses left out. SV_UNSUPPORTED
 * names a layer that cannot slide, SV_INVALID says that there is nothing to
 * change. The caller frees *converted. Long, Shelhamer, Darrell, "Fully
 * Convolutional Networks for Semantic Segmentation", CVPR 2015. */
SV_API SV_CHECKED sv_status sv_model_convolve(sv_model **converted,
                                              const sv_model *model,
                                              const sv_ints *image);

/* What sv_model_fold found, counted in nodes. */
typedef struct sv_folded {
  int norms;      /* batch normalisations that became part of a layer */
  int norms_left; /* those that stay: no such layer right before them */
  int passed;     /* dropouts and identities, which are gone */
  int constants;  /* nodes of known numbers, which became tensors */
} sv_folded;

/* The model for inference with fewer nodes and the same outputs but for
 * rounding: batch normalisations in the weights and biases of the convolutions
 * and linear layers right before them, dropout and identity gone, what is
 * computed from tensors of the state alone (and, where no input has a free
 * size, from shapes) a tensor. What cannot be folded stays as it is. Metadata
 * are copied, "svertka.folded" added where batch normalisations were folded;
 * losses are left out. *what (may be NULL) is filled in. The caller frees
 * *folded. Jacob et al., "Quantization and Training of Neural Networks for
 * Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 3.2. */
SV_API SV_CHECKED sv_status sv_model_fold(sv_model **folded,
                                          const sv_model *model,
                                          sv_folded *what);

#ifdef __cplusplus
}
#endif
#endif
