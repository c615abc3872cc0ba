/* A CSV file of numbers with a header of column names: log.csv. */
#ifndef SV_CLI_CLI_CSV_H
#define SV_CLI_CLI_CSV_H

#include <svertka/base.h>

#include "base/error.h"

typedef struct cli_csv {
  char **names; /* of the columns */
  int columns, rows;
  double *at; /* columns x rows; an empty field is NAN */
} cli_csv;

/* Free with cli_csv_free, which clears the struct, unless the call fails.
 * Errors name the line. */
sv_status cli_csv_read(cli_csv *csv, const char *path) SV_CHECKED;
void cli_csv_free(cli_csv *csv);

/* The index of a column; -1: no such column. */
int cli_csv_find(const cli_csv *csv, const char *name);
/* The values of a column. */
const double *cli_csv_column(const cli_csv *csv, int column);

#endif
