/* Convolution with 3x3 windows in steps of one: forward, and the gradient of
 * the input, which is a convolution, too. */
#include <stdio.h>
#include <string.h>

#include <svertka/layers.h>

#include "base/isa.h"
#include "base/memory.h"
#include "geometry/window.h"
#include "tensor/tensor.h"
#include "winograd/conv.h"

typedef sv_winograd_convolution conv;

/* ---- Images: channels innermost, or in blocks of whole vectors ---- */

static sv_status channels_last(sv_layout *layout, const sv_shape *shape) {
  SV_TRY(sv_layout_plain(layout, SV_F32, shape));
  for (int i = 2; i < 4; i++) layout->stride[i] *= shape->dim[1];
  layout->stride[1] = 1;
  return SV_OK;
}

static bool is_fine(const sv_layout *layout, const sv_shape *shape, int width) {
  if (layout->kind == SV_PLAIN) return layout->stride[1] == 1;
  return layout->kind == SV_BLOCKED && layout->inner_count == 1 &&
         layout->inner_dim[0] == 1 && layout->inner_size[0] % width == 0 &&
         shape->dim[1] % layout->inner_size[0] == 0;
}

/* As `offered` is, if that is fine. */
static sv_status choose_layout(sv_layout *layout, const sv_spec *offered,
                               int width) {
  *layout = offered->layout;
  if (is_fine(layout, &offered->shape, width)) return SV_OK;
  return channels_last(layout, &offered->shape);
}

/* Results of the shape `shape` lie as `as` does. */
static sv_status layout_like(sv_layout *layout, const sv_layout *as,
                             const sv_shape *shape) {
  int64_t block = as->kind == SV_BLOCKED ? as->inner_size[0] : 1;
  if (block == 1 || shape->dim[1] % block != 0)
    return channels_last(layout, shape);
  sv_shape blocks = *shape;
  blocks.dim[1] /= block;
  SV_TRY(sv_layout_plain(layout, SV_F32, &blocks));
  layout->kind = SV_BLOCKED;
  for (int i = 0; i < 4; i++) layout->stride[i] *= block;
  layout->inner_count = 1;
  layout->inner_dim[0] = 1;
  layout->inner_size[0] = block;
  layout->bytes *= (size_t)block;
  return SV_OK;
}

static sv_winograd_map map_of(const sv_layout *layout, const sv_shape *shape) {
  bool blocked = layout->kind == SV_BLOCKED;
  return (sv_winograd_map){
      .image = layout->stride[0],
      .blocks = blocked ? layout->stride[1] : 0,
      .block = blocked ? layout->inner_size[0] : shape->dim[1],
      .row = layout->stride[2],
      .column = layout->stride[3],
      .height = shape->dim[2],
      .width = shape->dim[3]};
}

/* ---- What it can do ---- */

static bool is_three(const sv_window *w) {
  for (int d = 0; d < 2; d++)
    if (w->kernel[d] != 3 || w->stride[d] != 1 || w->dilation[d] != 1)
      return false;
  return true;
}

static bool is_image(const sv_spec *x, int width) {
  return x->present && x->dtype == SV_F32 && x->shape.rank == 4 &&
         sv_shape_count(&x->shape) > 0 && x->shape.dim[1] % width == 0;
}

/* The image that is read and the one that is written. */
static const sv_spec *image_read(const sv_site *site) {
  return site->pass == SV_FORWARD ? &site->in[0] : &site->diff_out[0];
}

static const sv_spec *image_written(const sv_site *site) {
  return site->pass == SV_FORWARD ? &site->out[0] : &site->diff_in[0];
}

static void set_size(conv *c, const sv_site *site) {
  const sv_shape *shape = &image_written(site)->shape;
  sv_winograd_work work = {.images = shape->dim[0],
                           .ins = c->ins,
                           .outs = c->outs,
                           .height = shape->dim[2],
                           .width = shape->dim[3],
                           .transforms = c->transforms};
  c->m = sv_winograd_size(&work, site->candidate);
  if (c->m == 0) return;
  c->tile_rows = (shape->dim[2] + c->m - 1) / c->m;
  c->tile_columns = (shape->dim[3] + c->m - 1) / c->m;
  c->tiles = shape->dim[0] * c->tile_rows * c->tile_columns;
}

