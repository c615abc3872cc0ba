/* svertka zoo: the architectures and their parameters, from their tables. */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_rows.h"
#include "zoo/architecture.h"

static const char about[] =
    "Lists the architectures, or what one of them can be asked for. The\n"
    "parameters follow the name: 'svertka summary "
    "lenet5:classes=26,pool=max'.\n"
    "Where a network is trained, classes, channels and size follow the data.\n";

static const char examples[] =
    "svertka zoo\n"
    "svertka zoo lenet5\n"
    "svertka zoo --json\n";

static void print_list(void) {
  cli_table *t = cli_table_new("Name|<Architecture");
  for (int i = 0; i < sv_zoo_count(); i++) {
    cli_cell(t, "%s", sv_zoo_name(i));
    cli_cell(t, "%s", sv_zoo_summary(i));
  }
  cli_table_print(t);
}

static void print_one(const sv_architecture *a) {
  printf("%s: %s\n%s\n\n", a->table.name, a->table.summary, a->source);
  cli_print_rows(&a->table, "Parameter");
}

static json_t *json_one(const sv_architecture *a) {
  return json_pack("{s:s, s:s, s:s, s:o}", "name", a->table.name, "summary",
                   a->table.summary, "source", a->source, "parameters",
                   cli_json_rows(&a->table));
}

static int print_json(const sv_architecture *only) {
  if (only) return cli_print_json(json_one(only));
  json_t *list = json_array();
  for (int i = 0; i < sv_zoo_count(); i++)
    json_array_append_new(list, json_one(sv_architecture_at(i)));
  return cli_print_json(list);
}

static const char *nearest(const char *name) {
  for (int i = 0; i < sv_zoo_count(); i++) {
    const char *const words[] = {sv_zoo_name(i), NULL};
    if (cli_nearest(name, words)) return words[0];
  }
  return NULL;
}

int cmd_zoo(const cli_verb *verb, int argc, char **argv) {
  bool json = false;
  const cli_option options[] = {CLI_JSON_OPTION(&json), {0}};
  const cli_page page = {verb, 0, 1, options, about, examples};
  int exit_status, count;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, &count, &exit_status))
    return exit_status;
  const sv_architecture *only = NULL;
  if (count) {
    only = sv_architecture_find(operands[0]);
    const char *near = nearest(operands[0]);
    if (!only && near)
      return cli_usage("no architecture '%s'; '%s'?", operands[0], near);
    if (!only) return cli_usage("no architecture '%s'", operands[0]);
  }
  if (json) return print_json(only);
  if (only)
    print_one(only);
  else
    print_list();
  return CLI_DONE;
}
