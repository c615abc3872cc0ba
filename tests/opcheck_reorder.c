/* Reorders: every backend's, between layouts that kernels ask for, against the
 * one that goes element by element. Between any two layouts that are not opaque
 * the numbers stay the same bits, and the padding of blocks is zero. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "opcheck.h"
#include "tensor/tensor.h"

typedef struct dice {
  sv_random key;
  uint64_t thrown;
} dice;

static int64_t throw(dice * d, int64_t low, int64_t high) {
  return low + (int64_t)sv_random_below(&d->key, d->thrown++,
                                        (uint64_t)(high - low + 1));
}

/* Dense, the dimensions from the outermost in a random order. */
static void draw_strides(sv_layout *layout, int rank, const int64_t *outer,
                         int64_t stride, dice *d) {
  int order[SV_MAX_RANK];
  bool kept = throw(d, 0, 2) == 0;
  for (int i = 0; i < rank; i++) {
    int j = kept ? i : (int) throw(d, 0, i);
    order[i] = order[j];
    order[j] = i;
  }
  for (int i = rank - 1; i >= 0; i--) {
    layout->stride[order[i]] = stride;
    stride *= outer[order[i]];
  }
  layout->bytes = (size_t)stride * sizeof(float);
}

/* Plain in any order of dimensions, or one or two blocks over one or two. */
static void draw_layout(sv_layout *layout, const sv_shape *shape, dice *d) {
  int64_t outer[SV_MAX_RANK], inner = 1;
  memcpy(outer, shape->dim, sizeof outer);
  *layout = (sv_layout){.kind = SV_PLAIN};
  int blocks = (int) throw(d, 0, shape->rank > 1 ? 2 : 1);
  for (int i = 0; i < blocks; i++) {
    int dim = (int) throw(d, 0, shape->rank > 1 ? 1 : 0);
    int64_t size = (int64_t)4 << throw(d, 0, 2);
    if (i && dim == layout->inner_dim[0]) break;
    layout->kind = SV_BLOCKED;
    layout->inner_dim[i] = dim;
    layout->inner_size[i] = size;
    layout->inner_count++;
    outer[dim] = (outer[dim] + size - 1) / size;
    inner *= size;
  }
  draw_strides(layout, shape->rank, outer, inner, d);
}

static sv_status new_tensor(sv_tensor **tensor, const sv_shape *shape,
                            const sv_layout *layout, int fill) {
  SV_TRY(sv_alloc(tensor, sizeof **tensor));
  (*tensor)->dtype = SV_F32;
  (*tensor)->shape = *shape;
  (*tensor)->layout = *layout;
  SV_TRY(sv_alloc(&(*tensor)->data, layout->bytes));
  memset((*tensor)->data, fill, layout->bytes);
  return SV_OK;
}

typedef struct move {
  sv_tensor *plain, *from, *to, *expected;
} move;

static void free_move(move *m) {
  sv_tensor_free(m->plain);
  sv_tensor_free(m->from);
  sv_tensor_free(m->to);
  sv_tensor_free(m->expected);
}

static sv_status draw_move(move *m, dice *d) {
  sv_layout from, to;
  sv_shape shape = {.rank = (int) throw(d, 1, 5)};
  for (int i = 0; i < shape.rank; i++) shape.dim[i] = throw(d, 1, 17);
  draw_layout(&from, &shape, d);
  draw_layout(&to, &shape, d);
  SV_TRY(sv_tensor_new(&m->plain, SV_F32, &shape));
  for (int64_t i = 0; i < sv_shape_count(&shape); i++)
    sv_tensor_set(m->plain, i, (double)(i + 1));
  SV_TRY(new_tensor(&m->from, &shape, &from, 0));
  SV_TRY(new_tensor(&m->to, &shape, &to, 0xff));
  SV_TRY(new_tensor(&m->expected, &shape, &to, 0));
  SV_TRY(sv_tensor_copy(m->from, m->plain));
  return sv_tensor_copy(m->expected, m->plain);
}

static sv_status check_move(const oc_options *options, int index,
                            oc_tally *tally) {
  dice d = {.key = {.seed = options->seed, .step = (uint64_t)index}};
  for (int b = 0; b < sv_backend_count(); b++) {
    const sv_backend *backend = sv_backend_at(b);
    move m = {0};
    if (options->backend && strcmp(options->backend, backend->name)) continue;
    sv_status status = draw_move(&m, &d);
    if (status == SV_OK) status = oc_reorder(&backend->reorder, m.from, m.to);
    if (status == SV_OK &&
        memcmp(m.to->data, m.expected->data, m.to->layout.bytes) == 0) {
      tally->passed++;
    } else if (status != SV_UNSUPPORTED) {
      char shape[SV_SHAPE_TEXT], from[SV_LAYOUT_TEXT], to[SV_LAYOUT_TEXT];
      int rank = m.plain->shape.rank;
      tally->failed++;
      printf("FAIL reorder of %s: seed %llu, case %d: %s from %s to %s%s%s\n",
             backend->name, (unsigned long long)options->seed, index,
             sv_shape_text(&m.plain->shape, shape),
             sv_layout_text(&m.from->layout, rank, from),
             sv_layout_text(&m.to->layout, rank, to),
             status == SV_OK ? "" : ": ", status == SV_OK ? "" : sv_error());
    }
    free_move(&m);
    if (status != SV_OK && status != SV_UNSUPPORTED) return status;
  }
  return SV_OK;
}

void oc_check_reorders(const oc_options *options, oc_tally *tally) {
  for (int i = 0; i < options->random; i++)
    if (check_move(options, i, tally) != SV_OK) return;
}
