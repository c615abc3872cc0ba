/* Tables of attributes, an operator's or an architecture's, as people and
 * programs read them. */
#ifndef SV_CLI_CLI_ROWS_H
#define SV_CLI_CLI_ROWS_H

#include "cli/cli.h"
#include "ops/op.h"

/* What a row takes: "whole number", "size"; choices are spelled out. */
enum { CLI_ROW_TEXT = 160 };
const char *cli_row_kind(const sv_attr *row, char text[CLI_ROW_TEXT]);
/* "1 to 16", "from 0 on"; "" where there is no bound. */
const char *cli_row_range(const sv_attr *row, char text[CLI_ROW_TEXT]);
/* As it is read; "" where there is none. */
const char *cli_row_default(const sv_op *op, const sv_attr *row,
                            char text[CLI_ROW_TEXT]);

/* The rows of attributes, one table line each; nothing if there are none. */
void cli_print_rows(const sv_op *op, const char *heading);
json_t *cli_json_rows(const sv_op *op);

#endif
