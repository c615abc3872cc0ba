#include "dnnl/layout.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor.h"

/* ---- Opaque layouts: a number for each, given once and never taken back ----
 */

static struct {
  pthread_mutex_t lock;
  sv_md *at;
  int count, capacity;
} opaque = {.lock = PTHREAD_MUTEX_INITIALIZER};

static sv_status opaque_number(int *number, sv_const_md md) {
  sv_status status = SV_OK;
  pthread_mutex_lock(&opaque.lock);
  int i = 0;
  while (i < opaque.count && !dnnl_memory_desc_equal(opaque.at[i], md)) i++;
  if (i == opaque.count) {
    status = sv_grow(&opaque.at, opaque.count, &opaque.capacity,
                     sizeof opaque.at[0]);
    if (status == SV_OK) status = sv_md_copy(&opaque.at[i], md);
    if (status == SV_OK) opaque.count++;
  }
  pthread_mutex_unlock(&opaque.lock);
  *number = i;
  return status;
}

static sv_status opaque_md(sv_md *md, int number) {
  sv_status status = SV_UNSUPPORTED;
  pthread_mutex_lock(&opaque.lock);
  if (number >= 0 && number < opaque.count)
    status = sv_md_copy(md, opaque.at[number]);
  pthread_mutex_unlock(&opaque.lock);
  return status;
}

/* ---- Forms ---- */

static bool is_same(sv_form form) {
  return !form.line && form.groups == 0 && !form.transposed;
}

/* Dimension `at` and those after it make room for one more. */
static void insert(sv_shape *shape, sv_layout *layout, int at) {
  for (int i = shape->rank++; i > at; i--) {
    shape->dim[i] = shape->dim[i - 1];
    layout->stride[i] = layout->stride[i - 1];
  }
  for (int i = 0; i < layout->inner_count; i++)
    if (layout->inner_dim[i] >= at) layout->inner_dim[i]++;
}

static void erase(sv_shape *shape, sv_layout *layout, int at) {
  shape->rank--;
  for (int i = at; i < shape->rank; i++) {
    shape->dim[i] = shape->dim[i + 1];
    layout->stride[i] = layout->stride[i + 1];
  }
  shape->dim[shape->rank] = layout->stride[shape->rank] = 0;
  for (int i = 0; i < layout->inner_count; i++)
    if (layout->inner_dim[i] > at) layout->inner_dim[i]--;
}

static int64_t block_of(const sv_layout *layout, int dim) {
  int64_t block = 1;
  for (int i = 0; i < layout->inner_count; i++)
    if (layout->inner_dim[i] == dim) block *= layout->inner_size[i];
  return block;
}

/* OC into G and OC/G. Blocks lie over OC/G, or, where that is 1, over G. */
static bool split_groups(sv_shape *shape, sv_layout *layout, int64_t groups) {
  int64_t block = block_of(layout, 0), each = shape->dim[0] / groups;
  insert(shape, layout, 0);
  shape->dim[0] = groups;
  shape->dim[1] = each;
  if (each == 1) {
    layout->stride[0] = layout->stride[1];
    for (int i = 0; i < layout->inner_count; i++)
      if (layout->inner_dim[i] == 1) layout->inner_dim[i] = 0;
    return true;
  }
  layout->stride[0] = each / block * layout->stride[1];
  return each % block == 0;
}

/* The reverse: possible if walking over the groups is walking over OC. */
static bool join_groups(sv_shape *shape, sv_layout *layout) {
  int64_t groups = shape->dim[0], each = shape->dim[1];
  int64_t block = block_of(layout, 1), stride = layout->stride[1];
  if (each == 1) {
    if (block > 1) return false;
    stride = layout->stride[0];
    for (int i = 0; i < layout->inner_count; i++)
      if (layout->inner_dim[i] == 0) layout->inner_dim[i] = 1;
  } else {
    if (block_of(layout, 0) > 1 || each % block != 0) return false;
    if (groups > 1 && layout->stride[0] != each / block * stride) return false;
  }
  erase(shape, layout, 0);
  shape->dim[0] = groups * each;
  layout->stride[0] = stride;
  return true;
}

/* Dimensions `at` and the next one change places. */
static void transpose(sv_shape *shape, sv_layout *layout, int at) {
  int64_t rows = shape->dim[at], stride = layout->stride[at];
  shape->dim[at] = shape->dim[at + 1];
  shape->dim[at + 1] = rows;
  layout->stride[at] = layout->stride[at + 1];
  layout->stride[at + 1] = stride;
  for (int i = 0; i < layout->inner_count; i++) {
    int dim = layout->inner_dim[i];
    if (dim == at || dim == at + 1) layout->inner_dim[i] = 2 * at + 1 - dim;
  }
}

static bool expand(sv_shape *shape, sv_layout *layout, sv_form form) {
  if (shape->rank + form.line + (form.groups > 0) > SV_MAX_RANK) return false;
  if (form.line) {
    insert(shape, layout, 2);
    shape->dim[2] = 1;
    layout->stride[2] = layout->stride[3] * shape->dim[3];
  }
  if (form.groups && !split_groups(shape, layout, form.groups)) return false;
  if (form.transposed) transpose(shape, layout, form.groups > 0);
  return true;
}

