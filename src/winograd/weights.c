/* Weights, transformed once for each version of the state at inference, and in
 * each run of training. */
#include <stdio.h>

#include "base/memory.h"
#include "base/thread.h"
#include "tensor/tensor.h"
#include "winograd/winograd.h"

void sv_winograd_layout(sv_layout *layout, const sv_shape *w, int m) {
  int64_t plane = sv_winograd_plane(w->dim[0] * w->dim[1]);
  *layout =
      (sv_layout){.kind = SV_OPAQUE,
                  .opaque = -(m << 8 | sv_winograd_loops_used()->width),
                  .bytes = (size_t)((m + 2) * (m + 2) * plane) * sizeof(float)};
}

/* ---- Transforming ---- */

typedef struct transform {
  const sv_winograd_loops *loops;
  int size;
  sv_winograd_weights parts;
} transform;

static void some_vectors(void *context, int64_t begin, int64_t end) {
  const transform *t = context;
  sv_winograd_weights parts = t->parts;
  parts.from_vector = begin;
  parts.to_vector = end;
  t->loops->weights[t->size](&parts);
}

void sv_winograd_transform(const sv_winograd_loops *loops, int m,
                           const sv_winograd_weights *parts) {
  transform t = {loops, m / 2 - 1, *parts};
  sv_parallel(parts->outs / loops->width, 1, some_vectors, &t);
}

/* ---- As a reorder ---- */

typedef struct reorder {
  int m;
  sv_shape shape;
  sv_layout from;
} reorder;

/* The size of the tiles that a layout is for; 0: it is not one of these. */
static int size_of(const sv_spec *to) {
  sv_layout layout;
  if (to->layout.kind != SV_OPAQUE || to->shape.rank != 4) return 0;
  for (int m = 2; m <= 2 * SV_WINOGRAD_SIZES; m += 2) {
    sv_winograd_layout(&layout, &to->shape, m);
    if (sv_layout_equal(&layout, &to->layout)) return m;
  }
  return 0;
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  const sv_spec *from = &site->in[0], *to = &site->out[0];
  reorder r = {size_of(to), from->shape, from->layout}, *kept;
  if (site->candidate > 0 || from->dtype != SV_F32 || to->dtype != SV_F32 ||
      from->layout.kind == SV_OPAQUE || r.m == 0)
    return SV_UNSUPPORTED;
  SV_TRY(sv_alloc(&kept, sizeof *kept));
  *kept = r;
  snprintf(need->name, sizeof need->name, "winograd");
  *impl = kept;
  return SV_OK;
}

static sv_status run(void *impl, const sv_args *args) {
  const reorder *r = impl;
  const int64_t *dim = r->shape.dim;
  sv_winograd_weights parts = {.w = args->in[0]->data,
                               .layout = &r->from,
                               .u = args->out[0]->data,
                               .outs = dim[0],
                               .ins = dim[1]};
  sv_winograd_transform(sv_winograd_loops_used(), r->m, &parts);
  return SV_OK;
}

const sv_kernel sv_winograd_reorder = {plan, run, sv_free};
