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
 * what the model does not say, or why its output is not a row of class
 * probabilities. */
SV_API SV_CHECKED sv_status sv_classifier_new(sv_classifier **classifier,
                                              const sv_model *model,
                                              int threads);
SV_API void sv_classifier_free(sv_classifier *classifier);

SV_API int sv_classifier_classes(const sv_classifier *classifier);
/* "Trouser", or "1" where the model does not say. Borrowed; NULL unless
 * 0 <= i < classes. */
SV_API const char *sv_classifier_label(const sv_classifier *classifier, int i);

/* How the model wants its pictures. Borrowed. */
SV_API const sv_preprocess *sv_classifier_preprocess(
    const sv_classifier *classifier);

/* *probabilities: sv_classifier_classes() numbers that sum to 1, borrowed and
 * valid until the classifier's next call. The image may have any size, grey or
 * colour; it is only read. */
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

#ifdef __cplusplus
}
#endif
#endif
