/* The changes of pixels against those of torchvision
 * (scripts/make_fixtures_transforms.py), and what they do to masks and grey
 * images. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <svertka/layers.h>

#include "asserts.h"
#include "base/memory.h"
#include "data/pixels.h"

enum { W = 23, H = 16, BYTES = 3 * W * H, MOST_LINES = 100, NUMBERS = 7 };

static const char place[] = "tests/fixtures/transforms/";

/* A row of the table: the image that comes out is number `at`. */
typedef struct line {
  char name[32];
  double n[NUMBERS];
} line;

static line lines[MOST_LINES];
static int line_count;
static sv_image sheet;

static int read_fixture(void **state) {
  char path[512], text[256];
  const char *source = getenv("SOURCE_DIR");
  (void)state;
  snprintf(path, sizeof path, "%s/%spixels.png", source ? source : ".", place);
  if (sv_image_read(&sheet, path) != SV_OK) return -1;
  snprintf(path, sizeof path, "%s/%spixels.txt", source ? source : ".", place);
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  while (line_count < MOST_LINES && fgets(text, sizeof text, file)) {
    line *l = &lines[line_count++];
    double *n = l->n;
    sscanf(text, "%31s %lf %lf %lf %lf %lf %lf %lf", l->name, &n[0], &n[1],
           &n[2], &n[3], &n[4], &n[5], &n[6]);
  }
  fclose(file);
  return sheet.width == W && sheet.channels == 3 &&
                 sheet.height == H * line_count
             ? 0
             : -1;
}

static int free_fixture(void **state) {
  (void)state;
  sv_image_free(&sheet);
  return 0;
}

static const uint8_t *expected(int at) {
  return sheet.pixels + (ptrdiff_t)at * BYTES;
}

static sv_preprocess preprocess = {.channels = 3, .height = H, .width = W};

/* The image itself, with a mask if wanted: class 10 y + x % 10. */
static sv_frame frame_of(int channels, bool masked) {
  sv_frame f = {
      .width = W, .height = H, .channels = channels, .preprocess = &preprocess};
  assert_ok(sv_alloc(&f.pixels, BYTES));
  if (masked) assert_ok(sv_alloc(&f.mask, (size_t)W * H));
  for (int i = 0; i < W * H; i++) {
    for (int c = 0; c < channels; c++)
      f.pixels[i * channels + c] = expected(0)[3 * i + c];
    if (masked) f.mask[i] = (uint8_t)(10 * (i / W) + i % W % 10);
  }
  return f;
}

/* True if the line's name is a change of each value or pixel on its own, or of
 * neighbours: masks stay. */
