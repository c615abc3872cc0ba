/* Tables of attributes of an operator or an architecture, as text and JSON. */
#ifndef SV_CLI_CLI_ROWS_H
#define SV_CLI_CLI_ROWS_H

#include "cli/cli.h"

/* The type of an attribute: "integer", "size"; choices are listed. */
const char *cli_row_kind(const sv_attr_desc *row, char text[SV_ATTR_TEXT]);
/* "1 to 16", "from 0 on"; "" if unbounded. */
const char *cli_row_range(const sv_attr_desc *row, char text[SV_ATTR_TEXT]);

/* Prints a table with one line per attribute; nothing if there are none. */
void cli_print_rows(const sv_op *op, const char *heading);
json_t *cli_json_rows(const sv_op *op);

#endif
