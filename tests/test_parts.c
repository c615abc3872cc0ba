/* Decoding a part of a JPEG file, and resizing with each instruction set: the
 * same pixels as from the whole image, or nearly so. */
#include <math.h>
#include <stdio.h>

#include "image_files.h"

#include <jpeglib.h>

#include "data/augment.h"
#include "data/preprocess.h"
#include "data/reader.h"
#include "data/resize.h"

enum { WIDTH = 203, HEIGHT = 154 };

/* Slow waves, so that a pixel tells where it is and compression keeps it. */
static int wave(int x, int y, int c) {
  return (int)(128 + 90 * sin(x / (17.0 + 5 * c) + c) * cos(y / (13.0 + c)));
}

typedef struct kind {
  const char *name;
  int components, sampling; /* 1 or 2: colours in full, or half as wide and
                             * high */
  bool progressive;
} kind;

static const kind kinds[] = {{"c/full.jpg", 3, 1, false},
                             {"c/half.jpg", 3, 2, false},
                             {"d/progressive.jpg", 3, 2, true},
                             {"d/grey.jpg", 1, 1, false}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void write_jpeg(const kind *k, const char *name) {
  struct jpeg_compress_struct z;
  struct jpeg_error_mgr errors;
  uint8_t row[3 * WIDTH];
  make_parents(name);
  FILE *file = fopen(in_folder(name), "wb");
  assert_non_null(file);
  z.err = jpeg_std_error(&errors);
  jpeg_create_compress(&z);
  jpeg_stdio_dest(&z, file);
  z.image_width = WIDTH;
  z.image_height = HEIGHT;
  z.input_components = k->components;
  z.in_color_space = k->components == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&z);
  jpeg_set_quality(&z, 95, TRUE);
  z.comp_info[0].h_samp_factor = z.comp_info[0].v_samp_factor = k->sampling;
  if (k->progressive) jpeg_simple_progression(&z);
  jpeg_start_compress(&z, TRUE);
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = 0; x < WIDTH * k->components; x++)
      row[x] = (uint8_t)wave(x / k->components, y, x % k->components);
    JSAMPROW at = row;
    jpeg_write_scanlines(&z, &at, 1);
  }
  jpeg_finish_compress(&z);
  jpeg_destroy_compress(&z);
  fclose(file);
}

/* ---- The decoder ---- */

typedef struct want {
  int x, y, width, height, least;
} want;

static void choose(void *context, int width, int height, sv_image_part *part) {
  const want *w = context;
  assert_int_equal(width, WIDTH);
  assert_int_equal(height, HEIGHT);
  part->x = w->x;
  part->y = w->y;
  part->wanted_width = w->width;
  part->wanted_height = w->height;
  part->least_width = part->least_height = w->least;
}

/* The mean of the square of pixels of the whole image that pixel (x, y) of the
 * part stands for. */
static double mean_of(const sv_image *whole, const sv_image_part *part, int x,
                      int y, int c) {
  double sum = 0;
  int count = 0;
  for (int j = 0; j < part->scale; j++)
    for (int i = 0; i < part->scale; i++) {
      int row = part->y + y * part->scale + j;
      int column = part->x + x * part->scale + i;
      if (row >= HEIGHT || column >= WIDTH) continue;
      sum += whole->pixels[row * whole->stride + column * whole->channels + c];
      count++;
    }
  return sum / count;
}

static void check_part(const kind *k, const sv_image *whole, want w,
                       int scale) {
  sv_image image;
  size_t size;
  uint8_t *bytes = file_bytes(in_folder(k->name), &size);
  sv_image_part part = {.choose = choose, .context = &w};
  assert_ok(sv_image_decode_part(&image, k->name, bytes, size, &part));
  free(bytes);
  assert_int_equal(part.scale, scale);
  assert_int_equal(part.width, WIDTH);
  assert_int_equal(part.height, HEIGHT);
  assert_int_equal(image.channels, k->components);
  /* All of what is wanted, and no more rows than that. */
  assert_true(part.x <= w.x && part.y <= w.y && part.y > w.y - scale);
  assert_true(part.x + image.width * scale >= w.x + w.width);
  assert_true(part.y + image.height * scale >= w.y + w.height);
  assert_true(image.height <= (w.height + 2 * scale - 2) / scale);
  double most = 0, sum = 0;
  for (int y = 0; y < image.height; y++)
    for (int x = 0; x < image.width; x++)
      for (int c = 0; c < image.channels; c++) {
        double off =
            fabs(image.pixels[y * image.stride + x * image.channels + c] -
                 mean_of(whole, &part, x, y, c));
        if (off > most) most = off;
        sum += off;
      }
  sum /= (double)image.height * image.width * image.channels;
  if (most > 12 || sum > 1)
    fail_msg("%s, a part at (%d, %d), scale %d: off by up to %g, %g on average",
             k->name, w.x, w.y, scale, most, sum);
  sv_image_free(&image);
}

