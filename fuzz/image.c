/* Any bytes as an image file: an image whose header said its size, or the
 * reason why not. tests/test_fuzz_data.c replays the corpus. */
#include "expect.h"

#include "data/image.h"

/* Every format that begins so reads within these bounds. */
static void check_image(const sv_image *image) {
  expect(sv_image_check(image) == SV_OK);
  expect(image->channels == 1 || image->channels == 3);
  unsigned sum = 0;
  for (int y = 0; y < image->height; y++) {
    const uint8_t *row = sv_image_row(image, y);
    for (int x = 0; x < image->width * image->channels; x++) sum += row[x];
  }
  expect(sum <= 255u * 3u * (unsigned)SV_IMAGE_PIXELS || sum > 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  sv_image image, header;
  sv_status status = sv_image_decode(&image, "i", bytes, size);
  if (status != SV_OK) {
    expect_error("i:");
    expect(!image.owned);
  }
  if (sv_image_decode_header(&header, "i", bytes, size) != SV_OK) {
    expect(status != SV_OK);
    expect_error("i:");
    return 0;
  }
  expect(!header.owned && header.width > 0 && header.height > 0);
  if (status != SV_OK) return 0;
  check_image(&image);
  bool turned = image.orientation > 4;
  expect((turned ? image.height : image.width) == header.width);
  expect((turned ? image.width : image.height) == header.height);
  sv_image_free(&image);
  return 0;
}
