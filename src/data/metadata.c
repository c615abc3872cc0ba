/* Preprocessing as a model file's metadata: a table of keys, each with the pair
 * of functions that reads and writes it. */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/preprocess.h"
#include "graph/image_layout.h"
#include "graph/model.h"
#include "task/scores.h"

#define PREFIX "svertka.image."

/* ---- Numbers: a decimal point is a point in every locale ---- */

/* Exactly `count` whole numbers below a million. */
static bool read_ints(const char *text, char separator, int count, int *at) {
  for (int i = 0; i < count; i++, text++) {
    if (!isdigit((unsigned char)*text)) return false;
    for (at[i] = 0; isdigit((unsigned char)*text); text++) {
      at[i] = 10 * at[i] + (*text - '0');
      if (at[i] >= 1000000) return false;
    }
    if (*text != (i + 1 < count ? separator : '\0')) return false;
  }
  return true;
}

static bool read_float(const char **text, float *value) {
  if (isspace((unsigned char)**text)) return false;
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  char *end;
  *value = strtof_l(*text, &end, plain);
  freelocale(plain);
  bool good = end != *text && isfinite(*value);
  *text = end;
  return good;
}

/* One to three finite numbers; the rest of `at` becomes NAN. */
static bool read_floats(const char *text, float at[3]) {
  at[0] = at[1] = at[2] = NAN;
  for (int i = 0; i < 3; i++, text++) {
    if (!read_float(&text, &at[i])) return false;
    if (*text == '\0') return true;
    if (*text != ',') return false;
  }
  return false;
}

static void put_floats(const float *at, int count, sv_text *text) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  locale_t before = uselocale(plain);
  for (int i = 0; i < count; i++)
    sv_text_add(text, "%s%.9g", i ? "," : "", (double)at[i]);
  uselocale(before);
  freelocale(plain);
}

/* ---- The keys ---- */

static bool set_size(sv_preprocess *p, const char *value) {
  int at[3];
  if (!read_ints(value, 'x', 3, at)) return false;
  p->channels = at[0];
  p->height = at[1];
  p->width = at[2];
  return true;
}

static void put_size(const sv_preprocess *p, sv_text *text) {
  sv_text_add(text, "%dx%dx%d", p->channels, p->height, p->width);
}

static bool set_pad(sv_preprocess *p, const char *value) {
  int at[4];
  if (!read_ints(value, ',', 4, at)) return false;
  p->pad_top = at[0];
  p->pad_left = at[1];
  p->pad_bottom = at[2];
  p->pad_right = at[3];
  return true;
}

static void put_pad(const sv_preprocess *p, sv_text *text) {
  sv_text_add(text, "%d,%d,%d,%d", p->pad_top, p->pad_left, p->pad_bottom,
              p->pad_right);
}

/* The next word after a space, if it is this one, is passed. */
static bool take_word(const char **at, const char *word) {
  size_t length = strlen(word);
  if ((*at)[0] != ' ' || strncmp(*at + 1, word, length) != 0) return false;
  *at += 1 + length;
  return true;
}

static bool set_resize(sv_preprocess *p, const char *value) {
  bool crop = strncmp(value, "crop", 4) == 0;
  if (!crop && strncmp(value, "stretch", 7) != 0) return false;
  value += crop ? 4 : 7;
  p->resize = crop ? SV_RESIZE_CROP : SV_RESIZE_STRETCH;
  p->crop = 0;
  p->filter = SV_FILTER_BILINEAR;
  if (crop && value[0] == ' ' && isdigit((unsigned char)value[1])) {
    value++;
    if (!read_float(&value, &p->crop) || p->crop <= 0 || p->crop > 1)
      return false;
  }
  if (take_word(&value, "bicubic"))
    p->filter = SV_FILTER_BICUBIC;
  else
    take_word(&value, "bilinear");
  return *value == '\0';
}

static void put_resize(const sv_preprocess *p, sv_text *text) {
  sv_text_add(text, "%s", p->resize == SV_RESIZE_CROP ? "crop" : "stretch");
  if (p->resize == SV_RESIZE_CROP && p->crop > 0) {
    sv_text_add(text, " ");
    put_floats(&p->crop, 1, text);
  }
  if (p->filter == SV_FILTER_BICUBIC) sv_text_add(text, " bicubic");
}

static bool set_order(sv_preprocess *p, const char *value) {
  bool bgr = strcmp(value, "bgr") == 0;
  p->order = bgr ? SV_ORDER_BGR : SV_ORDER_RGB;
  return bgr || strcmp(value, "rgb") == 0;
}

