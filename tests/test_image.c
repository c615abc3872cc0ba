/* Pictures: PNG and JPEG of every kind read, broken and hostile ones refused,
 * PNG written. The files are made here by the libraries themselves. */
#include "data_files.h"

/* libjpeg's header needs what stdio.h declares. */
#include <jpeglib.h>
#include <png.h>

enum { W = 13, H = 9 };

static uint8_t buffer[1 << 20];
static size_t length; /* of the picture made last, in buffer */

/* ---- Makers ---- */

static void put_bytes(png_structp png, png_bytep bytes, size_t size) {
  (void)png;
  memcpy(buffer + length, bytes, size);
  length += size;
}

static void flush(png_structp png) { (void)png; }

/* A picture of `bits` a sample and PNG's colour type, its rows given; palette
 * and transparency, if that is asked for, are 4 fixed entries. */
static void make_png(int type, int bits, bool interlaced, bool transparent,
                     const uint8_t *pixels, size_t stride) {
  static const png_color palette[4] = {
      {10, 20, 30}, {200, 100, 50}, {0, 0, 255}, {255, 255, 255}};
  static const png_byte opacity[4] = {255, 0, 128, 255};
  length = 0;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, 0, 0, 0);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) fail_msg("libpng");
  png_set_write_fn(png, NULL, put_bytes, flush);
  png_set_IHDR(png, info, W, H, bits, type,
               interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 4);
  if (transparent) png_set_tRNS(png, info, opacity, 4, NULL);
  png_write_info(png, info);
  int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; pass++)
    for (int y = 0; y < H; y++) png_write_row(png, pixels + (size_t)y * stride);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
}

/* `pixels` in the file's own colours, W x H. */
static void make_jpeg(J_COLOR_SPACE colours, int channels, bool progressive,
                      bool adobe, const uint8_t *pixels) {
  struct jpeg_compress_struct z;
  struct jpeg_error_mgr errors;
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  z.err = jpeg_std_error(&errors);
  jpeg_create_compress(&z);
  jpeg_mem_dest(&z, &bytes, &size);
  z.image_width = W;
  z.image_height = H;
  z.input_components = channels;
  z.in_color_space = colours;
  jpeg_set_defaults(&z);
  jpeg_set_quality(&z, 100, TRUE);
  for (int i = 0; i < channels; i++)
    z.comp_info[i].h_samp_factor = z.comp_info[i].v_samp_factor = 1;
  if (progressive) jpeg_simple_progression(&z);
  if (!adobe) z.write_Adobe_marker = FALSE;
  jpeg_start_compress(&z, TRUE);
  for (int y = 0; y < H; y++) {
    uint8_t copy[4 * W];
    memcpy(copy, pixels + y * W * channels, (size_t)(W * channels));
    JSAMPROW row = copy;
    jpeg_write_scanlines(&z, &row, 1);
  }
  jpeg_finish_compress(&z);
  jpeg_destroy_compress(&z);
  assert_true(size < sizeof buffer);
  memcpy(buffer, bytes, size);
  length = size;
  free(bytes);
}

/* Something smooth. */
static int shade(int x, int y, int c) {
  return (x * 12 + y * 9 + c * 40) % 250;
}

static void draw(uint8_t *pixels, int channels) {
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++)
      for (int c = 0; c < channels; c++) *pixels++ = (uint8_t)shade(x, y, c);
}

static void check_picture(int channels, int tolerance) {
  sv_image image;
  assert_ok(sv_image_decode(&image, "a picture", buffer, length));
  assert_int_equal(image.width, W);
  assert_int_equal(image.height, H);
  assert_int_equal(image.channels, channels);
  assert_int_equal(image.stride, W * channels);
  const uint8_t *at = image.pixels;
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++)
      for (int c = 0; c < channels; c++)
        assert_in_range(*at++ + tolerance, shade(x, y, c),
                        shade(x, y, c) + 2 * tolerance);
  sv_image_free(&image);
  assert_null(image.pixels);
}

