/* A model folded for inference: fewer nodes, the same outputs.
 *
 *   dropout, identity             nothing
 *   a node of known numbers       a tensor of the state     (fold_constants.c)
 *   convolution, linear layer,    the same layer with other weights and biases
 *   then batch normalisation                                (fold_norm.c)
 *
 * One walk in topological order over a copy of the graph; then what is left is
 * gathered into a graph and a state of their own. The model itself stays as it
 * is. Whatever cannot be folded stays, too. */
#include "rewrite/fold.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/tensor.h"

/* ---- The graph as it is ---- */

/* Inputs of outputs, and those that no node at all reads: what a file of the
 * model has, too. */
static sv_status find_inputs(folder *f) {
  const sv_graph *whole = f->model->graph;
  bool *busy;
  SV_TRY(sv_alloc_array(&busy, (size_t)whole->value_count, sizeof *busy));
  for (int i = 0; i < whole->node_count; i++)
    for (int k = 0; k < whole->nodes[i].in_count; k++)
      busy[whole->nodes[i].in[k]] = true;
  for (int id = 1; id < whole->value_count; id++)
    f->is_input[id] = whole->values[id].kind == SV_VALUE_INPUT &&
                      (f->readers[id] || !busy[id]);
  sv_free(busy);
  return SV_OK;
}

static void count_readers(folder *f) {
  const sv_graph *g = f->graph;
  for (int i = 0; i < g->node_count; i++)
    for (int k = 0; k < g->nodes[i].in_count; k++)
      f->readers[g->nodes[i].in[k]]++;
  for (int i = 0; i < g->output_count; i++) {
    if (g->outputs[i].is_loss) continue;
    f->readers[g->outputs[i].value]++;
    f->is_output[g->outputs[i].value] = true;
  }
}

static bool has_free_size(const folder *f) {
  for (int id = 1; id < f->graph->value_count; id++) {
    const sv_shape *shape = &f->graph->values[id].shape;
    if (!f->is_input[id]) continue;
    for (int d = 0; d < shape->rank; d++)
      if (shape->dim[d] < 0) return true;
  }
  return false;
}

/* Shapes are known numbers only where no input has a free size. What cannot be
 * inferred is nothing to fold, and no fault. */
static sv_status infer(folder *f) {
  sv_graph *g = f->graph;
  if (has_free_size(f)) return SV_OK;
  SV_TRY(sv_alloc_array(&f->infos, (size_t)f->most, sizeof *f->infos));
  for (int id = 1; id < g->value_count; id++)
    if (g->values[id].kind == SV_VALUE_INPUT && !f->is_input[id])
      g->values[id].shape.rank = 0; /* of a loss, which is left out */
  if (sv_graph_declared(g, f->model->state, 1, f->infos) == SV_OK &&
      sv_graph_infer(g, f->infos, &f->contents) == SV_OK)
    return SV_OK;
  sv_free(f->infos);
  f->infos = NULL;
  return SV_OK;
}

/* Leaves the nodes from which an output is computed. */
static sv_status prune(folder *f) {
  const sv_graph *g = f->graph;
  int *roots, count = 0;
  SV_TRY(sv_alloc_array(&roots, (size_t)g->output_count, sizeof *roots));
  for (int i = 0; i < g->output_count; i++)
    if (!g->outputs[i].is_loss) roots[count++] = f->same[g->outputs[i].value];
  sv_status status = sv_graph_prune(f->graph, roots, count);
  sv_free(roots);
  return status;
}

static sv_status start(folder *f) {
  SV_TRY(sv_graph_copy(&f->graph, f->model->graph));
  const sv_graph *g = f->graph;
  f->most = g->value_count + 2 * g->node_count; /* a weight and a bias each */
  size_t most = (size_t)f->most;
  SV_TRY(sv_alloc_array(&f->same, most, sizeof *f->same));
  SV_TRY(sv_alloc_array(&f->readers, most, sizeof *f->readers));
  SV_TRY(sv_alloc_array(&f->is_output, most, sizeof *f->is_output));
  SV_TRY(sv_alloc_array(&f->is_input, most, sizeof *f->is_input));
  SV_TRY(sv_alloc_array(&f->numbers, most, sizeof *f->numbers));
  for (int id = 0; id < f->most; id++) f->same[id] = id;
  SV_TRY(prune(f));
  count_readers(f);
  SV_TRY(find_inputs(f));
  return infer(f);
}

