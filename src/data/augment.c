#include "data/augment.h"

#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/preprocess.h"
#include "op/attrs.h"

/* ---- The list ---- */

enum { IMAGES, INPUT, BATCHES, MOST_STEPS = 64 };

static int stage_of(const sv_transform *t) {
  return t->image ? IMAGES : t->input ? INPUT : BATCHES;
}

/* "flip 0.5": one step, in *step. */
static sv_status parse_step(sv_augment_step *step, char *text) {
  static const char space[] = " \t\n";
  char *name = text + strspn(text, space);
  size_t length = strcspn(name, space);
  if (length == 0)
    return sv_fail(SV_INVALID, "an empty transform, expected a name");
  SV_TRY(sv_transform_find(&step->transform, name, length));
  const sv_op *op = &step->transform->op;
  SV_TRY(sv_alloc(&step->settings, op->attrs_size));
  sv_attrs_default(op, step->settings);
  SV_TRY(sv_attrs_parse(op, step->settings, name + length));
  return step->transform->check
             ? step->transform->check(op->name, step->settings)
             : SV_OK;
}

/* The input's transforms follow those of images, and batches come last. */
static sv_status add_step(sv_augment_list *list, int *capacity, char *text) {
  int stage, last = 0;
  if (list->count == MOST_STEPS)
    return sv_fail(SV_INVALID, "more than %d transforms", MOST_STEPS);
  SV_TRY(sv_grow(&list->steps, list->count, capacity, sizeof *list->steps));
  sv_augment_step *step = &list->steps[list->count++];
  SV_TRY(parse_step(step, text));
  stage = stage_of(step->transform);
  if (list->count > 1) last = stage_of(step[-1].transform);
  if (stage < last)
    return sv_fail(SV_INVALID,
                   "'%s' follows '%s', which works on %s: write it "
                   "before",
                   step->transform->op.name, step[-1].transform->op.name,
                   last == INPUT ? "the normalised input" : "whole batches");
  list->images += stage == IMAGES;
  list->inputs += stage != BATCHES;
  if (step->transform->resizes && list->resizing < 0)
    list->resizing = list->count - 1;
  return SV_OK;
}

static sv_status parse_text(sv_augment_list *list, char *text) {
  int capacity = 0;
  for (char *end; text; text = end ? end + 1 : NULL) {
    end = strchr(text, ';');
    if (end) *end = '\0';
    if (!end && list->count > 0 && !text[strspn(text, " \t\n")]) break;
    SV_TRY(add_step(list, &capacity, text));
  }
  return SV_OK;
}

/* The three options are rows of the table, too. */
static sv_status spell_options(const sv_augment *a, char **text) {
  sv_text all = {0};
  if (a->flip) sv_text_add(&all, "flip;");
  if (a->shift > 0) sv_text_add(&all, "random_crop padding=%d;", a->shift);
  if (a->erase > 0) sv_text_add(&all, "erase p=%.9g max=0.4;", a->erase);
  return sv_text_take(&all, text);
}

sv_status sv_augment_parse(sv_augment_list *list, const sv_augment *a) {
  bool options = a->flip || a->shift > 0 || a->erase > 0;
  char *text;
  *list = (sv_augment_list){.resizing = -1};
  if (!options && !a->transforms) return SV_OK;
  if (options && a->transforms)
    return sv_fail(SV_INVALID,
                   "augment excludes flip, shift and erase: write 'flip', "
                   "'random_crop N' and 'erase P' into its list");
  if (options)
    SV_TRY(spell_options(a, &text));
  else
    SV_TRY(sv_copy_text(&text, a->transforms));
  sv_status status = parse_text(list, text);
  sv_free(text);
  if (status == SV_OK) return SV_OK;
  sv_augment_free(list);
  return sv_fail_in(status, "augment");
}

void sv_augment_free(sv_augment_list *list) {
  for (int i = 0; i < list->count; i++) sv_free(list->steps[i].settings);
  sv_free(list->steps);
  *list = (sv_augment_list){.resizing = -1};
}

