/* oneDNN from version 3 on: descriptors are opaque. */
#include "dnnl/api_parts.h"

#if DNNL_VERSION_MAJOR >= 3

/* ---- Memory ---- */

sv_status sv_md_any(sv_md *md, const sv_shape *shape) {
  sv_dnnl_lists w = sv_dnnl_widen(shape, NULL);
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
    int64_t block = sv_dnnl_block(layout, i);
    if (shape.dim[i] > block && found.stride[i] != layout->stride[i])
      return false;
  }
  return true;
}

/* No call makes a blocked format from its parts: its tag is looked for. */
static sv_status find_blocked(sv_md *md, const sv_shape *shape,
                              const sv_layout *layout) {
  sv_dnnl_lists w = sv_dnnl_widen(shape, NULL);
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
  sv_dnnl_lists w = sv_dnnl_widen(shape, layout);
  return sv_dnnl_status(dnnl_memory_desc_create_with_strides(
      md, shape->rank, w.dims, dnnl_f32, w.strides));
}

sv_status sv_md_copy(sv_md *md, sv_const_md from) {
  return sv_dnnl_status(dnnl_memory_desc_clone(md, from));
}

void sv_md_free(sv_md md) {
  if (md) dnnl_memory_desc_destroy(md);
}

/* ---- Primitives ---- */

dnnl_status_t sv_dnnl_add_post(dnnl_post_ops_t list, const sv_dnnl_post *post) {
  return post->sum ? dnnl_post_ops_append_sum(list, 1, 0, dnnl_f32)
                   : dnnl_post_ops_append_eltwise(list, post->alg, post->alpha,
                                                  post->beta);
}

sv_status sv_pd_conv(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w, const_dnnl_primitive_attr_t attr,
                     const_dnnl_primitive_desc_t hint) {
  dnnl_status_t status;
  bool back = alg == dnnl_deconvolution_direct;
  if (prop == dnnl_backward_data)
    status = (back ? dnnl_deconvolution_backward_data_primitive_desc_create
                   : dnnl_convolution_backward_data_primitive_desc_create)(
        pd, sv_dnnl_engine(), alg, md->src, md->weights, md->dst, w->stride,
        w->dilation, w->begin, w->end, hint, sv_dnnl_scratch());
  else if (prop == dnnl_backward_weights)
    status = (back ? dnnl_deconvolution_backward_weights_primitive_desc_create
                   : dnnl_convolution_backward_weights_primitive_desc_create)(
        pd, sv_dnnl_engine(), alg, md->src, md->weights, md->bias, md->dst,
        w->stride, w->dilation, w->begin, w->end, hint, sv_dnnl_scratch());
  else
    status = (back ? dnnl_deconvolution_forward_primitive_desc_create
                   : dnnl_convolution_forward_primitive_desc_create)(
        pd, sv_dnnl_engine(), prop, alg, md->src, md->weights, md->bias,
        md->dst, w->stride, w->dilation, w->begin, w->end,
        attr ? attr : sv_dnnl_scratch());
  return sv_dnnl_status(status);
}

sv_status sv_pd_inner_product(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                              const sv_dnnl_operands *md,
                              const_dnnl_primitive_desc_t hint) {
  dnnl_status_t status;
  if (prop == dnnl_backward_data)
    status = dnnl_inner_product_backward_data_primitive_desc_create(
        pd, sv_dnnl_engine(), md->src, md->weights, md->dst, hint,
        sv_dnnl_scratch());
  else if (prop == dnnl_backward_weights)
    status = dnnl_inner_product_backward_weights_primitive_desc_create(
        pd, sv_dnnl_engine(), md->src, md->weights, md->bias, md->dst, hint,
        sv_dnnl_scratch());
  else
    status = dnnl_inner_product_forward_primitive_desc_create(
        pd, sv_dnnl_engine(), prop, md->src, md->weights, md->bias, md->dst,
        sv_dnnl_scratch());
  return sv_dnnl_status(status);
}

sv_status sv_pd_pool(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *w,
                     const_dnnl_primitive_desc_t hint) {
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_pooling_backward_primitive_desc_create(
        pd, sv_dnnl_engine(), alg, md->src, md->dst, w->stride, w->kernel,
        w->dilation, w->begin, w->end, hint, sv_dnnl_scratch()));
  return sv_dnnl_status(dnnl_pooling_forward_primitive_desc_create(
      pd, sv_dnnl_engine(), prop, alg, md->src, md->dst, w->stride, w->kernel,
      w->dilation, w->begin, w->end, sv_dnnl_scratch()));
}

