/* Images in every format, and resized ones, against Pillow's and torchvision's
 * pixels: tests/fixtures/images, made by
 * scripts/make_fixtures_images.py and make_fixtures_png.py. */
#include <math.h>

#include "data_files.h"

#include <svertka/model.h>

enum { LINE = 1 << 16, SIDE_LIMIT = 256 };

static char line[LINE];

static const char *fixture(const char *name) {
  static char path[512];
  const char *source = getenv("SOURCE_DIR");
  assert_non_null(source);
  snprintf(path, sizeof path, "%s/tests/fixtures/images/%s", source, name);
  return path;
}

static int from_hex(const char *at) {
  unsigned value = 0;
  assert_int_equal(sscanf(at, "%2x", &value), 1);
  return (int)value;
}

static bool ends(const char *name, const char *end) {
  size_t length = strlen(name), tail = strlen(end);
  return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Versions of the libraries round the transforms of lossy formats otherwise. */
static int tolerance_of(const char *name) {
  return ends(name, ".jpg") || strcmp(name, "lossy.webp") == 0 ? 3 : 0;
}

static void check_file(const char *text) {
  char name[64];
  int width, height, channels, at = 0;
  assert_int_equal(sscanf(text, "file %63s %d %d %d %n", name, &width, &height,
                          &channels, &at),
                   4);
  sv_image image;
  assert_ok(sv_image_read(&image, fixture(name)));
  assert_int_equal(image.width, width);
  assert_int_equal(image.height, height);
  if (image.channels != channels) fail_msg("%s: %d channels", name, channels);
  for (int y = 0; y < height; y++)
    for (int i = 0; i < width * channels; i++, at += 2) {
      int got = image.pixels[y * image.stride + i], is = from_hex(text + at);
      if (abs(got - is) > tolerance_of(name))
        fail_msg("%s: row %d, byte %d is %d, expected %d", name, y, i, got, is);
    }
  sv_image_free(&image);
}

/* Pixel (x, y) of channel c: (37 x + 59 y + 83 c + x y) mod 256. */
static void draw_pattern(uint8_t *pixels, int width, int height, int channels) {
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < channels; c++)
        *pixels++ = (uint8_t)(37 * x + 59 * y + 83 * c + x * y);
}

static void check_resize(const char *text) {
  static uint8_t pixels[SIDE_LIMIT * SIDE_LIMIT * 3];
  static float got[3 * 64 * 64];
  int width, height, channels, size, at = 0;
  assert_int_equal(sscanf(text, "resize %d %d %d %d %n", &width, &height,
                          &channels, &size, &at),
                   4);
  assert_true(width <= SIDE_LIMIT && height <= SIDE_LIMIT && size <= 64);
  const char *hex = strstr(text, " = ");
  assert_non_null(hex);
  char rule[64];
  snprintf(rule, sizeof rule, "%.*s", (int)(hex - text) - at, text + at);
  hex += 3;
  sv_preprocess p = sv_preprocess_default();
  p.channels = channels;
  p.height = p.width = size;
  assert_ok(sv_preprocess_set(&p, "svertka.image.resize", rule));
  for (int c = 0; c < channels; c++) {
    p.mean[c] = 0;
    p.deviation[c] = 1.0F / 255;
  }
  draw_pattern(pixels, width, height, channels);
  const sv_image image = {width, height, channels, 0, pixels, NULL, 0, 0};
  assert_ok(sv_preprocess_pixels(&p, &image, got));
  for (int i = 0; i < size * size; i++)
    for (int c = 0; c < channels; c++, hex += 2)
      if ((int)(got[c * size * size + i] + 0.5F) != from_hex(hex))
        fail_msg("%dx%d %s: pixel %d, channel %d is %g, expected %d", width,
                 height, rule, i, c, (double)got[c * size * size + i],
                 from_hex(hex));
  sv_preprocess_free(&p);
}

