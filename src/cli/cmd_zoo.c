/* svertka zoo: the architectures and their parameters, from their tables. */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli_catalogue.h"
#include "cli/cli_rows.h"
#include "zoo/architecture.h"

static const char about[] =
    "Lists the architectures, or the parameters of one. Parameters follow the\n"
    "name: lenet5:classes=26,pool=max. The names of torchvision's networks "
    "are\n"
    "short for an architecture with parameters: vgg16 is vgg:config=D, and\n"
    "vgg16:classes=10 the same for ten classes. Case, hyphens and underscores "
    "in\n"
    "names are ignored. In training, the number of classes, channels and the\n"
    "image size follow the data.\n";

static const char examples[] =
    "svertka zoo\n"
    "svertka zoo lenet5\n"
    "svertka zoo resnet50\n"
    "svertka zoo --json\n";

static void add_aliases(cli_table *t, const sv_architecture *a) {
  for (const sv_zoo_alias *alias = a->aliases; alias && alias->name; alias++) {
    const char *parameters = alias->parameters;
    cli_cell(t, "%s", alias->name);
    cli_cell(t, "%s%s%s", a->table.name, *parameters ? ":" : "", parameters);
  }
}

static void print_list(void) {
  cli_table *t = cli_table_new("Name|<Architecture");
  for (int i = 0; i < sv_zoo_count(); i++) {
    cli_cell(t, "%s", sv_zoo_name(i));
    cli_cell(t, "%s", sv_zoo_summary(i));
  }
  cli_table_wrap(t);
  cli_table_print(t);
  printf(
      "\n"
      "Other names, including those of torchvision:\n"
      "\n");
  t = cli_table_new("Name|<Stands for");
  for (int i = 0; i < sv_zoo_count(); i++)
    add_aliases(t, sv_architecture_at(i));
  cli_table_wrap(t);
  cli_table_print(t);
}

static void print_one(const void *entry) {
  const sv_architecture *a = entry;
  char recipe[CLI_RECIPE_TEXT];
  sv_text heading = {0};
  sv_text_add(&heading, "%s: %s", a->table.name, a->table.summary);
  cli_print_words(heading.at ? heading.at : a->table.name);
  sv_text_clear(&heading);
  cli_print_words(a->source);
  putchar('\n');
  cli_print_rows(&a->table, "Parameter");
  if (a->recipe)
    printf(
        "\n"
        "Recipe, used by train unless options override it: %s\n",
        cli_recipe_text(a->recipe, recipe));
  if (!a->aliases) return;
  putchar('\n');
  cli_table *t = cli_table_new("Name|<Stands for");
  add_aliases(t, a);
  cli_table_wrap(t);
  cli_table_print(t);
}

static json_t *json_one(const void *entry) {
  const sv_architecture *a = entry;
  json_t *aliases = json_object();
  for (const sv_zoo_alias *alias = a->aliases; alias && alias->name; alias++)
    json_object_set_new(
        aliases, alias->name,
        json_sprintf("%s%s%s", a->table.name, *alias->parameters ? ":" : "",
                     alias->parameters));
  return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", a->table.name,
                   "summary", a->table.summary, "source", a->source,
                   "parameters", cli_json_rows(&a->table), "aliases", aliases,
                   "recipe", cli_recipe_json(a->recipe));
}

static const void *at(int i) { return sv_architecture_at(i); }

static const void *find(const char *name, int *exit_status) {
  const sv_architecture *a = sv_architecture_find(name);
  const char *near = a ? NULL : cli_nearest_zoo(name);
  if (near)
    *exit_status =
        cli_usage("unknown architecture '%s'; did you mean '%s'?", name, near);
  else if (!a)
    *exit_status = cli_usage("no architecture '%s'", name);
  return a;
}

int cmd_zoo(const cli_verb *verb, int argc, char **argv) {
  const cli_catalogue zoo = {.about = about,
                             .examples = examples,
                             .count = sv_zoo_count(),
                             .at = at,
                             .find = find,
                             .print_list = print_list,
                             .print = print_one,
                             .json = json_one};
  return cli_show(&zoo, verb, argc, argv);
}
