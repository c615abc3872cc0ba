/* Roles: what reads a tensor says what it is. */
#include <string.h>

#include "onnx/attrs.h"
#include "onnx/load.h"

/* Inputs before this one that are attributes at this opset. */
static int slots_before(const sv_op *op, int input, int64_t opset) {
  int count = 0;
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    count += row->slot > 0 && row->slot < input &&
             sv_onnx_slot(op, row->slot, opset) == row;
  return count;
}

static bool is_known(const source *from) {
  return from->kind == SOURCE_TENSOR || from->known;
}

const sv_attr *sv_load_target(const loader *l, const step *s, int i,
                              const source *from, int *port) {
  *port = i;
  if (s->own) return NULL;
  const sv_attr *row = sv_onnx_slot(s->op, i, l->opset);
  if (row && !is_known(from)) {
    *port = sv_op_attr_port(s->op, row);
    return *port < 0 ? row : NULL;
  }
  *port -= slots_before(s->op, i, l->opset);
  return row;
}

static void see_port(source *from, sv_role role) {
  bool state = sv_role_is_state(role);
  from->used = true;
  if (role == SV_LABEL)
    from->compared = true;
  else
    from->computed = true;
  if (from->known && (state || role == SV_INDEX)) from->fixed = true;
  if (!state || from->has_role) return;
  from->role = role;
  from->has_role = true;
}

static sv_status see_input(loader *l, step *s, int i) {
  const char *name = s->proto->input[i];
  if (!name[0]) return SV_OK;
  int port;
  source *from;
  SV_TRY(sv_load_find(l, name, &from));
  const sv_attr *row = sv_load_target(l, s, i, from, &port);
  if (row) {
    if (from->known) from->fixed = true;
    return SV_OK;
  }
  const sv_port *to = sv_op_in_port(s->op, port);
  if (!to)
    return sv_fail(SV_UNSUPPORTED, "input %d, " SV_NAME ", is not supported", i,
                   name);
  if (sv_op_in_attr(s->op, port) && !s->own &&
      !sv_onnx_slot(s->op, i, l->opset))
    return sv_fail(SV_UNSUPPORTED,
                   "input %d, " SV_NAME ", is an attribute at opset %lld", i,
                   name, (long long)l->opset);
  if (!l->trial) SV_TRY(sv_load_own(l, s, i, to->role, &from));
  see_port(from, to->role);
  return SV_OK;
}

static sv_status see_outputs(loader *l, const Onnx__GraphProto *graph) {
  for (size_t i = 0; graph && i < graph->n_output; i++) {
    source *from;
    SV_TRY(sv_load_find(l, graph->output[i]->name, &from));
    from->used = true;
  }
  return SV_OK;
}

/* "svertka.role.NAME" where the ports do not tell. */
static sv_status see_role(loader *l, const char *key, const char *word) {
  int at = sv_names_get(&l->names, key + strlen(SV_ONNX_ROLE));
  if (at < 0 || l->sources[at].kind != SOURCE_TENSOR) return SV_OK;
  for (sv_role role = SV_DATA; role <= SV_RECORD; role++) {
    if (!sv_role_is_state(role) || strcmp(sv_role_name(role), word) != 0)
      continue;
    l->sources[at].role = role;
    l->sources[at].has_role = true;
    return SV_OK;
  }
  return sv_fail(SV_FORMAT, "metadata " SV_NAME ": " SV_NAME " is not a role",
                 key, word);
}

sv_status sv_load_step_roles(loader *l) {
  for (int k = 0; k < l->order_count; k++) {
    step *s = &l->steps[l->order[k]];
    for (size_t i = 0; i < s->proto->n_input; i++) {
      sv_status status = see_input(l, s, (int)i);
      if (status != SV_OK) return sv_load_at(s, status);
    }
  }
  return SV_OK;
}

sv_status sv_load_roles(loader *l) {
  SV_TRY(sv_load_step_roles(l));
  SV_TRY(see_outputs(l, l->proto->graph));
  SV_TRY(see_outputs(l, l->algorithm));
  for (size_t i = 0; i < l->proto->n_metadata_props; i++) {
    const Onnx__StringStringEntryProto *meta = l->proto->metadata_props[i];
    if (meta->key && meta->value &&
        strncmp(meta->key, SV_ONNX_ROLE, strlen(SV_ONNX_ROLE)) == 0)
      SV_TRY(see_role(l, meta->key, meta->value));
  }
  return SV_OK;
}
