/* Scenes composed of small pictures, with a class for each pixel. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "data/image.h"
#include "data/reader.h"

enum { LARGEST = 4096, MOST_ITEMS = 64, WAVES = 4, DARK = 8 };
/* Which random numbers of a scene decide what; each item has ITEM of them. */
enum { COUNT, TEXTURED, LEVEL, WAVE = 8, ITEM = 64 };
enum { WHICH, SCALE, LEFT, TOP, MIRROR };

sv_scenes sv_scenes_default(void) {
  return (sv_scenes){.count = 1000, .size = 64, .items = 4, .seed = 1};
}

/* A scene under construction. */
typedef struct scene {
  const sv_dataset *source;
  const sv_scenes *options;
  sv_random key;
  int size;
  uint8_t *pixels, *classes; /* size x size */
  uint8_t *shape;            /* of a picture of the source: 1 inside */
  int *stack;
} scene;

static double draw(const scene *s, uint64_t index, double low, double high) {
  return low + (high - low) * sv_random_uniform(&s->key, index);
}

/* ---- The background ---- */

/* A few waves of any direction and length around some grey. */
static void draw_background(scene *s) {
  double level = draw(s, LEVEL, 25, 110), waves[WAVES][4];
  bool black = s->options->black || sv_random_uniform(&s->key, TEXTURED) < 0.25;
  for (int i = 0; i < WAVES; i++) {
    double angle = draw(s, WAVE + 4 * (uint64_t)i, 0, 2 * M_PI);
    double step = 2 * M_PI / draw(s, WAVE + 4 * (uint64_t)i + 1, 4, 40);
    waves[i][0] = step * cos(angle);
    waves[i][1] = step * sin(angle);
    waves[i][2] = draw(s, WAVE + 4 * (uint64_t)i + 2, 0, 2 * M_PI);
    waves[i][3] = draw(s, WAVE + 4 * (uint64_t)i + 3, 0, 18);
  }
  for (int y = 0, at = 0; y < s->size; y++)
    for (int x = 0; x < s->size; x++, at++) {
      double grey = level;
      for (int i = 0; i < WAVES; i++)
        grey +=
            waves[i][3] * sin(waves[i][0] * x + waves[i][1] * y + waves[i][2]);
      s->pixels[at] = black || grey < 0 ? 0 : (uint8_t)grey;
      s->classes[at] = 0;
    }
}

/* ---- A picture ---- */

/* What cannot be reached from the border over dark pixels. */
static void find_shape(scene *s, const sv_image *image) {
  int width = image->width, height = image->height, count = 0;
  memset(s->shape, 1, (size_t)width * (size_t)height);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      bool border = y == 0 || x == 0 || y == height - 1 || x == width - 1;
      if (!border || sv_image_row(image, y)[x] > DARK) continue;
      s->shape[y * width + x] = 0;
      s->stack[count++] = y * width + x;
    }
  while (count) {
    int at = s->stack[--count], x = at % width, y = at / width;
    const int next[4][2] = {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}};
    for (int i = 0; i < 4; i++) {
      int nx = next[i][0], ny = next[i][1];
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
      if (!s->shape[ny * width + nx] || sv_image_row(image, ny)[nx] > DARK)
        continue;
      s->shape[ny * width + nx] = 0;
      s->stack[count++] = ny * width + nx;
    }
  }
}

/* Between the four pixels around (x, y). */
static double between(const uint8_t *at, ptrdiff_t stride, int width,
                      int height, double x, double y) {
  x = x < 0 ? 0 : x > width - 1 ? width - 1 : x;
  y = y < 0 ? 0 : y > height - 1 ? height - 1 : y;
  int left = (int)x, top = (int)y;
  int right = left + (left < width - 1), bottom = top + (top < height - 1);
  double u = x - left, v = y - top;
  return (1 - v) * ((1 - u) * at[top * stride + left] +
                    u * at[top * stride + right]) +
         v * ((1 - u) * at[bottom * stride + left] +
              u * at[bottom * stride + right]);
}

/* Up to a quarter of it may lie outside on each side. */
static void paste(scene *s, const sv_image *image, uint64_t base, int class) {
  double scale = draw(s, base + SCALE, 1, 2);
  double width = image->width * scale, height = image->height * scale;
  double left = draw(s, base + LEFT, -width / 4, s->size - 0.75 * width);
  double top = draw(s, base + TOP, -height / 4, s->size - 0.75 * height);
  bool mirror = sv_random_uniform(&s->key, base + MIRROR) < 0.5;
  for (int y = 0; y < s->size; y++)
    for (int x = 0; x < s->size; x++) {
      double u = (x + 0.5 - left) / scale, v = (y + 0.5 - top) / scale;
      if (u < 0 || v < 0 || u >= image->width || v >= image->height) continue;
      if (mirror) u = image->width - u;
      u -= 0.5;
      v -= 0.5;
      if (between(s->shape, image->width, image->width, image->height, u, v) <
          0.5)
        continue;
      s->pixels[y * s->size + x] = (uint8_t)between(
          image->pixels, image->stride, image->width, image->height, u, v);
      s->classes[y * s->size + x] = (uint8_t) class;
    }
}

static sv_status compose(scene *s) {
  int items =
      1 + (int)sv_random_below(&s->key, COUNT, (uint64_t)s->options->items);
  draw_background(s);
  for (int i = 0; i < items; i++) {
    uint64_t base = ITEM * (uint64_t)(i + 1);
    sv_image image;
    int64_t which = (int64_t)sv_random_below(
        &s->key, base + WHICH, (uint64_t)sv_dataset_count(s->source));
    SV_TRY(sv_dataset_image(s->source, which, &image));
    find_shape(s, &image);
    paste(s, &image, base, sv_dataset_label(s->source, which) + 1);
    sv_image_free(&image);
  }
  return SV_OK;
}

