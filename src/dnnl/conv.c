/* Convolution: y = x * w + b; dx = dy (full) w; dw = x * dy, db = sum of dy.
 * And transposed convolution, which oneDNN has with the same arguments. */
#include <string.h>

#include <svertka/layers.h>

#include "dnnl/bias.h"
#include "dnnl/conv.h"
#include "dnnl/slices.h"
#include "dnnl/tail.h"
#include "tensor/tensor.h"

typedef struct conv {
  const sv_site *site;
  dnnl_prop_kind_t prop;
  const sv_spec *x, *w, *b, *y; /* or their gradients; b: NULL if unwanted */
  sv_form image, kernel;
  sv_dnnl_window window;
  bool transposed;
  int tail;      /* nodes after it that the primitive computes */
  bool own_bias; /* its gradient is summed up after the primitive has run */
  int slices;    /* of the batch, if a sum of the weights' gradient is long */
} conv;

static const sv_spec *bias_of(const sv_site *site) {
  const sv_spec *specs = site->pass == SV_FORWARD ? site->in : site->diff_in;
  if (site->pass == SV_BACKWARD_DATA || site->node->in_count < 3) return NULL;
  return specs[2].present ? &specs[2] : NULL;
}

static sv_status describe_window(conv *c) {
  const sv_conv_attrs *attrs = c->site->node->attrs;
  sv_window window;
  if (attrs->group > 1) c->kernel.groups = attrs->group;
  SV_TRY(sv_window_resolve(&window, &c->x->shape, &attrs->kernel,
                           &attrs->stride, &attrs->dilation, &attrs->padding,
                           false));
  sv_dnnl_window_of(&c->window, &window);
  return SV_OK;
}

/* The sizes agree where the padding at the ends takes up what is added there;
 * less than nothing is allowed as far as a stride. */
static sv_status describe_transposed(conv *c) {
  const sv_conv_transpose_attrs *attrs = c->site->node->attrs;
  sv_window w;
  if (attrs->group > 1) c->kernel.groups = attrs->group;
  c->kernel.transposed = true;
  SV_TRY(sv_window_transpose(&w, &c->x->shape, attrs));
  for (int d = 0; d < 2; d++)
    w.end[d] = w.stride[d] * (w.out[d] - 1) +
               w.dilation[d] * (w.kernel[d] - 1) + 1 - w.begin[d] - w.in[d];
  sv_dnnl_window_of(&c->window, &w);
  return SV_OK;
}

/* A kernel of an image's size, or very many maps: the reference adds up these
 * products in double. Each y sums the inputs of its group, each dx the outputs;
 * w's first dimension is the one that y, or if transposed dx, has. */
static bool is_long(const conv *c) {
  enum { MOST = 1 << 16 };
  const sv_shape *w = &c->w->shape;
  int64_t groups = c->kernel.groups ? c->kernel.groups : 1;
  if (c->site->pass == SV_BACKWARD_PARAMS || sv_shape_count(w) <= 0)
    return false;
  bool first = (c->site->pass == SV_FORWARD) != c->transposed;
  return sv_shape_count(w) / (first ? w->dim[0] : w->dim[1] * groups) > MOST;
}

/* A bias of oneDNN's own would be that of the last slice. */
static int slices_of(const conv *c) {
  const sv_site *site = c->site;
  if (site->pass != SV_BACKWARD_PARAMS || !site->diff_in[1].present || c->b)
    return 1;
  return sv_dnnl_slices(c->transposed ? &c->x->shape : &c->y->shape);
}

static sv_status describe(conv *c, const sv_site *site, bool transposed) {
  bool forward = site->pass == SV_FORWARD;
  *c = (conv){.site = site,
              .prop = sv_dnnl_prop(site),
              .b = bias_of(site),
              .transposed = transposed};
  c->x = site->pass == SV_BACKWARD_DATA ? &site->diff_in[0] : &site->in[0];
  c->w = &site->in[1];
  c->y = forward ? &site->out[0] : &site->diff_out[0];
  if (!forward && c->b && sv_dnnl_long_bias(&c->y->shape)) {
    c->own_bias = true;
    c->b = NULL;
  }
  if (site->pass == SV_BACKWARD_DATA && !c->x->present) return SV_UNSUPPORTED;
  if (c->w->shape.rank != c->x->shape.rank) return SV_UNSUPPORTED;
  c->image.line = c->kernel.line = c->x->shape.rank == 3;
  c->slices = slices_of(c);
  SV_TRY(transposed ? describe_transposed(c) : describe_window(c));
  return is_long(c) ? SV_UNSUPPORTED : SV_OK;
}

