/* The internals of a state. */
#ifndef SV_GRAPH_STATE_H
#define SV_GRAPH_STATE_H

#include <svertka/state.h>

#include "base/names.h"

typedef struct sv_slot {
  char *name;
  sv_role role;
  sv_tensor tensor; /* in the layout that the first training plan chose */
  bool settled;
  bool random; /* still the values of an initialiser: neither trained nor set */
} sv_slot;

struct sv_state {
  sv_slot *slots;
  int count, capacity;
  sv_names names; /* of the slots */
  sv_dtype precision;
  uint64_t version; /* incremented by every change of a value */
  uint64_t layouts; /* incremented when a slot's memory or layout changes */
};

/* -1 if there is none. */
int sv_state_find(const sv_state *state, const char *name);

/* Adds a tensor of zeros, in plain layout or in that of `like` (a moment has
 * the layout of its parameter). */
sv_status sv_state_add(sv_state *state, const char *name, sv_role role,
                       sv_dtype dtype, const sv_shape *shape,
                       const sv_layout *like, int *index) SV_CHECKED;

/* Removes all tensors with this role; the others keep their order. */
sv_status sv_state_drop(sv_state *state, sv_role role) SV_CHECKED;

/* Converts a slot and its values to another layout that is not opaque. */
sv_status sv_state_settle(sv_state *state, int index,
                          const sv_layout *layout) SV_CHECKED;

/* Replaces a slot by zeros of another shape. */
sv_status sv_state_resize(sv_state *state, int index,
                          const sv_shape *shape) SV_CHECKED;

/* The name of the first tensor with `random`; NULL: none. */
const char *sv_state_random(const sv_state *state);
/* Sets `random` for all trained tensors: true if a file says so, false after a
 * training step. */
void sv_state_mark_random(sv_state *state, bool random);

/* Call it after writing to slots directly. */
void sv_state_touch(sv_state *state);

/* Copies the whole state: the best weights so far. */
sv_status sv_state_copy(sv_state **copy, const sv_state *state) SV_CHECKED;

#endif
