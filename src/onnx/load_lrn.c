/* Local response normalisation as PyTorch's exporters write it, which have no
 * LRN of ONNX for it: a mean of squares over the channels, as a pooling.
 *
 *   y = x / (k + alpha mean)^beta, the mean over `size` channels of x x,
 *
 * x x reshaped to N x 1 x C x ..., padded with zeros along C, averaged by a
 * window that is 1 along all other axes, and reshaped back. Where that holds
 * for two sizes of what is free, and the window is as wide to both sides, the
 * last node becomes an LRN. A window of an even size stays as it is: PyTorch's
 * reaches further back, ONNX's further on.
 * Source: torch.nn.functional.local_response_norm */
#include <string.h>

#include <svertka/layers.h>

#include "base/memory.h"
#include "onnx/attrs.h"
#include "onnx/load.h"
#include "op/attrs.h"

/* ---- A look at the file's nodes, before one at shapes ---- */

static const Onnx__NodeProto *maker_of(loader *l, const char *name) {
  source *from;
  if (!name[0] || sv_load_find(l, name, &from) != SV_OK) return NULL;
  return from->kind == SOURCE_NODE ? l->steps[from->step].proto : NULL;
}

static bool is_type(const Onnx__NodeProto *n, const char *type) {
  return n && n->n_input > 0 && strcmp(n->op_type, type) == 0;
}

/* The node of this type that makes an input of n. */
static const Onnx__NodeProto *behind(loader *l, const Onnx__NodeProto *n,
                                     const char *type) {
  for (size_t i = 0; n && i < n->n_input && i < 2; i++) {
    const Onnx__NodeProto *maker = maker_of(l, n->input[i]);
    if (is_type(maker, type)) return maker;
  }
  return NULL;
}

static bool looks_like_one(loader *l, const step *s) {
  enum { MOST_VIEWS = 8 };
  const Onnx__NodeProto *div = s->proto;
  if (s->own || !is_type(div, "Div") || div->n_input != 2) return false;
  const Onnx__NodeProto *power = maker_of(l, div->input[1]);
  if (!is_type(power, "Pow")) return false;
  const Onnx__NodeProto *n = behind(l, power, "Add");
  const Onnx__NodeProto *times = behind(l, n, "Mul");
  if (times) n = times;
  for (int i = 0; n && i < MOST_VIEWS; i++) {
    if (behind(l, n, "AveragePool")) return true;
    const Onnx__NodeProto *view = behind(l, n, "Reshape");
    if (!view) view = behind(l, n, "Squeeze");
    n = view;
  }
  return false;
}

/* ---- The graph of it ---- */

/* What was found. */
typedef struct found {
  sv_lrn_attrs attrs;
  const char *x; /* in the file; NULL: it is none */
} found;

static const sv_node *node_of(const sv_graph *g, int id, const char *op) {
  const sv_value_info *value = &g->values[id];
  if (value->kind != SV_VALUE_NODE) return NULL;
  const sv_node *node = &g->nodes[value->producer];
  return !op || strcmp(node->op->name, op) == 0 ? node : NULL;
}

/* A single number that is known. */
static bool number_of(const sv_sizes *v, int id, float *number) {
  const sv_tensor *t = v->infos[id].content;
  if (!t || t->dtype != SV_F32 || sv_shape_count(&t->shape) != 1) return false;
  *number = *(const float *)t->data;
  return true;
}

/* Of a sum or product with one number: that, and the other input. */
static bool with_number(const sv_graph *g, const sv_sizes *v, int *id,
                        const char *op, float *number) {
  const sv_node *node = node_of(g, *id, op);
  for (int i = 0; node && i < 2; i++) {
    if (!number_of(v, node->in[i], number)) continue;
    *id = node->in[1 - i];
    return true;
  }
  return false;
}

static int behind_views(const sv_graph *g, int id) {
  const sv_node *node = node_of(g, id, NULL);
  while (node && node->op->ref.view) {
    id = node->in[0];
    node = node_of(g, id, NULL);
  }
  return id;
}