static sv_shape slice_of(const conv *c, const sv_spec *spec) {
  sv_shape shape = spec->shape;
  shape.dim[0] /= c->slices;
  return shape;
}

/* How the images may lie: as the primitive likes, as those that are read lie
 * now, channels innermost, or plain. The kernel lies as the primitive likes,
 * and plain for ALL_ROWS: where blocks would pad each group by itself, which no
 * layout of ours does, there is this. */
typedef enum format { ANY, AS_IS, CHANNELS_LAST, ROWS, ALL_ROWS } format;

static sv_status image_md(sv_md *md, const conv *c, const sv_spec *spec,
                          format format, bool is_read) {
  sv_shape shape = slice_of(c, spec);
  switch (format) {
    case AS_IS:
      if (is_read) return sv_md_of(md, &shape, &spec->layout, c->image);
      break;
    case CHANNELS_LAST: return sv_md_channels_last(md, &shape, c->image);
    case ROWS:
    case ALL_ROWS: return sv_md_rows(md, &shape, c->image);
    case ANY: break;
  }
  return sv_md_free_of(md, &shape, c->image);
}

/* oneDNN's own kernel for the gradient of the weights of a 1x1 window with a
 * stride gathers the pixels that count in scratch memory, and past its end
 * where the input maps do not fill a vector: 2.6 in all layouts but rows, 3.7
 * there, too, between two reorders. */
static bool writes_past_scratch(const conv *c) {
  const sv_dnnl_window *w = &c->window;
  int axes = c->x->shape.rank - 2;
  bool one = true, strided = false;
  for (int d = 0; d < axes; d++) {
    one = one && w->kernel[d] == 1;
    strided = strided || w->stride[d] > 1;
  }
  int64_t maps = c->w->shape.dim[1];
  return c->site->pass == SV_BACKWARD_PARAMS && one && strided &&
         (maps % 8 != 0 || c->transposed);
}

/* oneDNN's references are ours, too. */
static bool is_usable(const_dnnl_primitive_desc_t pd, const conv *c) {
  if (writes_past_scratch(c) && strstr(sv_dnnl_name_of(pd), "1x1"))
    return false;
  return sv_dnnl_grade_of(pd) != SV_DNNL_REF;
}

static sv_status make_pd(sv_dnnl_build *build, const conv *c,
                         dnnl_alg_kind_t alg, format format) {
  sv_md *md = build->md;
  SV_TRY(image_md(&md[0], c, c->x, format, c->prop != dnnl_backward_data));
  if (format == ALL_ROWS)
    SV_TRY(sv_md_rows(&md[1], &c->w->shape, c->kernel));
  else
    SV_TRY(sv_md_free_of(&md[1], &c->w->shape, c->kernel));
  SV_TRY(image_md(&md[2], c, c->y, format, c->site->pass != SV_FORWARD));
  if (c->b) SV_TRY(sv_md_rows(&md[3], &c->b->shape, sv_form_same));
  sv_dnnl_operands given = {
      .src = md[0], .weights = md[1], .bias = md[3], .dst = md[2]};
  if (c->site->pass != SV_FORWARD) {
    sv_shape x = slice_of(c, c->x), y = slice_of(c, c->y);
    SV_TRY(sv_md_free_of(&md[4], &x, c->image));
    SV_TRY(sv_md_free_of(&md[5], &y, c->image));
    sv_dnnl_operands free = {.src = md[4], .weights = md[1], .dst = md[5]};
    SV_TRY(sv_pd_conv(&build->hint, dnnl_forward_training, alg, &free,
                      &c->window, NULL, NULL));
  }
  SV_TRY(sv_pd_conv(&build->pd, c->prop, alg, &given, &c->window, build->attr,
                    build->hint));
  while (!is_usable(build->pd, c)) SV_TRY(sv_pd_next(build->pd));
  return SV_OK;
}

