#include "dnnl/api.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"

/* ---- What every primitive shares: the engine, and the attribute that lets
 * the plan hand out scratch memory ---- */

static dnnl_engine_t engine;
static dnnl_primitive_attr_t user_scratch;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
  if (dnnl_primitive_attr_create(&user_scratch) != dnnl_success ||
      dnnl_primitive_attr_set_scratchpad_mode(
          user_scratch, dnnl_scratchpad_mode_user) != dnnl_success)
    engine = NULL;
}

dnnl_engine_t sv_dnnl_engine(void) {
  pthread_once(&once, start);
  return engine;
}

sv_status sv_dnnl_status(dnnl_status_t status) {
  if (status == dnnl_success) return SV_OK;
  if (status == dnnl_out_of_memory)
    return sv_fail(SV_NO_MEMORY, "oneDNN is out of memory");
  return SV_UNSUPPORTED;
}

bool sv_md_absent(sv_const_md md) {
  return !md || dnnl_memory_desc_get_size(md) == 0;
}

/* oneDNN's lists are longer than ours. */
typedef struct wide {
  dnnl_dims_t dims, strides;
} wide;

static wide widen(const sv_shape *shape, const sv_layout *layout) {
  wide w = {.dims = {0}};
  memcpy(w.dims, shape->dim, sizeof shape->dim);
  if (layout) memcpy(w.strides, layout->stride, sizeof layout->stride);
  return w;
}

static int64_t block_of(const sv_layout *layout, int dim) {
  int64_t product = 1;
  for (int i = 0; i < layout->inner_count; i++)
    if (layout->inner_dim[i] == dim) product *= layout->inner_size[i];
  return product;
}

#if DNNL_VERSION_MAJOR >= 3
/* ---- Version 3: descriptors are opaque ---- */

sv_status sv_md_any(sv_md *md, const sv_shape *shape) {
  wide w = widen(shape, NULL);
  return sv_dnnl_status(dnnl_memory_desc_create_with_tag(
      md, shape->rank, w.dims, dnnl_f32, dnnl_format_tag_any));
}

static const void *query(sv_const_md md, dnnl_query_t what) {
  const void *answer = NULL;
  dnnl_memory_desc_query(md, what, &answer);
  return answer;
}

bool sv_md_blocks(sv_const_md md, sv_shape *shape, sv_layout *layout) {
  dnnl_format_kind_t kind = dnnl_format_kind_undef;
  int rank = 0, blocks = 0;
  dnnl_memory_desc_query(md, dnnl_query_format_kind, &kind);
  dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &rank);
  dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32, &blocks);
  if (kind != dnnl_blocked || rank > SV_MAX_RANK || blocks > SV_MAX_INNER)
    return false;
  const dnnl_dim_t *dims = query(md, dnnl_query_dims);
  const dnnl_dim_t *strides = query(md, dnnl_query_strides);
  const dnnl_dim_t *sizes = query(md, dnnl_query_inner_blks);
  const dnnl_dim_t *which = query(md, dnnl_query_inner_idxs);
  *shape = (sv_shape){.rank = rank};
  *layout = (sv_layout){.kind = blocks ? SV_BLOCKED : SV_PLAIN,
                        .inner_count = blocks,
                        .bytes = dnnl_memory_desc_get_size(md)};
  for (int i = 0; i < rank; i++) {
    shape->dim[i] = dims[i];
    layout->stride[i] = strides[i];
  }
  for (int i = 0; i < blocks; i++) {
    layout->inner_dim[i] = (int)which[i];
    layout->inner_size[i] = sizes[i];
  }
  return true;
}

/* Blocks alone: strides of dimensions of one block are arbitrary. */
static bool same_blocks(sv_const_md md, const sv_layout *layout) {
  sv_shape shape;
  sv_layout found;
  if (!sv_md_blocks(md, &shape, &found) || found.bytes != layout->bytes ||
      found.inner_count != layout->inner_count)
    return false;
  for (int i = 0; i < found.inner_count; i++)
    if (found.inner_dim[i] != layout->inner_dim[i] ||
        found.inner_size[i] != layout->inner_size[i])
      return false;
  for (int i = 0; i < shape.rank; i++) {
    int64_t block = block_of(layout, i);
    if (shape.dim[i] > block && found.stride[i] != layout->stride[i])
      return false;
  }
  return true;
}