static void check_lines(const char *from, const char *kind,
                        void (*check)(const char *text), int least) {
  int checked = 0;
  FILE *file = fopen(fixture(from), "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file))
    if (strncmp(line, kind, strlen(kind)) == 0) {
      check(line);
      checked++;
    }
  fclose(file);
  assert_true(checked >= least);
}

static void test_files(void **state) {
  (void)state;
  check_lines("expected.txt", "file ", check_file, 25);
}

/* No gamma is applied, no profile and no depth that was meant. */
static void test_png(void **state) {
  (void)state;
  check_lines("expected_png.txt", "file ", check_file, 31);
}

/* The switch: x ^ (0.45455 / gamma), which libpng's own reading rounds alike
 * within one. */
static void test_gamma(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double gamma; /* 0: nothing to apply */
  } files[] = {{"gamma22000.png", 0.22}, {"gamma45455.png", 0},
               {"gamma100000.png", 1},   {"gamma220000.png", 2.2},
               {"gamma_palette.png", 1}, {"gamma_rgb16.png", 1},
               {"srgb.png", 0},          {"iccp.png", 0},
               {"chrm.png", 1},          {"rgb8.png", 0}};
  for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
    float got[2][3 * 9 * 5];
    sv_image image;
    assert_ok(sv_image_read(&image, fixture(files[k].name)));
    for (int on = 0; on < 2; on++) {
      sv_preprocess p = sv_preprocess_default();
      p.channels = 3;
      p.height = 5;
      p.width = 9;
      for (int c = 0; c < 3; c++) {
        p.mean[c] = 0;
        p.deviation[c] = 1.0F / 255;
      }
      assert_ok(
          sv_preprocess_set(&p, "svertka.image.gamma", on ? "file" : "none"));
      assert_ok(sv_preprocess_pixels(&p, &image, got[on]));
      sv_preprocess_free(&p);
    }
    sv_image_free(&image);
    double exponent = files[k].gamma > 0 ? 0.45455 / files[k].gamma : 1;
    for (int i = 0; i < 3 * 9 * 5; i++) {
      double is = floor(255 * pow((double)got[0][i] / 255, exponent) + 0.5);
      if (fabs((double)got[1][i] - is) > 0.01)
        fail_msg("%s: value %d is %g, expected %g", files[k].name, i,
                 (double)got[1][i], is);
    }
  }
  sv_preprocess p = sv_preprocess_default();
  assert_error(SV_INVALID, "svertka.image.gamma",
               sv_preprocess_set(&p, "svertka.image.gamma", "2.2"));
}

static void test_resize(void **state) {
  (void)state;
  check_lines("expected.txt", "resize ", check_resize, 8);
}

/* Each file cut short at every length, and with every byte changed: an image or
 * an error that names it. */
static void test_damaged(void **state) {
  (void)state;
  static const char *const names[] = {
      "colour.webp",  "moving.webp", "interlaced.gif",    "colour.bmp",
      "palette.bmp",  "lzw.tif",     "group4.tif",        "turned6.tif",
      "turned6.png",  "rgb16.png",   "clear_palette.png", "turned6.jpg",
      "turned6.webp", "deflate.tif"};
  static uint8_t bytes[1 << 14];
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    FILE *file = fopen(fixture(names[k]), "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof bytes);
    for (size_t i = 0; i < 2 * size; i++) {
      bool cut = i < size;
      uint8_t *copy = malloc(size);
      assert_non_null(copy);
      memcpy(copy, bytes, size);
      if (!cut) copy[i - size] ^= (uint8_t)(1 << i % 8);
      sv_image image;
      sv_status status =
          sv_image_decode(&image, names[k], copy, cut ? i : size);
      if (status != SV_OK && !strstr(sv_error(), names[k]))
        fail_msg("%s: \"%s\" does not name it", names[k], sv_error());
      if (status == SV_OK) sv_image_free(&image);
      free(copy);
    }
  }
}

