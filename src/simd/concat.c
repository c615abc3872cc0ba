/* Concatenation of tensors that lie alike, whichever way: of each the rows from
 * the axis on are one piece of memory. Blocks of channels (nChw8c) stay as they
 * are where every input has whole ones. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "op/attrs.h"
#include "op/backend.h"
#include "tensor/tensor.h"

/* How tensors of one rank lie densely, whatever their sizes. */
typedef struct pattern {
  int rank;
  int order[SV_MAX_RANK]; /* dimensions, outermost first */
  int block_dim;
  int64_t block; /* 1: none */
} pattern;

typedef struct concat {
  int count;
  bool join;     /* parts into the whole; else back */
  int64_t outer; /* rows */
  size_t stride; /* bytes of the whole's row */
  size_t part[]; /* bytes of each part's row */
} concat;

/* ---- Patterns ---- */

static int64_t blocks_of(const pattern *p, const sv_shape *shape, int d) {
  int64_t block = d == p->block_dim ? p->block : 1;
  return (shape->dim[d] + block - 1) / block;
}

static sv_status lay_out(sv_layout *layout, const pattern *p, sv_dtype dtype,
                         const sv_shape *shape) {
  sv_shape rows = {.rank = p->rank + 1};
  for (int i = 0; i < p->rank; i++)
    rows.dim[i] = blocks_of(p, shape, p->order[i]);
  rows.dim[p->rank] = p->block;
  if (p->rank == SV_MAX_RANK) return SV_UNSUPPORTED;
  sv_layout dense;
  SV_TRY(sv_layout_plain(&dense, dtype, &rows));
  *layout = (sv_layout){.kind = p->block > 1 ? SV_BLOCKED : SV_PLAIN,
                        .bytes = dense.bytes};
  for (int i = 0; i < p->rank; i++)
    layout->stride[p->order[i]] = dense.stride[i];
  if (p->block == 1) return SV_OK;
  layout->inner_count = 1;
  layout->inner_dim[0] = p->block_dim;
  layout->inner_size[0] = p->block;
  return SV_OK;
}

static bool lies_so(const pattern *p, const sv_spec *x) {
  sv_layout layout;
  return lay_out(&layout, p, x->dtype, &x->shape) == SV_OK &&
         sv_layout_equal(&layout, &x->layout);
}

/* False if it has gaps, or more blocks than one. */
static bool find_pattern(pattern *p, const sv_spec *x) {
  const sv_layout *layout = &x->layout;
  *p = (pattern){.rank = x->shape.rank, .block_dim = -1, .block = 1};
  if (layout->kind == SV_OPAQUE || layout->inner_count > 1) return false;
  if (layout->inner_count) {
    p->block_dim = layout->inner_dim[0];
    p->block = layout->inner_size[0];
  }
  for (int d = 0; d < p->rank; d++) {
    int i = d;
    for (; i > 0 && layout->stride[p->order[i - 1]] < layout->stride[d]; i--)
      p->order[i] = p->order[i - 1];
    p->order[i] = d;
  }
  return lies_so(p, x);
}

/* Every tensor has whole blocks along the axis. */
static bool fits(const pattern *p, const sv_site *site, int axis) {
  for (int i = 0; i < site->node->in_count; i++)
    if (p->block_dim == axis && site->in[i].shape.dim[axis] % p->block)
      return false;
  return true;
}

/* Bytes of the inputs that need no reorder. */
static double spared(const pattern *p, const sv_site *site) {
  double bytes = 0;
  for (int i = 0; i < site->node->in_count; i++)
    if (lies_so(p, &site->in[i])) bytes += (double)site->in[i].layout.bytes;
  return bytes;
}

/* The pattern of the inputs that spares most; each once. The number of those
 * before it in that order is its candidate. */
static bool choose(pattern *p, const sv_site *site, int axis) {
  int count = site->node->in_count;
  for (int i = 0; i < count; i++) {
    bool first = find_pattern(p, &site->in[i]) && fits(p, site, axis);
    for (int j = 0; j < i && first; j++) first = !lies_so(p, &site->in[j]);
    if (!first) continue;
    double own = spared(p, site);
    int before = 0;
    for (int j = 0; j < count; j++) {
      pattern other;
      bool counts = find_pattern(&other, &site->in[j]) &&
                    fits(&other, site, axis) && !lies_so(p, &site->in[j]);
      for (int k = 0; k < j && counts; k++)
        counts = !lies_so(&other, &site->in[k]);
      double its = counts ? spared(&other, site) : 0;
      before += counts && (its > own || (its == own && j < i));
    }
    if (before == site->candidate) return true;
  }
  return false;
}

/* ---- Planning ---- */