/* No call makes a blocked format from its parts: its tag is looked for. */
static sv_status find_blocked(sv_md *md, const sv_shape *shape,
                              const sv_layout *layout) {
  wide w = widen(shape, NULL);
  for (int tag = dnnl_format_tag_any + 1; tag < dnnl_format_tag_last; tag++) {
    if (dnnl_memory_desc_create_with_tag(md, shape->rank, w.dims, dnnl_f32,
                                         (dnnl_format_tag_t)tag))
      continue;
    if (same_blocks(*md, layout)) return SV_OK;
    dnnl_memory_desc_destroy(*md);
    *md = NULL;
  }
  return SV_UNSUPPORTED;
}

sv_status sv_md_known(sv_md *md, const sv_shape *shape,
                      const sv_layout *layout) {
  *md = NULL;
  if (layout->kind == SV_BLOCKED) return find_blocked(md, shape, layout);
  wide w = widen(shape, layout);
  return sv_dnnl_status(dnnl_memory_desc_create_with_strides(
      md, shape->rank, w.dims, dnnl_f32, w.strides));
}

sv_status sv_md_copy(sv_md *md, sv_const_md from) {
  return sv_dnnl_status(dnnl_memory_desc_clone(md, from));
}

void sv_md_free(sv_md md) {
  if (md) dnnl_memory_desc_destroy(md);
}

sv_status sv_pd_conv(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w,
                     const_dnnl_primitive_desc_t hint) {
  dnnl_status_t status;
  bool back = alg == dnnl_deconvolution_direct;
  if (prop == dnnl_backward_data)
    status = (back ? dnnl_deconvolution_backward_data_primitive_desc_create
                   : dnnl_convolution_backward_data_primitive_desc_create)(
        pd, engine, alg, md->src, md->weights, md->dst, w->stride, w->dilation,
        w->begin, w->end, hint, user_scratch);
  else if (prop == dnnl_backward_weights)
    status = (back ? dnnl_deconvolution_backward_weights_primitive_desc_create
                   : dnnl_convolution_backward_weights_primitive_desc_create)(
        pd, engine, alg, md->src, md->weights, md->bias, md->dst, w->stride,
        w->dilation, w->begin, w->end, hint, user_scratch);
  else
    status = (back ? dnnl_deconvolution_forward_primitive_desc_create
                   : dnnl_convolution_forward_primitive_desc_create)(
        pd, engine, prop, alg, md->src, md->weights, md->bias, md->dst,
        w->stride, w->dilation, w->begin, w->end, user_scratch);
  return sv_dnnl_status(status);
}

sv_status sv_pd_inner_product(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                              const sv_dnnl_operands *md,
                              const_dnnl_primitive_desc_t hint) {
  dnnl_status_t status;
  if (prop == dnnl_backward_data)
    status = dnnl_inner_product_backward_data_primitive_desc_create(
        pd, engine, md->src, md->weights, md->dst, hint, user_scratch);
  else if (prop == dnnl_backward_weights)
    status = dnnl_inner_product_backward_weights_primitive_desc_create(
        pd, engine, md->src, md->weights, md->bias, md->dst, hint,
        user_scratch);
  else
    status = dnnl_inner_product_forward_primitive_desc_create(
        pd, engine, prop, md->src, md->weights, md->bias, md->dst,
        user_scratch);
  return sv_dnnl_status(status);
}

sv_status sv_pd_pool(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w,
                     const_dnnl_primitive_desc_t hint) {
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_pooling_backward_primitive_desc_create(
        pd, engine, alg, md->src, md->dst, w->stride, w->kernel, w->dilation,
        w->begin, w->end, hint, user_scratch));
  return sv_dnnl_status(dnnl_pooling_forward_primitive_desc_create(
      pd, engine, prop, alg, md->src, md->dst, w->stride, w->kernel,
      w->dilation, w->begin, w->end, user_scratch));
}

