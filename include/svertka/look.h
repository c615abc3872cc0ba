/* Pictures that people look at: what a network says and where it errs.
 * Arguments are only read and nothing is kept of them; any number of threads
 * may draw at once, each to a file of its own. */
#ifndef SVERTKA_LOOK_H
#define SVERTKA_LOOK_H

#include <svertka/classify.h>
#include <svertka/train.h>

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

/* Lines over one pair of axes. Texts may be NULL. */
typedef struct sv_chart_line {
  const char *name;
  const double *x; /* NULL: 0, 1, ... */
  const double *y; /* what is not finite, or on a logarithmic axis not above 0,
                    * leaves a gap */
  int count;
} sv_chart_line;

typedef struct sv_chart {
  const char *title, *below; /* below: a smaller line under the title */
  const char *x_label, *y_label;
  bool log_x, log_y;
  const char *const *x_names; /* of x = 0, 1, ... instead of numbers */
  int x_name_count;
  bool in_order; /* the lines are steps of one thing: pale to deep */
  const sv_chart_line *lines;
  int count;
} sv_chart;

/* Writes a PNG. SV_INVALID if there is not one point to draw. */
SV_API SV_CHECKED sv_status sv_look_chart(const char *path,
                                          const sv_chart *chart);

/* Reliability: for each bin of confidence the share that was right, the gap to
 * the confidence, and below how many samples there are. `title` may be NULL. */
SV_API SV_CHECKED sv_status sv_look_calibration(const char *path,
                                                const char *title,
                                                const sv_metrics *metrics);

/* What a network says of a picture, over it: for each position the best class
 * in its colour, the fuller the surer, with a legend; or, if 0 <= chosen, the
 * probability of that class alone. `title` may be NULL. Writes a PNG. */
SV_API SV_CHECKED sv_status sv_look_class_map(const char *path,
                                              const char *title,
                                              const sv_image *image,
                                              const sv_class_map *map,
                                              int chosen);

/* A picture whose pixels were told. The masks (sv_mask_read) may be of another
 * size than the picture, and than each other. All is borrowed. */
typedef struct sv_told_scene {
  sv_image image, truth, told;
} sv_told_scene;

/* Each picture beside what its pixels are and what was told of them, in the
 * colours of sv_mask_colour, with the share of the pixels that is right, and a
 * legend. names[classes]; `title` may be NULL. Writes a PNG. SV_INVALID if
 * there is none or a mask is no grey picture. */
SV_API SV_CHECKED sv_status sv_look_masks(const char *path, const char *title,
                                          const sv_told_scene *scenes,
                                          int count, const char *const *names,
                                          int classes);

#ifdef __cplusplus
}
#endif
#endif