/* ---- Files ---- */

typedef struct writing {
  const char *folder;
  const sv_scenes *options;
  int64_t done, total;
} writing;

static sv_status write_text(const char *folder, const char *name,
                            sv_text *text) {
  char *path, *taken;
  SV_TRY(sv_text_take(text, &taken));
  sv_status status = sv_path_join(&path, folder, name);
  if (status == SV_OK) {
    status = sv_file_write(path, taken, strlen(taken));
    sv_free(path);
  }
  sv_free(taken);
  return status;
}

/* images/train_000000.png, labels/train_000000.png */
static sv_status write_scene(const writing *w, const scene *s,
                             const char *name) {
  sv_image image = {.width = s->size,
                    .height = s->size,
                    .channels = 1,
                    .stride = s->size,
                    .pixels = s->pixels};
  char file[64], *path;
  snprintf(file, sizeof file, "images/%s.png", name);
  SV_TRY(sv_path_join(&path, w->folder, file));
  sv_status status = sv_image_write(&image, path);
  sv_free(path);
  SV_TRY(status);
  image.pixels = s->classes;
  snprintf(file, sizeof file, "labels/%s.png", name);
  SV_TRY(sv_path_join(&path, w->folder, file));
  status = sv_mask_write(&image, path);
  sv_free(path);
  return status;
}

static sv_status write_all(writing *w, scene *s, const char *split,
                           int64_t count, sv_text *list) {
  const sv_scenes *o = w->options;
  for (int64_t i = 0; i < count; i++) {
    char name[32];
    snprintf(name, sizeof name, "%s_%06lld", split, (long long)i);
    s->key = (sv_random){o->seed, sv_hash_text(split), (uint64_t)i};
    SV_TRY(compose(s));
    SV_TRY(write_scene(w, s, name));
    sv_text_add(list, "%s\n", name);
    w->done++;
    if (o->report && !o->report(o->context, w->done, w->total))
      return sv_fail(SV_INTERRUPTED, "stopped after %lld scenes",
                     (long long)w->done);
  }
  return SV_OK;
}

static sv_status write_split(writing *w, const sv_dataset *source,
                             const char *split, int64_t count) {
  scene s = {.source = source, .options = w->options, .size = w->options->size};
  size_t area = (size_t)s.size * (size_t)s.size;
  size_t pixels = (size_t)source->width * (size_t)source->height;
  sv_text list = {0};
  char name[16];
  sv_status status = sv_alloc(&s.pixels, area);
  if (status == SV_OK) status = sv_alloc(&s.classes, area);
  if (status == SV_OK) status = sv_alloc(&s.shape, pixels);
  if (status == SV_OK)
    status = sv_alloc_array(&s.stack, pixels, sizeof *s.stack);
  if (status == SV_OK) status = write_all(w, &s, split, count, &list);
  snprintf(name, sizeof name, "%s.txt", split);
  if (status == SV_OK) status = write_text(w->folder, name, &list);
  sv_text_clear(&list);
  sv_free(s.pixels);
  sv_free(s.classes);
  sv_free(s.shape);
  sv_free(s.stack);
  return status;
}

static sv_status check(const char *folder, const sv_dataset *source,
                       const sv_scenes *o) {
  char *path;
  SV_TRY(sv_path_join(&path, folder, "classes.txt"));
  bool there = sv_path_exists(path);
  sv_free(path);
  if (there)
    return sv_fail(SV_INVALID, "%s: already contains a data set", folder);
  if (o->count < 1 || o->count > 10000000 || o->size < 8 || o->size > LARGEST ||
      o->items < 1 || o->items > MOST_ITEMS)
    return sv_fail(SV_INVALID,
                   "%lld scenes of %d pixels with up to %d images, expected at "
                   "least 1 scene of 8 to %d pixels with 1 to %d images",
                   (long long)o->count, o->size, o->items, LARGEST, MOST_ITEMS);
  if (source->channels != 1 || !source->height ||
      sv_dataset_has_masks(source) || source->classes > 254)
    return sv_fail(
        SV_INVALID,
        "%s: scenes need grey images of one size with up to 254 classes",
        source->path);
  return SV_OK;
}

static sv_status make_folders(const char *folder) {
  static const char *const names[] = {"images", "labels"};
  for (int i = 0; i < 2; i++) {
    char *path;
    SV_TRY(sv_path_join(&path, folder, names[i]));
    sv_status status = sv_folder_make(path);
    sv_free(path);
    SV_TRY(status);
  }
  return SV_OK;
}

sv_status sv_scenes_write(const char *folder, const sv_dataset *train,
                          const sv_dataset *test, const sv_scenes *scenes) {
  const sv_scenes usual = sv_scenes_default();
  const sv_scenes *o = scenes ? scenes : &usual;
  SV_TRY(check(folder, train, o));
  SV_TRY(check(folder, test, o));
  SV_TRY(make_folders(folder));
  int64_t tests = o->count / 5 ? o->count / 5 : 1;
  writing w = {.folder = folder, .options = o, .total = o->count + tests};
  SV_TRY(write_split(&w, train, "train", o->count));
  SV_TRY(write_split(&w, test, "test", tests));
  sv_text classes = {0};
  sv_text_add(&classes, "background\n");
  for (int i = 0; i < train->classes; i++)
    sv_text_add(&classes, "%s\n", train->names[i]);
  sv_status status = write_text(folder, "classes.txt", &classes);
  sv_text_clear(&classes);
  return status;
}
