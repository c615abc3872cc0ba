/* Pixels in, probabilities out: a trained model as a product calls it.
 *
 *     sv_classifier_new(&c, model, 1);
 *     sv_classify_pixels(c, pixels, width, height, 3, row_stride, &p);
 *     sv_classifier_top(c, 1, &best);
 *     printf("%s %f", sv_classifier_label(c, best), p[best]);
 */
#ifndef SVERTKA_CLASSIFY_H
#define SVERTKA_CLASSIFY_H

#include <svertka/data.h>
#include <svertka/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thread's way through a model. The model is shared and only read: make one
 * classifier for each thread. */
typedef struct sv_classifier sv_classifier;

/* Compiles the model for one image and takes size, mean, deviation and class
 * names from its metadata. The model must outlive the classifier and nobody may
 * train it meanwhile. threads 0: as many as pay for one image. SV_INVALID names
 * what the model does not say, or why its output is not a row of class scores.
 * Whether they are logits or probabilities is what sv_model_scores says; one
 * independent probability alone makes two classes, 0 and 1. A model whose
 * weights are random (sv_model_is_random) is SV_INVALID, too. */
SV_API SV_CHECKED sv_status sv_classifier_new(sv_classifier **classifier,
                                              const sv_model *model,
                                              int threads);
SV_API void sv_classifier_free(sv_classifier *classifier);

/* What the network's own output is, found or said (sv_model_scores). */
SV_API sv_score_kind sv_classifier_scores(const sv_classifier *classifier);

SV_API int sv_classifier_classes(const sv_classifier *classifier);
/* "Trouser", or "1" where the model does not say. Borrowed; NULL unless
 * 0 <= i < classes. */
SV_API const char *sv_classifier_label(const sv_classifier *classifier, int i);

/* How the model wants its pictures. Borrowed. */
SV_API const sv_preprocess *sv_classifier_preprocess(
    const sv_classifier *classifier);

/* *probabilities: sv_classifier_classes() numbers that sum to 1, or, if the
 * scores are independent, each from 0 to 1, borrowed and valid until the
 * classifier's next call. The image may have any size, grey or colour; it is
 * only read. */
SV_API SV_CHECKED sv_status sv_classify_image(sv_classifier *classifier,
                                              const sv_image *image,
                                              const float **probabilities);

/* The same for bare pixels: 8 bits, channels (1 grey, 3 RGB) next to each
 * other, row_stride bytes from a row to the next (0: width * channels). */
SV_API SV_CHECKED sv_status sv_classify_pixels(sv_classifier *classifier,
                                               const uint8_t *pixels, int width,
                                               int height, int channels,
                                               ptrdiff_t row_stride,
                                               const float **probabilities);

/* The k most probable classes of the last image, the most probable first, as
 * indices; 1 <= k <= classes. */
SV_API void sv_classifier_top(const sv_classifier *classifier, int k, int *top);

/* ---- Many positions ----------------------------------------------------- */

/* What a network says at each position of a picture. Along an axis (0 down, 1
 * to the right) position i is centred on pixel first + i stride of the picture,
 * where pixel 0 is the middle of the first one, and was told from `window`
 * pixels around it. Free with sv_class_map_free. */
typedef struct sv_class_map {
  int classes, height, width;
  float *probabilities; /* classes x height x width; they sum to 1 at each
                         * position unless the scores are independent */
  double stride[2], first[2], window[2];
  char **names; /* of the classes */
} sv_class_map;

typedef struct sv_class_map_options {
  double scale;        /* 1: of the picture, before it is looked at */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
} sv_class_map_options;

SV_API sv_class_map_options sv_class_map_default(void);

/* A classifier slides over the picture (sv_model_convolve), which has its own
 * size times options->scale; it must not be smaller than the images that the
 * model was made for. A network that tells a class of each pixel is run as it
 * is: on the picture's own size if its input has none, else on the picture
 * resized to that. Random weights are SV_INVALID, as in sv_classifier_new. The
 * model is only read. */
SV_API SV_CHECKED sv_status
sv_classify_map(sv_class_map *map, const sv_model *model, const sv_image *image,
                const sv_class_map_options *options);
SV_API void sv_class_map_free(sv_class_map *map);

/* The class with the highest probability at a position; of equal ones the
 * first. */
SV_API int sv_class_map_best(const sv_class_map *map, int y, int x);
/* The probability of class c there. */
SV_API float sv_class_map_at(const sv_class_map *map, int c, int y, int x);

/* mask = the best class of the position that is nearest to each pixel of a
 * picture of width x height, as a grey picture whose values are classes; 255
 * classes at most. Free with sv_image_free. */
SV_API SV_CHECKED sv_status sv_class_map_mask(const sv_class_map *map,
                                              int width, int height,
                                              sv_image *mask);

#ifdef __cplusplus
}
#endif
#endif
