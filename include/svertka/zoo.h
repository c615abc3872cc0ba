/* The zoo: architectures by name, with the parameters of their papers. */
#ifndef SVERTKA_ZOO_H
#define SVERTKA_ZOO_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a data set asks of a network; 0: not known. It replaces the defaults of
 * the parameters classes, channels and size. */
typedef struct sv_zoo_data {
  int64_t classes, channels, height, width;
} sv_zoo_data;

/* `text` is a name and its parameters, "lenet5" or
 * "lenet5:classes=10,activation=relu". `data` may be NULL. An unknown name or
 * parameter is SV_INVALID and lists those there are. Free with sv_graph_free,
 * unless a model takes the graph over. Thread-safe. */
SV_API SV_CHECKED sv_status sv_zoo_build(sv_graph **graph, const char *text,
                                         const sv_zoo_data *data);

/* The architectures, sorted by name: 0 <= i < sv_zoo_count(). Static. */
SV_API int sv_zoo_count(void);
SV_API const char *sv_zoo_name(int i);
SV_API const char *sv_zoo_summary(int i); /* one line: what, who, when */
/* Further names of architecture i with some of its parameters, those of
 * torchvision's networks among them: "vgg16" of vgg. NULL from the last k on.
 */
SV_API const char *sv_zoo_alias_name(int i, int k);
/* Whether `name` (without parameters) is one of all these names. Case, hyphens
 * and underscores do not count, here and in sv_zoo_build. */
SV_API bool sv_zoo_has(const char *name);

/* How a network learns that does not with the usual options of a training.
 * Zeros stand for those. */
typedef struct sv_zoo_recipe {
  const char *optimiser; /* "adam" */
  double rate;           /* of this optimiser: the highest learning rate */
  double clip_norm;      /* as in sv_fit_options */
} sv_zoo_recipe;

/* The recipe of the network `text`, a name with or without parameters. NULL: it
 * has none, or it is not of the zoo. Static. */
SV_API const sv_zoo_recipe *sv_zoo_recipe_of(const char *text);

#ifdef __cplusplus
}
#endif
#endif