sv_status sv_pd_eltwise(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        const sv_dnnl_function *f, sv_const_md md,
                        const_dnnl_primitive_desc_t hint) {
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_eltwise_backward_primitive_desc_create(
        pd, engine, f->alg, md, md, md, f->alpha, f->beta, hint, user_scratch));
  return sv_dnnl_status(dnnl_eltwise_forward_primitive_desc_create(
      pd, engine, prop, f->alg, md, md, f->alpha, f->beta, user_scratch));
}

sv_status sv_pd_softmax(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        dnnl_alg_kind_t alg, sv_const_md md, int axis,
                        const_dnnl_primitive_desc_t hint) {
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_softmax_backward_primitive_desc_create(
        pd, engine, alg, md, md, md, axis, hint, user_scratch));
  return sv_dnnl_status(dnnl_softmax_forward_primitive_desc_create(
      pd, engine, prop, alg, md, md, axis, user_scratch));
}

sv_status sv_pd_batch_norm(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                           sv_const_md md, float epsilon, unsigned flags,
                           const_dnnl_primitive_desc_t hint) {
  flags |= dnnl_use_scale | dnnl_use_shift;
  if (prop == dnnl_backward || prop == dnnl_backward_data)
    return sv_dnnl_status(
        dnnl_batch_normalization_backward_primitive_desc_create(
            pd, engine, prop, md, md, md, epsilon, flags, hint, user_scratch));
  return sv_dnnl_status(dnnl_batch_normalization_forward_primitive_desc_create(
      pd, engine, prop, md, md, epsilon, flags, user_scratch));
}

sv_status sv_pd_lrn(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                    sv_const_md md, const sv_dnnl_lrn_numbers *n,
                    const_dnnl_primitive_desc_t hint) {
  dnnl_alg_kind_t alg = dnnl_lrn_across_channels;
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_lrn_backward_primitive_desc_create(
        pd, engine, alg, md, md, md, n->size, n->alpha, n->beta, n->k, hint,
        user_scratch));
  return sv_dnnl_status(dnnl_lrn_forward_primitive_desc_create(
      pd, engine, prop, alg, md, md, n->size, n->alpha, n->beta, n->k,
      user_scratch));
}

sv_status sv_pd_matmul(dnnl_primitive_desc_t *pd, sv_const_md a, sv_const_md b,
                       sv_const_md product) {
  return sv_dnnl_status(dnnl_matmul_primitive_desc_create(
      pd, engine, a, b, NULL, product, user_scratch));
}

sv_status sv_pd_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg,
                       sv_const_md a, sv_const_md b, sv_const_md result) {
  return sv_dnnl_status(dnnl_binary_primitive_desc_create(
      pd, engine, alg, a, b, result, user_scratch));
}

#else
/* ---- Version 2: descriptors are structs, and primitive descriptors are made
 * from operation descriptors ---- */

static sv_status fresh(sv_md *md) { return sv_alloc(md, sizeof **md); }

static sv_status made(sv_md *md, dnnl_status_t status) {
  if (status == dnnl_success) return SV_OK;
  sv_free(*md);
  *md = NULL;
  return sv_dnnl_status(status);
}

sv_status sv_md_any(sv_md *md, const sv_shape *shape) {
  wide w = widen(shape, NULL);
  SV_TRY(fresh(md));
  return made(md, dnnl_memory_desc_init_by_tag(*md, shape->rank, w.dims,
                                               dnnl_f32, dnnl_format_tag_any));
}

/* oneDNN checks strides for overlap, but not knowing of blocks: those of a
 * blocked format are put in afterwards. */
