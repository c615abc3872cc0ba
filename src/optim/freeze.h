/* Frozen layers: a layer and all layers that it depends on (svertka/optim.h).
 */
#ifndef SV_OPTIM_FREEZE_H
#define SV_OPTIM_FREEZE_H

#include <svertka/optim.h>

#include "graph/graph.h"

#endif
