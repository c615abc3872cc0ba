/* Shared by the import and export of weights. */
#ifndef SV_ZOO_WEIGHTS_H
#define SV_ZOO_WEIGHTS_H

#include "zoo/architecture.h"

/* sv_zoo_choose for a network that torchvision has, too; SV_INVALID for
 * others. */
sv_status sv_torch_choose(sv_zoo_choice *choice, const char *text) SV_CHECKED;

/* *name = torchvision's name of a tensor of the state: "layer1.0.bn1.scale" is
 * "layer1.0.bn1.weight". Free it with sv_free. */
sv_status sv_torch_tensor(char **name, const sv_zoo_choice *choice,
                          const char *tensor) SV_CHECKED;

/* Tensor i is trained, or a running statistic. */
bool sv_is_learned(const sv_state *state, int i);

#endif