/* ---- Values ---- */

sv_status sv_fold_numbers(folder *f, int id, const sv_tensor **tensor) {
  if (!f->numbers[id])
    SV_TRY(sv_state_get(f->model->state, f->graph->values[id].name,
                        &f->numbers[id]));
  *tensor = f->numbers[id];
  return SV_OK;
}

sv_dtype sv_fold_dtype(const folder *f, sv_dtype tensor) {
  return tensor == f->model->state->precision ? SV_F32 : tensor;
}

sv_status sv_fold_add(folder *f, const char *name, sv_role role,
                      sv_tensor *tensor, int *id) {
  sv_dtype dtype = sv_fold_dtype(f, tensor->dtype);
  sv_status status = sv_graph_add_value(f->graph, name, SV_VALUE_STATE, role,
                                        dtype, &tensor->shape, id);
  if (status == SV_OK) {
    f->numbers[*id] = tensor;
    return SV_OK;
  }
  sv_tensor_free(tensor);
  return status;
}

void sv_fold_away(folder *f, sv_node *node, int out, int id) {
  for (int i = 0; i < node->in_count; i++) f->readers[node->in[i]]--;
  if (out != id) {
    f->readers[id] += f->readers[out];
    f->is_output[id] |= f->is_output[out];
    f->same[out] = id;
  }
  node->out_count = 0;
}

/* ---- Nodes ---- */

/* At inference its output is its input. */
static bool passes(const sv_node *node) {
  const sv_reference *ref = &node->op->ref;
  if (ref->views) return ref->views(node, false);
  return strcmp(node->op->name, "identity") == 0;
}

/* An output of the graph keeps a value of its own: a file needs one for each of
 * its names. */
static bool is_needed(const folder *f, const sv_node *node) {
  int x = node->in[0], y = node->out[0];
  return f->is_output[y] &&
         (f->graph->values[x].kind != SV_VALUE_NODE || f->is_output[x]);
}

/* Optional outputs that nobody reads: the mask of a dropout, say. */
static void drop_unread(const folder *f, sv_node *node) {
  for (int k = 1; k < node->out_count; k++)
    if (sv_op_out_port(node->op, k)->optional && !f->readers[node->out[k]])
      node->out[k] = 0;
}

static sv_status fold_node(folder *f, sv_node *node) {
  bool done;
  for (int i = 0; i < node->in_count; i++) node->in[i] = f->same[node->in[i]];
  drop_unread(f, node);
  if (passes(node) && !is_needed(f, node)) {
    sv_fold_away(f, node, node->out[0], node->in[0]);
    f->done.passed++;
    return SV_OK;
  }
  SV_TRY(sv_fold_constant(f, node, &done));
  f->done.constants += done;
  if (done || node->op->layer != SV_LAYER_NORM) return SV_OK;
  SV_TRY(sv_fold_norm(f, node, &done));
  *(done ? &f->done.norms : &f->done.norms_left) += 1;
  return SV_OK;
}

static sv_status fold_all(folder *f) {
  for (int i = 0; i < f->graph->node_count; i++) {
    sv_node *node = &f->graph->nodes[i];
    sv_status status = fold_node(f, node);
    if (status != SV_OK) return sv_fail_in(status, "%s", node->name);
  }
  return SV_OK;
}

/* ---- What is left ---- */

typedef struct rest {
  sv_graph *graph;
  sv_state *state;
  bool *kept; /* per value of the folder's graph */
  int *id;    /* per value: in `graph` */
} rest;

static void mark(const folder *f, rest *r) {
  const sv_graph *g = f->graph;
  for (int i = 0; i < g->node_count; i++) {
    const sv_node *node = &g->nodes[i];
    for (int k = 0; k < node->in_count; k++) r->kept[node->in[k]] = true;
    for (int k = 0; k < node->out_count; k++) r->kept[node->out[k]] = true;
  }
  for (int i = 0; i < g->output_count; i++)
    if (!g->outputs[i].is_loss) r->kept[f->same[g->outputs[i].value]] = true;
  for (int id = 1; id < g->value_count; id++) r->kept[id] |= f->is_input[id];
  r->kept[0] = false;
}

