/* The recipe of a zoo network replaces the default options of a training. The
 * user's options override it one by one; another optimiser also drops the
 * recipe's rate, which belongs to the recipe's own optimiser. */
#include <stdio.h>
#include <string.h>

#include "cli/train.h"

bool train_follow_recipe(const cli_verb *verb, int argc, char **argv, train *t,
                         const char *network, int *exit_status) {
  const sv_fit_options usual = sv_fit_default();
  const sv_zoo_recipe *recipe = sv_zoo_recipe_of(network);
  if (!recipe) return true;
  int count;
  char **operands;
  t->has_recipe = true;
  t->recipe = *recipe;
  /* A text that was given is another one, even if it says the same. */
  if (t->fit.optimiser != usual.optimiser)
    t->recipe.optimiser = NULL, t->recipe.rate = 0;
  if (t->fit.rate != usual.rate) t->recipe.rate = 0;
  if (t->fit.clip_norm != usual.clip_norm) t->recipe.clip_norm = 0;
  t->fit = usual;
  sv_fit_follow(&t->fit, &t->recipe);
  return train_parse(verb, argc, argv, t, &operands, &count, exit_status);
}

void train_tell_recipe(const train *t, const char *network) {
  char text[CLI_RECIPE_TEXT], whole[CLI_RECIPE_TEXT];
  int length = (int)strcspn(network ? network : "", ":");
  if (!t->has_recipe) return;
  cli_recipe_text(&t->recipe, text);
  cli_recipe_text(sv_zoo_recipe_of(network), whole);
  if (strcmp(text, whole) == 0)
    cli_say("recipe of %.*s: %s", length, network, text);
  else if (!text[0])
    cli_say("recipe of %.*s: %s; overridden by options", length, network,
            whole);
  else
    cli_say("recipe of %.*s: %s; not overridden: %s", length, network, whole,
            text);
}

json_t *train_recipe_json(const train *t) {
  return t->has_recipe ? cli_recipe_json(&t->recipe) : json_null();
}
