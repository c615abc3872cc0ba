/* Nodes of known numbers become tensors of the state.
 *
 * Known are the state's own tensors, weights too: nothing changes them at
 * inference; and, where no input has a free size, all that inference finds, the
 * shape arithmetic of exporters. The reference computes them once. What would
 * be much larger than what it is made of stays a node. */
#include <string.h>

#include "base/memory.h"
#include "rewrite/fold.h"
#include "tensor/tensor.h"

enum { FEW = 1024 }; /* numbers that a file may have more */

/* ---- Attributes that are computed ---- */

static sv_status info_of(folder *f, int id, sv_info *info) {
  *info = sv_graph_sample(f->graph, id);
  if (!id || f->graph->values[id].kind != SV_VALUE_STATE) return SV_OK;
  SV_TRY(sv_fold_numbers(f, id, &info->content));
  info->dtype = info->content->dtype;
  return SV_OK;
}

static bool all_known(const folder *f, const sv_node *node, bool attrs_only) {
  for (int i = 0; i < node->in_count; i++)
    if (node->in[i] && f->graph->values[node->in[i]].kind != SV_VALUE_STATE &&
        (!attrs_only || sv_op_in_attr(node->op, i)))
      return false;
  return true;
}

static sv_status infos_of(folder *f, const sv_node *node, sv_info **in) {
  SV_TRY(sv_alloc_array(in, (size_t)(node->in_count + node->out_count),
                        sizeof **in));
  for (int i = 0; i < node->in_count; i++)
    SV_TRY(info_of(f, node->in[i], &(*in)[i]));
  for (int i = 0; i < node->out_count; i++)
    (*in)[node->in_count + i].present = node->out[i] != 0;
  return SV_OK;
}

/* A shape that is a tensor becomes the attribute that it stands for. */
static sv_status resolve(folder *f, sv_node *node) {
  sv_info *in = NULL;
  if (!sv_node_has_computed(node) || !all_known(f, node, true)) return SV_OK;
  sv_status status = infos_of(f, node, &in);
  for (int i = 0; i < node->in_count && status == SV_OK; i++)
    if (node->in[i] && sv_op_in_attr(node->op, i)) f->readers[node->in[i]]--;
  if (status == SV_OK) status = sv_node_resolve(node, f->graph, in);
  sv_free(in);
  return status;
}

/* ---- Results ---- */

/* What is made of a trained tensor is one. */
static sv_role role_of(const folder *f, const sv_node *node) {
  for (int i = 0; i < node->in_count; i++) {
    sv_role role = f->graph->values[node->in[i]].role;
    if (node->in[i] && sv_role_is_trained(role)) return role;
  }
  return SV_CONSTANT;
}

static int64_t most_of(const sv_node *node, const sv_info *in) {
  int64_t given = 0;
  for (int i = 0; i < node->in_count; i++)
    if (in[i].present) given += sv_shape_count(&in[i].shape);
  return given + FEW;
}

static sv_status keep(folder *f, const sv_node *node, const sv_info *out) {
  sv_role role = role_of(f, node);
  for (int i = 0; i < node->out_count; i++) {
    int id = node->out[i];
    if (!id) continue;
    SV_TRY(sv_tensor_clone(&f->numbers[id], out[i].content));
    sv_value_info *v = &f->graph->values[id];
    v->kind = SV_VALUE_STATE;
    v->role = role;
    v->dtype = sv_fold_dtype(f, out[i].dtype);
    v->shape = out[i].shape;
    v->producer = -1;
    for (int d = 0; d < SV_MAX_RANK; d++) {
      sv_free(v->symbol[d]);
      v->symbol[d] = NULL;
    }
  }
  return SV_OK;
}

static bool contents_known(const sv_node *node, const sv_info *out) {
  for (int i = 0; i < node->out_count; i++)
    if (node->out[i] && !out[i].content) return false;
  return true;
}

/* From inference; else by the reference, on tensors of the state alone. */
static sv_status find(folder *f, const sv_node *node, sv_info *in,
                      sv_contents *contents, bool *found) {
  sv_info *out = in + node->in_count;
  for (int i = 0; f->infos && i < node->out_count; i++)
    if (node->out[i]) out[i] = f->infos[node->out[i]];
  *found = contents_known(node, out);
  if (*found || !all_known(f, node, false)) return SV_OK;
  for (int i = 0; i < node->out_count; i++)
    out[i] = (sv_info){.present = node->out[i] != 0};
  SV_TRY(sv_graph_infer_node(f->graph, node, most_of(node, in), in, out,
                             contents));
  *found = contents_known(node, out);
  return SV_OK;
}

sv_status sv_fold_constant(folder *f, sv_node *node, bool *done) {
  sv_info *in = NULL;
  sv_contents contents = {0};
  *done = false;
  SV_TRY(resolve(f, node));
  if (node->op->ref.folds == SV_FOLD_NEVER) return SV_OK;
  for (int i = 0; i < node->out_count; i++)
    if (f->is_output[node->out[i]]) return SV_OK;
  sv_status status = infos_of(f, node, &in);
  if (status == SV_OK) status = find(f, node, in, &contents, done);
  if (status == SV_OK && *done) status = keep(f, node, in + node->in_count);
  sv_free(in);
  sv_contents_free(&contents);
  if (status == SV_OK && *done) sv_fold_away(f, node, 0, 0);
  return status;
}
