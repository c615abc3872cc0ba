/* One case as an ONNX file of one node, at any opset that has the operator:
 * what the writer does for whole models at its own. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onnx/attrs.h"
#include "opcheck_file.h"

static const char *type_at(const sv_op *op, int64_t opset) {
  for (const sv_onnx_name *row = op->onnx; row && row->type; row++)
    if (row->since <= opset && (!row->until || row->until >= opset))
      return row->type;
  return NULL;
}

/* ---- Inputs ---- */

static sv_status add_initialiser(oc_file *f, const char *name,
                                 const sv_tensor *numbers) {
  Onnx__TensorProto **at = &f->tensors[f->graph.n_initializer];
  SV_TRY(sv_onnx_tensor_write(at, name, numbers, &f->arena));
  f->graph.n_initializer++;
  return SV_OK;
}

static sv_status declare(oc_file *f, const char *name, const sv_info *info,
                         Onnx__ValueInfoProto **value) {
  char *const symbols[SV_MAX_RANK] = {NULL};
  return sv_onnx_type_write(value, name, info->dtype, &info->shape, symbols,
                            &f->arena);
}

/* Numbers that are known before the run, and parameters, are tensors. */
static sv_status add_port(oc_file *f, const oc_run *run, int i, oc_open open,
                          char *name) {
  const sv_op *op = run->node.op;
  sv_info info = run->in_info[i];
  sv_role role = sv_op_in_port(op, i)->role;
  if (sv_role_is_state(role) ||
      (role == SV_INDEX && op->in[0].role == SV_INDEX))
    return add_initialiser(f, name, run->in[i]);
  for (int d = 0; d < info.shape.rank; d++)
    if (open == OC_OPEN || (open == OC_OPEN_BATCH && d == 0))
      info.shape.dim[d] = -1;
  return declare(f, name, &info, &f->inputs[f->graph.n_input++]);
}

static sv_status add_slot(oc_file *f, const oc_run *run, const sv_attr *row,
                          int64_t opset, char **input) {
  sv_tensor **numbers = &f->slots[f->slot_count];
  SV_TRY(sv_onnx_attr_get(row, &run->node, opset, numbers));
  if (!*numbers) return SV_OK;
  f->slot_count++;
  SV_TRY(sv_arena_text(&f->arena, input, "%s", row->name));
  return add_initialiser(f, *input, *numbers);
}

static sv_status add_inputs(oc_file *f, const oc_run *run, int64_t opset,
                            oc_open open) {
  const sv_op *op = run->node.op;
  f->node.input = f->in;
  for (int i = 0, port = 0; i < OC_PORTS; i++) {
    char **input = &f->in[i];
    const sv_attr *row = sv_onnx_slot(op, i, opset);
    *input = "";
    if (row) {
      SV_TRY(add_slot(f, run, row, opset, input));
    } else if (port < run->node.in_count && !sv_op_in_attr(op, port)) {
      if (run->in[port]) {
        SV_TRY(sv_arena_text(&f->arena, input, "in%d", port));
        SV_TRY(add_port(f, run, port, open, *input));
      }
      port++;
    }
    if ((*input)[0]) f->node.n_input = (size_t)i + 1;
  }
  return SV_OK;
}

/* ---- All of it ---- */

/* Their shapes follow. */
static sv_status add_outputs(oc_file *f, const oc_run *run) {
  f->node.output = f->out;
  for (int i = 0; i < run->node.out_count; i++) {
    f->out[i] = "";
    if (!run->out_info[i].present) continue;
    SV_TRY(sv_arena_text(&f->arena, &f->out[i], "out%d", i));
    sv_info info = run->out_info[i];
    info.shape.rank = -1;
    SV_TRY(declare(f, f->out[i], &info, &f->outputs[f->graph.n_output++]));
    f->node.n_output = (size_t)i + 1;
  }
  return SV_OK;
}

static void start(oc_file *f, int64_t opset) {
  onnx__node_proto__init(&f->node);
  onnx__graph_proto__init(&f->graph);
  onnx__model_proto__init(&f->model);
  onnx__operator_set_id_proto__init(&f->set);
  f->node.name = "node";
  f->nodes[0] = &f->node;
  f->graph.name = "case";
  f->graph.node = f->nodes;
  f->graph.n_node = 1;
  f->graph.initializer = f->tensors;
  f->graph.input = f->inputs;
  f->graph.output = f->outputs;
  f->sets[0] = &f->set;
  f->set.has_version = true;
  f->set.version = opset;
  f->model.has_ir_version = true;
  f->model.ir_version = 8;
  f->model.graph = &f->graph;
  f->model.opset_import = f->sets;
  f->model.n_opset_import = 1;
}

sv_status oc_file_start(oc_file *f, const oc_run *run, int64_t opset,
                        oc_open open) {
  const char *type = type_at(run->node.op, opset);
  if (!type) return sv_fail(SV_UNSUPPORTED, "opset %d", (int)opset);
  int rank = run->in[0] ? run->in[0]->shape.rank : 0;
  start(f, opset);
  SV_TRY(sv_arena_text(&f->arena, &f->node.op_type, "%s", type));
  SV_TRY(add_inputs(f, run, opset, open));
  SV_TRY(add_outputs(f, run));
  SV_TRY(sv_onnx_own_check(&run->node, run->in_info, opset));
  return sv_onnx_attrs_write(&f->node, &run->node, rank > 2 ? rank - 2 : 0,
                             opset, &f->arena);
}

sv_status oc_file_pack(const oc_file *f, unsigned char **bytes, size_t *size) {
  *size = onnx__model_proto__get_packed_size(&f->model);
  SV_TRY(sv_alloc(bytes, *size));
  onnx__model_proto__pack(&f->model, *bytes);
  return SV_OK;
}

void oc_file_free(oc_file *f) {
  for (int i = 0; i < f->slot_count; i++) sv_tensor_free(f->slots[i]);
  sv_arena_free(&f->arena);
}
