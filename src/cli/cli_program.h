/* Programs of others that do a part of the work. */
#ifndef SV_CLI_CLI_PROGRAM_H
#define SV_CLI_CLI_PROGRAM_H

#include "base/error.h"

/* Runs command[0] from the path (the list ends in NULL) with `input` on its
 * standard input. *output is what it writes, to be freed with sv_free.
 * SV_UNSUPPORTED if there is no such program; SV_IO with the first line of its
 * complaint if it fails. */
sv_status cli_program(const char *const *command, const void *input,
                      size_t input_size, unsigned char **output,
                      size_t *size) SV_CHECKED;

#endif