static void put_order(const sv_preprocess *p, sv_text *text) {
  if (p->channels == 3)
    sv_text_add(text, "%s", p->order == SV_ORDER_BGR ? "bgr" : "rgb");
}

static bool set_layout(sv_preprocess *p, const char *value) {
  bool last = strcmp(value, "nhwc") == 0;
  p->layout = last ? SV_IMAGE_NHWC : SV_IMAGE_NCHW;
  return last || strcmp(value, "nchw") == 0;
}

static void put_layout(const sv_preprocess *p, sv_text *text) {
  if (p->layout == SV_IMAGE_NHWC) sv_text_add(text, "nhwc");
}

static bool set_gamma(sv_preprocess *p, const char *value) {
  p->gamma = strcmp(value, "file") == 0;
  return p->gamma || strcmp(value, "none") == 0;
}

static void put_gamma(const sv_preprocess *p, sv_text *text) {
  if (p->gamma) sv_text_add(text, "file");
}

static bool set_orientation(sv_preprocess *p, const char *value) {
  p->as_stored = strcmp(value, "ignore") == 0;
  return p->as_stored || strcmp(value, "file") == 0;
}

static void put_orientation(const sv_preprocess *p, sv_text *text) {
  if (p->as_stored) sv_text_add(text, "ignore");
}

static bool set_mean(sv_preprocess *p, const char *value) {
  return read_floats(value, p->mean);
}

static void put_mean(const sv_preprocess *p, sv_text *text) {
  put_floats(p->mean, p->channels, text);
}

static bool set_deviation(sv_preprocess *p, const char *value) {
  return read_floats(value, p->deviation);
}

static void put_deviation(const sv_preprocess *p, sv_text *text) {
  put_floats(p->deviation, p->channels, text);
}

static bool set_permute(sv_preprocess *p, const char *value) {
  char *end;
  if (!isdigit((unsigned char)*value)) return false;
  errno = 0;
  p->permutation = strtoull(value, &end, 10);
  p->permuted = *end == '\0' && errno == 0;
  return p->permuted;
}

static void put_permute(const sv_preprocess *p, sv_text *text) {
  if (p->permuted)
    sv_text_add(text, "%llu", (unsigned long long)p->permutation);
}

static bool set_scores(sv_preprocess *p, const char *value) {
  return sv_score_parse(&p->scores, value) == SV_OK;
}

static void put_scores(const sv_preprocess *p, sv_text *text) {
  if (p->scores) sv_text_add(text, "%s", sv_score_name(p->scores));
}

static const struct {
  const char *key, *expected;
  bool (*set)(sv_preprocess *p, const char *value);
  void (*put)(const sv_preprocess *p, sv_text *text); /* nothing: left out */
} keys[] = {
    {PREFIX "size", "channels x height x width as in 1x32x32", set_size,
     put_size},
    {PREFIX "pad", "top,left,bottom,right as in 2,2,2,2", set_pad, put_pad},
    {PREFIX "resize", "stretch, crop or crop 0.875, then bilinear or bicubic",
     set_resize, put_resize},
    {PREFIX "order", "rgb or bgr", set_order, put_order},
    {PREFIX "layout", "nchw or nhwc", set_layout, put_layout},
    {PREFIX "gamma", "none, or file: the gamma stored in a PNG", set_gamma,
     put_gamma},
    {PREFIX "orientation", "file, or ignore", set_orientation, put_orientation},
    {PREFIX "mean", "one number per channel, separated by commas", set_mean,
     put_mean},
    {PREFIX "deviation", "one number per channel, separated by commas",
     set_deviation, put_deviation},
    {PREFIX "permute", "a seed, as in 7", set_permute, put_permute},
    {SV_SCORES_KEY, "logits, log-probabilities, probabilities or independent",
     set_scores, put_scores},
};
enum { KEYS = sizeof keys / sizeof keys[0] };
static const char labels_key[] = "svertka.labels";

/* ---- Labels: a class a line ---- */

static sv_status set_labels(sv_preprocess *p, const char *value) {
  sv_preprocess_free_names(p);
  if (!value[0]) return SV_OK;
  int count = 1;
  for (const char *c = value; *c; c++) count += *c == '\n';
  SV_TRY(sv_alloc_array(&p->names, (size_t)count, sizeof *p->names));
  p->classes = count;
  for (int i = 0; i < count; i++) {
    size_t length = strcspn(value, "\n");
    SV_TRY(sv_alloc(&p->names[i], length + 1));
    memcpy(p->names[i], value, length);
    value += length + 1;
  }
  return SV_OK;
}