/* ---- Read ---- */

static void test_png_grey_and_colour(void **state) {
  (void)state;
  uint8_t pixels[W * H * 3];
  for (int interlaced = 0; interlaced < 2; interlaced++) {
    draw(pixels, 1);
    make_png(PNG_COLOR_TYPE_GRAY, 8, interlaced, false, pixels, W);
    check_picture(1, 0);
    draw(pixels, 3);
    make_png(PNG_COLOR_TYPE_RGB, 8, interlaced, false, pixels, 3 * W);
    check_picture(3, 0);
  }
}

/* Of 16 bits the upper 8 are taken, as Pillow does. */
static void test_png_16_bits(void **state) {
  (void)state;
  uint8_t pixels[W * H * 2];
  for (int i = 0; i < W * H; i++) {
    int value = shade(i % W, i / W, 0) * 256 + 200;
    pixels[2 * i] = (uint8_t)(value >> 8);
    pixels[2 * i + 1] = (uint8_t)value;
  }
  make_png(PNG_COLOR_TYPE_GRAY, 16, false, false, pixels, 2 * W);
  check_picture(1, 0);
}

static void test_png_1_bit(void **state) {
  (void)state;
  uint8_t pixels[2 * H];
  memset(pixels, 0xa5, sizeof pixels);
  make_png(PNG_COLOR_TYPE_GRAY, 1, false, false, pixels, 2);
  sv_image image;
  assert_ok(sv_image_decode(&image, "bits", buffer, length));
  assert_int_equal(image.channels, 1);
  for (int x = 0; x < 8; x++)
    assert_int_equal(image.pixels[x], 0xa5 >> (7 - x) & 1 ? 255 : 0);
  sv_image_free(&image);
}

static void test_png_palette(void **state) {
  (void)state;
  uint8_t pixels[W * H];
  for (int i = 0; i < W * H; i++) pixels[i] = (uint8_t)(i % 4);
  for (int transparent = 0; transparent < 2; transparent++) {
    make_png(PNG_COLOR_TYPE_PALETTE, 8, false, transparent, pixels, W);
    sv_image image;
    assert_ok(sv_image_decode(&image, "palette", buffer, length));
    assert_int_equal(image.channels, 3);
    const uint8_t opaque[] = {10, 20, 30, 200, 100, 50, 0, 0, 255};
    /* Over white: nothing of the second is left, half of the third. */
    const uint8_t clear[] = {10, 20, 30, 255, 255, 255, 127, 127, 255};
    assert_memory_equal(image.pixels, transparent ? clear : opaque, 9);
    sv_image_free(&image);
  }
}

static void test_png_alpha(void **state) {
  (void)state;
  uint8_t pixels[W * H * 4];
  for (int colours = 1; colours <= 3; colours += 2) {
    for (int i = 0; i < W * H; i++) {
      memset(pixels + i * (colours + 1), 100, (size_t)colours);
      pixels[i * (colours + 1) + colours] = (uint8_t)(i % 3 * 127);
    }
    make_png(
        colours == 1 ? PNG_COLOR_TYPE_GRAY_ALPHA : PNG_COLOR_TYPE_RGB_ALPHA, 8,
        false, false, pixels, (size_t)(W * (colours + 1)));
    sv_image image;
    assert_ok(sv_image_decode(&image, "alpha", buffer, length));
    assert_int_equal(image.channels, colours);
    for (int i = 0; i < W * H * colours; i++) {
      const int expected[3] = {255, 178, 101};
      assert_int_equal(image.pixels[i], expected[i / colours % 3]);
    }
    sv_image_free(&image);
  }
}

static void test_jpeg_grey_and_colour(void **state) {
  (void)state;
  uint8_t pixels[W * H * 3];
  for (int progressive = 0; progressive < 2; progressive++) {
    draw(pixels, 1);
    make_jpeg(JCS_GRAYSCALE, 1, progressive, false, pixels);
    check_picture(1, 4);
    draw(pixels, 3);
    make_jpeg(JCS_RGB, 3, progressive, false, pixels);
    check_picture(3, 4);
  }
}