static sv_status bind_forward(sv_dnnl_build *build, const conv *c) {
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, c->image));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_WEIGHTS, SV_FROM_IN, 1, c->kernel));
  if (c->b)
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_BIAS, SV_FROM_IN, 2, sv_form_same));
  return sv_dnnl_bind_tail(build, c->tail, c->image);
}

static sv_status bind_data(sv_dnnl_build *build, const conv *c) {
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0, c->image));
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_WEIGHTS, SV_FROM_IN, 1, c->kernel));
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_SRC, SV_FROM_DIFF_IN, 0, c->image);
}

static sv_status bind_images(sv_dnnl_build *build, const conv *c) {
  if (c->slices > 1) {
    SV_TRY(sv_dnnl_bind_slices(build, c->slices, DNNL_ARG_SRC, SV_FROM_IN, 0,
                               c->image));
    return sv_dnnl_bind_slices(build, c->slices, DNNL_ARG_DIFF_DST,
                               SV_FROM_DIFF_OUT, 0, c->image);
  }
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_SRC, SV_FROM_IN, 0, c->image));
  return sv_dnnl_bind(build, DNNL_ARG_DIFF_DST, SV_FROM_DIFF_OUT, 0, c->image);
}

static sv_status bind_params(sv_dnnl_build *build, const conv *c) {
  SV_TRY(bind_images(build, c));
  if (c->b)
    SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_BIAS, SV_FROM_DIFF_IN, 2,
                        sv_form_same));
  if (c->own_bias) {
    if (build->need->diff_out[0].layout.inner_count > 1) return SV_UNSUPPORTED;
    sv_place *place = &build->need->diff_in[2];
    place->used = true;
    SV_TRY(sv_layout_plain(&place->layout, SV_F32, &c->site->diff_in[2].shape));
  }
  if (!c->site->diff_in[1].present)
    return sv_dnnl_bind_waste(build, DNNL_ARG_DIFF_WEIGHTS);
  SV_TRY(sv_dnnl_bind(build, DNNL_ARG_DIFF_WEIGHTS, SV_FROM_DIFF_IN, 1,
                      c->kernel));
  if (c->slices > 1) sv_dnnl_sum_slices(build);
  return SV_OK;
}

/* Blocks at least double the channels of an image, x if the pass reads or
 * writes dx, y forward: one grey channel in a block of eight, say. oneDNN likes
 * that all the same, and computes on the padding: with the channels innermost
 * the gradients of such a layer were measured two to three times as fast. */
static bool pads_much(sv_dnnl_build *build, const conv *c) {
  bool forward = c->site->pass == SV_FORWARD;
  const sv_shape *shape = forward ? &c->y->shape : &c->x->shape;
  sv_shape seen;
  sv_layout layout;
  bool much = false;
  if (make_pd(build, c, dnnl_convolution_direct, ANY) == SV_OK) {
    dnnl_query_t image = forward ? dnnl_query_dst_md
                         : c->prop == dnnl_backward_data
                             ? dnnl_query_diff_src_md
                             : dnnl_query_src_md;
    sv_const_md md = dnnl_primitive_desc_query_md(build->pd, image, 0);
    much = sv_md_blocks(md, &seen, &layout) &&
           layout.bytes / sizeof(float) >= 2 * (size_t)sv_shape_count(shape);
  }
  sv_dnnl_clear(build);
  return much;
}

static sv_status finish(sv_dnnl_build *build, const conv *c) {
  SV_TRY(sv_dnnl_make(build));
  switch (build->site->pass) {
    case SV_BACKWARD_DATA: return bind_data(build, c);
    case SV_BACKWARD_PARAMS: return bind_params(build, c);
    default: return bind_forward(build, c);
  }
}

