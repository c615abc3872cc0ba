/* The state's insides. */
#ifndef SV_GRAPH_STATE_H
#define SV_GRAPH_STATE_H

#include <svertka/state.h>

#include "base/names.h"

typedef struct sv_slot {
  char *name;
  sv_role role;
  sv_tensor tensor; /* in the layout that the first training plan settled on */
  bool settled;
  bool random; /* as an initialiser drew it; neither trained nor set since */
} sv_slot;

struct sv_state {
  sv_slot *slots;
  int count, capacity;
  sv_names names; /* of the slots */
  sv_dtype precision;
  uint64_t version; /* moves with every change of a number */
  uint64_t layouts; /* moves when a slot's memory or layout changes */
};

/* -1 if there is none. */
int sv_state_find(const sv_state *state, const char *name);

/* A new tensor of zeros, plain unless `like` (a slot's tensor, a moment lies as
 * its parameter does) is given. */
sv_status sv_state_add(sv_state *state, const char *name, sv_role role,
                       sv_dtype dtype, const sv_shape *shape,
                       const sv_layout *like, int *index) SV_CHECKED;

/* Takes all tensors of this role out; the others keep their order. */
sv_status sv_state_drop(sv_state *state, sv_role role) SV_CHECKED;

/* Moves a slot, with its numbers, into another layout that is not opaque. */
sv_status sv_state_settle(sv_state *state, int index,
                          const sv_layout *layout) SV_CHECKED;

/* A slot becomes zeros of another shape. */
sv_status sv_state_resize(sv_state *state, int index,
                          const sv_shape *shape) SV_CHECKED;

/* The first tensor with `random`; NULL: none. */
const char *sv_state_random(const sv_state *state);
/* `random` of all that is trained: true of what a file says it of, false after
 * a step of training. */
void sv_state_mark_random(sv_state *state, bool random);

/* To be called by whoever wrote into slots directly. */
void sv_state_touch(sv_state *state);

/* A copy of everything: the best weights so far. */
sv_status sv_state_copy(sv_state **copy, const sv_state *state) SV_CHECKED;

#endif
