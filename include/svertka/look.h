/* Pictures that people look at: what a network says and where it errs.
 * Arguments are only read and nothing is kept of them; any number of threads
 * may draw at once, each to a file of its own. */
#ifndef SVERTKA_LOOK_H
#define SVERTKA_LOOK_H

#include <svertka/data.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One test image with what the network says. Texts and pixels are borrowed. */
typedef struct sv_prediction {
  sv_image image;
  const char *label;     /* the true class; NULL: not known */
  const char *predicted; /* the most probable class */
  float probability;     /* of it, 0..1 */
} sv_prediction;

/* A grid of test images, each with what was predicted, its probability and,
 * where it was wrong, the truth; wrong ones are marked. `title` may be NULL.
 * Writes a PNG: completely or not at all. */
SV_API SV_CHECKED sv_status sv_look_predictions(const char *path,
                                                const char *title,
                                                const sv_prediction *items,
                                                int count);

/* The confusion matrix: count[truth * classes + predicted] test images. Rows
 * are the truth; colour is the share of the row. `title` may be NULL. */
SV_API SV_CHECKED sv_status sv_look_confusion(const char *path,
                                              const char *title,
                                              const int64_t *counts,
                                              int classes,
                                              const char *const *names);

#ifdef __cplusplus
}
#endif
#endif
