/* Classification: from pixels to probabilities with a trained model.
 *
 *     sv_classifier_new(&c, model, 1);
 *     sv_classify_pixels(c, pixels, width, height, 3, row_stride, &p);
 *     sv_classifier_top(c, 1, &best);
 *     printf("%s %f", sv_classifier_label(c, best), p[best]); */
#ifndef SVERTKA_CLASSIFY_H
#define SVERTKA_CLASSIFY_H

#include <svertka/data.h>
#include <svertka/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A classifier is used by one thread at a time. The model is shared and only
 * read: create one classifier per thread. */
typedef struct sv_classifier sv_classifier;

/* Compiles the model for one image and reads image size, mean, deviation and
 * class names from its metadata. The model must outlive the classifier and must
 * not be trained meanwhile. threads 0: as many as speed up a single image.
 * SV_INVALID names metadata that are missing, or says why the output is not a
 * row of class scores. sv_model_scores decides whether the output is logits or
 * probabilities; a single independent probability makes two classes, 0 and 1.
 * SV_INVALID also if the weights are random (sv_model_is_random). */
SV_API SV_CHECKED sv_status sv_classifier_new(sv_classifier **classifier,
                                              const sv_model *model,
                                              int threads);
SV_API void sv_classifier_free(sv_classifier *classifier);

/* The kind of the network's output, derived or declared (sv_model_scores). */
SV_API sv_score_kind sv_classifier_scores(const sv_classifier *classifier);

SV_API int sv_classifier_classes(const sv_classifier *classifier);
/* The name of class i, e.g. "Trouser"; its number, e.g. "1", if the model has
 * no names. Borrowed; NULL unless 0 <= i < classes. */
SV_API const char *sv_classifier_label(const sv_classifier *classifier, int i);

/* How the model's images are preprocessed. Borrowed. */
SV_API const sv_preprocess *sv_classifier_preprocess(
    const sv_classifier *classifier);

/* Classifies an image of any size, grey or colour; the image is only read.
 * *probabilities points to sv_classifier_classes() values that sum to 1, or, if
 * the scores are independent, are each from 0 to 1. They are borrowed and valid
 * until the next call with this classifier. */
SV_API SV_CHECKED sv_status sv_classify_image(sv_classifier *classifier,
                                              const sv_image *image,
                                              const float **probabilities);

/* The same for an array of pixels: 8 bits per channel, interleaved channels (1
 * grey, 3 RGB), row_stride bytes from one row to the next (0:
 * width * channels). */
SV_API SV_CHECKED sv_status sv_classify_pixels(sv_classifier *classifier,
                                               const uint8_t *pixels, int width,
                                               int height, int channels,
                                               ptrdiff_t row_stride,
                                               const float **probabilities);

/* The indices of the k most probable classes of the last image, in order of
 * decreasing probability; 1 <= k <= classes. */
SV_API void sv_classifier_top(const sv_classifier *classifier, int k, int *top);

/* ---- Class maps --------------------------------------------------------- */

/* The predictions at each position of an image. Along an axis (0 vertical, 1
 * horizontal) position i is centred on pixel first + i stride of the image,
 * where 0 is the centre of the first pixel, and depends on `window` pixels
 * around it. Free with sv_class_map_free. */
typedef struct sv_class_map {
  int classes, height, width;
  float *probabilities; /* classes x height x width; they sum to 1 at each
                         * position unless the scores are independent */
  double stride[2], first[2], window[2];
  char **names; /* names of the classes */
} sv_class_map;

typedef struct sv_class_map_options {
  double scale;        /* 1: factor by which the image is resized first */
  int threads;         /* 0: as sv_plan_options */
  const char *backend; /* as sv_plan_options */
} sv_class_map_options;

SV_API sv_class_map_options sv_class_map_default(void);

/* Predicts the class at each position of an image. A classifier slides over the
 * image (sv_model_convolve), resized by options->scale; the result must not be
 * smaller than the images that the model was made for. A semantic segmentation
 * network is run as it is: on the image at its own size if the network's input
 * size is free, otherwise on the image resized to the input size. SV_INVALID if
 * the weights are random, as in sv_classifier_new. The model is only read. */
SV_API SV_CHECKED sv_status
sv_classify_map(sv_class_map *map, const sv_model *model, const sv_image *image,
                const sv_class_map_options *options);
SV_API void sv_class_map_free(sv_class_map *map);

/* The most probable class at a position; of equal ones the first. */
SV_API int sv_class_map_best(const sv_class_map *map, int y, int x);
/* The probability of class c at a position. */
SV_API float sv_class_map_at(const sv_class_map *map, int c, int y, int x);

/* Makes a mask of width x height pixels: each pixel gets the most probable
 * class of the nearest position. The mask is a greyscale image whose values are
 * classes, at most 255 of them. Free with sv_image_free. */
SV_API SV_CHECKED sv_status sv_class_map_mask(const sv_class_map *map,
                                              int width, int height,
                                              sv_image *mask);

#ifdef __cplusplus
}
#endif
#endif
