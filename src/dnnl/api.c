#include <pthread.h>
#include <string.h>

#include "dnnl/api_parts.h"

static dnnl_engine_t engine;
static dnnl_primitive_attr_t scratch;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
  if (dnnl_primitive_attr_create(&scratch) != dnnl_success ||
      dnnl_primitive_attr_set_scratchpad_mode(
          scratch, dnnl_scratchpad_mode_user) != dnnl_success)
    engine = NULL;
}

dnnl_engine_t sv_dnnl_engine(void) {
  pthread_once(&once, start);
  return engine;
}

dnnl_primitive_attr_t sv_dnnl_scratch(void) {
  pthread_once(&once, start);
  return scratch;
}

sv_status sv_dnnl_attr(dnnl_primitive_attr_t *attr, const sv_dnnl_post *posts,
                       int count) {
  dnnl_post_ops_t list = NULL;
  *attr = NULL;
  dnnl_status_t status = dnnl_primitive_attr_clone(attr, sv_dnnl_scratch());
  if (status == dnnl_success) status = dnnl_post_ops_create(&list);
  for (int i = 0; i < count && status == dnnl_success; i++)
    status = sv_dnnl_add_post(list, &posts[i]);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops(*attr, list);
  if (list) dnnl_post_ops_destroy(list);
  if (status == dnnl_success) return SV_OK;
  if (*attr) dnnl_primitive_attr_destroy(*attr);
  *attr = NULL;
  return sv_dnnl_status(status);
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

sv_dnnl_lists sv_dnnl_widen(const sv_shape *shape, const sv_layout *layout) {
  sv_dnnl_lists w = {.dims = {0}};
  memcpy(w.dims, shape->dim, sizeof shape->dim);
  if (layout) memcpy(w.strides, layout->stride, sizeof layout->stride);
  return w;
}

int64_t sv_dnnl_block(const sv_layout *layout, int dim) {
  int64_t product = 1;
  for (int i = 0; i < layout->inner_count; i++)
    if (layout->inner_dim[i] == dim) product *= layout->inner_size[i];
  return product;
}

sv_status sv_pd_reorder(dnnl_primitive_desc_t *pd, sv_const_md from,
                        sv_const_md to) {
  return sv_dnnl_status(dnnl_reorder_primitive_desc_create(
      pd, from, sv_dnnl_engine(), to, sv_dnnl_engine(), sv_dnnl_scratch()));
}
