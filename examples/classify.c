/* Classifies pixels in memory. In this example they are read from an image
 * file: classify model.onnx shirt.png */
#include <stdio.h>
#include <svertka/svertka.h>

/* 8-bit grey or RGB, row_stride bytes from one row to the next. */
static sv_status classify(const sv_model *model, const uint8_t *pixels,
                          int width, int height, int channels,
                          ptrdiff_t row_stride) {
  sv_classifier *classifier;
  sv_status status = sv_classifier_new(&classifier, model, 0);
  if (status) return status;
  const float *p;
  status = sv_classify_pixels(classifier, pixels, width, height, channels,
                              row_stride, &p);
  if (!status) {
    int best;
    sv_classifier_top(classifier, 1, &best);
    printf("%s %.1f%%\n", sv_classifier_label(classifier, best), 100 * p[best]);
  }
  sv_classifier_free(classifier);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "classify MODEL IMAGE\n"), 2;
  sv_model *model = NULL;
  sv_image image = {0};
  sv_status status = sv_model_load(&model, argv[1]);
  if (!status) status = sv_image_read(&image, argv[2]);
  if (!status)
    status = classify(model, image.pixels, image.width, image.height,
                      image.channels, image.stride);
  if (status) fprintf(stderr, "%s\n", sv_error());
  sv_image_free(&image);
  sv_model_free(model);
  return status != SV_OK;
}
