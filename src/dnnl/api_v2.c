/* oneDNN's version 2: descriptors are structs, and primitive descriptors are
 * made from operation descriptors. */
#include "dnnl/api_parts.h"

#if DNNL_VERSION_MAJOR < 3

#include <string.h>

#include "base/memory.h"

/* ---- Memory ---- */

static sv_status fresh(sv_md *md) { return sv_alloc(md, sizeof **md); }

static sv_status made(sv_md *md, dnnl_status_t status) {
  if (status == dnnl_success) return SV_OK;
  sv_free(*md);
  *md = NULL;
  return sv_dnnl_status(status);
}

sv_status sv_md_any(sv_md *md, const sv_shape *shape) {
  sv_dnnl_lists w = sv_dnnl_widen(shape, NULL);
  SV_TRY(fresh(md));
  return made(md, dnnl_memory_desc_init_by_tag(*md, shape->rank, w.dims,
                                               dnnl_f32, dnnl_format_tag_any));
}

/* oneDNN checks strides for overlap, but not knowing of blocks: those of a
 * blocked format are put in afterwards. */
sv_status sv_md_known(sv_md *md, const sv_shape *shape,
                      const sv_layout *layout) {
  bool blocked = layout->kind == SV_BLOCKED;
  sv_dnnl_lists w = sv_dnnl_widen(shape, layout);
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
    int64_t block = sv_dnnl_block(layout, i);
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

/* ---- Primitives ---- */

/* From an operation's descriptor of any kind, once it is well formed. */
static sv_status describe_with(dnnl_primitive_desc_t *pd, dnnl_status_t status,
                               const void *operation,
                               const_dnnl_primitive_attr_t attr,
                               const_dnnl_primitive_desc_t hint) {
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(
        pd, operation, attr ? attr : sv_dnnl_scratch(), sv_dnnl_engine(), hint);
  return sv_dnnl_status(status);
}

static sv_status describe(dnnl_primitive_desc_t *pd, dnnl_status_t status,
                          const void *operation,
                          const_dnnl_primitive_desc_t hint) {
  return describe_with(pd, status, operation, NULL, hint);
}

dnnl_status_t sv_dnnl_add_post(dnnl_post_ops_t list, const sv_dnnl_post *post) {
  return post->sum ? dnnl_post_ops_append_sum(list, 1)
                   : dnnl_post_ops_append_eltwise(list, 1, post->alg,
                                                  post->alpha, post->beta);
}

sv_status sv_pd_conv(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w, const_dnnl_primitive_attr_t attr,
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
  return describe_with(pd, status, &op, attr, hint);
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

sv_status sv_pd_next(dnnl_primitive_desc_t pd) {
  (void)pd;
  return SV_UNSUPPORTED;
}

const sv_dnnl_isa sv_dnnl_known_isas[] = {
    {"SSE41", dnnl_cpu_isa_sse41},
    {"AVX", dnnl_cpu_isa_avx},
    {"AVX2", dnnl_cpu_isa_avx2},
    {"AVX2_VNNI", dnnl_cpu_isa_avx2_vnni},
    {"AVX512_CORE", dnnl_cpu_isa_avx512_core},
    {"AVX512_CORE_VNNI", dnnl_cpu_isa_avx512_core_vnni},
    {"AVX512_CORE_BF16", dnnl_cpu_isa_avx512_core_bf16},
    {"AVX512_CORE_AMX", dnnl_cpu_isa_avx512_core_amx},
    {NULL, dnnl_cpu_isa_all}};

#endif