static void test_parts(void **state) {
  (void)state;
  for (int i = 0; i < KINDS; i++) {
    sv_image whole;
    write_jpeg(&kinds[i], kinds[i].name);
    assert_ok(sv_image_read(&whole, in_folder(kinds[i].name)));
    check_part(&kinds[i], &whole, (want){0, 0, WIDTH, HEIGHT, 150}, 1);
    check_part(&kinds[i], &whole, (want){0, 0, WIDTH, HEIGHT, 64}, 2);
    check_part(&kinds[i], &whole, (want){0, 0, WIDTH, HEIGHT, 30}, 4);
    check_part(&kinds[i], &whole, (want){0, 0, WIDTH, HEIGHT, 2}, 8);
    check_part(&kinds[i], &whole, (want){37, 51, 64, 64, 64}, 1);
    check_part(&kinds[i], &whole, (want){37, 51, 64, 66, 32}, 2);
    check_part(&kinds[i], &whole, (want){101, 77, 102, 77, 20}, 2);
    check_part(&kinds[i], &whole, (want){202, 153, 1, 1, 1}, 1);
    check_part(&kinds[i], &whole, (want){150, 3, 50, 150, 11}, 4);
    sv_image_free(&whole);
  }
}

/* A file that is cut off above the end of the part is an error; turned images
 * and other formats are decoded as a whole. */
static void test_other_files(void **state) {
  (void)state;
  const want w = {10, 100, 20, 50, 20};
  sv_image image;
  sv_image_part part = {.choose = choose, .context = (void *)&w};
  size_t size;
  write_jpeg(&kinds[0], kinds[0].name);
  uint8_t *bytes = file_bytes(in_folder(kinds[0].name), &size);
  assert_error(SV_FORMAT, "damaged JPEG",
               sv_image_decode_part(&image, "cut", bytes, size / 2, &part));
  assert_null(image.pixels);
  free(bytes);
  const char *source = getenv("SOURCE_DIR");
  static const char *const names[] = {"turned6.jpg", "rgb8.png"};
  for (int i = 0; i < 2; i++) {
    char path[300];
    snprintf(path, sizeof path, "%s/tests/fixtures/images/%s",
             source ? source : ".", names[i]);
    bytes = file_bytes(path, &size);
    part.scale = 3;
    assert_ok(sv_image_decode_part(&image, path, bytes, size, &part));
    assert_int_equal(part.scale, 0);
    sv_image_free(&image);
    free(bytes);
  }
}

/* Damaged files: an error or an image, never anything else (with the address
 * sanitizer). */
static void any_part(void *context, int width, int height,
                     sv_image_part *part) {
  const sv_random *key = context;
  part->x = (int)sv_random_below(key, 0, (uint64_t)width);
  part->y = (int)sv_random_below(key, 1, (uint64_t)height);
  part->wanted_width =
      1 + (int)sv_random_below(key, 2, (uint64_t)(width - part->x));
  part->wanted_height =
      1 + (int)sv_random_below(key, 3, (uint64_t)(height - part->y));
  part->least_width = part->least_height = 1 + (int)sv_random_below(key, 4, 40);
}

static void test_damaged(void **state) {
  (void)state;
  int whole = 0, refused = 0;
  for (int i = 0; i < KINDS; i++) {
    size_t size;
    write_jpeg(&kinds[i], kinds[i].name);
    uint8_t *bytes = file_bytes(in_folder(kinds[i].name), &size);
    for (uint64_t round = 0; round < 400; round++) {
      sv_random key = {5, (uint64_t)i, round};
      sv_image_part part = {.choose = any_part, .context = &key};
      sv_image image;
      for (uint64_t k = 0; k < round % 4; k++) {
        uint64_t at = sv_random_below(&key, 10 + 2 * k, size);
        bytes[at] = (uint8_t)sv_random_below(&key, 11 + 2 * k, 256);
      }
      sv_status status =
          sv_image_decode_part(&image, "damaged", bytes, size, &part);
      whole += status == SV_OK;
      refused += status != SV_OK;
      sv_image_free(&image);
      if (round % 20 != 19) continue;
      free(bytes);
      bytes = file_bytes(in_folder(kinds[i].name), &size);
    }
    free(bytes);
  }
  assert_true(whole > 100 && refused > 100);
}

/* ---- The transform ---- */