static sv_status put_labels(const sv_preprocess *p, sv_text *text) {
  for (int i = 0; i < p->classes; i++) {
    if (strchr(p->names[i], '\n') || (p->classes == 1 && !p->names[i][0]))
      return sv_fail(SV_INVALID,
                     "%s: the name of class %d contains a line break: \"%s\"",
                     labels_key, i, p->names[i]);
    sv_text_add(text, "%s%s", i ? "\n" : "", p->names[i]);
  }
  return SV_OK;
}

/* ---- All together ---- */

sv_status sv_preprocess_set(sv_preprocess *p, const char *key,
                            const char *value) {
  if (strcmp(key, labels_key) == 0) return set_labels(p, value);
  for (int i = 0; i < KEYS; i++)
    if (strcmp(key, keys[i].key) == 0) {
      bool shapes = keys[i].set == set_size || keys[i].set == set_permute;
      if (keys[i].set(p, value))
        return shapes ? sv_preprocess_make_order(p) : SV_OK;
      return sv_fail(SV_INVALID, "%s: \"%s\", expected %s", key, value,
                     keys[i].expected);
    }
  if (strncmp(key, PREFIX, strlen(PREFIX)) != 0) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "%s: unknown; written by a newer version?",
                 key);
}

sv_status sv_preprocess_check_size(const sv_preprocess *p) {
  if (p->channels == 0 && p->height == 0 && p->width == 0)
    return sv_fail(SV_INVALID, PREFIX "size: not given");
  if ((p->channels != 1 && p->channels != 3) || p->height < 1 || p->width < 1 ||
      p->height > SV_IMAGE_SIDE || p->width > SV_IMAGE_SIDE ||
      (int64_t)p->height * p->width > SV_IMAGE_PIXELS)
    return sv_fail(SV_INVALID,
                   PREFIX
                   "size: %dx%dx%d, expected 1 or 3 channels, sides of "
                   "1 to %d and at most %d pixels",
                   p->channels, p->height, p->width, SV_IMAGE_SIDE,
                   SV_IMAGE_PIXELS);
  const int pads[] = {p->pad_top, p->pad_left, p->pad_bottom, p->pad_right};
  bool good = true;
  for (int i = 0; i < 4; i++) good &= pads[i] >= 0 && pads[i] < SV_IMAGE_SIDE;
  if (!good || p->pad_top + p->pad_bottom >= p->height ||
      p->pad_left + p->pad_right >= p->width)
    return sv_fail(SV_INVALID,
                   PREFIX "pad: %d,%d,%d,%d leaves no pixels of %dx%d",
                   p->pad_top, p->pad_left, p->pad_bottom, p->pad_right,
                   p->height, p->width);
  if (p->channels == 1 && p->order != SV_ORDER_RGB)
    return sv_fail(SV_INVALID, PREFIX "order: bgr needs 3 channels, found 1");
  return SV_OK;
}

static sv_status check_floats(const char *key, const float at[3],
                              int channels) {
  int given = 0;
  for (int i = 0; i < 3; i++) given += isfinite(at[i]) != 0;
  if (given == 0) return sv_fail(SV_INVALID, "%s: not given", key);
  for (int i = 0; i < 3; i++)
    if ((isfinite(at[i]) != 0) != (i < channels))
      return sv_fail(SV_INVALID, "%s: %d numbers, expected %d, one per channel",
                     key, given, channels);
  return SV_OK;
}

sv_status sv_preprocess_check(const sv_preprocess *p) {
  SV_TRY(sv_preprocess_check_size(p));
  SV_TRY(check_floats(PREFIX "mean", p->mean, p->channels));
  SV_TRY(check_floats(PREFIX "deviation", p->deviation, p->channels));
  for (int i = 0; i < p->channels; i++)
    if (p->deviation[i] <= 0)
      return sv_fail(SV_INVALID, PREFIX "deviation: %g is not above 0",
                     (double)p->deviation[i]);
  return SV_OK;
}

/* A key whose text is empty is left out. */
static sv_status store(sv_model *model, const char *key, sv_text *text) {
  if (!text->length && !text->failed) return SV_OK;
  char *value;
  SV_TRY(sv_text_take(text, &value));
  sv_status status = sv_model_set_meta(model, key, value);
  sv_free(value);
  return status;
}

sv_status sv_preprocess_save(const sv_preprocess *p, sv_model *model) {
  SV_TRY(sv_preprocess_check(p));
  sv_text text = {0};
  for (int i = 0; i < KEYS; i++) {
    keys[i].put(p, &text);
    SV_TRY(store(model, keys[i].key, &text));
  }
  sv_status status = put_labels(p, &text);
  if (status == SV_OK) status = store(model, labels_key, &text);
  sv_text_clear(&text);
  return status;
}