static void test_resize_rule(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",        "crop 0",     "crop 1.5", "crop0.875", "stretch 0.5",
      "bicubic", "crop cubic", "stretchy", "crop 0.5 ", "crop 0.5 bicubic x"};
  sv_preprocess p = sv_preprocess_default();
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_error(SV_INVALID, "svertka.image.resize",
                 sv_preprocess_set(&p, "svertka.image.resize", wrong[i]));
  assert_ok(sv_preprocess_set(&p, "svertka.image.resize", "crop 0.5 bicubic"));
  assert_true(p.resize == SV_RESIZE_CROP && p.filter == SV_FILTER_BICUBIC);
  assert_ok(sv_preprocess_set(&p, "svertka.image.resize", "stretch"));
  assert_true(p.resize == SV_RESIZE_STRETCH && p.crop == 0 &&
              p.filter == SV_FILTER_BILINEAR);
}

static void test_likely(void **state) {
  (void)state;
  write_plain("photo.JPEG", "", 0);
  write_plain("named.txt", "\xff\xd8\xff\xe0", 4);
  write_plain("text.txt", "text", 4);
  write_plain("jpg", "text", 4);
  write_plain("x.jp", "text", 4);
  assert_true(sv_image_is_likely(in_folder("photo.JPEG")));
  assert_true(sv_image_is_likely(in_folder("named.txt")));
  assert_true(sv_image_is_likely(in_folder("absent.tiff")));
  assert_false(sv_image_is_likely(in_folder("text.txt")));
  assert_false(sv_image_is_likely(in_folder("jpg")));
  assert_false(sv_image_is_likely(in_folder("x.jp")));
  assert_false(sv_image_is_likely(folder));
}

/* The switch: the pixels as they are stored, which turned2 to turned8 have
 * turned by EXIF. */
static void test_orientation(void **state) {
  (void)state;
  sv_preprocess p = sv_preprocess_default();
  assert_error(SV_INVALID, "expected file, or ignore",
               sv_preprocess_set(&p, "svertka.image.orientation", "no"));
  for (int o = 2; o <= 8; o++) {
    char path[512];
    sv_image turned, stored;
    snprintf(path, sizeof path, "%s/tests/fixtures/images/turned%d.jpg",
             getenv("SOURCE_DIR"), o);
    assert_ok(sv_image_read(&turned, path));
    assert_int_equal(turned.orientation, o);
    assert_ok(sv_preprocess_set(&p, "svertka.image.orientation", "file"));
    assert_ok(sv_preprocess_turn(&p, &turned));
    assert_int_equal(turned.orientation, o);
    assert_ok(sv_image_read(&stored, path));
    assert_ok(sv_preprocess_set(&p, "svertka.image.orientation", "ignore"));
    assert_ok(sv_preprocess_turn(&p, &stored));
    assert_int_equal(stored.orientation, 0);
    bool swaps = o > 4;
    int width = turned.width, height = turned.height;
    assert_int_equal(stored.width, swaps ? height : width);
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) { /* where TIFF's table puts them */
        int a = o == 2 || o == 3 || o == 7 || o == 8 ? width - 1 - x : x;
        int b = o == 3 || o == 4 || o == 6 || o == 7 ? height - 1 - y : y;
        if (o == 6 || o == 8) {
          a = o == 6 ? width - 1 - x : x;
          b = o == 8 ? height - 1 - y : y;
        }
        int row = swaps ? a : b, column = swaps ? b : a;
        assert_memory_equal(
            turned.pixels + y * turned.stride + x * turned.channels,
            stored.pixels + row * stored.stride + column * stored.channels,
            (size_t)turned.channels);
      }
    sv_image_free(&turned);
    sv_image_free(&stored);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files),   cmocka_unit_test(test_png),
      cmocka_unit_test(test_gamma),   cmocka_unit_test(test_resize),
      cmocka_unit_test(test_damaged), cmocka_unit_test(test_resize_rule),
      cmocka_unit_test(test_likely),  cmocka_unit_test(test_orientation),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
