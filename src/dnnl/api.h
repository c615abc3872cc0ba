/* oneDNN's API for this backend: memory and primitive descriptors with one
 * interface for versions 2 and 3. Only api_v2.c and api_v3.c depend on the
 * version. */
#ifndef SV_DNNL_API_H
#define SV_DNNL_API_H

#include <dnnl.h>
#include <svertka/tensor.h>

#include "base/error.h"

/* A handle to a memory descriptor, as in version 3. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t sv_md;
typedef const_dnnl_memory_desc_t sv_const_md;
#else
typedef dnnl_memory_desc_t *sv_md;
typedef const dnnl_memory_desc_t *sv_const_md;
#endif

/* Converts a status of oneDNN: anything unsupported or rejected becomes
 * SV_UNSUPPORTED, so that another kernel is tried. */
sv_status sv_dnnl_status(dnnl_status_t status) SV_CHECKED;

/* ---- Instruction sets ---- */

typedef struct sv_dnnl_isa {
  const char *name; /* as in ONEDNN_MAX_CPU_ISA */
  dnnl_cpu_isa_t isa;
} sv_dnnl_isa;

/* The x86-64 instruction sets that this version of oneDNN supports, each after
 * those that it includes; ends with a name of NULL. */
extern const sv_dnnl_isa sv_dnnl_known_isas[];

/* ---- Memory descriptors, always f32; free with sv_md_free ---- */

/* The primitive may choose the layout. */
sv_status sv_md_any(sv_md *md, const sv_shape *shape) SV_CHECKED;
/* PLAIN or BLOCKED; SV_UNSUPPORTED if this oneDNN has no such format. */
sv_status sv_md_known(sv_md *md, const sv_shape *shape,
                      const sv_layout *layout) SV_CHECKED;
sv_status sv_md_copy(sv_md *md, sv_const_md from) SV_CHECKED;
void sv_md_free(sv_md md); /* accepts NULL */

/* Strides and blocks; false if the format has another form. */
bool sv_md_blocks(sv_const_md md, sv_shape *shape, sv_layout *layout);
bool sv_md_absent(sv_const_md md); /* NULL or without dimensions */

/* ---- Primitive descriptors; free with dnnl_primitive_desc_destroy ---- */

/* Sliding windows. Dilation counts from 0, as in oneDNN. */
typedef struct sv_dnnl_window {
  dnnl_dims_t kernel, stride, dilation, begin, end;
} sv_dnnl_window;

/* The operands by their forward names; in a backward pass their gradients that
 * the pass reads or computes. */
typedef struct sv_dnnl_operands {
  sv_const_md src, weights, bias, dst; /* bias: NULL if there is none */
} sv_dnnl_operands;

/* An operation on the result of a primitive, before it is written: y += what
 * lies at the destination (sum), or y = f(y). */
typedef struct sv_dnnl_post {
  bool sum;
  dnnl_alg_kind_t alg;
  float alpha, beta;
} sv_dnnl_post;

/* Attributes with these operations; free with dnnl_primitive_attr_destroy. */
sv_status sv_dnnl_attr(dnnl_primitive_attr_t *attr, const sv_dnnl_post *posts,
                       int count) SV_CHECKED;

/* `attr` (forward): NULL: no operation on the result. `prop` is the pass;
 * `hint` is the forward primitive's descriptor (backward only).
 * dnnl_deconvolution_direct: transposed convolution. */
sv_status sv_pd_conv(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *window,
                     const_dnnl_primitive_attr_t attr,
                     const_dnnl_primitive_desc_t hint) SV_CHECKED;
sv_status sv_pd_inner_product(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                              const sv_dnnl_operands *md,
                              const_dnnl_primitive_desc_t hint) SV_CHECKED;
sv_status sv_pd_pool(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                     dnnl_alg_kind_t alg, const sv_dnnl_operands *md,
                     const sv_dnnl_window *window,
                     const_dnnl_primitive_desc_t hint) SV_CHECKED;
/* An elementwise function with its parameters. */
typedef struct sv_dnnl_function {
  dnnl_alg_kind_t alg;
  float alpha, beta;
} sv_dnnl_function;

/* One descriptor for input and output, gradients included. */
sv_status sv_pd_eltwise(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        const sv_dnnl_function *f, sv_const_md md,
                        const_dnnl_primitive_desc_t hint) SV_CHECKED;
/* `alg`: dnnl_softmax_accurate or dnnl_softmax_log. */
sv_status sv_pd_softmax(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                        dnnl_alg_kind_t alg, sv_const_md md, int axis,
                        const_dnnl_primitive_desc_t hint) SV_CHECKED;
/* With separate vectors of scale and shift; flags: dnnl_use_global_stats. */
sv_status sv_pd_batch_norm(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                           sv_const_md md, float epsilon, unsigned flags,
                           const_dnnl_primitive_desc_t hint) SV_CHECKED;
/* Across channels. */
typedef struct sv_dnnl_lrn_numbers {
  int64_t size;
  float alpha, beta, k;
} sv_dnnl_lrn_numbers;
sv_status sv_pd_lrn(dnnl_primitive_desc_t *pd, dnnl_prop_kind_t prop,
                    sv_const_md md, const sv_dnnl_lrn_numbers *n,
                    const_dnnl_primitive_desc_t hint) SV_CHECKED;
sv_status sv_pd_binary(dnnl_primitive_desc_t *pd, dnnl_alg_kind_t alg,
                       sv_const_md a, sv_const_md b,
                       sv_const_md result) SV_CHECKED;
sv_status sv_pd_matmul(dnnl_primitive_desc_t *pd, sv_const_md a, sv_const_md b,
                       sv_const_md product) SV_CHECKED;
sv_status sv_pd_reorder(dnnl_primitive_desc_t *pd, sv_const_md from,
                        sv_const_md to) SV_CHECKED;

/* Selects the next implementation of oneDNN's list; SV_UNSUPPORTED after the
 * last one, and always in version 2. */
sv_status sv_pd_next(dnnl_primitive_desc_t pd) SV_CHECKED;

/* Created at the first call and kept until the process ends. NULL if that
 * failed. */
dnnl_engine_t sv_dnnl_engine(void);

#endif
