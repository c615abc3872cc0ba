/* Tensors as text, on the command line and printed in the same form:
 *
 *     1 3 -1; 2 -2 0         rows end with ; or a newline
 *     1 2; 3 4 | 5 6; 7 8    maps are separated by |
 *     1 2 | 3 4 || 5 6 | 7 8 images by ||
 *     1x2x1x2: 1 2 3 4       or a shape first, then only values
 *     @FILE                  the content of a file, in one of these forms */
#ifndef SV_CLI_CLI_NUMBERS_H
#define SV_CLI_CLI_NUMBERS_H

#include <jansson.h>

#include "tensor/tensor.h"

typedef struct cli_numbers {
  double *at;
  int count, capacity;
  sv_shape shape; /* rank 1 to 4 as written, or the shape given first */
  bool fixed;     /* a shape was given first */
} cli_numbers;

/* `what` names the tensor in errors: "--x". Free with cli_numbers_free. */
sv_status cli_numbers_read(cli_numbers *numbers, const char *what,
                           const char *text) SV_CHECKED;
/* SV_INVALID names the first value that is not an integer. */
sv_status cli_numbers_whole(const cli_numbers *numbers,
                            const char *what) SV_CHECKED;
void cli_numbers_free(cli_numbers *numbers);

/* The shape with leading dimensions of 1 up to this rank. */
sv_shape cli_numbers_shape(const cli_numbers *numbers, int rank);

/* Fills a plain tensor with the same number of elements. */
void cli_numbers_fill(const cli_numbers *numbers, sv_tensor *tensor);

/* Prints a plain tensor so that it can be read back. */
void cli_print_tensor(const sv_tensor *tensor);
/* {"shape": [...], "values": [...]}; JSON has no infinities: "inf", "-inf" and
 * "nan" are strings. */
json_t *cli_json_tensor(const sv_tensor *tensor);

/* A number with at most seven digits. */
enum { CLI_REAL_TEXT = 32 };
const char *cli_real(double value, char text[CLI_REAL_TEXT]);

#endif