/* What a file says wrongly is the file's fault. */
static sv_status take(sv_preprocess *p, const sv_model *model, bool labels) {
  for (int i = 0; i < sv_model_meta_count(model); i++) {
    const char *key = sv_model_meta_key(model, i);
    if (!labels && strcmp(key, labels_key) == 0) continue;
    sv_status status = sv_preprocess_set(p, key, sv_model_meta(model, key));
    if (status != SV_INVALID) SV_TRY(status);
    if (status != SV_OK) return sv_fail(SV_FORMAT, "%s", sv_error());
  }
  return SV_OK;
}

/* A network of bytes takes pixels as they are, and prepares them itself. */
static sv_status take_range(sv_preprocess *p, const sv_model *model) {
  const float byte = 1.0f / 255;
  const sv_graph *graph = model->graph;
  int input = graph ? sv_graph_data_input(graph) : 0;
  if (!input || graph->values[input].dtype != SV_U8) return SV_OK;
  for (int i = 0; i < (p->channels ? p->channels : 1); i++) {
    if (isnan(p->mean[i])) p->mean[i] = 0;
    if (isnan(p->deviation[i])) p->deviation[i] = byte;
    if (p->mean[i] != 0 || fabsf(p->deviation[i] * 255 - 1) > 1e-4f)
      return sv_fail(
          SV_INVALID,
          "input '%s' is u8 and takes pixels from 0 to 255 unchanged: expected "
          "mean 0 and deviation %.9g (1/255), found %g and %g",
          graph->values[input].name, (double)byte, (double)p->mean[i],
          (double)p->deviation[i]);
  }
  return SV_OK;
}

sv_status sv_preprocess_take(sv_preprocess *p, const sv_model *model) {
  SV_TRY(take(p, model, false));
  return take_range(p, model);
}

void sv_preprocess_find_layout(sv_preprocess *p, const sv_graph *graph) {
  if (p->layout != SV_IMAGE_LAYOUT_OPEN) return;
  p->layout = sv_graph_channels_last(graph) ? SV_IMAGE_NHWC : SV_IMAGE_NCHW;
}

/* The network's own, where it leaves none of it free. */
static sv_status take_size(sv_preprocess *p, const sv_model *model) {
  const sv_graph *graph = model->graph;
  if (!graph) return SV_OK;
  sv_preprocess_find_layout(p, graph);
  if (p->channels || p->height || p->width) return SV_OK;
  int id = sv_graph_data_input(graph);
  const sv_shape *x = &graph->values[id].shape;
  int *const parts[] = {&p->channels, &p->height, &p->width};
  for (int d = 1; d < 4; d++)
    if (x->rank != 4 || x->dim[d] < 1 || x->dim[d] > SV_IMAGE_SIDE)
      return SV_OK;
  for (int d = 1; d < 4; d++) *parts[sv_preprocess_part(p, d)] = (int)x->dim[d];
  if (p->channels == 1 || p->channels == 3) return SV_OK;
  return sv_fail(SV_INVALID,
                 "input '%s' is %s; as %s it has %d channels, expected 1 or 3 "
                 "(--layout, " PREFIX "layout, changes this)",
                 graph->values[id].name,
                 sv_shape_text(x, (char[SV_SHAPE_TEXT]){0}),
                 p->layout == SV_IMAGE_NHWC ? "N x H x W x C" : "N x C x H x W",
                 p->channels);
}

/* All that is missing, at once. */
static sv_status check_given(const sv_preprocess *p) {
  const struct {
    const char *key;
    bool given;
  } needed[] = {{PREFIX "size", p->channels || p->height || p->width},
                {PREFIX "mean", !isnan(p->mean[0])},
                {PREFIX "deviation", !isnan(p->deviation[0])}};
  char list[128] = "";
  for (int i = 0; i < 3; i++) {
    size_t length = strlen(list);
    if (!needed[i].given)
      snprintf(list + length, sizeof list - length, "%s%s", length ? ", " : "",
               needed[i].key);
  }
  if (!list[0]) return SV_OK;
  return sv_fail(SV_INVALID,
                 "the model does not say how to prepare images; %s: not given",
                 list);
}

sv_status sv_preprocess_load(sv_preprocess *p, const sv_model *model) {
  *p = sv_preprocess_default();
  sv_status status = take(p, model, true);
  if (status == SV_OK) status = take_size(p, model);
  if (status == SV_OK) status = take_range(p, model);
  if (status == SV_OK) status = check_given(p);
  if (status == SV_OK) status = sv_preprocess_check(p);
  if (status != SV_OK) sv_preprocess_free(p);
  return status;
}