/* Adobe's CMYK is stored inverted: how much light is let through. */
static void test_jpeg_cmyk(void **state) {
  (void)state;
  uint8_t pixels[W * H * 4];
  for (int adobe = 0; adobe < 2; adobe++) {
    for (int i = 0; i < W * H * 4; i++) {
      static const uint8_t light[4] = {250, 125, 60, 204};
      pixels[i] = adobe ? light[i % 4] : (uint8_t)(255 - light[i % 4]);
    }
    make_jpeg(JCS_CMYK, 4, false, adobe, pixels);
    sv_image image;
    assert_ok(sv_image_decode(&image, "cmyk", buffer, length));
    assert_int_equal(image.channels, 3);
    assert_in_range(image.pixels[0], 198, 202);
    assert_in_range(image.pixels[1], 98, 102);
    assert_in_range(image.pixels[2], 46, 50);
    sv_image_free(&image);
  }
}

/* ---- Refused ---- */

static sv_status try_decode(size_t size) {
  /* Of this size exactly, so that a read beyond it is seen. */
  uint8_t *copy = malloc(size ? size : 1);
  memcpy(copy, buffer, size);
  sv_image image;
  sv_status status = sv_image_decode(&image, "broken", copy, size);
  if (status != SV_OK) {
    assert_null(image.owned);
    assert_int_equal(strncmp(sv_error(), "broken: ", 8), 0);
  }
  sv_image_free(&image);
  free(copy);
  return status;
}

static void make_any(int kind) {
  uint8_t pixels[W * H * 4];
  draw(pixels, 4);
  switch (kind) {
    case 0: make_png(PNG_COLOR_TYPE_RGB, 8, false, false, pixels, 3 * W); break;
    case 1: make_png(PNG_COLOR_TYPE_GRAY, 8, true, false, pixels, W); break;
    case 2: make_jpeg(JCS_RGB, 3, false, false, pixels); break;
    case 3: make_jpeg(JCS_RGB, 3, true, false, pixels); break;
    default: make_jpeg(JCS_CMYK, 4, false, true, pixels);
  }
}

static void test_truncated(void **state) {
  (void)state;
  for (int kind = 0; kind < 5; kind++) {
    make_any(kind);
    /* A JPEG may lack its end marker's last byte and still be whole. */
    size_t whole = length - (kind < 2 ? 12 : 2);
    for (size_t size = 0; size < whole; size++)
      assert_int_equal(try_decode(size), SV_FORMAT);
  }
  assert_error(SV_FORMAT, "damaged JPEG: Premature end of JPEG file",
               try_decode(length / 2));
}

/* Whatever is flipped: an error or a picture, nothing worse. */
static void test_flipped(void **state) {
  (void)state;
  for (int kind = 0; kind < 5; kind++) {
    make_any(kind);
    for (size_t i = 0; i < length; i++) {
      buffer[i] ^= (uint8_t)(1 << i % 8);
      sv_status status = try_decode(length);
      assert_true(status == SV_OK || status == SV_FORMAT);
      buffer[i] ^= (uint8_t)(1 << i % 8);
    }
  }
}

static void test_not_an_image(void **state) {
  (void)state;
  memcpy(buffer, "BMW and so on....", 17);
  assert_error(SV_FORMAT, "broken: not an image; expected one of: PNG, JPEG",
               try_decode(17));
  assert_error(SV_FORMAT, "broken: an empty file, expected PNG, JPEG",
               try_decode(0));
  sv_image image;
  assert_error(SV_IO, in_folder("none.png"),
               sv_image_read(&image, in_folder("none.png")));
  assert_error(SV_IO, "not a regular file", sv_image_read(&image, folder));
}