sv_status sv_md_known(sv_md *md, const sv_shape *shape,
                      const sv_layout *layout) {
  bool blocked = layout->kind == SV_BLOCKED;
  wide w = widen(shape, layout);
  SV_TRY(fresh(md));
  SV_TRY(made(
      md, dnnl_memory_desc_init_by_strides(*md, shape->rank, w.dims, dnnl_f32,
                                           blocked ? NULL : w.strides)));
  if (!blocked) return SV_OK;
  dnnl_blocking_desc_t *blocking = &(*md)->format_desc.blocking;
  memcpy(blocking->strides, w.strides, sizeof w.strides);
  blocking->inner_nblks = layout->inner_count;
  for (int i = 0; i < layout->inner_count; i++) {
    blocking->inner_idxs[i] = layout->inner_dim[i];
    blocking->inner_blks[i] = layout->inner_size[i];
  }
  for (int i = 0; i < shape->rank; i++) {
    int64_t block = block_of(layout, i);
    (*md)->padded_dims[i] = (shape->dim[i] + block - 1) / block * block;
  }
  return SV_OK;
}

sv_status sv_md_copy(sv_md *md, sv_const_md from) {
  SV_TRY(fresh(md));
  **md = *from;
  return SV_OK;
}

void sv_md_free(sv_md md) { sv_free(md); }

bool sv_md_blocks(sv_const_md md, sv_shape *shape, sv_layout *layout) {
  const dnnl_blocking_desc_t *blocking = &md->format_desc.blocking;
  if (md->format_kind != dnnl_blocked || md->extra.flags || md->offset0 ||
      md->ndims > SV_MAX_RANK || blocking->inner_nblks > SV_MAX_INNER)
    return false;
  *shape = (sv_shape){.rank = md->ndims};
  *layout = (sv_layout){.kind = blocking->inner_nblks ? SV_BLOCKED : SV_PLAIN,
                        .inner_count = blocking->inner_nblks,
                        .bytes = dnnl_memory_desc_get_size(md)};
  for (int i = 0; i < md->ndims; i++) {
    shape->dim[i] = md->dims[i];
    layout->stride[i] = blocking->strides[i];
  }
  for (int i = 0; i < blocking->inner_nblks; i++) {
    layout->inner_dim[i] = (int)blocking->inner_idxs[i];
    layout->inner_size[i] = blocking->inner_blks[i];
  }
  return true;
}

/* From an operation's descriptor of any kind, once it is well formed. */
static sv_status describe(dnnl_primitive_desc_t *pd, dnnl_status_t status,
                          const void *operation,
                          const_dnnl_primitive_desc_t hint) {
  if (status == dnnl_success)
    status =
        dnnl_primitive_desc_create(pd, operation, user_scratch, engine, hint);
  return sv_dnnl_status(status);
}

