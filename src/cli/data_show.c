/* svertka data show: a contact sheet of what the network sees. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "cli/data.h"
#include "data/loader.h"
#include "data/preprocess.h"

static const char about[] =
    "Draws images of DATA as the network sees them: prepared, and changed by "
    "the\n"
    "transforms of --augment. With transforms, a row shows one image: first\n"
    "unchanged, then as in the epochs 1, 2, ... of 'svertka train' with the "
    "same\n"
    "seed; mixup and cutmix mix the images of the sheet. For semantic\n"
    "segmentation, the classes are drawn over the images.\n";

static const char examples[] =
    "svertka data show photos --out sheet.png\n"
    "svertka data show photos --out sheet.png --size 224 \\\n"
    "  --augment 'random_resized_crop 0.35; flip; color_jitter 0.4'\n";

enum { MOST_IMAGES = 256, MOST_DRAWS = 32, FITTED = 64, CAPTION = 64 };

typedef struct show {
  sv_augment augment;
  sv_ints size;
  const char *out, *resize;
  int count, draws, split;
  uint64_t seed;
  sv_dataset *dataset;
  sv_preprocess preprocess;
  sv_augment_list list;
  sv_samples samples;
  sv_loader *loader;
  /* count x columns, row by row. */
  sv_sheet_item *items;
  char (*captions)[2][CAPTION];
  int columns;
} show;

/* ---- Preparing ---- */

/* Mean and deviation matter for erased pixels only: a few images will do. */
static sv_status fit(show *s) {
  if (s->split == SV_SPLIT_TEST) return SV_OK;
  sv_samples few;
  SV_TRY(sv_samples_all(&few, s->dataset));
  int64_t count = few.count < FITTED ? few.count : FITTED;
  sv_status status = sv_samples_draw(&few, s->dataset, count, s->seed);
  if (status == SV_OK)
    status = sv_preprocess_fit(&s->preprocess, s->dataset, &few);
  sv_samples_free(&few);
  return status;
}

static sv_status prepare(show *s, const char *data) {
  SV_TRY(sv_augment_parse(&s->list, &s->augment));
  SV_TRY(sv_dataset_open(&s->dataset, data, (sv_split)s->split));
  SV_TRY(sv_augment_check(&s->list, s->dataset));
  SV_TRY(data_preprocess(&s->preprocess, s->dataset, &s->size, s->resize));
  SV_TRY(fit(s));
  SV_TRY(sv_samples_all(&s->samples, s->dataset));
  if (s->count > s->samples.count) s->count = (int)s->samples.count;
  SV_TRY(sv_samples_draw(&s->samples, s->dataset, s->count, s->seed));
  const sv_loader_setup options = {.dataset = s->dataset,
                                   .preprocess = &s->preprocess,
                                   .batch = s->count,
                                   .threads = SV_LOADER_AUTO,
                                   .augment = &s->list};
  return sv_loader_make(&s->loader, &options);
}

/* ---- What is drawn ---- */

