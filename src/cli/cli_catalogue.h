/* A command that lists a table or explains one of its entries: `svertka ops
 * [OP]`, `svertka zoo [NAME]`. */
#ifndef SV_CLI_CLI_CATALOGUE_H
#define SV_CLI_CLI_CATALOGUE_H

#include "cli/cli.h"

typedef struct cli_catalogue {
  const char *about, *examples;
  int count;
  const void *(*at)(int i);
  /* If there is no such entry: prints a message, sets *exit_status, returns
   * NULL. */
  const void *(*find)(const char *name, int *exit_status);
  void (*print_list)(void);
  void (*print)(const void *entry);
  json_t *(*json)(const void *entry);
} cli_catalogue;

/* Runs the command. Returns the exit status. */
int cli_show(const cli_catalogue *catalogue, const cli_verb *verb, int argc,
             char **argv);

#endif