sv_status sv_augment_check(const sv_augment_list *list,
                           const sv_dataset *dataset) {
  if (!sv_augment_mixes(list) || !sv_dataset_has_masks(dataset)) return SV_OK;
  return sv_fail(SV_INVALID,
                 "augment: '%s' needs one class per image, but %s has a class "
                 "per pixel",
                 list->steps[list->inputs].transform->op.name,
                 sv_dataset_name(dataset));
}

/* ---- A sample ---- */

/* Each step has a stream of its own. */
static sv_draws draws_of(const sv_random *key, int step, int64_t index) {
  sv_draws draws = {*key, (uint64_t)index * SV_DRAWS};
  draws.key.stream += (uint64_t)step;
  return draws;
}

static sv_status copy_pixels(const sv_image *image, uint8_t **pixels) {
  size_t row = (size_t)image->width * (size_t)image->channels;
  SV_TRY(sv_alloc_array(pixels, (size_t)image->height, row));
  for (int y = 0; y < image->height; y++)
    memcpy(*pixels + (size_t)y * row, sv_image_row(image, y), row);
  return SV_OK;
}

/* A dense image's own pixels, or a copy. */
static sv_status take_pixels(sv_image *image, uint8_t **pixels) {
  ptrdiff_t row = (ptrdiff_t)image->width * image->channels;
  bool dense = image->stride == 0 || image->stride == row;
  if (!dense || !image->owned || image->owned != image->pixels)
    return copy_pixels(image, pixels);
  *pixels = image->owned;
  image->owned = NULL;
  return SV_OK;
}

static sv_status take_mask(const sv_augment_sample *sample, sv_frame *f) {
  sv_image *mask = sample->mask;
  if (!mask) return SV_OK;
  SV_TRY(sv_image_check(mask));
  if (mask->channels != 1 || mask->width != f->width ||
      mask->height != f->height)
    return sv_fail(
        SV_INVALID, "a mask of %dx%d with %d channels for an image of %dx%d",
        mask->width, mask->height, mask->channels, f->width, f->height);
  return take_pixels(mask, &f->mask);
}

static sv_status make_frame(const sv_augment_sample *sample,
                            const sv_preprocess *p, sv_frame *f) {
  sv_image *image = sample->image, ready;
  SV_TRY(sv_preprocess_colours(p, image, &ready));
  *f = (sv_frame){.width = ready.width,
                  .height = ready.height,
                  .channels = ready.channels,
                  .preprocess = p};
  if (sample->part && sample->part->scale) {
    f->whole_width = sample->part->width;
    f->whole_height = sample->part->height;
    f->x = sample->part->x;
    f->y = sample->part->y;
    f->scale = sample->part->scale;
  }
  if (ready.pixels == image->pixels) { /* borrowed from the image */
    sv_image own = *image;
    SV_TRY(take_pixels(&own, &f->pixels));
    image->owned = own.owned;
  } else {
    SV_TRY(take_pixels(&ready, &f->pixels));
    sv_image_free(&ready);
  }
  return take_mask(sample, f);
}

static sv_status change_image(const sv_augment_list *list, const sv_random *key,
                              int64_t index, sv_frame *f) {
  if (list->resizing < 0) SV_TRY(sv_frame_fit(f));
  for (int i = 0; i < list->images; i++) {
    const sv_augment_step *step = &list->steps[i];
    const sv_draws draws = draws_of(key, i, index);
    SV_TRY(step->transform->image(f, step->settings, &draws));
  }
  return sv_frame_fits(f) ? SV_OK : sv_frame_fit(f);
}

static void change_input(const sv_augment_list *list, const sv_random *key,
                         int64_t index, const sv_frame *f, float *dst) {
  sv_plane_set input = {dst, f->mask, f->channels, f->height, f->width};
  for (int i = list->images; i < list->inputs; i++) {
    const sv_augment_step *step = &list->steps[i];
    const sv_draws draws = draws_of(key, i, index);
    step->transform->input(&input, step->settings, &draws);
  }
}

