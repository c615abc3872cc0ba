#include "zoo/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* "bn1.scale" -> "bn1", and the part's name in PyTorch, "weight". */
static const char *port_of(const char *name, char layer[SV_TORCH_NAME]) {
  static const char *const ports[][2] = {{"weight", "weight"},
                                         {"bias", "bias"},
                                         {"scale", "weight"},
                                         {"mean", "running_mean"},
                                         {"var", "running_var"}};
  const char *dot = strrchr(name, '.');
  if (!dot || dot - name >= SV_TORCH_NAME) return NULL;
  snprintf(layer, SV_TORCH_NAME, "%.*s", (int)(dot - name), name);
  for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
    if (strcmp(dot + 1, ports[i][0]) == 0) return ports[i][1];
  return NULL;
}

sv_status sv_torch_tensor(char **name, const sv_zoo_choice *c,
                          const char *tensor) {
  char layer[SV_TORCH_NAME], theirs[SV_TORCH_NAME];
  sv_text text = {0};
  const char *port = port_of(tensor, layer);
  if (!port)
    return sv_fail(SV_INVALID, "%s: %s has no name in torchvision", c->name,
                   tensor);
  c->architecture->torch(theirs, c->values, layer);
  sv_text_add(&text, "%s.%s", theirs, port);
  return sv_text_take(&text, name);
}

sv_status sv_torch_choose(sv_zoo_choice *c, const char *text) {
  SV_TRY(sv_zoo_choose(c, text, NULL));
  if (c->architecture->torch) return SV_OK;
  sv_free(c->values);
  c->values = NULL;
  return sv_fail(SV_INVALID, "%s: torchvision does not have this network",
                 c->name);
}

bool sv_is_learned(const sv_state *state, int i) {
  sv_role role = sv_state_role(state, i);
  return role == SV_WEIGHT || role == SV_BIAS || role == SV_SCALE ||
         role == SV_STATISTIC;
}