/* What comes out hardly differs from what the whole image gives. */
static void test_cropped(void **state) {
  (void)state;
  enum { SIDE = 40, PIXELS = 3 * SIDE * SIDE };
  sv_augment_list list;
  sv_dataset *d;
  sv_preprocess p;
  const sv_shape input = {3, {3, SIDE, SIDE}};
  const sv_random key = {1, 2, 3};
  for (int i = 0; i < KINDS; i++)
    for (int copy = 0; copy < 3; copy++) {
      char name[64];
      snprintf(name, sizeof name, "set/%d%s", copy, kinds[i].name);
      write_jpeg(&kinds[i], name);
    }
  assert_ok(sv_augment_parse(
      &list, &(sv_augment){.transforms = "random_resized_crop; flip"}));
  assert_ok(sv_dataset_open(&d, in_folder("set"), SV_SPLIT_TRAIN));
  assert_ok(sv_preprocess_match(&p, d, &input));
  for (int c = 0; c < 3; c++) p.mean[c] = 0, p.deviation[c] = 1 / 255.f;
  int parts = 0, reduced = 0;
  for (int64_t i = 0; i < 40; i++) {
    float got[PIXELS], expected[PIXELS];
    const sv_augment_need need = {&list, &key, i, &p};
    int64_t sample = i % sv_dataset_count(d);
    sv_image image, whole;
    sv_image_part part;
    double sum = 0;
    assert_true(sv_augment_part(&need, &part));
    assert_ok(sv_dataset_image_part(d, sample, &part, &image));
    assert_ok(sv_dataset_image(d, sample, &whole));
    const sv_augment_sample a = {&image, NULL, &part}, b = {&whole, NULL, NULL};
    parts += image.width * image.height < WIDTH * HEIGHT;
    reduced += part.scale > 1;
    assert_ok(sv_augment_apply(&list, &key, i, &p, &a, got, NULL));
    assert_ok(sv_augment_apply(&list, &key, i, &p, &b, expected, NULL));
    for (int k = 0; k < PIXELS; k++)
      sum += fabs((double)(got[k] - expected[k]));
    if (sum / PIXELS > 4)
      fail_msg("sample %d: off by %g", (int)i, sum / PIXELS);
    sv_image_free(&image);
    sv_image_free(&whole);
  }
  assert_true(parts > 30 && reduced > 5);
  sv_augment_free(&list);
  sv_preprocess_free(&p);
  sv_dataset_free(d);
}

/* ---- Resizing ---- */

/* Every instruction set gives the bits of the first. */
static void test_resize_loops(void **state) {
  (void)state;
  enum { SIDE = 97, MOST = 4 * SIDE * SIDE };
  static uint8_t src[MOST], base[MOST], other[MOST];
  const sv_random key = {1, 2, 3};
  int kinds_seen = 0;
  while (sv_resize_loops_at(kinds_seen)) kinds_seen++;
  const sv_resize_loops *plain = sv_resize_loops_at(kinds_seen - 1);
  assert_string_equal(plain->name, "base");
  for (int i = 0; i < MOST; i++)
    src[i] = (uint8_t)sv_random_below(&key, (uint64_t)i, 256);
  for (uint64_t i = 0; i < 300; i++) {
    static const int channels[] = {1, 3, 4};
    int at[6];
    for (int k = 0; k < 6; k++)
      at[k] = 1 + (int)sv_random_below(&key, MOST + 6 * i + (uint64_t)k, SIDE);
    sv_image image = {.width = at[0],
                      .height = at[1],
                      .channels = channels[i % 3],
                      .pixels = src};
    sv_scaling s = {at[2], at[3], 0, 0, at[2], at[3]};
    if (i % 2) {
      s.out_width = 1 + at[4] % s.width;
      s.out_height = 1 + at[5] % s.height;
      s.x = s.width - s.out_width;
      s.y = (s.height - s.out_height) / 2;
    }
    sv_filter filter = i % 4 > 1 ? SV_FILTER_BICUBIC : SV_FILTER_BILINEAR;
    size_t bytes =
        (size_t)s.out_width * (size_t)s.out_height * (size_t)image.channels;
    assert_ok(sv_image_resize_by(plain, &image, &s, filter, base));
    for (int k = 0; k + 1 < kinds_seen; k++) {
      memset(other, 7, bytes);
      assert_ok(
          sv_image_resize_by(sv_resize_loops_at(k), &image, &s, filter, other));
      assert_memory_equal(other, base, bytes);
    }
  }
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {TEST(test_parts), TEST(test_other_files),
                                     TEST(test_damaged), TEST(test_cropped),
                                     TEST(test_resize_loops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
