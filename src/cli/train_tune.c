/* svertka train on a trained file: another head, a part of it frozen. */
#include <stdio.h>
#include <string.h>

#include "cli/train.h"
#include "task/head.h"
#include "train/settle.h"

sv_status train_check_classes(const train *t) {
  int asked = t->fit.classes, labels = sv_dataset_classes(t->dataset);
  if (!asked || asked == labels) return SV_OK;
  return sv_fail(SV_INVALID, "--classes %d, but %s has %d classes", asked,
                 sv_dataset_name(t->dataset), labels);
}

/* With a new head `init` is the head's; what a file says otherwise stays. */
sv_status train_new_model(const train *t, sv_model **model, const char *network,
                          uint64_t seed) {
  sv_zoo_data asked = {
      sv_dataset_classes(t->dataset), sv_dataset_channels(t->dataset),
      sv_dataset_height(t->dataset), sv_dataset_width(t->dataset)};
  const char *init = strcmp(t->fit.init, "usual") == 0 ? NULL : t->fit.init;
  const cli_reading reading = {
      .seed = seed, .data = &asked, .external = t->external};
  SV_TRY(cli_model(model, network, &reading));
  if (cli_is_file(network)) sv_model_settle(*model);
  SV_TRY(cli_image_set(*model, &t->image));
  if (t->fit.classes)
    SV_TRY(sv_model_new_head(*model, t->fit.classes, seed, init));
  if (!init || (t->fit.classes && cli_is_file(network))) return SV_OK;
  return sv_state_init_with(sv_model_state(*model), sv_model_graph(*model),
                            seed, init);
}

/* The head of a model that is fine-tuned follows the data, if it must. */
sv_status train_suit_head(train *t) {
  const char *layer;
  int64_t classes;
  int labels = sv_dataset_classes(t->dataset);
  if (t->fit.classes || !t->fit.freeze_until) return SV_OK;
  if (sv_head_find(sv_model_graph(t->model), &layer, &classes) != SV_OK ||
      classes == labels)
    return SV_OK;
  t->fit.classes = labels;
  return sv_model_new_head(
      t->model, labels, t->fit.seed,
      strcmp(t->fit.init, "usual") == 0 ? NULL : t->fit.init);
}

/* ---- Reports ---- */

static void tell_head(const train *t) {
  const char *layer;
  int64_t classes;
  if (t->fit.classes &&
      sv_head_find(sv_model_graph(t->model), &layer, &classes) == SV_OK)
    cli_say("new head: %.80s, for %lld classes", layer, (long long)classes);
}

/* Trained numbers of the model: all of them, and those that stay. */
static void count_frozen(const train *t, const sv_freeze *freeze, int64_t *all,
                         int64_t *frozen) {
  const sv_state *state = sv_model_state(t->model);
  *all = *frozen = 0;
  for (int i = 0; i < sv_state_count(state); i++) {
    const sv_shape shape = sv_state_shape(state, i);
    if (!sv_role_is_trained(sv_state_role(state, i))) continue;
    int64_t count = sv_shape_count(&shape);
    *all += count;
    if (sv_freeze_has(freeze, sv_state_name(state, i))) *frozen += count;
  }
}

static sv_status tell_frozen(const train *t) {
  char text[2][CLI_NUMBER_TEXT];
  sv_freeze freeze;
  int64_t all, frozen;
  if (!t->fit.freeze_until) return SV_OK;
  SV_TRY(
      sv_freeze_until(&freeze, sv_model_graph(t->model), t->fit.freeze_until));
  count_frozen(t, &freeze, &all, &frozen);
  sv_freeze_free(&freeze);
  cli_say("frozen up to %.80s: %s of %s parameters are trained",
          t->fit.freeze_until, cli_number(all - frozen, text[0]),
          cli_number(all, text[1]));
  return SV_OK;
}

static void tell_folded(const train *t) {
  bool certain;
  if (!sv_model_may_be_folded(t->model, &certain)) return;
  cli_say(certain ? "its batch norms are folded into the preceding layers: it "
                    "is trained without them"
                  : "it has no batch norms (they may have been folded into the "
                    "convolutions): it is trained without them");
}

sv_status train_tell_tuning(const train *t, const char *network) {
  tell_head(t);
  SV_TRY(tell_frozen(t));
  if (cli_is_file(network)) tell_folded(t);
  return SV_OK;
}
