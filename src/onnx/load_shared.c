/* Tensors that a file holds once though they are several. PyTorch's exporters
 * write equal numbers once: in a network that has not been trained yet all
 * zeros are one tensor, and a batch normalisation's scale is its variance and
 * that of every other one as wide. Trained, they part. So here
 *
 *   an Identity of a tensor that a layer learns, or keeps as a statistic, is a
 *   tensor of its own with the same numbers;
 *   a running statistic is no other port's tensor, and no other one's; where
 *   that parted a tensor, every other reader gets its own, too, and so does
 *   what is computed with it as data: a layer normalisation in pieces;
 *   a bias is one for several layers only if their weight is.
 *
 * A weight that layers share by its name is one for all of them, and files of
 * our own say what they mean. */
#include <stdio.h>
#include <string.h>

#include "onnx/load.h"

/* Numbers of tensors are the file's, but for these. */
static sv_status charge(loader *l, const source *from) {
  sv_dtype dtype;
  sv_shape shape;
  SV_TRY(sv_load_type(from, &dtype, &shape));
  return sv_arena_charge(&l->arena,
                         (size_t)sv_shape_count(&shape) * sv_dtype_size(dtype));
}

static void copy_numbers(source *to, const source *from) {
  to->kind = SOURCE_TENSOR;
  to->same = NULL;
  to->tensor = from->tensor;
  to->known = from->known;
  to->map = from->map;
  to->initialiser = from->initialiser;
}

/* NAME_2, NAME_3, ... whichever is free. */
static sv_status free_name(loader *l, source *shared, char **name) {
  char text[SV_ONNX_LONGEST_NAME + 16];
  do snprintf(text, sizeof text, "%s_%d", shared->name, ++shared->copies + 1);
  while (sv_names_get(&l->names, text) >= 0);
  return sv_arena_text(&l->arena, name, "%s", text);
}

/* The node as it is, but for the name of an input. */
static sv_status rename_input(loader *l, step *s, int i, char *name) {
  Onnx__NodeProto *node;
  SV_TRY(sv_arena_take(&l->arena, &node, sizeof *node));
  *node = *s->proto;
  SV_TRY(sv_arena_take_array(&l->arena, &node->input, node->n_input,
                             sizeof *node->input));
  memcpy(node->input, s->proto->input, node->n_input * sizeof *node->input);
  node->input[i] = name;
  s->proto = node;
  return SV_OK;
}

static sv_status split(loader *l, step *s, int i, source **from) {
  char *name;
  SV_TRY(charge(l, *from));
  SV_TRY(free_name(l, *from, &name));
  const source shared = **from; /* adding one moves them */
  SV_TRY(sv_load_add_source(l, name, SOURCE_TENSOR, from));
  copy_numbers(*from, &shared);
  return rename_input(l, s, i, name);
}

/* Whether a reader may go on reading what another one has read. */
static bool is_parted(const step *s, const source *shared, sv_role role) {
  if (role == SV_STATISTIC && shared->used) return true;
  if (!shared->has_role) return false;
  if (role == SV_STATISTIC || shared->role == SV_STATISTIC) return true;
  return shared->copies || (s->first && shared->first != s->first);
}

static sv_status own(loader *l, step *s, int i, sv_role role, source **from) {
  source *shared = *from;
  source *named = sv_load_named(l, s->proto->input[i]);
  if (named == shared)
    return is_parted(s, shared, role) ? split(l, s, i, from) : SV_OK;
  SV_TRY(charge(l, shared));
  copy_numbers(named, shared);
  *from = named;
  return SV_OK;
}

/* What is computed with a statistic, or with another name of what a layer
 * learns, is computed with numbers of its own. */
static bool is_computed_with(const loader *l, const step *s, int i,
                             const source *shared) {
  const source *named = sv_load_named(l, s->proto->input[i]);
  return shared->has_role && (named != shared || shared->role == SV_STATISTIC);
}

sv_status sv_load_own(loader *l, step *s, int i, sv_role role, source **from) {
  const char *producer = l->proto->producer_name;
  if (producer && strcmp(producer, SV_ONNX_PRODUCER) == 0) return SV_OK;
  if ((*from)->kind != SOURCE_TENSOR) return SV_OK;
  if (!sv_role_is_state(role))
    return is_computed_with(l, s, i, *from) ? own(l, s, i, role, from) : SV_OK;
  SV_TRY(own(l, s, i, role, from));
  if (!s->first) s->first = (int)(*from - l->sources) + 1;
  if (!(*from)->has_role) (*from)->first = s->first;
  return SV_OK;
}
