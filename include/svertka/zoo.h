/* The model zoo: architectures by name, with the parameters of their papers. */
#ifndef SVERTKA_ZOO_H
#define SVERTKA_ZOO_H

#include <svertka/model.h>
#include <svertka/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Properties of a data set; 0: unknown. They replace the defaults of the
 * parameters classes, channels and size. */
typedef struct sv_zoo_data {
  int64_t classes, channels, height, width;
} sv_zoo_data;

/* Builds a network of the zoo. `text` is a name with optional parameters, such
 * as "lenet5" or "lenet5:classes=10,activation=relu". `data` may be NULL.
 * SV_INVALID for an unknown name or parameter; the message lists the valid
 * ones. Free *graph with sv_graph_free, unless a model takes ownership of it.
 * Thread-safe. */
SV_API SV_CHECKED sv_status sv_zoo_build(sv_graph **graph, const char *text,
                                         const sv_zoo_data *data);

/* The architectures, sorted by name: 0 <= i < sv_zoo_count(). The strings are
 * static. */
SV_API int sv_zoo_count(void);
SV_API const char *sv_zoo_name(int i);
SV_API const char *sv_zoo_summary(int i); /* one line: what, who, when */
/* Other names of architecture i with some parameters set, such as "vgg16" for
 * vgg; they include the names of torchvision. 0 <= k; NULL after the last. */
SV_API const char *sv_zoo_alias_name(int i, int k);
/* Its parameters, "config=D"; "": the defaults. NULL after the last. */
SV_API const char *sv_zoo_alias_parameters(int i, int k);
SV_API const char *sv_zoo_source(int i); /* the paper */
/* The parameters of architecture i as a table: sv_op_attr describes them. It
 * has no ports, backends or names in ONNX. */
SV_API const sv_op *sv_zoo_parameters(int i);
/* The architecture with this name or alias (without parameters); -1: none. */
SV_API int sv_zoo_find(const char *name);
/* True if `name` (without parameters) is one of these names. Case, hyphens and
 * underscores are ignored, here, in sv_zoo_find and in sv_zoo_build. */
SV_API bool sv_zoo_has(const char *name);

/* Training options for a network that does not train with the default options.
 * 0 or NULL stands for the default. */
typedef struct sv_zoo_recipe {
  const char *optimiser; /* "adam" */
  double rate;           /* max learning rate for this optimiser */
  double clip_norm;      /* as in sv_fit_options */
} sv_zoo_recipe;

/* The recipe of a network; `text` is its name with or without parameters, on
 * which the recipe may depend. NULL if the network has no recipe, is not in the
 * zoo or `text` is invalid. Static. */
SV_API const sv_zoo_recipe *sv_zoo_recipe_of(const char *text);

/* ---- Weights of torchvision and timm ------------------------------------ */

/* Metadata key of the network that a model is: "resnet:depth=50". */
#define SV_ZOO_KEY "svertka.zoo"

/* Builds a network of the zoo and gives it the weights of a safetensors file,
 * whose tensors have the names of torchvision's network (and of timm's, where
 * both are the same). Tensors are F32, F64, F16 or BF16. Every tensor of the
 * file must be used and every parameter of the network given;
 * num_batches_tracked is ignored. Without auxiliary classifiers in the file the
 * network has none, unless `text` asks for them. The metadata say how
 * torchvision prepares images for its first weights of this network.
 * SV_INVALID: torchvision does not have this network, or a name or a shape
 * differs; SV_FORMAT: the file is damaged. Free *model with sv_model_free. */
SV_API SV_CHECKED sv_status sv_zoo_import(sv_model **model, const char *text,
                                          const char *path);

/* Writes the weights of a model as a safetensors file with torchvision's names,
 * F32, and num_batches_tracked 0, as torchvision's load_state_dict needs them.
 * `text` says which network of the zoo it is; NULL: as its metadata say.
 * SV_INVALID if that is unknown, or if the model does not have the layers of
 * that network. */
SV_API SV_CHECKED sv_status sv_zoo_export(const sv_model *model,
                                          const char *text, const char *path);

#ifdef __cplusplus
}
#endif
#endif