static size_t row_bytes(const pattern *p, const sv_spec *x, int axis) {
  size_t bytes = sv_dtype_size(x->dtype) * (size_t)p->block;
  for (int i = p->rank - 1; i >= 0; i--) {
    bytes *= (size_t)blocks_of(p, &x->shape, p->order[i]);
    if (p->order[i] == axis) break;
  }
  return bytes;
}

static sv_status measure(concat **made, const sv_site *site, const pattern *p,
                         int axis) {
  concat *c;
  int count = site->node->in_count;
  const sv_shape *x = &site->in[0].shape;
  SV_TRY(sv_alloc(&c, sizeof *c + (size_t)count * sizeof c->part[0]));
  c->count = count;
  c->join = site->pass == SV_FORWARD;
  c->outer = 1;
  for (int i = 0; p->order[i] != axis; i++)
    c->outer *= blocks_of(p, x, p->order[i]);
  for (int i = 0; i < count; i++) {
    c->part[i] = row_bytes(p, &site->in[i], axis);
    c->stride += c->part[i];
  }
  *made = c;
  return SV_OK;
}

/* In one row the parts lie one after the other. */
static void offer_places(const concat *c, sv_need *need) {
  size_t offset = 0;
  for (int i = 0; c->join && c->outer == 1 && i < c->count; i++) {
    need->in[i].inside = true;
    need->in[i].offset = offset;
    offset += c->part[i];
  }
}

static sv_status need_layouts(const sv_site *site, sv_need *need,
                              const pattern *p) {
  bool join = site->pass == SV_FORWARD;
  const sv_spec *whole = join ? &site->out[0] : &site->diff_out[0];
  sv_place *parts = join ? need->in : need->diff_in;
  snprintf(need->name, sizeof need->name, "copy");
  for (int i = 0; i < site->node->in_count; i++)
    SV_TRY(lay_out(&parts[i].layout, p, site->in[i].dtype, &site->in[i].shape));
  return lay_out(join ? &need->out[0].layout : &need->diff_out[0].layout, p,
                 whole->dtype, &whole->shape);
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  int64_t axis = (int64_t)sv_attr_number(site->node, "axis");
  const sv_spec *whole =
      site->pass == SV_FORWARD ? &site->out[0] : &site->diff_out[0];
  pattern p;
  concat *c;
  *impl = NULL;
  if (axis < 0) axis += whole->shape.rank;
  if (site->pass == SV_BACKWARD_PARAMS || sv_shape_count(&whole->shape) <= 0)
    return SV_UNSUPPORTED;
  bool found = site->pass == SV_FORWARD
                   ? choose(&p, site, (int)axis)
                   : site->candidate == 0 && find_pattern(&p, whole) &&
                         fits(&p, site, (int)axis);
  if (!found) return SV_UNSUPPORTED;
  SV_TRY(need_layouts(site, need, &p));
  SV_TRY(measure(&c, site, &p, (int)axis));
  offer_places(c, need);
  *impl = c;
  return SV_OK;
}

/* ---- Running ---- */

enum { PIECE = 1 << 15 }; /* bytes that one thread copies at a time */

typedef struct copying {
  char *whole, *part;
  size_t size, stride;
  bool join;
  int64_t pieces; /* of a row */
} copying;

static void copy_pieces(void *context, int64_t begin, int64_t end) {
  const copying *c = context;
  for (int64_t i = begin; i < end; i++) {
    size_t row = (size_t)(i / c->pieces), at = (size_t)(i % c->pieces) * PIECE;
    size_t bytes = c->size - at < PIECE ? c->size - at : PIECE;
    char *whole = c->whole + row * c->stride + at;
    char *part = c->part + row * c->size + at;
    memcpy(c->join ? whole : part, c->join ? part : whole, bytes);
  }
}

static sv_status run(void *impl, const sv_args *args) {
  const concat *c = impl;
  const sv_tensor *whole = c->join ? args->out[0] : args->diff_out[0];
  const sv_tensor *const *parts =
      c->join ? args->in : (const sv_tensor *const *)args->diff_in;
  copying work = {whole->data, NULL, 0, c->stride, c->join, 0};
  for (int i = 0; i < c->count; i++) {
    work.size = c->part[i];
    work.pieces = ((int64_t)work.size + PIECE - 1) / PIECE;
    work.part = parts[i] ? parts[i]->data : NULL;
    bool there = work.part == work.whole; /* it was written in its place */
    if (work.part && !there)
      sv_parallel(c->outer * work.pieces, 4, copy_pieces, &work);
    work.whole += work.size;
  }
  return SV_OK;
}

const sv_kernel sv_simd_concat = {plan, run, sv_free};