/* Back to 8 bits. */
static uint8_t value_of(const sv_preprocess *p, int c, float x) {
  float value = 255 * (x * p->deviation[c] + p->mean[c]) + 0.5f;
  return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

/* Half of the colour of its class, where it is not the background. */
static void tint(uint8_t *rgb, int64_t class) {
  uint8_t colour[3];
  sv_mask_colour((int)class, colour);
  for (int c = 0; c < 3 && class > 0; c++)
    rgb[c] = (uint8_t)((rgb[c] + colour[c]) / 2);
}

static sv_status draw_image(const show *s, const float *pixels,
                            const int64_t *classes, sv_image *image) {
  const sv_preprocess *p = &s->preprocess;
  size_t plane = (size_t)p->height * (size_t)p->width;
  uint8_t *rgb;
  SV_TRY(sv_image_new(image, p->width, p->height, 3, &rgb));
  for (size_t i = 0; i < plane; i++, rgb += 3) {
    for (int c = 0; c < 3; c++) {
      int from = p->channels == 3 ? c : 0;
      rgb[c] = value_of(p, from, pixels[(size_t)from * plane + i]);
    }
    if (classes) tint(rgb, classes[i]);
  }
  return SV_OK;
}

/* "cat", or "70% cat" and "30% dog". */
static void name_sample(const show *s, const sv_batch *b, int64_t i, int at) {
  sv_sheet_item *item = &s->items[at];
  char(*lines)[CAPTION] = s->captions[at];
  const char *own = sv_dataset_class_name(s->dataset, (int)b->labels[i]);
  int64_t other = b->others ? b->others[i] : b->labels[i];
  item->caption = own;
  if (other == b->labels[i] || b->share == 1) return;
  snprintf(lines[0], CAPTION, "%.0f%% %s", (double)(100 * b->share), own);
  snprintf(lines[1], CAPTION, "%.0f%% %s", (double)(100 * (1 - b->share)),
           sv_dataset_class_name(s->dataset, (int)other));
  item->caption = lines[0];
  item->second = lines[1];
}

/* Column 0 is plain, the next ones are epochs. */
static sv_status draw_column(show *s, int column) {
  const sv_loader_change change = {
      .augment = &s->list,
      .key = {s->seed, sv_hash_text("augment"), (uint64_t)column - 1}};
  const sv_preprocess *p = &s->preprocess;
  bool masks = sv_dataset_has_masks(s->dataset);
  size_t plane = (size_t)p->height * (size_t)p->width;
  sv_batch b;
  SV_TRY(sv_loader_vary(s->loader, column > 0 ? &change : NULL));
  SV_TRY(sv_loader_start(s->loader, s->samples.at, s->count, 0));
  SV_TRY(sv_loader_next(s->loader, &b));
  for (int64_t i = 0; i < b.count; i++) {
    int at = (int)i * s->columns + column;
    SV_TRY(draw_image(s, b.pixels + (size_t)i * (size_t)p->channels * plane,
                      masks ? b.labels + (size_t)i * plane : NULL,
                      &s->items[at].image));
    if (!masks) name_sample(s, &b, i, at);
  }
  return SV_OK;
}

static int columns_for(int count) {
  int columns = (int)ceil(sqrt(1.7 * count));
  return columns < count ? columns : count;
}

static sv_status draw(show *s) {
  const sv_preprocess *p = &s->preprocess;
  s->columns = s->list.count > 0 ? 1 + s->draws : 1;
  size_t count = (size_t)s->count * (size_t)s->columns;
  SV_TRY(sv_alloc_array(&s->items, count, sizeof *s->items));
  SV_TRY(sv_alloc_array(&s->captions, count, sizeof *s->captions));
  for (int i = 0; i < s->columns; i++) SV_TRY(draw_column(s, i));
  char title[CLI_NAME_TEXT];
  snprintf(title, sizeof title, "%.200s: %d of %lld images, %dx%dx%d",
           sv_dataset_name(s->dataset), s->count,
           (long long)sv_dataset_count(s->dataset), p->channels, p->height,
           p->width);
  return sv_look_sheet(s->out, title, s->augment.transforms, s->items,
                       (int)count,
                       s->list.count > 0 ? s->columns : columns_for(s->count));
}

/* ---- The command ---- */

static sv_status run(show *s, const char *data) {
  SV_TRY(cli_apart("--out", s->out, "DATA", data));
  SV_TRY(cli_outside("--out", s->out, "DATA", data));
  SV_TRY(prepare(s, data));
  return draw(s);
}

static void release(show *s) {
  for (int i = 0; s->items && i < s->count * s->columns; i++)
    sv_image_free(&s->items[i].image);
  sv_free(s->items);
  sv_free(s->captions);
  sv_loader_free(s->loader);
  sv_samples_free(&s->samples);
  sv_augment_free(&s->list);
  sv_preprocess_free(&s->preprocess);
  sv_dataset_free(s->dataset);
}

int data_show(const cli_verb *verb, int argc, char **argv) {
  static const char *const splits[] = {"train", "test", NULL};
  show s = {.count = 12,
            .draws = 6,
            .seed = 1,
            .preprocess = sv_preprocess_default()};
  const cli_option options[] = {
      {"out", 'o', CLI_TEXT, &s.out, 0, 0, NULL, "FILE",
       "the PNG file to write"},
      {"augment", 0, CLI_TEXT, &s.augment.transforms, 0, 0, NULL, "LIST",
       "transforms, as for 'svertka train'; 'svertka data transforms' lists "
       "them"},
      DATA_SIZE_OPTION(&s.size),
      DATA_RESIZE_OPTION(&s.resize),
      {"count", 'n', CLI_INT, &s.count, 1, MOST_IMAGES, NULL, "N",
       "number of images, drawn from each class in proportion"},
      {"draws", 0, CLI_INT, &s.draws, 1, MOST_DRAWS, NULL, "N",
       "with transforms: the number of draws of each image"},
      {"split", 's', CLI_CHOICE, &s.split, 0, 0, splits, "PART",
       "which images of DATA to use"},
      CLI_SEED_OPTION(&s.seed),
      {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  if (!s.out) return cli_usage("give the file to write: --out FILE");
  sv_status status = run(&s, operands[0]);
  if (status == SV_OK) {
    char name[CLI_NAME_TEXT];
    printf("%s  %d images\n", cli_name(s.out, name), s.count);
  }
  release(&s);
  return cli_fail(status);
}
