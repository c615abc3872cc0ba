/* Running external programs. */
#ifndef SV_CLI_CLI_PROGRAM_H
#define SV_CLI_CLI_PROGRAM_H

#include "base/error.h"

/* Runs command[0], found in PATH (the list ends with NULL), with `input` on its
 * standard input. *output is its standard output; free it with sv_free.
 * SV_UNSUPPORTED if the program does not exist; SV_IO with the first line of
 * its error output if it fails. */
sv_status cli_program(const char *const *command, const void *input,
                      size_t input_size, unsigned char **output,
                      size_t *size) SV_CHECKED;

#endif
