/* Prepares images as a network's input: the floats of each, one after the
 * other, on stdout.
 *
 *   prepare SIZE RESIZE IMAGE...     SIZE as 3x224x224, RESIZE as "crop 0.875"
 *
 * Pixels are divided by 255, and not turned by their EXIF data. */
#include <stdio.h>
#include <stdlib.h>

#include <svertka/data.h>

static void check(sv_status status) {
  if (status == SV_OK) return;
  fprintf(stderr, "prepare: %s\n", sv_error());
  exit(1);
}

int main(int argc, char **argv) {
  sv_preprocess p = sv_preprocess_default();
  if (argc < 4) return 2;
  check(sv_preprocess_set(&p, "svertka.image.size", argv[1]));
  check(sv_preprocess_set(&p, "svertka.image.resize", argv[2]));
  check(sv_preprocess_set(&p, "svertka.image.orientation", "ignore"));
  bool grey = p.channels == 1;
  check(sv_preprocess_set(&p, "svertka.image.mean", grey ? "0" : "0,0,0"));
  check(sv_preprocess_set(&p, "svertka.image.deviation", grey ? "1" : "1,1,1"));
  check(sv_preprocess_check(&p));
  size_t count = (size_t)p.channels * (size_t)p.height * (size_t)p.width;
  float *pixels = malloc(count * sizeof *pixels);
  if (!pixels) return 1;
  for (int i = 3; i < argc; i++) {
    sv_image image;
    check(sv_image_read(&image, argv[i]));
    check(sv_preprocess_pixels(&p, &image, pixels));
    sv_image_free(&image);
    if (fwrite(pixels, sizeof *pixels, count, stdout) != count) return 1;
  }
  free(pixels);
  sv_preprocess_free(&p);
  return 0;
}
