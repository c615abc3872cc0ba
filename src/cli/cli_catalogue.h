/* A verb that lists what a table holds, or explains what is named of it:
 * `svertka ops [OP]`, `svertka zoo [NAME]`. */
#ifndef SV_CLI_CLI_CATALOGUE_H
#define SV_CLI_CLI_CATALOGUE_H

#include "cli/cli.h"

typedef struct cli_catalogue {
  const char *about, *examples;
  int count;
  const void *(*at)(int i);
  /* NULL, and *exit_status, if there is no such entry: that is told. */
  const void *(*find)(const char *name, int *exit_status);
  void (*print_list)(void);
  void (*print)(const void *entry);
  json_t *(*json)(const void *entry);
} cli_catalogue;

/* The whole verb. Returns the exit status. */
int cli_show(const cli_catalogue *catalogue, const cli_verb *verb, int argc,
             char **argv);

#endif
