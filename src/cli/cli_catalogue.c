#include "cli/cli_catalogue.h"

static int print_json(const cli_catalogue *c, const void *only) {
  if (only) return cli_print_json(c->json(only));
  json_t *list = json_array();
  for (int i = 0; i < c->count; i++)
    json_array_append_new(list, c->json(c->at(i)));
  return cli_print_json(list);
}

int cli_show(const cli_catalogue *c, const cli_verb *verb, int argc,
             char **argv) {
  bool json = false;
  const cli_option options[] = {CLI_JSON_OPTION(&json), {0}};
  const cli_page page = {verb, 0, 1, options, c->about, c->examples};
  const void *only = NULL;
  int exit_status, count;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, &count, &exit_status))
    return exit_status;
  if (count && !(only = c->find(operands[0], &exit_status))) return exit_status;
  if (json) return print_json(c, only);
  if (only)
    c->print(only);
  else
    c->print_list();
  return CLI_DONE;
}
