/* The model zoo: architectures by name, with the parameters of their papers. */
#ifndef SVERTKA_ZOO_H
#define SVERTKA_ZOO_H

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

/* The recipe of a network; `text` is its name with or without parameters. NULL
 * if the network has no recipe or is not in the zoo. Static. */
SV_API const sv_zoo_recipe *sv_zoo_recipe_of(const char *text);

#ifdef __cplusplus
}
#endif
#endif
