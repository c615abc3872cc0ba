/* What depends on shapes and has to be known before the graph is built: a part
 * of the network is built for a trial, with numbers for what is free. */
#include <string.h>

#include "base/memory.h"
#include "onnx/load.h"

/* Numbers of a constant that shapes may be computed from; nodes of all trials.
 */
enum { MOST_NUMBERS = 1 << 16, MOST_TRIED = 1 << 20 };

static sv_status read_constant(loader *l, sv_sizes *v, int id) {
  const sv_value_info *value = &l->graph->values[id];
  int at = sv_names_get(&l->names, value->name);
  const source *s = at < 0 ? NULL : &l->sources[at];
  if (!s || !sv_role_is_fixed(value->role) ||
      sv_shape_count(&value->shape) > MOST_NUMBERS)
    return SV_OK;
  v->infos[id].content = s->known;
  if (!s->tensor) return SV_OK;
  sv_contents *c = &v->constants;
  SV_TRY(sv_grow(&c->at, c->count, &c->capacity, sizeof *c->at));
  SV_TRY(sv_onnx_tensor_new(s->tensor, &c->at[c->count]));
  v->infos[id].content = c->at[c->count++];
  v->infos[id].dtype = v->infos[id].content->dtype;
  return SV_OK;
}

static sv_status declare(loader *l, sv_sizes *v, int64_t batch, int64_t side) {
  for (int i = 1; i < l->graph->value_count; i++) {
    const sv_value_info *value = &l->graph->values[i];
    if (value->kind == SV_VALUE_NODE) continue;
    v->infos[i] = (sv_info){
        .present = true, .dtype = value->dtype, .shape = value->shape};
    sv_shape *shape = &v->infos[i].shape;
    for (int d = 0; d < shape->rank; d++)
      if (shape->dim[d] < 0) shape->dim[d] = d ? side : batch;
    if (value->kind == SV_VALUE_STATE) SV_TRY(read_constant(l, v, i));
  }
  return SV_OK;
}

sv_status sv_load_sizes(loader *l, sv_sizes *sizes, int64_t batch,
                        int64_t side) {
  *sizes = (sv_sizes){0};
  SV_TRY(sv_alloc_array(&sizes->infos, (size_t)l->graph->value_count,
                        sizeof *sizes->infos));
  SV_TRY(declare(l, sizes, batch, side));
  return sv_graph_infer(l->graph, sizes->infos, &sizes->contents);
}

void sv_load_sizes_free(sv_sizes *sizes) {
  sv_free(sizes->infos);
  sv_contents_free(&sizes->contents);
  sv_contents_free(&sizes->constants);
  sizes->infos = NULL;
}

bool sv_load_same(const sv_info *a, const sv_info *b) {
  if (!sv_shape_equal(&a->shape, &b->shape)) return false;
  if (!a->content || !b->content) return !a->content == !b->content;
  return a->content->layout.bytes == b->content->layout.bytes &&
         memcmp(a->content->data, b->content->data, a->content->layout.bytes) ==
             0;
}

/* ---- The trial ---- */

static sv_status build(loader *l, const char *name, int *id) {
  source *from;
  SV_TRY(sv_load_place(l));
  SV_TRY(sv_load_step_roles(l));
  SV_TRY(sv_load_find(l, name, &from));
  from->used = true;
  SV_TRY(sv_graph_new(&l->graph, SV_ONNX_GRAPH));
  l->graph->opset = l->opset;
  SV_TRY(sv_load_values(l));
  SV_TRY(sv_load_nodes(l));
  SV_TRY(sv_load_find(l, name, &from));
  *id = from->value;
  return SV_OK;
}

/* As if nothing had been built. */
static void forget(loader *l) {
  sv_graph_free(l->graph);
  l->graph = NULL;
  for (int i = 0; i < l->step_count; i++)
    l->steps[i].open = l->steps[i].placed = false;
  for (int i = 0; i < l->source_count; i++) {
    source *s = &l->sources[i];
    s->used = s->fixed = s->has_role = s->compared = s->computed = false;
    s->value = 0;
  }
}

sv_status sv_load_trial(loader *l, const char *name, sv_load_look look,
                        void *context) {
  sv_arena kept = l->arena;
  int id;
  for (int i = 0; i < l->step_count; i++)
    l->tried += l->steps[i].walk == l->walk;
  if (l->tried > MOST_TRIED)
    return sv_fail(SV_UNSUPPORTED,
                   "more than %d nodes compute sizes from shapes", MOST_TRIED);
  l->arena = (sv_arena){.limit = sv_load_left(l)};
  l->trial = true;
  sv_status status = build(l, name, &id);
  if (status == SV_OK) status = look(l, id, context);
  forget(l);
  l->trial = false;
  sv_arena_free(&l->arena);
  l->arena = kept;
  return status;
}