sv_status sv_augment_apply(const sv_augment_list *list, const sv_random *key,
                           int64_t index, const sv_preprocess *p,
                           const sv_augment_sample *sample, float *dst,
                           int64_t *classes) {
  sv_frame f = {0};
  sv_status status = make_frame(sample, p, &f);
  if (status == SV_OK) status = change_image(list, key, index, &f);
  if (status == SV_OK) {
    const sv_image ready = {.width = f.width,
                            .height = f.height,
                            .channels = f.channels,
                            .pixels = f.pixels};
    sv_preprocess_normalise(p, &ready, dst);
    change_input(list, key, index, &f, dst);
    size_t count = (size_t)f.width * (size_t)f.height;
    for (size_t i = 0; f.mask && i < count; i++) classes[i] = f.mask[i];
  }
  sv_frame_free(&f);
  return status;
}

/* ---- Decoding a part ---- */

static void choose_part(void *context, int width, int height,
                        sv_image_part *part) {
  const sv_augment_need *need = context;
  const sv_preprocess *p = need->preprocess;
  const sv_augment_step *step = &need->list->steps[0];
  const sv_draws draws = draws_of(need->key, 0, need->index);
  sv_box b = step->transform->part(step->settings, &draws, width, height);
  part->x = b.x;
  part->y = b.y;
  part->wanted_width = b.width;
  part->wanted_height = b.height;
  part->least_width = p->width - p->pad_left - p->pad_right;
  part->least_height = p->height - p->pad_top - p->pad_bottom;
}

bool sv_augment_part(const sv_augment_need *need, sv_image_part *part) {
  const sv_augment_list *list = need->list;
  if (list->images == 0 || !list->steps[0].transform->part) return false;
  *part = (sv_image_part){.choose = choose_part, .context = (void *)need};
  return true;
}

/* ---- Batches ---- */

sv_mix sv_augment_mix(const sv_augment_list *list, const sv_random *key,
                      int64_t batch, const sv_preprocess *p) {
  sv_mix mix = {0};
  int count = list->count - list->inputs, at = list->inputs;
  if (count == 0) return mix;
  const sv_draws choice = draws_of(key, MOST_STEPS, batch);
  if (count > 1) at += sv_draw_int(&choice, 0, 0, count - 1);
  const sv_augment_step *step = &list->steps[at];
  const sv_draws draws = draws_of(key, at, batch);
  step->transform->batch(&mix, step->settings, &draws, p->height, p->width);
  return mix;
}

static void blend(float *dst, const float *other, size_t count, float share) {
  float rest = 1 - share;
  for (size_t i = 0; i < count; i++) dst[i] = share * dst[i] + rest * other[i];
}

static void copy_box(const sv_preprocess *p, const sv_box *b, float *dst,
                     const float *other) {
  for (int c = 0; c < p->channels; c++)
    for (int y = b->y; y < b->y + b->height; y++) {
      ptrdiff_t at = ((ptrdiff_t)c * p->height + y) * p->width + b->x;
      memcpy(dst + at, other + at, (size_t)b->width * sizeof *dst);
    }
}

/* From the last sample on, so that each one's predecessor is unchanged. */
void sv_augment_mix_pixels(const sv_mix *mix, const sv_preprocess *p,
                           int64_t count, float *pixels, float *room) {
  size_t size = (size_t)p->channels * (size_t)p->height * (size_t)p->width;
  if (!mix->on || count < 2) return;
  float *last = pixels + (size_t)(count - 1) * size;
  memcpy(room, last, size * sizeof *room);
  for (int64_t i = count - 1; i >= 0; i--) {
    float *dst = pixels + (size_t)i * size;
    const float *other = i > 0 ? dst - size : room;
    if (mix->box.width > 0)
      copy_box(p, &mix->box, dst, other);
    else
      blend(dst, other, size, mix->share);
  }
}
