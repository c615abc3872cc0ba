/* Shapes, types and known contents through the whole graph. */
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"
#include "graph/state.h"
#include "op/registry.h"
#include "tensor/tensor.h"

/* Most nodes have a handful of ports; concatenations have more. */
enum { FEW = 16 };

/* ---- Known contents ---- */

/* Larger results are left to a run: no shape has as many dimensions. */
enum { MOST_NUMBERS = 256 };
/* Times that: what is read for one result, and the results of a whole network.
 * A file may ask for the sum of a large tensor over and over. */
enum { MOST_READ = 256, MOST_IN_ALL = 4096 };

/* Of what cast_like casts to, only the type matters. */
static bool reads_numbers(const sv_op *op, int input) {
  return input != 1 || strcmp(op->name, "cast_like") != 0;
}

static bool folds(const sv_node *node, int64_t most, const sv_info *in,
                  const sv_info *out, const sv_contents *contents) {
  const sv_reference *ref = &node->op->ref;
  if (ref->folds == SV_FOLD_NEVER || !ref->forward) return false;
  if (contents->numbers / MOST_IN_ALL > most) return false;
  for (int i = 0; i < node->in_count; i++)
    if (in[i].present && ref->folds == SV_FOLD_CONTENTS &&
        reads_numbers(node->op, i) &&
        (!in[i].content || sv_shape_count(&in[i].shape) / MOST_READ > most))
      return false;
  for (int i = 0; i < node->out_count; i++)
    if (out[i].present && sv_shape_count(&out[i].shape) > most) return false;
  return true;
}

/* The operands of one run of a reference: the inputs' contents, and new
 * outputs. */
typedef struct folding {
  const sv_node *node;
  const sv_tensor **in;
  sv_tensor **out;
  sv_tensor *shapes; /* of inputs that only have one */
} folding;

static void fold_input(folding *f, const sv_info *info, int i) {
  if (!info->present) return;
  f->in[i] = info->content;
  if (info->content) return;
  f->shapes[i] = (sv_tensor){.dtype = info->dtype, .shape = info->shape};
  f->in[i] = &f->shapes[i];
}

/* The double version where real numbers are doubles. */
static const sv_op *version_of(const sv_node *node, const sv_info *in) {
  const sv_entry *entry = sv_registry_of(node->op);
  for (int i = 0; entry && i < node->in_count; i++)
    if (in[i].present && in[i].dtype == SV_F64) return entry->op_f64;
  return node->op;
}

/* Hands the outputs to `contents`. */
static sv_status keep_outputs(folding *f, sv_info *out, sv_contents *contents) {
  for (int i = 0; i < f->node->out_count; i++) {
    if (!out[i].present) continue;
    SV_TRY(sv_grow(&contents->at, contents->count, &contents->capacity,
                   sizeof *contents->at));
    contents->numbers += sv_shape_count(&out[i].shape);
    out[i].content = contents->at[contents->count++] = f->out[i];
    f->out[i] = NULL;
  }
  return SV_OK;
}

static sv_status fold_all(folding *f, const sv_info *in, sv_info *out,
                          sv_contents *contents) {
  size_t ins = (size_t)f->node->in_count, outs = (size_t)f->node->out_count;
  SV_TRY(sv_alloc_array(&f->out, outs, sizeof *f->out));
  SV_TRY(sv_alloc_array(&f->in, ins, sizeof *f->in));
  SV_TRY(sv_alloc_array(&f->shapes, ins, sizeof *f->shapes));
  for (size_t i = 0; i < ins; i++) fold_input(f, &in[i], (int)i);
  for (size_t i = 0; i < outs; i++)
    if (out[i].present)
      SV_TRY(sv_tensor_new(&f->out[i], out[i].dtype, &out[i].shape));
  const sv_args args = {.node = f->node, .in = f->in, .out = f->out};
  SV_TRY(version_of(f->node, in)->ref.forward(&args));
  return keep_outputs(f, out, contents);
}

static sv_status fold(const sv_node *node, int64_t most, const sv_info *in,
                      sv_info *out, sv_contents *contents) {
  folding f = {.node = node};
  if (!folds(node, most, in, out, contents)) return SV_OK;
  sv_status status = fold_all(&f, in, out, contents);
  for (int i = 0; f.out && i < node->out_count; i++) sv_tensor_free(f.out[i]);
  sv_free(f.out);
  sv_free(f.in);
  sv_free(f.shapes);
  return status;
}

void sv_contents_free(sv_contents *contents) {
  for (int i = 0; i < contents->count; i++) sv_tensor_free(contents->at[i]);
  sv_free(contents->at);
  *contents = (sv_contents){0};
}