/* The window's only axis, with the zeros before and after it that count. */
typedef struct span {
  int axis;
  int64_t size, before, after;
} span;

static bool is_single(const sv_ints *list) {
  for (int i = 0; i < list->count; i++)
    if (list->at[i] != 1) return false;
  return true;
}

static bool read_pool(const sv_pool_attrs *a, int rank, span *s) {
  const sv_ints *pads = &a->padding.at;
  int axes = rank - 2;
  if (!is_single(&a->stride) || !is_single(&a->dilation) ||
      a->padding.rule != SV_PAD_EXPLICIT || a->kernel.count != axes ||
      (pads->count && (pads->count != 2 * axes || !a->count_padding)))
    return false;
  *s = (span){.axis = -1};
  for (int d = 0; d < axes; d++) {
    int64_t before = pads->count ? pads->at[d] : 0;
    int64_t after = pads->count ? pads->at[axes + d] : 0;
    if (a->kernel.at[d] == 1 && before == 0 && after == 0) continue;
    if (s->axis >= 0) return false;
    *s = (span){d + 2, a->kernel.at[d], before, after};
  }
  return s->axis >= 0;
}

static bool read_pad(const sv_pad_attrs *a, int rank, span *s) {
  if (a->border != SV_BORDER_CONSTANT || a->value != 0 || a->axes.count ||
      a->pads.count != 2 * rank)
    return false;
  for (int d = 0; d < 2 * rank; d++)
    if (d % rank != s->axis && a->pads.at[d] != 0) return false;
  s->before += a->pads.at[s->axis];
  s->after += a->pads.at[rank + s->axis];
  return a->pads.at[s->axis] >= 0 && a->pads.at[rank + s->axis] >= 0;
}

/* The node with its computed attributes. */
static bool resolve(const sv_graph *g, const sv_sizes *v, const sv_node *node,
                    sv_node *copy) {
  sv_info in[8];
  if (node->in_count > 8) return false;
  for (int i = 0; i < node->in_count; i++) in[i] = v->infos[node->in[i]];
  if (sv_node_resolved(copy, node, g, in) == SV_OK) return true;
  sv_node_resolved_free(copy);
  return false;
}

/* Before the pooling; *s is what it and a padding see. */
static bool pooled(const sv_graph *g, const sv_sizes *v, int *id, span *s) {
  const sv_node *pool = node_of(g, *id, "avg_pool");
  if (!pool) return false;
  int from = pool->in[0], rank = v->infos[from].shape.rank;
  if (!read_pool(pool->attrs, rank, s)) return false;
  const sv_node *pad = node_of(g, from, "pad");
  *id = pad ? pad->in[0] : from;
  if (!pad) return true;
  sv_node copy;
  if (!resolve(g, v, pad, &copy)) return false;
  bool fits = read_pad(copy.attrs, rank, s);
  sv_node_resolved_free(&copy);
  return fits;
}

/* x x as it lies there has the channels along the window. */
static bool along_channels(const sv_shape *lies, int axis, const sv_shape *x) {
  int64_t before = 1;
  for (int d = 0; d < axis; d++) before *= lies->dim[d];
  return x->rank >= 2 && before == x->dim[0] && lies->dim[axis] == x->dim[1] &&
         sv_shape_count(lies) == sv_shape_count(x);
}

static bool is_square(const sv_graph *g, const sv_sizes *v, int id, int x) {
  const sv_node *mul = node_of(g, id, "mul"), *pow = node_of(g, id, "pow");
  float two;
  if (mul) return mul->in[0] == x && mul->in[1] == x;
  return pow && pow->in[0] == x && number_of(v, pow->in[1], &two) && two == 2;
}

