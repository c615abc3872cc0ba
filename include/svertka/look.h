/* Plots as PNG files: predictions, errors, curves, segmentation masks.
 * Arguments are only read and not kept. Any number of threads may draw at the
 * same time, each to its own file. */
#ifndef SVERTKA_LOOK_H
#define SVERTKA_LOOK_H

#include <svertka/classify.h>
#include <svertka/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A test image with its prediction. Strings and pixels are borrowed. */
typedef struct sv_prediction {
  sv_image image;
  const char *label;     /* the true class; NULL: unknown */
  const char *predicted; /* the most probable class */
  float probability;     /* probability of `predicted`, 0..1 */
} sv_prediction;

/* Draws a grid of test images with the predicted class, its probability and,
 * for wrong predictions, the true class. Wrong predictions are marked. `title`
 * may be NULL. Writes a PNG, completely or not at all. */
SV_API SV_CHECKED sv_status sv_look_predictions(const char *path,
                                                const char *title,
                                                const sv_prediction *items,
                                                int count);

/* An image of a contact sheet. Strings and pixels are borrowed. */
typedef struct sv_sheet_item {
  sv_image image;
  const char *caption, *second; /* two lines below the image; NULL: none */
} sv_sheet_item;

/* Draws images in rows of `columns`, at most 4096 images. `title` and `below`,
 * a subtitle, may be NULL. Writes a PNG, completely or not at all. */
SV_API SV_CHECKED sv_status sv_look_sheet(const char *path, const char *title,
                                          const char *below,
                                          const sv_sheet_item *items, int count,
                                          int columns);

/* Draws the confusion matrix. counts[truth * classes + predicted] is the number
 * of test images. Rows: true class; columns: predicted class. The colour shows
 * the share of the row. `title` may be NULL. */
SV_API SV_CHECKED sv_status sv_look_confusion(const char *path,
                                              const char *title,
                                              const int64_t *counts,
                                              int classes,
                                              const char *const *names);

/* A chart of lines with common axes. Strings may be NULL. */
typedef struct sv_chart_line {
  const char *name;
  const double *x; /* NULL: 0, 1, ... */
  const double *y; /* values that are not finite, or not above 0 on a
                    * logarithmic axis, leave a gap */
  int count;
} sv_chart_line;

typedef struct sv_chart {
  const char *title, *below; /* below: a subtitle, smaller */
  const char *x_label, *y_label;
  bool log_x, log_y;
  const char *const *x_names; /* labels of x = 0, 1, ...; NULL: numbers */
  int x_name_count;
  bool in_order; /* the lines are ordered: colours go from light to dark */
  const sv_chart_line *lines;
  int count;
} sv_chart;

/* Writes a PNG. SV_INVALID if there is no point to draw. */
SV_API SV_CHECKED sv_status sv_look_chart(const char *path,
                                          const sv_chart *chart);

/* Draws a reliability diagram: for each bin of confidence the accuracy and its
 * gap to the confidence; below, the number of samples in each bin. `title` may
 * be NULL. */
SV_API SV_CHECKED sv_status sv_look_calibration(const char *path,
                                                const char *title,
                                                const sv_metrics *metrics);

/* Draws the predictions over an image, with a legend. Each position has the
 * colour of its most probable class; opacity shows confidence. If 0 <= chosen,
 * it draws the probability of that class only. `title` may be NULL. Writes a
 * PNG. */
SV_API SV_CHECKED sv_status sv_look_class_map(const char *path,
                                              const char *title,
                                              const sv_image *image,
                                              const sv_class_map *map,
                                              int chosen);

/* An image with its true and its predicted mask (sv_mask_read). The masks may
 * differ in size from the image and from each other. All is borrowed. */
typedef struct sv_told_scene {
  sv_image image, truth, told;
} sv_told_scene;

/* Draws each image beside its true and its predicted mask, with the share of
 * correct pixels and a legend. Colours are those of sv_mask_colour.
 * names[classes]; `title` may be NULL. Writes a PNG. SV_INVALID if there are no
 * scenes or a mask is not a greyscale image. */
SV_API SV_CHECKED sv_status sv_look_masks(const char *path, const char *title,
                                          const sv_told_scene *scenes,
                                          int count, const char *const *names,
                                          int classes);

#ifdef __cplusplus
}
#endif
#endif