/* ---- A node ---- */

/* As sv_node_resolve leaves it, and folded. */
static sv_status infer_plain(const sv_graph *graph, const sv_node *node,
                             int64_t most, sv_info *in, sv_info *out,
                             sv_contents *contents) {
  SV_TRY(node->op->infer(node, in, out));
  for (int i = 0; i < node->out_count; i++) {
    const sv_shape *shape = &out[i].shape;
    if (!out[i].present) continue;
    if (shape->rank < 0)
      return sv_fail(
          SV_UNSUPPORTED,
          "the shape of '%s' depends on values known only at run time",
          graph->values[node->out[i]].name);
    if (sv_shape_count(shape) < 0 || !sv_shape_fits(shape))
      return sv_fail(SV_NO_MEMORY, "its output of %s is too large",
                     sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}));
  }
  return fold(node, most, in, out, contents);
}

/* On a copy of the node with its computed attributes. */
static sv_status infer_computed(const sv_graph *graph, const sv_node *node,
                                int64_t most, sv_info *in, sv_info *out,
                                sv_contents *contents) {
  sv_node copy;
  sv_status status = sv_node_resolved(&copy, node, graph, in);
  if (status == SV_OK)
    status = infer_plain(graph, &copy, most, in, out, contents);
  sv_node_resolved_free(&copy);
  return status;
}

sv_status sv_graph_infer_node(const sv_graph *graph, const sv_node *node,
                              int64_t most, sv_info *in, sv_info *out,
                              sv_contents *contents) {
  return sv_node_has_computed(node)
             ? infer_computed(graph, node, most, in, out, contents)
             : infer_plain(graph, node, most, in, out, contents);
}

static sv_status infer_node(const sv_graph *graph, const sv_node *node,
                            sv_info *infos, sv_contents *contents) {
  sv_info few[FEW], *all = few;
  int count = node->in_count + node->out_count;
  if (count > FEW) SV_TRY(sv_alloc_array(&all, (size_t)count, sizeof *all));
  sv_info *in = all, *out = all + node->in_count;
  for (int i = 0; i < node->in_count; i++)
    in[i] = node->in[i] ? infos[node->in[i]] : (sv_info){0};
  for (int i = 0; i < node->out_count; i++)
    out[i] = (sv_info){.present = node->out[i] != 0};
  sv_status status = SV_OK;
  for (int i = 0; i < node->in_count && status == SV_OK; i++)
    if (node->in[i] && !in[i].present)
      status = sv_fail(SV_INVALID, "the shape of '%s' is not known",
                       graph->values[node->in[i]].name);
  if (status == SV_OK)
    status = sv_graph_infer_node(graph, node, MOST_NUMBERS, in, out, contents);
  for (int i = 0; i < node->out_count && status == SV_OK; i++) {
    if (!node->out[i]) continue;
    infos[node->out[i]] = out[i];
    infos[node->out[i]].present = true;
  }
  if (all != few) sv_free(all);
  return status == SV_OK ? SV_OK : sv_fail_in(status, "%s", node->name);
}

sv_status sv_graph_infer(const sv_graph *graph, sv_info *infos,
                         sv_contents *contents) {
  for (int i = 0; i < graph->node_count; i++)
    SV_TRY(infer_node(graph, &graph->nodes[i], infos, contents));
  return SV_OK;
}

static const sv_tensor *content_of(const sv_state *state,
                                   const sv_value_info *value) {
  if (!state || value->kind != SV_VALUE_STATE || !sv_role_is_fixed(value->role))
    return NULL;
  int slot = sv_state_find(state, value->name);
  return slot < 0 ? NULL : &state->slots[slot].tensor;
}

sv_status sv_graph_declared(const sv_graph *graph, const sv_state *state,
                            int64_t batch, sv_info *infos) {
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind == SV_VALUE_NODE) continue;
    sv_info *info = &infos[i];
    *info = (sv_info){.present = true,
                      .dtype = value->dtype,
                      .shape = value->shape,
                      .content = content_of(state, value)};
    for (int d = 0; d < info->shape.rank; d++) {
      if (info->shape.dim[d] >= 0) continue;
      if (d > 0)
        return sv_fail(SV_INVALID,
                       "input '%s': dimension %d is free; give a size for it",
                       value->name, d);
      info->shape.dim[d] = batch;
    }
    if (!sv_shape_fits(&info->shape))
      return sv_fail(SV_INVALID, "'%s': a shape of %s is too large",
                     value->name,
                     sv_shape_text(&info->shape, (char[SV_SHAPE_TEXT]){0}));
  }
  return SV_OK;
}
