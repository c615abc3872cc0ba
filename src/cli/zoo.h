/* The commands of `svertka zoo` that have a file of their own. */
#ifndef SV_CLI_ZOO_H
#define SV_CLI_ZOO_H

#include "cli/cli.h"

int zoo_import(const cli_verb *verb, int argc, char **argv);
int zoo_export(const cli_verb *verb, int argc, char **argv);

#endif