static bool fold(sv_shape *shape, sv_layout *layout, sv_form form) {
  if (form.transposed) transpose(shape, layout, form.groups > 0);
  if (form.groups && !join_groups(shape, layout)) return false;
  if (form.line) {
    if (block_of(layout, 2) > 1) return false;
    erase(shape, layout, 2);
  }
  return true;
}

/* ---- Descriptors from layouts ---- */

sv_status sv_md_of(sv_md *md, const sv_shape *shape, const sv_layout *layout,
                   sv_form form) {
  if (layout->kind == SV_OPAQUE)
    return is_same(form) ? opaque_md(md, layout->opaque) : SV_UNSUPPORTED;
  sv_shape seen = *shape;
  sv_layout as = *layout;
  if (!expand(&seen, &as, form)) return SV_UNSUPPORTED;
  return sv_md_known(md, &seen, &as);
}

sv_status sv_md_free_of(sv_md *md, const sv_shape *shape, sv_form form) {
  sv_shape seen = *shape;
  sv_layout unused = {.kind = SV_PLAIN};
  if (!expand(&seen, &unused, form)) return SV_UNSUPPORTED;
  return sv_md_any(md, &seen);
}

sv_status sv_md_rows(sv_md *md, const sv_shape *shape, sv_form form) {
  sv_layout layout;
  SV_TRY(sv_layout_plain(&layout, SV_F32, shape));
  return sv_md_of(md, shape, &layout, form);
}

sv_status sv_md_channels_last(sv_md *md, const sv_shape *shape, sv_form form) {
  if (shape->rank < 2) return SV_UNSUPPORTED;
  sv_layout layout;
  SV_TRY(sv_layout_plain(&layout, SV_F32, shape));
  int64_t channels = shape->dim[1];
  for (int i = 2; i < shape->rank; i++) layout.stride[i] *= channels;
  layout.stride[1] = 1;
  return sv_md_of(md, shape, &layout, form);
}

sv_status sv_md_blocked(sv_md *md, const sv_shape *shape, int64_t block,
                        sv_form form) {
  if (shape->rank < 2) return SV_UNSUPPORTED;
  sv_layout layout;
  sv_shape padded = *shape;
  padded.dim[1] = (shape->dim[1] + block - 1) / block;
  SV_TRY(sv_layout_plain(&layout, SV_F32, &padded));
  for (int i = 0; i < shape->rank; i++) layout.stride[i] *= block;
  layout.kind = SV_BLOCKED;
  layout.inner_count = 1;
  layout.inner_dim[0] = 1;
  layout.inner_size[0] = block;
  if (sv_mul_overflows(layout.bytes, (size_t)block, &layout.bytes))
    return SV_UNSUPPORTED;
  return sv_md_of(md, shape, &layout, form);
}

/* ---- Layouts from descriptors ---- */

/* Blocks that change nothing are dropped where that makes the tensor row-major:
 * 120 channels of 1x1 in blocks of 8 lie as a plain matrix does. */
static void simplify(sv_layout *layout, const sv_shape *shape) {
  sv_layout flat = *layout;
  int64_t step = 1;
  while (flat.inner_count > 0) {
    int last = --flat.inner_count, dim = flat.inner_dim[last];
    int64_t size = flat.inner_size[last];
    if (block_of(&flat, dim) > 1 || shape->dim[dim] % size != 0) return;
    if (shape->dim[dim] > size && flat.stride[dim] != size * step) return;
    flat.stride[dim] = step;
    step *= size;
  }
  flat.kind = SV_PLAIN;
  memset(flat.inner_dim, 0, sizeof flat.inner_dim);
  memset(flat.inner_size, 0, sizeof flat.inner_size);
  sv_layout plain;
  if (sv_layout_is_plain(&flat, shape) &&
      sv_layout_plain(&plain, SV_F32, shape) == SV_OK)
    *layout = plain;
}

/* sv_md_of finds this format again, and nothing is appended to it. */
static bool describes(const sv_layout *layout, const sv_shape *shape,
                      sv_form form, sv_const_md md) {
  sv_md again;
  if (sv_md_of(&again, shape, layout, form) != SV_OK) return false;
  bool same = dnnl_memory_desc_get_size(again) == dnnl_memory_desc_get_size(md);
  sv_md_free(again);
  return same;
}

sv_status sv_layout_of(sv_layout *layout, sv_const_md md, const sv_shape *shape,
                       sv_form form) {
  sv_shape seen;
  if (sv_md_blocks(md, &seen, layout) && fold(&seen, layout, form) &&
      sv_shape_equal(&seen, shape) && describes(layout, shape, form, md)) {
    simplify(layout, shape);
    return SV_OK;
  }
  if (!is_same(form)) return SV_UNSUPPORTED;
  *layout =
      (sv_layout){.kind = SV_OPAQUE, .bytes = dnnl_memory_desc_get_size(md)};
  return opaque_number(&layout->opaque, md);
}
