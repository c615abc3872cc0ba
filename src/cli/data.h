/* The commands of `svertka data` that have a file of their own. */
#ifndef SV_CLI_DATA_H
#define SV_CLI_DATA_H

#include "cli/cli.h"

int data_check(const cli_verb *verb, int argc, char **argv);
int data_show(const cli_verb *verb, int argc, char **argv);
int data_transforms(const cli_verb *verb, int argc, char **argv);

#endif