static void put_be32(size_t at, uint32_t value) {
  for (int i = 0; i < 4; i++) buffer[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A small file that claims to be a huge picture: refused before memory is
 * taken for it. */
static void test_huge(void **state) {
  (void)state;
  make_any(0);
  put_be32(16, 30000);
  put_be32(20, 4000);
  put_be32(29, (uint32_t)crc32(0, buffer + 12, 17));
  assert_error(SV_FORMAT, "bytes cannot hold 30000x4000", try_decode(length));
  put_be32(16, 70000);
  put_be32(29, (uint32_t)crc32(0, buffer + 12, 17));
  assert_error(SV_FORMAT, "70000x4000 pixels, expected sides up to 65535",
               try_decode(length));
  make_any(2);
  size_t at = 2;
  while (buffer[at + 1] != 0xc0)
    at += 2u + buffer[at + 2] * 256u + buffer[at + 3];
  memcpy(buffer + at + 5, "\x20\0\x20\0", 4); /* height, width */
  assert_error(SV_FORMAT, "bytes cannot hold 8192x8192", try_decode(length));
  memcpy(buffer + at + 5, "\xff\xff\xff\xff", 4);
  assert_int_equal(try_decode(length), SV_FORMAT);
}

/* ---- Written ---- */

static void check_same(const sv_image *a, const sv_image *b) {
  assert_int_equal(a->width, b->width);
  assert_int_equal(a->height, b->height);
  assert_int_equal(a->channels, b->channels);
  for (int y = 0; y < a->height; y++)
    assert_memory_equal(a->pixels + y * a->stride, b->pixels + y * b->stride,
                        (size_t)(a->width * a->channels));
}

static void test_write(void **state) {
  (void)state;
  uint8_t pixels[W * H * 3];
  draw(pixels, 3);
  const char *path = in_folder("picture.png");
  const sv_image images[] = {
      {.width = W,
       .height = H,
       .channels = 3,
       .stride = 3 * W,
       .pixels = pixels},
      {.width = W,
       .height = H,
       .channels = 1,
       .stride = 3 * W,
       .pixels = pixels},
      /* The last row first. */
      {.width = W,
       .height = H,
       .channels = 3,
       .stride = -3 * W,
       .pixels = pixels + 3 * W * (H - 1)},
  };
  for (int i = 0; i < 3; i++) {
    sv_image back;
    assert_ok(sv_image_write(&images[i], path));
    assert_ok(sv_image_read(&back, path));
    check_same(&images[i], &back);
    sv_image_free(&back);
  }
  sv_image dense = images[0];
  dense.stride = 0;
  assert_ok(sv_image_write(&dense, path));
}

static void test_write_refuses(void **state) {
  (void)state;
  uint8_t pixels[16] = {0};
  sv_image image = {.width = 2, .height = 2, .channels = 4, .pixels = pixels};
  const char *path = in_folder("no.png");
  assert_error(SV_INVALID, "no.png: 4 channels, expected 1 or 3",
               sv_image_write(&image, path));
  image.channels = 2;
  assert_error(SV_INVALID, "2 channels", sv_image_write(&image, path));
  image.channels = 3;
  image.stride = 5;
  assert_error(SV_INVALID, "6 bytes per row has a stride of 5",
               sv_image_write(&image, path));
  image.stride = 0;
  image.height = 0;
  assert_error(SV_INVALID, "2x0 pixels", sv_image_write(&image, path));
  image.height = 2;
  image.pixels = NULL;
  assert_error(SV_INVALID, "without pixels", sv_image_write(&image, path));
  image.pixels = pixels;
  assert_error(SV_IO, "no/no.png",
               sv_image_write(&image, in_folder("no/no.png")));
  assert_int_equal(access(path, F_OK), -1);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
      TEST(test_png_grey_and_colour),
      TEST(test_png_16_bits),
      TEST(test_png_1_bit),
      TEST(test_png_palette),
      TEST(test_png_alpha),
      TEST(test_jpeg_grey_and_colour),
      TEST(test_jpeg_cmyk),
      TEST(test_truncated),
      TEST(test_flipped),
      TEST(test_not_an_image),
      TEST(test_huge),
      TEST(test_write),
      TEST(test_write_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
