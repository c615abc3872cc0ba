#include "cli/cli_rows.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
    [SV_ATTR_INT] = "integer",      [SV_ATTR_FLOAT] = "number",
    [SV_ATTR_BOOL] = "true, false", [SV_ATTR_CHOICE] = "word",
    [SV_ATTR_INTS] = "size",        [SV_ATTR_FLOATS] = "numbers",
    [SV_ATTR_PADDING] = "padding"};

static const char *const type_names[] = {
    [SV_ATTR_INT] = "int",        [SV_ATTR_FLOAT] = "float",
    [SV_ATTR_BOOL] = "bool",      [SV_ATTR_CHOICE] = "choice",
    [SV_ATTR_INTS] = "ints",      [SV_ATTR_FLOATS] = "floats",
    [SV_ATTR_PADDING] = "padding"};

const char *cli_row_kind(const sv_attr_desc *row, char text[SV_ATTR_TEXT]) {
  if (row->type != SV_ATTR_CHOICE) return strcpy(text, kinds[row->type]);
  size_t at = 0;
  for (int i = 0; row->choices[i] && at < SV_ATTR_TEXT; i++)
    at += (size_t)snprintf(text + at, SV_ATTR_TEXT - at, "%s%s", i ? ", " : "",
                           row->choices[i]);
  return text;
}

const char *cli_row_range(const sv_attr_desc *row, char text[SV_ATTR_TEXT]) {
  bool endless = row->max >= 1 << 24;
  text[0] = '\0';
  if (row->type == SV_ATTR_CHOICE || row->type == SV_ATTR_BOOL ||
      (row->min == 0 && row->max == 0))
    return text;
  if (endless)
    snprintf(text, SV_ATTR_TEXT, "from %.7g on", row->min);
  else
    snprintf(text, SV_ATTR_TEXT, "%.7g to %.7g", row->min, row->max);
  return text;
}

void cli_print_rows(const sv_op *op, const char *heading) {
  sv_attr_desc row;
  char columns[80], text[SV_ATTR_TEXT];
  if (!sv_op_attr(op, 0, &row)) return;
  snprintf(columns, sizeof columns, "%s|<Default|<Takes|<Range|<Meaning",
           heading);
  cli_table *t = cli_table_new(columns);
  for (int i = 0; sv_op_attr(op, i, &row); i++) {
    cli_cell(t, "%s", row.name);
    cli_cell(t, "%s", row.initial);
    cli_cell(t, "%s", cli_row_kind(&row, text));
    cli_cell(t, "%s", cli_row_range(&row, text));
    cli_cell(t, "%s", row.help);
  }
  cli_table_wrap(t);
  cli_table_print(t);
}

static json_t *json_row(const sv_attr_desc *row) {
  char text[SV_ATTR_TEXT];
  json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "name", row->name, "type",
                             type_names[row->type], "default", row->initial,
                             "help", row->help);
  if (row->onnx) json_object_set_new(object, "onnx", json_string(row->onnx));
  if (*cli_row_range(row, text)) {
    json_object_set_new(object, "min", json_real(row->min));
    json_object_set_new(object, "max", json_real(row->max));
  }
  if (row->type != SV_ATTR_CHOICE) return object;
  json_t *choices = json_array();
  for (int i = 0; row->choices[i]; i++)
    json_array_append_new(choices, json_string(row->choices[i]));
  json_object_set_new(object, "choices", choices);
  return object;
}

json_t *cli_json_rows(const sv_op *op) {
  json_t *list = json_array();
  sv_attr_desc row;
  for (int i = 0; sv_op_attr(op, i, &row); i++)
    json_array_append_new(list, json_row(&row));
  return list;
}
