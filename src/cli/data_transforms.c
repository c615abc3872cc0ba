/* svertka data transforms: the transforms of training images, from their
 * tables. */
#include <stdio.h>
#include <string.h>

#include "cli/cli_catalogue.h"
#include "cli/cli_rows.h"
#include "cli/data.h"
#include "data/transform.h"

static const char about[] =
    "Lists the transforms that change training images, or explains one and "
    "its\n"
    "settings. 'svertka train --augment LIST' takes a list of them, separated "
    "by\n"
    "semicolons and applied in the order written: 'random_resized_crop 0.35;\n"
    "flip; color_jitter 0.4 hue=0.1; erase 0.25'. Settings are given in the "
    "order\n"
    "of the table or by name.\n"
    "Transforms before resize or random_resized_crop work on the image as it "
    "was\n"
    "read; if the list has neither, the image is resized first. erase works on "
    "the\n"
    "normalised input and follows the others; mixup and cutmix work on whole\n"
    "batches and come last.\n";

static const char examples[] =
    "svertka data transforms\n"
    "svertka data transforms random_resized_crop\n"
    "svertka data transforms --json\n";

static void print_list(void) {
  cli_table *t = cli_table_new("Transform|<What it does");
  for (int i = 0; sv_transforms[i]; i++) {
    cli_cell(t, "%s", sv_transforms[i]->op.name);
    cli_cell(t, "%s", sv_transforms[i]->op.summary);
  }
  cli_table_wrap(t);
  cli_table_print(t);
}

static void print_one(const void *of) {
  const sv_transform *t = of;
  printf("%s: %s\n\n", t->op.name, t->op.summary);
  cli_print_rows(&t->op, "Setting");
}

static json_t *json_one(const void *of) {
  const sv_transform *t = of;
  const char *stage = t->image ? "image" : t->input ? "input" : "batch";
  return json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", t->op.name, "summary",
                   t->op.summary, "works_on", stage, "resizes", t->resizes,
                   "settings", cli_json_rows(&t->op));
}

static const void *at(int i) { return sv_transforms[i]; }

static const void *find(const char *name, int *exit_status) {
  const sv_transform *t = NULL;
  *exit_status = cli_fail(sv_transform_find(&t, name, strlen(name)));
  return t;
}

int data_transforms(const cli_verb *verb, int argc, char **argv) {
  cli_catalogue transforms = {.about = about,
                              .examples = examples,
                              .at = at,
                              .find = find,
                              .print_list = print_list,
                              .print = print_one,
                              .json = json_one};
  while (sv_transforms[transforms.count]) transforms.count++;
  return cli_show(&transforms, verb, argc, argv);
}
