/* The label of a sample, from its .cls or .json file. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "data/shards.h"

enum { LONGEST_LABEL = 1000 };

/* *label = the text without the white space around it. */
static sv_status trim(char **label, const char *name, const char *text) {
  static const char space[] = " \t\r\n";
  text += strspn(text, space);
  size_t length = strlen(text);
  while (length && strchr(space, text[length - 1])) length--;
  if (length == 0 || length > LONGEST_LABEL)
    return sv_fail(SV_FORMAT, "%s: a label of %zu bytes, expected 1 to %d",
                   name, length, LONGEST_LABEL);
  SV_TRY(sv_copy_text(label, text));
  (*label)[length] = '\0';
  return SV_OK;
}

sv_status sv_label_from_text(char **label, const char *name, const char *text,
                             size_t size) {
  *label = NULL;
  if (strlen(text) != size)
    return sv_fail(SV_FORMAT, "%s: a zero byte, expected a label", name);
  return trim(label, name, text);
}

static sv_status take_json(char **label, const char *name,
                           const json_t *object) {
  static const char *const keys[] = {"label", "class", "cls"};
  const json_t *value = NULL;
  char number[24];
  for (int i = 0; i < 3 && !value; i++)
    value = json_object_get(object, keys[i]);
  if (json_is_string(value)) return trim(label, name, json_string_value(value));
  if (!json_is_integer(value)) return SV_OK;
  snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
  return sv_copy_text(label, number);
}

sv_status sv_label_from_json(char **label, const char *name, const char *text,
                             size_t size) {
  json_error_t error;
  *label = NULL;
  json_t *object = json_loadb(text, size, 0, &error);
  if (!object)
    return sv_fail(SV_FORMAT, "%s: line %d: %s", name, error.line, error.text);
  sv_status status = take_json(label, name, object);
  json_decref(object);
  return status;
}
