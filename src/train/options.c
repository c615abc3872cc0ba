#include "train/options.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/sized.h"
#include "optim/optimiser.h"

sv_fit_options sv_fit_default(void) {
  return (sv_fit_options){.size = sizeof(sv_fit_options),
                          .epochs = 10,
                          .batch = 64,
                          .rate = SV_USUAL,
                          .schedule = "cosine",
                          .class_weights = "off",
                          .optimiser = "sgd",
                          .momentum = SV_USUAL,
                          .weight_decay = SV_USUAL,
                          .decay = "usual",
                          .init = "usual",
                          .validation = 0.1,
                          .normalise = "standard",
                          .permute_pixels = -1,
                          .seed = 1,
                          .checkpoint = "5m"};
}

void sv_fit_follow(sv_fit_options *options, const sv_zoo_recipe *recipe) {
  if (!recipe) return;
  if (recipe->optimiser) options->optimiser = recipe->optimiser;
  if (recipe->rate > 0) options->rate = recipe->rate;
  if (recipe->clip_norm > 0) options->clip_norm = recipe->clip_norm;
}

/* A WORD is a text that may be missing. */
typedef enum kind { INT, REAL, SEED, BOOL, TEXT, WORD } kind;

static const struct row {
  const char *name;
  kind kind;
  size_t offset;
  bool meaning;    /* another value makes it another training */
  double min, max; /* of INT and REAL */
} rows[] = {
    {"network", TEXT, offsetof(sv_fit_options, network), false, 0, 0},
    {"data", TEXT, offsetof(sv_fit_options, data), false, 0, 0},
    {"skip-bad", BOOL, offsetof(sv_fit_options, skip_bad), false, 0, 0},
    {"epochs", INT, offsetof(sv_fit_options, epochs), true, 1, 1e6},
    {"batch", INT, offsetof(sv_fit_options, batch), true, 1, 1e6},
    {"rate", REAL, offsetof(sv_fit_options, rate), true, 0, 1e6},
    {"schedule", TEXT, offsetof(sv_fit_options, schedule), true, 0, 0},
    {"warm-up", REAL, offsetof(sv_fit_options, warm_up), true, 0, 1e6},
    {"patience", INT, offsetof(sv_fit_options, patience), true, 0, 1e6},
    {"label-smoothing", REAL, offsetof(sv_fit_options, label_smoothing), true,
     0, 1},
    {"class-weights", TEXT, offsetof(sv_fit_options, class_weights), true, 0,
     0},
    {"optimiser", TEXT, offsetof(sv_fit_options, optimiser), true, 0, 0},
    {"momentum", REAL, offsetof(sv_fit_options, momentum), true, 0, 1},
    {"weight-decay", REAL, offsetof(sv_fit_options, weight_decay), true, 0,
     1e6},
    {"decay", TEXT, offsetof(sv_fit_options, decay), true, 0, 0},
    {"decay-all", BOOL, offsetof(sv_fit_options, decay_all), true, 0, 0},
    {"clip-value", REAL, offsetof(sv_fit_options, clip_value), true, 0, 1e30},
    {"clip-norm", REAL, offsetof(sv_fit_options, clip_norm), true, 0, 1e30},
    {"ema", REAL, offsetof(sv_fit_options, ema), true, 0, 1},
    {"init", TEXT, offsetof(sv_fit_options, init), true, 0, 0},
    {"classes", INT, offsetof(sv_fit_options, classes), true, 0, 1 << 24},
    {"freeze-until", WORD, offsetof(sv_fit_options, freeze_until), true, 0, 0},
    {"flip", BOOL, offsetof(sv_fit_options, augment.flip), true, 0, 0},
    {"shift", INT, offsetof(sv_fit_options, augment.shift), true, 0, 4096},
    {"erase", REAL, offsetof(sv_fit_options, augment.erase), true, 0, 1},
    {"balance", BOOL, offsetof(sv_fit_options, balance), true, 0, 0},
    {"augment", WORD, offsetof(sv_fit_options, augment.transforms), true, 0, 0},
    {"validation", REAL, offsetof(sv_fit_options, validation), true, 0, 1e15},
    {"samples", INT, offsetof(sv_fit_options, samples), true, 0, INT_MAX},
    {"normalise", TEXT, offsetof(sv_fit_options, normalise), true, 0, 0},
    {"permute-pixels", INT, offsetof(sv_fit_options, permute_pixels), true, -1,
     INT_MAX},
    {"log-gradients", BOOL, offsetof(sv_fit_options, log_gradients), true, 0,
     0},
    {"seed", SEED, offsetof(sv_fit_options, seed), true, 0, 0},
    {"threads", INT, offsetof(sv_fit_options, threads), false, 0, 4096},
    {"backend", TEXT, offsetof(sv_fit_options, backend), false, 0, 0},
    {"exact", BOOL, offsetof(sv_fit_options, exact), false, 0, 0},
    {"tune", BOOL, offsetof(sv_fit_options, tune), false, 0, 0},
};
enum { ROWS = sizeof rows / sizeof rows[0], KEY = 64 };

static const void *at(const sv_fit_options *options, const struct row *row) {
  return (const char *)options + row->offset;
}

