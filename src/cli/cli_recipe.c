/* A zoo network's recipe, in words and as JSON. */
#include <stdio.h>

#include "cli/cli.h"

const char *cli_recipe_text(const sv_zoo_recipe *recipe,
                            char text[CLI_RECIPE_TEXT]) {
  const struct {
    const char *name;
    double number;
  } parts[] = {{"rate", recipe->rate}, {"clip-norm", recipe->clip_norm}};
  int at = snprintf(text, CLI_RECIPE_TEXT, "%s",
                    recipe->optimiser ? recipe->optimiser : "");
  for (int i = 0; i < 2; i++)
    if (parts[i].number > 0)
      at += snprintf(text + at, (size_t)(CLI_RECIPE_TEXT - at), "%s%s %g",
                     at ? ", " : "", parts[i].name, parts[i].number);
  return text;
}

json_t *cli_recipe_json(const sv_zoo_recipe *recipe) {
  if (!recipe) return json_null();
  json_t *object = json_object();
  if (recipe->optimiser)
    json_object_set_new(object, "optimiser", json_string(recipe->optimiser));
  if (recipe->rate > 0)
    json_object_set_new(object, "rate", json_real(recipe->rate));
  if (recipe->clip_norm > 0)
    json_object_set_new(object, "clip_norm", json_real(recipe->clip_norm));
  return object;
}
