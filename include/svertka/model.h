/* A model: a graph, its state and its metadata. Models are loaded from and
 * saved as ONNX files. One thread may write (metadata, state); several threads
 * may read, which includes saving, while no thread writes. */
#ifndef SVERTKA_MODEL_H
#define SVERTKA_MODEL_H

#include <svertka/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_model sv_model;

/* Takes ownership of the graph and creates an initialised state for it. On
 * failure the graph is freed, too. */
SV_API SV_CHECKED sv_status sv_model_new(sv_model **model, sv_graph *graph,
                                         uint64_t seed);
/* Frees the model with its graph, state and metadata; NULL does nothing. */
SV_API void sv_model_free(sv_model *model);

/* Both are borrowed; any number of plans may be made of them. */
SV_API const sv_graph *sv_model_graph(const sv_model *model);
SV_API sv_state *sv_model_state(const sv_model *model);

/* Metadata: strings by key, in the order in which they were set; saved as
 * ONNX's metadata_props. Svertka's own keys begin with "svertka.". Strings are
 * copied when set. A returned string belongs to the model and is valid until
 * its key is set again. */
SV_API SV_CHECKED sv_status sv_model_set_meta(sv_model *model, const char *key,
                                              const char *value);
SV_API const char *sv_model_meta(const sv_model *model, const char *key);
SV_API int sv_model_meta_count(const sv_model *model);
SV_API const char *sv_model_meta_key(const sv_model *model, int i);

/* The key of the name of the output that holds the scores, for a model with
 * several outputs. */
#define SV_OUTPUT_KEY "svertka.output"

/* True if a weight still has the random values of its initialiser: it was
 * neither trained nor set (sv_state_set), nor loaded from a file of trained
 * weights. *tensor (may be NULL) is set to the name of the first such weight,
 * borrowed, or NULL. Zeros, ones and other constants are not random. Saving
 * such a model adds the metadata "svertka.random-weights". sv_fit trains all
 * weights that are not frozen; after it no weight counts as random. */
SV_API bool sv_model_is_random(const sv_model *model, const char **tensor);
/* The outputs of a model with random weights are meaningless:
 * sv_classifier_new, sv_classify_map, sv_eval and sv_units_measure return
 * SV_INVALID for it. After this call they accept the model. The permission is
 * not saved. */
SV_API void sv_model_allow_random(sv_model *model);

/* Reads an ONNX file; the caller frees *model with sv_model_free. Errors name
 * the file and the node, tensor or attribute. A file with external data is an
 * error. */
SV_API SV_CHECKED sv_status sv_model_load(sv_model **model, const char *path);
/* The same for a file with external data: tensors in separate files, which ONNX
 * needs beyond 2 GiB. These files must be in the model's folder or below it and
 * not be reached through links. A file without external data is loaded as by
 * sv_model_load. */
SV_API SV_CHECKED sv_status sv_model_load_external(sv_model **model,
                                                   const char *path);
/* The same from memory. The bytes are not needed after the call. */
SV_API SV_CHECKED sv_status sv_model_load_memory(sv_model **model,
                                                 const void *bytes,
                                                 size_t size);
/* Writes the inference graph to a file, completely or not at all. */
SV_API SV_CHECKED sv_status sv_model_save(const sv_model *model,
                                          const char *path);

/* The meaning of the values of a model's first output. */
typedef enum sv_score_kind {
  SV_SCORES_UNKNOWN,           /* neither declared nor recognised */
  SV_SCORES_LOGITS,            /* softmax turns them into probabilities */
  SV_SCORES_LOG_PROBABILITIES, /* as log_softmax returns them */
  SV_SCORES_PROBABILITIES,     /* they sum to 1 over the classes */
  SV_SCORES_INDEPENDENT        /* each from 0 to 1, as sigmoid returns them; a
                                * single one is the probability of class 1
                                * against class 0 */
} sv_score_kind;

/* Returns the kind that the metadata "svertka.scores" declares (logits,
 * log-probabilities, probabilities, independent). Without them the kind is
 * derived from the graph. Weighted sums, and operators that keep them
 * unbounded, give logits. Softmax, also when written as elementwise operators,
 * gives probabilities, and operators that only move its results keep them. Any
 * other output is SV_INVALID; the kind is never guessed. */
SV_API SV_CHECKED sv_status sv_model_scores(sv_score_kind *kind,
                                            const sv_model *model);
/* "logits"; static. */
SV_API const char *sv_score_name(sv_score_kind kind);

/* Converts a classifier into one that slides over images of any size. A linear
 * layer on a flattened feature map becomes a convolution with a kernel of the
 * map's size. Global pooling becomes pooling with a window of that size. Height
 * and width of the input become free. The results are the same: an image of the
 * original size gives the original output as N x classes x 1 x 1; a larger
 * image gives one position per window. A network with N x H x W x C inputs
 * becomes one with N x C x H x W.
 *
 * `image` (C, H, W; may be NULL) is the image size that the model was made for,
 * needed where its input leaves the size free. Metadata are copied; losses are
 * removed. SV_UNSUPPORTED names a layer that cannot slide. SV_INVALID: there is
 * nothing to convert. The caller frees *converted. Long, Shelhamer, Darrell,
 * "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015. */
SV_API SV_CHECKED sv_status sv_model_convolve(sv_model **converted,
                                              const sv_model *model,
                                              const sv_ints *image);

/* The number of nodes that sv_model_fold changed or left. */
typedef struct sv_folded {
  int norms;      /* batch normalisations folded into a layer */
  int norms_left; /* those kept: no such layer right before them */
  int passed;     /* dropouts and identities removed */
  int constants;  /* nodes with constant results replaced by tensors */
} sv_folded;

/* Creates a model for inference with fewer nodes. Its outputs are the same
 * except for rounding.
 * - Batch normalisations are folded into the weights and biases of the
 *   convolutions and linear layers right before them.
 * - Dropouts and identities are removed.
 * - Nodes computed only from tensors of the state become tensors; so do those
 *   computed from shapes, if no input has a free size.
 * What cannot be folded stays. Metadata are copied; "svertka.folded" is added
 * if batch normalisations were folded. Losses are removed. *what (may be NULL)
 * is filled in. The caller frees *folded. Jacob et al., "Quantization and
 * Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
 * CVPR 2018, section 3.2. */
SV_API SV_CHECKED sv_status sv_model_fold(sv_model **folded,
                                          const sv_model *model,
                                          sv_folded *what);

#ifdef __cplusplus
}
#endif
#endif
