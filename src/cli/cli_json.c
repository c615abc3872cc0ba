/* What JSON cannot hold as it is: names that are not UTF-8, numbers that are
 * none. */
#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"

json_t *cli_json_text(const char *text) {
  json_t *string = json_string(text);
  sv_text valid = {0};
  char *bytes;
  if (string) return string;
  sv_text_add_utf8(&valid, text);
  if (sv_text_take(&valid, &bytes) != SV_OK) return NULL;
  string = json_string(bytes);
  sv_free(bytes);
  return string;
}

json_t *cli_json_number(double number) {
  return isfinite(number) ? json_real(number) : json_null();
}