static bool change_colours(const line *l, sv_frame *f) {
  const double *n = l->n;
#define ROW(what, call) \
  if (strcmp(l->name, #what) == 0) return call, true
  ROW(none, (void)0);
  ROW(brightness, sv_pixels_brightness(f, n[0]));
  ROW(contrast, sv_pixels_contrast(f, n[0]));
  ROW(saturation, sv_pixels_saturation(f, n[0]));
  ROW(hue, sv_pixels_hue(f, n[0]));
  ROW(grey, sv_pixels_grey(f));
  ROW(posterize, sv_pixels_posterize(f, (int)n[0]));
  ROW(solarize, sv_pixels_solarize(f, n[0]));
  ROW(invert, sv_pixels_invert(f));
  ROW(autocontrast, sv_pixels_autocontrast(f));
  ROW(equalize, sv_pixels_equalize(f));
  ROW(sharpness, (void)!sv_pixels_sharpness(f, n[0]));
  ROW(blur, (void)!sv_pixels_blur(f, (int)n[0], n[1]));
#undef ROW
  return false;
}

/* A draw that is as wanted: the flip that happens always. */
static void flip(sv_frame *f, int axis) {
  const sv_draws draws = {{1, 2, 3}, 0};
  const sv_transform *t;
  struct {
    int axis;
    float p;
  } settings = {axis, 1};
  assert_ok(sv_transform_find(&t, "flip", 4));
  assert_int_equal(t->op.attrs_size, sizeof settings);
  assert_ok(t->image(f, &settings, &draws));
}

static void change(const line *l, sv_frame *f) {
  const double *n = l->n;
  sv_affine m = {.scale = 1};
  if (change_colours(l, f)) return;
  if (strcmp(l->name, "flip") == 0) {
    flip(f, (int)n[0]);
  } else if (strcmp(l->name, "crop") == 0) {
    const sv_box box = {(int)n[0], (int)n[1], (int)n[2], (int)n[3]};
    assert_ok(sv_frame_resize(f, &box, W, H));
  } else if (strcmp(l->name, "rotate") == 0) {
    m.angle = -n[0];
    assert_ok(sv_pixels_affine(f, &m, (sv_affine_filter)n[1]));
  } else if (strcmp(l->name, "corner") == 0) {
    m.shear_x = n[0];
    m.shear_y = n[1];
    m.corner = true;
    assert_ok(sv_pixels_affine(f, &m, SV_AFFINE_NEAREST));
  } else {
    assert_string_equal(l->name, "affine");
    m = (sv_affine){n[0], n[3], n[4], n[5], n[1], n[2], false};
    assert_ok(sv_pixels_affine(f, &m, (sv_affine_filter)n[6]));
  }
}

static void test_equal(void **state) {
  (void)state;
  int names = 0;
  for (int i = 0; i < line_count; i++) {
    sv_frame f = frame_of(3, false);
    int most = 0;
    double sum = 0;
    change(&lines[i], &f);
    assert_int_equal(f.width, W);
    assert_int_equal(f.height, H);
    for (int k = 0; k < BYTES; k++) {
      int off = abs(f.pixels[k] - expected(i)[k]);
      if (off > most) most = off;
      sum += off;
    }
    if (most > 1 || sum / BYTES > 0.25)
      fail_msg("%s %g %g: off by up to %d, %.3f on average", lines[i].name,
               lines[i].n[0], lines[i].n[1], most, sum / BYTES);
    names += i == 0 || strcmp(lines[i].name, lines[i - 1].name) != 0;
    sv_frame_free(&f);
  }
  assert_true(names >= 18);
}

/* Each of them changes the image: a function that does nothing would be
 * seen. */
static void test_changes(void **state) {
  (void)state;
  for (int i = 1; i < line_count; i++) {
    bool whole = strcmp(lines[i].name, "crop") == 0 && lines[i].n[2] == W;
    if (whole) continue;
    assert_memory_not_equal(expected(i), expected(0), BYTES);
  }
}

/* Classes stay where colours change, and move with their pixels elsewhere:
 * pixels whose red is their class show where they went. */
static void test_masks(void **state) {
  (void)state;
  for (int i = 0; i < line_count; i++) {
    sv_frame f = frame_of(3, true), before = frame_of(3, true);
    if (change_colours(&lines[i], &f)) {
      assert_memory_equal(f.mask, before.mask, (size_t)W * H);
    } else if (lines[i].n[6] == 0 &&
               !(strcmp(lines[i].name, "rotate") == 0 && lines[i].n[1] != 0) &&
               strcmp(lines[i].name, "crop") != 0) {
      for (int k = 0; k < W * H; k++)
        for (int c = 0; c < 3; c++) f.pixels[3 * k + c] = f.mask[k];
      change(&lines[i], &f);
      int moved = 0;
      for (int k = 0; k < W * H; k++) {
        bool none = f.mask[k] == SV_NO_CLASS;
        assert_int_equal(f.pixels[3 * k], none ? 0 : f.mask[k]);
        moved += f.mask[k] != before.mask[k];
      }
      assert_true(moved > W * H / 4);
    }
    sv_frame_free(&f);
    sv_frame_free(&before);
  }
}

/* A resized mask takes the pixel in whose place it is. */
static void test_mask_resized(void **state) {
  (void)state;
  sv_frame f = frame_of(3, true);
  const sv_box box = {3, 2, 10, 8};
  assert_ok(sv_frame_resize(&f, &box, 5, 16));
  for (int y = 0; y < 16; y++)
    for (int x = 0; x < 5; x++)
      assert_int_equal(f.mask[5 * y + x],
                       10 * (2 + y / 2) + (3 + 2 * x + 1) % 10);
  sv_frame_free(&f);
}

/* One channel: as three equal ones, whose grey is truncated. */
static void test_grey_images(void **state) {
  (void)state;
  for (int i = 0; i < line_count; i++) {
    sv_frame one = frame_of(1, false), three = frame_of(3, false);
    for (int k = 0; k < W * H; k++)
      for (int c = 1; c < 3; c++) three.pixels[3 * k + c] = three.pixels[3 * k];
    change(&lines[i], &one);
    change(&lines[i], &three);
    for (int k = 0; k < W * H; k++)
      assert_true(abs(one.pixels[k] - three.pixels[3 * k]) <= 3);
    sv_frame_free(&one);
    sv_frame_free(&three);
  }
}

/* The smallest images. */
static void test_tiny(void **state) {
  (void)state;
  for (int size = 1; size <= 3; size++)
    for (int i = 0; i < line_count; i++) {
      sv_frame f = {.width = size,
                    .height = 4 - size,
                    .channels = 3,
                    .preprocess = &preprocess};
      if (strcmp(lines[i].name, "crop") == 0) continue;
      assert_ok(sv_alloc(&f.pixels, sv_frame_bytes(&f)));
      change(&lines[i], &f);
      sv_frame_free(&f);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_equal),       cmocka_unit_test(test_changes),
      cmocka_unit_test(test_masks),       cmocka_unit_test(test_mask_resized),
      cmocka_unit_test(test_grey_images), cmocka_unit_test(test_tiny),
  };
  return cmocka_run_group_tests(tests, read_fixture, free_fixture);
}