sv_status sv_pd_eltwise(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        const sv_dnnl_function *f, sv_const_md md,
                        const_dnnl_primitive_desc_t hint) {
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_eltwise_backward_primitive_desc_create(
        pd, sv_dnnl_engine(), f->alg, md, md, md, f->alpha, f->beta, hint,
        sv_dnnl_scratch()));
  return sv_dnnl_status(dnnl_eltwise_forward_primitive_desc_create(
      pd, sv_dnnl_engine(), prop, f->alg, md, md, f->alpha, f->beta,
      sv_dnnl_scratch()));
}

sv_status sv_pd_softmax(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        dnnl_alg_kind_t alg, sv_const_md md, int axis,
                        const_dnnl_primitive_desc_t hint) {
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_softmax_backward_primitive_desc_create(
        pd, sv_dnnl_engine(), alg, md, md, md, axis, hint, sv_dnnl_scratch()));
  return sv_dnnl_status(dnnl_softmax_forward_primitive_desc_create(
      pd, sv_dnnl_engine(), prop, alg, md, md, axis, sv_dnnl_scratch()));
}

sv_status sv_pd_batch_norm(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                           sv_const_md md, float epsilon, unsigned flags,
                           const_dnnl_primitive_desc_t hint) {
  flags |= dnnl_use_scale | dnnl_use_shift;
  if (prop == dnnl_backward || prop == dnnl_backward_data)
    return sv_dnnl_status(
        dnnl_batch_normalization_backward_primitive_desc_create(
            pd, sv_dnnl_engine(), prop, md, md, md, epsilon, flags, hint,
            sv_dnnl_scratch()));
  return sv_dnnl_status(dnnl_batch_normalization_forward_primitive_desc_create(
      pd, sv_dnnl_engine(), prop, md, md, epsilon, flags, sv_dnnl_scratch()));
}

sv_status sv_pd_lrn(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                    sv_const_md md, const sv_dnnl_lrn_numbers *n,
                    const_dnnl_primitive_desc_t hint) {
  dnnl_alg_kind_t alg = dnnl_lrn_across_channels;
  if (prop == dnnl_backward_data)
    return sv_dnnl_status(dnnl_lrn_backward_primitive_desc_create(
        pd, sv_dnnl_engine(), alg, md, md, md, n->size, n->alpha, n->beta, n->k,
        hint, sv_dnnl_scratch()));
  return sv_dnnl_status(dnnl_lrn_forward_primitive_desc_create(
      pd, sv_dnnl_engine(), prop, alg, md, md, n->size, n->alpha, n->beta, n->k,
      sv_dnnl_scratch()));
}

sv_status sv_pd_matmul(dnnl_primitive_desc_t *pd, sv_const_md a, sv_const_md b,
                       sv_const_md product) {
  return sv_dnnl_status(dnnl_matmul_primitive_desc_create(
      pd, sv_dnnl_engine(), a, b, NULL, product, sv_dnnl_scratch()));
}

sv_status sv_pd_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg,
                       sv_const_md a, sv_const_md b, sv_const_md result) {
  return sv_dnnl_status(dnnl_binary_primitive_desc_create(
      pd, sv_dnnl_engine(), alg, a, b, result, sv_dnnl_scratch()));
}

sv_status sv_pd_next(dnnl_primitive_desc_t pd) {
  return dnnl_primitive_desc_next_impl(pd) == dnnl_success ? SV_OK
                                                           : SV_UNSUPPORTED;
}

const sv_dnnl_isa sv_dnnl_known_isas[] = {
    {"SSE41", dnnl_cpu_isa_sse41},
    {"AVX", dnnl_cpu_isa_avx},
    {"AVX2", dnnl_cpu_isa_avx2},
    {"AVX2_VNNI", dnnl_cpu_isa_avx2_vnni},
    {"AVX2_VNNI_2", dnnl_cpu_isa_avx2_vnni_2},
    {"AVX512_CORE", dnnl_cpu_isa_avx512_core},
    {"AVX512_CORE_VNNI", dnnl_cpu_isa_avx512_core_vnni},
    {"AVX512_CORE_BF16", dnnl_cpu_isa_avx512_core_bf16},
    {"AVX512_CORE_FP16", dnnl_cpu_isa_avx512_core_fp16},
    {"AVX512_CORE_AMX", dnnl_cpu_isa_avx512_core_amx},
    {"AVX512_CORE_AMX_FP16", dnnl_cpu_isa_avx512_core_amx_fp16},
    {NULL, dnnl_cpu_isa_default}};

#endif
