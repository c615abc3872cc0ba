#include "base/setting.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

static const char space[] = " \t\n";

static sv_status fail_unknown(const char *what, const char *text,
                              const char *table, size_t size) {
  sv_text names = {0};
  for (const char *row = table; ((const sv_setting_row *)row)->name;
       row += size)
    sv_text_add(&names, "%s%s", row == table ? "" : ", ",
                ((const sv_setting_row *)row)->name);
  sv_status status = sv_fail(SV_INVALID, "unknown %s '%s'; expected one of: %s",
                             what, text, names.at ? names.at : "none");
  sv_text_clear(&names);
  return status;
}

sv_status sv_setting_parse(sv_setting *setting, const char *what,
                           const char *text, const void *table, size_t size) {
  const char *name = text + strspn(text, space);
  size_t length = strcspn(name, space);
  const sv_setting_row *row = table;
  while (row->name &&
         (strlen(row->name) != length || strncmp(row->name, name, length) != 0))
    row = (const sv_setting_row *)((const char *)row + size);
  if (!row->name) return fail_unknown(what, text, table, size);
  *setting = (sv_setting){.row = row};
  memcpy(setting->at, row->usual, sizeof setting->at);
  const char *next = name + length;
  int count = 0;
  for (;; count++) {
    next += strspn(next, space);
    if (!*next) break;
    char *end;
    double number = sv_number_read(next, &end);
    if (end == next || !isfinite(number) || (*end && !strchr(space, *end)))
      return sv_fail(SV_INVALID, "%s '%s': '%s' is not a number (usage: %s)",
                     what, text, next, row->usage);
    if (count < row->most) setting->at[count] = number;
    next = end;
  }
  if (count < row->least || count > row->most)
    return sv_fail(SV_INVALID, "%s '%s' has %d value%s (usage: %s)", what, text,
                   count, count == 1 ? "" : "s", row->usage);
  setting->count = count;
  return SV_OK;
}