sv_status sv_pd_conv(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w,
                     const_dnnl_primitive_desc_t hint) {
  dnnl_convolution_desc_t op;
  dnnl_status_t status;
  bool back = alg == dnnl_deconvolution_direct;
  if (prop == dnnl_backward_data)
    status = (back ? dnnl_dilated_deconvolution_backward_data_desc_init
                   : dnnl_dilated_convolution_backward_data_desc_init)(
        &op, alg, md->src, md->weights, md->dst, w->stride, w->dilation,
        w->begin, w->end);
  else if (prop == dnnl_backward_weights)
    status = (back ? dnnl_dilated_deconvolution_backward_weights_desc_init
                   : dnnl_dilated_convolution_backward_weights_desc_init)(
        &op, alg, md->src, md->weights, md->bias, md->dst, w->stride,
        w->dilation, w->begin, w->end);
  else
    status = (back ? dnnl_dilated_deconvolution_forward_desc_init
                   : dnnl_dilated_convolution_forward_desc_init)(
        &op, prop, alg, md->src, md->weights, md->bias, md->dst, w->stride,
        w->dilation, w->begin, w->end);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_inner_product(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                              const sv_dnnl_operands *md,
                              const_dnnl_primitive_desc_t hint) {
  dnnl_inner_product_desc_t op;
  dnnl_status_t status;
  if (prop == dnnl_backward_data)
    status = dnnl_inner_product_backward_data_desc_init(&op, md->src,
                                                        md->weights, md->dst);
  else if (prop == dnnl_backward_weights)
    status = dnnl_inner_product_backward_weights_desc_init(
        &op, md->src, md->weights, md->bias, md->dst);
  else
    status = dnnl_inner_product_forward_desc_init(
        &op, prop, md->src, md->weights, md->bias, md->dst);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_pool(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w,
                     const_dnnl_primitive_desc_t hint) {
  dnnl_pooling_v2_desc_t op;
  dnnl_status_t status;
  if (prop == dnnl_backward_data)
    status = dnnl_pooling_v2_backward_desc_init(&op, alg, md->src, md->dst,
                                                w->stride, w->kernel,
                                                w->dilation, w->begin, w->end);
  else
    status = dnnl_pooling_v2_forward_desc_init(&op, prop, alg, md->src, md->dst,
                                               w->stride, w->kernel,
                                               w->dilation, w->begin, w->end);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_eltwise(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        const sv_dnnl_function *f, sv_const_md md,
                        const_dnnl_primitive_desc_t hint) {
  dnnl_eltwise_desc_t op;
  dnnl_status_t status = prop == dnnl_backward_data
                             ? dnnl_eltwise_backward_desc_init(
                                   &op, f->alg, md, md, f->alpha, f->beta)
                             : dnnl_eltwise_forward_desc_init(
                                   &op, prop, f->alg, md, f->alpha, f->beta);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_softmax(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        dnnl_alg_kind_t alg, sv_const_md md, int axis,
                        const_dnnl_primitive_desc_t hint) {
  dnnl_softmax_v2_desc_t op;
  dnnl_status_t status =
      prop == dnnl_backward_data
          ? dnnl_softmax_v2_backward_desc_init(&op, alg, md, md, md, axis)
          : dnnl_softmax_v2_forward_desc_init(&op, prop, alg, md, md, axis);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_batch_norm(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                           sv_const_md md, float epsilon, unsigned flags,
                           const_dnnl_primitive_desc_t hint) {
  dnnl_batch_normalization_desc_t op;
  flags |= dnnl_use_scale | dnnl_use_shift;
  dnnl_status_t status = prop == dnnl_backward || prop == dnnl_backward_data
                             ? dnnl_batch_normalization_backward_desc_init(
                                   &op, prop, md, md, epsilon, flags)
                             : dnnl_batch_normalization_forward_desc_init(
                                   &op, prop, md, epsilon, flags);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_lrn(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                    sv_const_md md, const sv_dnnl_lrn_numbers *n,
                    const_dnnl_primitive_desc_t hint) {
  dnnl_lrn_desc_t op;
  dnnl_alg_kind_t alg = dnnl_lrn_across_channels;
  dnnl_status_t status =
      prop == dnnl_backward_data
          ? dnnl_lrn_backward_desc_init(&op, alg, md, md, n->size, n->alpha,
                                        n->beta, n->k)
          : dnnl_lrn_forward_desc_init(&op, prop, alg, md, n->size, n->alpha,
                                       n->beta, n->k);
  return describe(pd, status, &op, hint);
}

sv_status sv_pd_matmul(dnnl_primitive_desc_t *pd, sv_const_md a, sv_const_md b,
                       sv_const_md product) {
  dnnl_matmul_desc_t op;
  return describe(pd, dnnl_matmul_desc_init(&op, a, b, NULL, product), &op,
                  NULL);
}

sv_status sv_pd_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg,
                       sv_const_md a, sv_const_md b, sv_const_md result) {
  dnnl_binary_desc_t op;
  return describe(pd, dnnl_binary_desc_init(&op, alg, a, b, result), &op, NULL);
}
#endif

sv_status sv_pd_reorder(dnnl_primitive_desc_t *pd, sv_const_md from,
                        sv_const_md to) {
  return sv_dnnl_status(dnnl_reorder_primitive_desc_create(
      pd, from, engine, to, engine, user_scratch));
}