static sv_status describe(conv *c, const sv_site *site) {
  const sv_conv_attrs *a = site->node->attrs;
  const sv_spec *x = image_read(site), *y = image_written(site);
  sv_window window;
  c->loops = sv_winograd_loops_used();
  c->back = site->pass == SV_BACKWARD_DATA;
  if (site->exact || a->group > 1 || !is_image(x, c->loops->width) ||
      !is_image(y, c->loops->width) || site->in[1].dtype != SV_F32)
    return SV_UNSUPPORTED;
  SV_TRY(sv_window_resolve(&window, &site->in[0].shape, &a->kernel, &a->stride,
                           &a->dilation, &a->padding, false));
  if (!is_three(&window)) return SV_UNSUPPORTED;
  /* Of dx every element is a sum over a window of dy, too. */
  c->top = c->back ? 2 - window.begin[0] : window.begin[0];
  c->left = c->back ? 2 - window.begin[1] : window.begin[1];
  c->ins = x->shape.dim[1];
  c->outs = y->shape.dim[1];
  c->transforms = site->training || site->backward || c->back;
  c->bias = !c->back && site->node->in_count > 2 && site->in[2].present;
  set_size(c, site);
  return c->m == 0 ? SV_UNSUPPORTED : SV_OK;
}

static sv_status need_layouts(conv *c, const sv_site *site, sv_need *need) {
  const sv_spec *x = image_read(site), *w = &site->in[1];
  const sv_spec *y = image_written(site);
  sv_layout *in = c->back ? &need->diff_out[0].layout : &need->in[0].layout;
  sv_layout *out = c->back ? &need->diff_in[0].layout : &need->out[0].layout;
  SV_TRY(choose_layout(in, x, c->loops->width));
  SV_TRY(layout_like(out, in, &y->shape));
  c->x = map_of(in, &x->shape);
  c->y = map_of(out, &y->shape);
  need->in[1].used = true;
  if (!c->transforms) {
    sv_winograd_layout(&need->in[1].layout, &w->shape, c->m);
  } else if (w->layout.kind == SV_OPAQUE) {
    SV_TRY(sv_layout_plain(&need->in[1].layout, SV_F32, &w->shape));
  }
  c->w = need->in[1].layout;
  if (!c->bias) return SV_OK;
  return sv_layout_plain(&need->in[2].layout, SV_F32, &site->in[2].shape);
}

/* ReLU and one sum with what will not be read again. */
static void take_tail(conv *c, const sv_site *site, sv_need *need) {
  int sum = -1;
  for (c->tail = 0; c->tail < site->tail_count; c->tail++) {
    const sv_tail *tail = &site->tail[c->tail];
    const char *name = tail->node->op->name;
    bool adds = strcmp(name, "add") == 0 && tail->extra >= 0 && tail->last;
    if (adds && sum >= 0) break;
    if (!adds && (strcmp(name, "relu") != 0 || tail->extra >= 0)) break;
    c->adds[c->tail] = adds;
    if (adds) sum = tail->extra;
  }
  need->tail = c->tail;
  need->out[0].onto = sum;
  if (sum < 0) return;
  need->in[sum].used = true;
  need->in[sum].layout = need->out[0].layout;
}

/* ---- The contract ---- */

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  if (site->pass == SV_BACKWARD_PARAMS) return SV_UNSUPPORTED;
  conv c = {.m = 0}, *kept;
  SV_TRY(describe(&c, site));
  SV_TRY(need_layouts(&c, site, need));
  if (!c.back) take_tail(&c, site, need);
  sv_winograd_divide(&c, site->threads, &need->scratch);
  SV_TRY(sv_alloc(&kept, sizeof *kept));
  *kept = c;
  snprintf(need->name, sizeof need->name, "winograd%d:%s", c.m,
           sv_isa_name(sv_isa_used()));
  *impl = kept;
  return SV_OK;
}

static sv_status run(void *impl, const sv_args *args) {
  sv_winograd_run(impl, args);
  return SV_OK;
}

const sv_kernel sv_winograd_conv = {plan, run, sv_free};