/* As much of the tail as a kernel made for the convolution takes. */
static sv_status make_with_tail(sv_dnnl_build *build, conv *c,
                                dnnl_alg_kind_t alg, format format) {
  for (c->tail = build->site->tail_count; c->tail > 0; c->tail--) {
    if (sv_dnnl_tail(build, c->tail) == SV_OK &&
        make_pd(build, c, alg, format) == SV_OK &&
        sv_dnnl_grade_of(build->pd) == SV_DNNL_DIRECT)
      return SV_OK;
    sv_dnnl_clear(build);
  }
  return make_pd(build, c, alg, format);
}

/* Winograd's algorithm does fewer multiplications, and rounds otherwise: by
 * 1e-5 of the largest result, where it was measured. It is faster where there
 * are many channels and whole tiles. */
static bool winograd_pays(const conv *c) {
  const sv_dnnl_window *w = &c->window;
  const sv_shape *x = &c->x->shape, *y = &c->y->shape;
  enum { CHANNELS = 64, TILES = 4 };
  if (c->site->pass != SV_FORWARD || c->site->backward || x->rank != 4 ||
      c->kernel.groups > 1 || x->dim[1] < CHANNELS || y->dim[1] < CHANNELS)
    return false;
  for (int d = 0; d < 2; d++)
    if (w->kernel[d] != 3 || w->stride[d] != 1 || w->dilation[d] != 0 ||
        y->dim[2 + d] < 4 * TILES)
      return false;
  return true;
}

enum { WAYS = 8 };

static sv_status make(sv_dnnl_build *build, int way) {
  static const struct {
    dnnl_alg_kind_t alg;
    format format;
    bool if_padded; /* a way that is best where blocks would pad much */
    bool if_pays;
  } ways[WAYS] = {{dnnl_convolution_winograd, ANY, false, true},
                  {dnnl_convolution_direct, CHANNELS_LAST, true, false},
                  {dnnl_convolution_direct, ANY, false, false},
                  {dnnl_convolution_direct, AS_IS, false, false},
                  {dnnl_convolution_direct, CHANNELS_LAST, false, false},
                  {dnnl_convolution_direct, ROWS, false, false},
                  {dnnl_convolution_direct, ALL_ROWS, false, false},
                  {dnnl_convolution_winograd, ANY, false, false}};
  conv c;
  SV_TRY(describe(&c, build->site, build->context != NULL));
  if (ways[way].format == ALL_ROWS && !c.kernel.groups) return SV_UNSUPPORTED;
  if (c.transposed) {
    if (ways[way].if_padded || ways[way].alg != dnnl_convolution_direct)
      return SV_UNSUPPORTED;
    SV_TRY(make_pd(build, &c, dnnl_deconvolution_direct, ways[way].format));
    return finish(build, &c);
  }
  if (ways[way].alg == dnnl_convolution_winograd &&
      (build->site->exact || winograd_pays(&c) != ways[way].if_pays))
    return SV_UNSUPPORTED;
  if (ways[way].format < ROWS && writes_past_scratch(&c)) return SV_UNSUPPORTED;
  if (ways[way].if_padded && !pads_much(build, &c)) return SV_UNSUPPORTED;
  SV_TRY(make_with_tail(build, &c, ways[way].alg, ways[way].format));
  if (ways[way].if_padded && sv_dnnl_grade_of(build->pd) != SV_DNNL_DIRECT)
    return SV_UNSUPPORTED;
  return finish(build, &c);
}

static sv_status plan(const sv_site *site, sv_need *need, void **impl) {
  return sv_dnnl_plan(site, need, impl, make, WAYS, NULL);
}

sv_status sv_dnnl_run_conv(void *impl, const sv_args *args) {
  SV_TRY(sv_dnnl_run(impl, args));
  if (args->pass == SV_BACKWARD_PARAMS) sv_dnnl_finish_bias(args);
  return SV_OK;
}

const sv_kernel sv_dnnl_conv = {plan, sv_dnnl_run_conv, sv_dnnl_destroy};

sv_status sv_dnnl_plan_conv_transpose(const sv_site *site, sv_need *need,
                                      void **impl) {
  return sv_dnnl_plan(site, need, impl, make, WAYS, &sv_dnnl_conv_transpose);
}