static bool match(const sv_graph *g, const sv_sizes *v, int id, found *f) {
  const sv_node *div = node_of(g, id, "div"), *power;
  span s;
  if (!div || !(power = node_of(g, div->in[1], "pow"))) return false;
  int x = div->in[0], at = power->in[0];
  const sv_shape *shape = &v->infos[x].shape;
  f->attrs = (sv_lrn_attrs){.alpha = 1};
  if (!number_of(v, power->in[1], &f->attrs.beta)) return false;
  if (!with_number(g, v, &at, "add", &f->attrs.k)) return false;
  if (node_of(g, at, "mul") && !with_number(g, v, &at, "mul", &f->attrs.alpha))
    return false;
  if (!sv_shape_equal(&v->infos[at].shape, shape)) return false;
  at = behind_views(g, at);
  if (!pooled(g, v, &at, &s)) return false;
  if (!along_channels(&v->infos[at].shape, s.axis, shape)) return false;
  if (!is_square(g, v, behind_views(g, at), x)) return false;
  f->attrs.size = s.size;
  return s.before == s.after && s.before + s.after + 1 == s.size;
}

static sv_status look(loader *l, int id, void *context) {
  found *f = context, other;
  sv_sizes a = {0}, b = {0};
  bool same = sv_load_sizes(l, &a, 2, 256) == SV_OK &&
              sv_load_sizes(l, &b, 3, 320) == SV_OK &&
              match(l->graph, &a, id, f) && match(l->graph, &b, id, &other);
  if (same && f->attrs.size == other.attrs.size) {
    int x = l->graph->nodes[l->graph->values[id].producer].in[0];
    int at = sv_names_get(&l->names, l->graph->values[x].name);
    if (at >= 0) f->x = l->sources[at].name;
  }
  sv_load_sizes_free(&a);
  sv_load_sizes_free(&b);
  return SV_OK;
}

/* ---- The node ---- */

static sv_status add_attribute(loader *l, Onnx__NodeProto *n, char *name,
                               float f, int64_t i) {
  Onnx__AttributeProto *a;
  SV_TRY(sv_arena_take(&l->arena, &a, sizeof *a));
  onnx__attribute_proto__init(a);
  a->name = name;
  a->has_type = true;
  a->type = i ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
              : ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
  a->f = f;
  a->i = i;
  n->attribute[n->n_attribute++] = a;
  return SV_OK;
}

static sv_status write_node(loader *l, step *s, const found *f) {
  Onnx__NodeProto *n;
  SV_TRY(sv_arena_take(&l->arena, &n, sizeof *n));
  *n = *s->proto;
  n->op_type = "LRN";
  SV_TRY(sv_arena_take_array(&l->arena, &n->input, 1, sizeof *n->input));
  n->input[0] = (char *)(uintptr_t)f->x;
  n->n_input = 1;
  SV_TRY(
      sv_arena_take_array(&l->arena, &n->attribute, 4, sizeof *n->attribute));
  n->n_attribute = 0;
  SV_TRY(add_attribute(l, n, "size", 0, f->attrs.size));
  SV_TRY(add_attribute(l, n, "alpha", f->attrs.alpha, 0));
  SV_TRY(add_attribute(l, n, "beta", f->attrs.beta, 0));
  SV_TRY(add_attribute(l, n, "bias", f->attrs.k, 0));
  s->proto = n;
  return SV_OK;
}

/* What cannot be followed is no LRN, and stays as it is. */
sv_status sv_load_lrn(loader *l, bool *changed) {
  *changed = false;
  for (int i = 0; i < l->step_count; i++) {
    found f = {.x = NULL};
    int branch;
    if (l->steps[i].walk != l->walk || l->steps[i].looked_at) continue;
    l->steps[i].looked_at = true;
    if (!looks_like_one(l, &l->steps[i])) continue;
    const char *name = l->steps[i].proto->output[0];
    *changed = true;
    l->walk++;
    SV_TRY(sv_load_walk(l, name, &branch));
    if (branch >= 0 || sv_load_trial(l, name, look, &f) != SV_OK) return SV_OK;
    return f.x ? write_node(l, &l->steps[i], &f) : SV_OK;
  }
  return SV_OK;
}
