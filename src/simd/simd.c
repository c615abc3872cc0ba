#include "simd/simd.h"

#include <stdio.h>

#include "base/memory.h"
#include "tensor/tensor.h"

void sv_simd_name(sv_need *need) {
  snprintf(need->name, sizeof need->name, "simd:%s", sv_simd_loops()->name);
}

int64_t sv_simd_block(int64_t batch) {
  int64_t width = sv_simd_loops()->width;
  return batch % (2 * width) == 0 ? 2 * width : batch % width == 0 ? width : 0;
}

sv_status sv_simd_layout(sv_layout *layout, const sv_shape *shape) {
  SV_TRY(sv_layout_plain(layout, SV_F32, shape));
  int64_t block = sv_simd_block(shape->dim[0]);
  for (int i = 0; i < shape->rank; i++) layout->stride[i] *= block;
  layout->kind = SV_BLOCKED;
  layout->inner_count = 1;
  layout->inner_dim[0] = 0;
  layout->inner_size[0] = block;
  return SV_OK;
}

bool sv_simd_fits(const sv_spec *x) {
  return x->present && x->dtype == SV_F32 && x->shape.rank == 4 &&
         sv_shape_count(&x->shape) > 0 && sv_simd_block(x->shape.dim[0]) > 0;
}

bool sv_simd_lies_so(const sv_spec *x) {
  sv_layout layout;
  return sv_simd_fits(x) && x->layout.kind == SV_BLOCKED &&
         sv_simd_layout(&layout, &x->shape) == SV_OK &&
         sv_layout_equal(&layout, &x->layout);
}

bool sv_simd_pays(int64_t channels, const sv_shape *image) {
  enum { FEW_CHANNELS = 24, SMALL_MAP = 64 * 64 };
  return channels < FEW_CHANNELS && image->dim[2] * image->dim[3] <= SMALL_MAP;
}

/* ---- Taps ---- */

static sv_status start_taps(sv_axis_taps *taps, int64_t positions,
                            int64_t most) {
  size_t all;
  *taps = (sv_axis_taps){0};
  if (sv_mul_overflows((size_t)positions, (size_t)most, &all) ||
      all > INT32_MAX)
    return SV_UNSUPPORTED;
  SV_TRY(sv_alloc_array(&taps->at, all, sizeof *taps->at));
  return sv_alloc_array(&taps->first, (size_t)positions + 1,
                        sizeof *taps->first);
}

sv_status sv_simd_taps(sv_axis_taps *taps, const sv_window *w, int axis,
                       int64_t x_step, int64_t w_step) {
  SV_TRY(start_taps(taps, w->out[axis], w->kernel[axis]));
  int count = 0;
  for (int64_t o = 0; o < w->out[axis]; o++) {
    int64_t first, last;
    sv_window_taps(w, axis, o, &first, &last);
    for (int64_t u = first; u < last; u++) {
      int64_t p = o * w->stride[axis] - w->begin[axis] + u * w->dilation[axis];
      taps->at[count++] = (sv_tap){p * x_step, u * w_step};
    }
    taps->first[o + 1] = count;
  }
  return SV_OK;
}

sv_status sv_simd_taps_back(sv_axis_taps *taps, const sv_window *w, int axis,
                            int64_t x_step, int64_t w_step) {
  SV_TRY(start_taps(taps, w->in[axis], w->kernel[axis]));
  int count = 0;
  for (int64_t p = 0; p < w->in[axis]; p++) {
    for (int64_t u = 0; u < w->kernel[axis]; u++) {
      int64_t at = p + w->begin[axis] - u * w->dilation[axis];
      int64_t o = at / w->stride[axis];
      if (at < 0 || at % w->stride[axis] || o >= w->out[axis]) continue;
      taps->at[count++] = (sv_tap){o * x_step, u * w_step};
    }
    taps->first[p + 1] = count;
  }
  return SV_OK;
}

void sv_simd_taps_free(sv_axis_taps *taps) {
  sv_free(taps->at);
  sv_free(taps->first);
}
