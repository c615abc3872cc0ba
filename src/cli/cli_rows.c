#include "cli/cli_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "op/attrs.h"

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

const char *cli_row_kind(const sv_attr *row, char text[CLI_ROW_TEXT]) {
  if (row->type != SV_ATTR_CHOICE) return strcpy(text, kinds[row->type]);
  size_t at = 0;
  for (int i = 0; row->choices[i] && at < CLI_ROW_TEXT; i++)
    at += (size_t)snprintf(text + at, CLI_ROW_TEXT - at, "%s%s", i ? ", " : "",
                           row->choices[i]);
  return text;
}

const char *cli_row_range(const sv_attr *row, char text[CLI_ROW_TEXT]) {
  bool endless = row->max >= 1 << 24;
  text[0] = '\0';
  if (row->type == SV_ATTR_CHOICE || row->type == SV_ATTR_BOOL ||
      (row->min == 0 && row->max == 0))
    return text;
  if (endless)
    snprintf(text, CLI_ROW_TEXT, "from %.7g on", row->min);
  else
    snprintf(text, CLI_ROW_TEXT, "%.7g to %.7g", row->min, row->max);
  return text;
}

const char *cli_row_default(const sv_op *op, const sv_attr *row,
                            char text[CLI_ROW_TEXT]) {
  void *attrs;
  sv_text value = {0};
  text[0] = '\0';
  if (sv_alloc(&attrs, op->attrs_size) != SV_OK) return text;
  sv_attrs_default(op, attrs);
  sv_attr_print(&value, row, attrs);
  if (value.at) snprintf(text, CLI_ROW_TEXT, "%s", value.at);
  sv_text_clear(&value);
  sv_free(attrs);
  return text;
}

void cli_print_rows(const sv_op *op, const char *heading) {
  if (!op->attrs || !op->attrs->name) return;
  char columns[80], text[CLI_ROW_TEXT];
  snprintf(columns, sizeof columns, "%s|<Default|<Takes|<Range|<Meaning",
           heading);
  cli_table *t = cli_table_new(columns);
  for (const sv_attr *row = op->attrs; row->name; row++) {
    if (!sv_attr_is_first(op, row)) continue;
    cli_cell(t, "%s", row->name);
    cli_cell(t, "%s", cli_row_default(op, row, text));
    cli_cell(t, "%s", cli_row_kind(row, text));
    cli_cell(t, "%s", cli_row_range(row, text));
    cli_cell(t, "%s", row->help ? row->help : "");
  }
  cli_table_wrap(t);
  cli_table_print(t);
}

static json_t *json_row(const sv_op *op, const sv_attr *row) {
  char text[CLI_ROW_TEXT];
  json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "name", row->name, "type",
                             type_names[row->type], "default",
                             cli_row_default(op, row, text), "help",
                             row->help ? row->help : "");
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
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    if (sv_attr_is_first(op, row))
      json_array_append_new(list, json_row(op, row));
  return list;
}