static const char *key_of(const struct row *row, char key[KEY]) {
  snprintf(key, KEY, "svertka.train.%s", row->name);
  return key;
}

/* The value as text, in `text` or borrowed; NULL: none is given. */
static const char *print(const sv_fit_options *options, const struct row *row,
                         char text[SV_NUMBER_TEXT]) {
  const void *value = at(options, row);
  switch (row->kind) {
    case TEXT:
    case WORD: return *(const char *const *)value;
    case REAL: return sv_number_text(*(const double *)value, text);
    case INT:
      snprintf(text, SV_NUMBER_TEXT, "%d", *(const int *)value);
      return text;
    case SEED:
      snprintf(text, SV_NUMBER_TEXT, "%llu",
               (unsigned long long)*(const uint64_t *)value);
      return text;
    case BOOL: return *(const bool *)value ? "true" : "false";
  }
  return NULL;
}

sv_status sv_options_resolve(sv_fit_options *resolved,
                             const sv_fit_options *options) {
  sv_usual usual;
  *resolved = sv_fit_default();
  SV_TRY(sv_sized_take(resolved, sizeof *resolved, options, "sv_fit_options"));
  options = resolved;
  if (!options->optimiser) return sv_options_check(options);
  SV_TRY(sv_optimiser_usual(&usual, options->optimiser));
  if (resolved->rate == SV_USUAL) resolved->rate = usual.rate;
  if (resolved->momentum == SV_USUAL) resolved->momentum = usual.momentum;
  if (resolved->weight_decay == SV_USUAL)
    resolved->weight_decay = usual.weight_decay;
  return sv_options_check(resolved);
}

sv_status sv_options_check(const sv_fit_options *options) {
  for (int i = 0; i < ROWS; i++) {
    const struct row *row = &rows[i];
    if (row->kind == TEXT && row->meaning &&
        !*(const char *const *)at(options, row))
      return sv_fail(SV_INVALID, "no %s given", row->name);
    if (row->kind != INT && row->kind != REAL) continue;
    double value = row->kind == INT ? *(const int *)at(options, row)
                                    : *(const double *)at(options, row);
    if (!(value >= row->min && value <= row->max))
      return sv_fail(SV_INVALID, "%s is %g, expected %g to %g", row->name,
                     value, row->min, row->max);
  }
  if (!options->checkpoint) return sv_fail(SV_INVALID, "no checkpoint given");
  return SV_OK;
}

sv_status sv_options_save(const sv_fit_options *options, sv_model *model) {
  char key[KEY], text[SV_NUMBER_TEXT];
  for (int i = 0; i < ROWS; i++) {
    const char *value = print(options, &rows[i], text);
    key_of(&rows[i], key);
    /* Replaces what an earlier training may have left in the model. */
    if (!value && rows[i].kind == WORD && sv_model_meta(model, key)) value = "";
    if (value) SV_TRY(sv_model_set_meta(model, key, value));
  }
  return SV_OK;
}

static sv_status parse(sv_fit_options *options, const struct row *row,
                       const char *text) {
  void *value = (char *)options + row->offset;
  char *end = NULL;
  double number = 0;
  switch (row->kind) {
    case TEXT:
    case WORD: *(const char **)value = *text ? text : NULL; return SV_OK;
    case BOOL: *(bool *)value = strcmp(text, "true") == 0; return SV_OK;
    case SEED: *(uint64_t *)value = strtoull(text, &end, 10); break;
    case INT:
    case REAL: number = sv_number_read(text, &end); break;
  }
  if (end == text || *end)
    return sv_fail(SV_FORMAT, "svertka.train.%s: '%s' is not a number",
                   row->name, text);
  if (row->kind == REAL) *(double *)value = number;
  if (row->kind == INT)
    *(int *)value = number >= INT_MIN && number <= INT_MAX ? (int)number : -1;
  return SV_OK;
}

sv_status sv_options_load(sv_fit_options *options, const sv_model *model) {
  char key[KEY];
  *options = sv_fit_default();
  for (int i = 0; i < ROWS; i++) {
    const char *text = sv_model_meta(model, key_of(&rows[i], key));
    if (text) SV_TRY(parse(options, &rows[i], text));
    if (!text && rows[i].meaning && rows[i].kind != WORD)
      return sv_fail(SV_FORMAT, "the metadata lack %s", key);
  }
  return sv_options_check(options);
}

sv_status sv_options_compare(const sv_fit_options *options,
                             const sv_model *model) {
  char key[KEY], text[SV_NUMBER_TEXT];
  for (int i = 0; i < ROWS; i++) {
    if (!rows[i].meaning) continue;
    const char *before = sv_model_meta(model, key_of(&rows[i], key));
    const char *now = print(options, &rows[i], text);
    if (rows[i].kind == WORD && before && !*before) before = NULL;
    if (rows[i].kind == WORD && !before && !now) continue;
    if (!before || !now || strcmp(before, now) != 0)
      return sv_fail(SV_INVALID,
                     "the run was started with %s %s, not %s; to change it, "
                     "start a new run with model.onnx as its model",
                     rows[i].name, before ? before : "(none)",
                     now ? now : "(none)");
  }
  return SV_OK;
}
