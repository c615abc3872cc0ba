/* Tables of attributes of an operator or an architecture, as text and JSON. */
#ifndef SV_CLI_CLI_ROWS_H
#define SV_CLI_CLI_ROWS_H

#include "cli/cli.h"
#include "op/op.h"

/* The type of an attribute: "integer", "size"; choices are listed. */
enum { CLI_ROW_TEXT = 160 };
const char *cli_row_kind(const sv_attr *row, char text[CLI_ROW_TEXT]);
/* "1 to 16", "from 0 on"; "" if unbounded. */
const char *cli_row_range(const sv_attr *row, char text[CLI_ROW_TEXT]);
/* The default as it is written; "" if none. */
const char *cli_row_default(const sv_op *op, const sv_attr *row,
                            char text[CLI_ROW_TEXT]);

/* Prints a table with one line per attribute; nothing if there are none. */
void cli_print_rows(const sv_op *op, const char *heading);
json_t *cli_json_rows(const sv_op *op);

#endif
