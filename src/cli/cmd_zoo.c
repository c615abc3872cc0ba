/* svertka zoo: the architectures and their parameters, from their tables. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli_catalogue.h"
#include "cli/cli_rows.h"
#include "cli/zoo.h"

static const char about[] =
    "Lists the architectures, or the parameters of one. Parameters follow the\n"
    "name: lenet5:classes=26,pool=max. The names of torchvision's networks "
    "are\n"
    "short for an architecture with parameters: vgg16 is vgg:config=D, and\n"
    "vgg16:classes=10 the same for ten classes. Case, hyphens and underscores "
    "in\n"
    "names are ignored. In training, the number of classes, channels and the\n"
    "image size follow the data.\n"
    "'svertka zoo import' makes a model from the weights of torchvision or "
    "timm,\n"
    "'svertka zoo export' writes a model's weights for them.\n";

static const char examples[] =
    "svertka zoo\n"
    "svertka zoo lenet5\n"
    "svertka zoo resnet50\n"
    "svertka zoo --json\n"
    "svertka zoo import squeezenet1_1 weights.safetensors\n";

static void add_aliases(cli_table *t, int i) {
  for (int k = 0; sv_zoo_alias_name(i, k); k++) {
    const char *parameters = sv_zoo_alias_parameters(i, k);
    cli_cell(t, "%s", sv_zoo_alias_name(i, k));
    cli_cell(t, "%s%s%s", sv_zoo_name(i), *parameters ? ":" : "", parameters);
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
  for (int i = 0; i < sv_zoo_count(); i++) add_aliases(t, i);
  cli_table_wrap(t);
  cli_table_print(t);
}

/* An entry of the catalogue is the table of its parameters, whose name is that
 * of the architecture. */
static int index_of(const void *entry) {
  return sv_zoo_find(sv_op_name(entry));
}

static void print_one(const void *entry) {
  int i = index_of(entry);
  const sv_zoo_recipe *recipe = sv_zoo_recipe_of(sv_zoo_name(i));
  char used[CLI_RECIPE_TEXT];
  sv_text heading = {0};
  sv_text_add(&heading, "%s: %s", sv_zoo_name(i), sv_zoo_summary(i));
  cli_print_words(heading.at ? heading.at : sv_zoo_name(i));
  sv_text_clear(&heading);
  cli_print_words(sv_zoo_source(i));
  putchar('\n');
  cli_print_rows(entry, "Parameter");
  if (recipe)
    printf(
        "\n"
        "Recipe, used by train unless options override it: %s\n",
        cli_recipe_text(recipe, used));
  if (!sv_zoo_alias_name(i, 0)) return;
  putchar('\n');
  cli_table *t = cli_table_new("Name|<Stands for");
  add_aliases(t, i);
  cli_table_wrap(t);
  cli_table_print(t);
}

static json_t *json_one(const void *entry) {
  int i = index_of(entry);
  json_t *aliases = json_object();
  for (int k = 0; sv_zoo_alias_name(i, k); k++) {
    const char *parameters = sv_zoo_alias_parameters(i, k);
    json_object_set_new(aliases, sv_zoo_alias_name(i, k),
                        json_sprintf("%s%s%s", sv_zoo_name(i),
                                     *parameters ? ":" : "", parameters));
  }
  return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", sv_zoo_name(i),
                   "summary", sv_zoo_summary(i), "source", sv_zoo_source(i),
                   "parameters", cli_json_rows(entry), "aliases", aliases,
                   "recipe", cli_recipe_json(sv_zoo_recipe_of(sv_zoo_name(i))));
}

static const void *at(int i) { return sv_zoo_parameters(i); }

static const void *find(const char *name, int *exit_status) {
  int i = sv_zoo_find(name);
  if (i >= 0) return sv_zoo_parameters(i);
  const char *near = cli_nearest_zoo(name);
  if (near)
    *exit_status =
        cli_usage("unknown architecture '%s'; did you mean '%s'?", name, near);
  else
    *exit_status = cli_usage("no architecture '%s'", name);
  return NULL;
}

int cmd_zoo(const cli_verb *verb, int argc, char **argv) {
  static const cli_verb ways[] = {
      {"zoo import", "NETWORK FILE.safetensors [options]",
       "a network with the weights of torchvision's", zoo_import},
      {"zoo export", "MODEL FILE.safetensors [options]",
       "weights for torchvision's network", zoo_export},
  };
  for (int i = 0; i < 2 && argc > 1; i++)
    if (strcmp(argv[1], strchr(ways[i].name, ' ') + 1) == 0)
      return ways[i].run(&ways[i], argc - 1, argv + 1);
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
