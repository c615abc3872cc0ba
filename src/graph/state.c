#include "graph/state.h"

#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

static sv_dtype kept_as(const sv_value_info *value, sv_dtype precision) {
  return value->dtype == SV_F32 ? precision : value->dtype;
}

/* Many tensors that each find room may together be more than there is: the
 * system would end the program, or another. */
static sv_status check_room(const sv_graph *graph, sv_dtype precision) {
  const double gib = 1 << 30;
  size_t most = sv_memory_of_machine();
  double bytes = 0;
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind != SV_VALUE_STATE) continue;
    sv_layout plain;
    SV_TRY(sv_layout_plain(&plain, kept_as(value, precision), &value->shape));
    bytes += (double)plain.bytes;
  }
  if (bytes <= (double)most) return SV_OK;
  return sv_fail(
      SV_NO_MEMORY,
      "network '%s': its weights need %.1f GiB, the machine has %.1f GiB",
      graph->name, bytes / gib, (double)most / gib);
}

sv_status sv_state_new(sv_state **state, const sv_graph *graph,
                       sv_dtype precision) {
  *state = NULL;
  SV_TRY(sv_graph_check(graph));
  SV_TRY(check_room(graph, precision));
  sv_state *s;
  SV_TRY(sv_alloc(&s, sizeof *s));
  s->precision = precision;
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind != SV_VALUE_STATE) continue;
    int index;
    sv_status status =
        sv_state_add(s, value->name, value->role, kept_as(value, precision),
                     &value->shape, NULL, &index);
    if (status != SV_OK) {
      sv_state_free(s);
      return status;
    }
  }
  *state = s;
  return SV_OK;
}

void sv_state_free(sv_state *state) {
  if (!state) return;
  for (int i = 0; i < state->count; i++) {
    sv_free(state->slots[i].name);
    sv_free(state->slots[i].tensor.data);
  }
  sv_names_free(&state->names);
  sv_free(state->slots);
  sv_free(state);
}

int sv_state_find(const sv_state *state, const char *name) {
  return sv_names_get(&state->names, name);
}

sv_status sv_state_add(sv_state *state, const char *name, sv_role role,
                       sv_dtype dtype, const sv_shape *shape,
                       const sv_layout *like, int *index) {
  if (sv_state_find(state, name) >= 0)
    return sv_fail(SV_INVALID, "the state already has a tensor '%s'", name);
  SV_TRY(sv_grow(&state->slots, state->count, &state->capacity,
                 sizeof *state->slots));
  sv_slot *slot = &state->slots[state->count];
  *slot = (sv_slot){.role = role, .tensor = {.dtype = dtype, .shape = *shape}};
  if (like)
    slot->tensor.layout = *like;
  else
    SV_TRY(sv_layout_plain(&slot->tensor.layout, dtype, shape));
  SV_TRY(sv_copy_text(&slot->name, name));
  sv_status status = sv_alloc(&slot->tensor.data, slot->tensor.layout.bytes);
  if (status != SV_OK) {
    sv_free(slot->name);
    return status;
  }
  *index = state->count++;
  state->layouts++;
  return sv_names_put(&state->names, slot->name, *index);
}

sv_status sv_state_drop(sv_state *state, sv_role role) {
  int kept = 0;
  sv_names_free(&state->names);
  for (int i = 0; i < state->count; i++) {
    sv_slot *slot = &state->slots[i];
    if (slot->role != role) {
      state->slots[kept++] = *slot;
      continue;
    }
    sv_free(slot->name);
    sv_free(slot->tensor.data);
  }
  state->count = kept;
  state->layouts++;
  for (int i = 0; i < kept; i++)
    SV_TRY(sv_names_put(&state->names, state->slots[i].name, i));
  return SV_OK;
}

