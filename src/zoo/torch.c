#include "zoo/torch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PARTS = 8 };

/* A part of the name that a * stands for. */
typedef struct part {
  const char *at;
  int length;
} part;

static bool fits(const char *rule, const char *layer, part parts[PARTS]) {
  int count = 0;
  while (*rule) {
    if (*rule == '*') {
      int length = (int)strcspn(layer, ".");
      if (length == 0 || count == PARTS) return false;
      parts[count++] = (part){layer, length};
      layer += length;
      rule++;
    } else if (*rule++ != *layer++) {
      return false;
    }
  }
  return !*layer;
}

void sv_torch_rename(char name[SV_TORCH_NAME], const sv_torch_rule *rules,
                     const char *layer) {
  part parts[PARTS];
  while (rules && rules->ours && !fits(rules->ours, layer, parts)) rules++;
  if (!rules || !rules->ours) {
    snprintf(name, SV_TORCH_NAME, "%s", layer);
    return;
  }
  int used = 0, length = 0;
  for (const char *c = rules->theirs; *c && length < SV_TORCH_NAME - 1; c++) {
    size_t room = SV_TORCH_NAME - (size_t)length;
    if (*c == '*') {
      length += snprintf(name + length, room, "%.*s", parts[used].length,
                         parts[used].at);
      used++;
    } else {
      name[length++] = *c;
    }
  }
  name[length < SV_TORCH_NAME ? length : SV_TORCH_NAME - 1] = '\0';
}