static sv_status keep_value(const folder *f, rest *r, int id) {
  const sv_value_info *v = &f->graph->values[id];
  SV_TRY(sv_graph_add_value(r->graph, v->name, v->kind, v->role, v->dtype,
                            &v->shape, &r->id[id]));
  sv_value_info *copy = &r->graph->values[r->id[id]];
  if (v->init) SV_TRY(sv_copy_text(&copy->init, v->init));
  for (int d = 0; d < SV_MAX_RANK; d++)
    if (v->symbol[d]) SV_TRY(sv_copy_text(&copy->symbol[d], v->symbol[d]));
  return SV_OK;
}

/* One tensor after the other: a large model is not there three times. */
static sv_status keep_numbers(folder *f, rest *r, int id) {
  const sv_value_info *v = &f->graph->values[id];
  const sv_tensor *tensor;
  int index;
  if (v->kind != SV_VALUE_STATE) return SV_OK;
  SV_TRY(sv_fold_numbers(f, id, &tensor));
  SV_TRY(sv_state_add(r->state, v->name, v->role, tensor->dtype, &tensor->shape,
                      NULL, &index));
  SV_TRY(sv_state_set(r->state, v->name, tensor));
  sv_tensor_free(f->numbers[id]);
  f->numbers[id] = NULL;
  return SV_OK;
}

static sv_status keep_node(rest *r, sv_node *node) {
  for (int k = 0; k < node->in_count; k++) node->in[k] = r->id[node->in[k]];
  for (int k = 0; k < node->out_count; k++) node->out[k] = r->id[node->out[k]];
  return sv_graph_add_node(r->graph, node->op, node->name, node->attrs,
                           node->in, node->in_count, node->out,
                           node->out_count);
}

static sv_status gather_into(folder *f, rest *r) {
  sv_graph *g = f->graph;
  size_t values = (size_t)g->value_count;
  SV_TRY(sv_alloc_array(&r->kept, values, sizeof *r->kept));
  SV_TRY(sv_alloc_array(&r->id, values, sizeof *r->id));
  SV_TRY(sv_graph_new(&r->graph, g->name));
  SV_TRY(sv_alloc(&r->state, sizeof *r->state));
  r->graph->opset = g->opset;
  r->state->precision = f->model->state->precision;
  SV_TRY(prune(f));
  mark(f, r);
  for (int id = 1; id < g->value_count; id++) {
    if (!r->kept[id]) continue;
    SV_TRY(keep_value(f, r, id));
    SV_TRY(keep_numbers(f, r, id));
  }
  for (int i = 0; i < g->node_count; i++) SV_TRY(keep_node(r, &g->nodes[i]));
  for (int i = 0; i < g->output_count; i++) {
    const sv_graph_output *o = &g->outputs[i];
    if (o->is_loss) continue;
    SV_TRY(sv_graph_add_output(r->graph, o->name, r->id[f->same[o->value]],
                               false, 0));
  }
  return SV_OK;
}

static sv_status put_meta(const folder *f, sv_model *to) {
  const sv_model *from = f->model;
  SV_TRY(sv_model_inherit(to, from));
  if (!f->done.norms) return SV_OK;
  return sv_model_set_meta(to, "svertka.folded", "batch_norm");
}

static sv_status gather(folder *f, sv_model **folded) {
  rest r = {0};
  sv_status status = gather_into(f, &r);
  sv_free(r.kept);
  sv_free(r.id);
  if (status != SV_OK) {
    sv_graph_free(r.graph);
    sv_state_free(r.state);
    return status;
  }
  SV_TRY(sv_model_wrap(folded, r.graph, r.state));
  status = put_meta(f, *folded);
  if (status == SV_OK) return SV_OK;
  sv_model_free(*folded);
  *folded = NULL;
  return status;
}

sv_status sv_model_fold(sv_model **folded, const sv_model *model,
                        sv_folded *what) {
  folder f = {.model = model};
  *folded = NULL;
  sv_status status = start(&f);
  if (status == SV_OK) status = fold_all(&f);
  if (status == SV_OK) status = gather(&f, folded);
  if (status == SV_OK && what) *what = f.done;
  for (int id = 0; f.numbers && id < f.most; id++)
    sv_tensor_free(f.numbers[id]);
  sv_contents_free(&f.contents);
  sv_free(f.infos);
  sv_free(f.numbers);
  sv_free(f.is_input);
  sv_free(f.is_output);
  sv_free(f.readers);
  sv_free(f.same);
  sv_graph_free(f.graph);
  return status;
}