sv_status sv_state_settle(sv_state *state, int index, const sv_layout *layout) {
  sv_slot *slot = &state->slots[index];
  slot->settled = true;
  if (sv_layout_equal(&slot->tensor.layout, layout)) return SV_OK;
  sv_tensor moved = slot->tensor;
  moved.layout = *layout;
  SV_TRY(sv_alloc(&moved.data, layout->bytes));
  sv_status status = sv_tensor_copy(&moved, &slot->tensor);
  if (status != SV_OK) {
    sv_free(moved.data);
    return status;
  }
  sv_free(slot->tensor.data);
  slot->tensor = moved;
  state->layouts++;
  return SV_OK;
}

sv_status sv_state_resize(sv_state *state, int index, const sv_shape *shape) {
  sv_slot *slot = &state->slots[index];
  sv_tensor fresh = {.dtype = slot->tensor.dtype, .shape = *shape};
  SV_TRY(sv_layout_plain(&fresh.layout, fresh.dtype, shape));
  SV_TRY(sv_alloc(&fresh.data, fresh.layout.bytes));
  sv_free(slot->tensor.data);
  slot->tensor = fresh;
  slot->settled = false;
  state->layouts++;
  sv_state_touch(state);
  return SV_OK;
}

void sv_state_touch(sv_state *state) { state->version++; }

/* ---- Weights that were drawn ---- */

const char *sv_state_random(const sv_state *state) {
  for (int i = 0; i < state->count; i++)
    if (state->slots[i].random) return state->slots[i].name;
  return NULL;
}

void sv_state_mark_random(sv_state *state, bool random) {
  for (int i = 0; i < state->count; i++) {
    sv_slot *slot = &state->slots[i];
    slot->random = random && sv_role_is_trained(slot->role);
  }
}

/* ---- Copies ---- */

static sv_status copy_slot(sv_state *to, const sv_slot *slot) {
  int index = 0;
  SV_TRY(sv_state_add(to, slot->name, slot->role, slot->tensor.dtype,
                      &slot->tensor.shape, &slot->tensor.layout, &index));
  memcpy(to->slots[index].tensor.data, slot->tensor.data,
         slot->tensor.layout.bytes);
  to->slots[index].settled = slot->settled;
  to->slots[index].random = slot->random;
  return SV_OK;
}

sv_status sv_state_copy(sv_state **copy, const sv_state *state) {
  *copy = NULL;
  sv_state *fresh;
  SV_TRY(sv_alloc(&fresh, sizeof *fresh));
  fresh->precision = state->precision;
  for (int i = 0; i < state->count; i++) {
    sv_status status = copy_slot(fresh, &state->slots[i]);
    if (status != SV_OK) {
      sv_state_free(fresh);
      return status;
    }
  }
  *copy = fresh;
  return SV_OK;
}

int sv_state_count(const sv_state *state) { return state->count; }

const char *sv_state_name(const sv_state *state, int i) {
  return state->slots[i].name;
}

sv_role sv_state_role(const sv_state *state, int i) {
  return state->slots[i].role;
}

sv_shape sv_state_shape(const sv_state *state, int i) {
  return state->slots[i].tensor.shape;
}

static sv_status require(const sv_state *state, const char *name, int *index) {
  *index = sv_state_find(state, name);
  if (*index >= 0) return SV_OK;
  return sv_fail(SV_INVALID, "the state has no tensor '%s'", name);
}

sv_status sv_state_get(const sv_state *state, const char *name,
                       sv_tensor **copy) {
  int index;
  *copy = NULL;
  SV_TRY(require(state, name, &index));
  return sv_tensor_clone(copy, &state->slots[index].tensor);
}

sv_status sv_state_set(sv_state *state, const char *name,
                       const sv_tensor *tensor) {
  int index;
  SV_TRY(require(state, name, &index));
  sv_status status = sv_tensor_copy(&state->slots[index].tensor, tensor);
  if (status != SV_OK) return sv_fail_in(status, "%s", name);
  state->slots[index].random = false;
  sv_state_touch(state);
  return SV_OK;
}
