#include "dnnl/kernel.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "dnnl/slices.h"

enum { MAX_ARGS = 10 };

typedef struct sv_dnnl_impl {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  int slices;  /* runs, each on a slice of the batch */
  size_t part; /* where a slice's result is in scratch */
  int count;
  dnnl_exec_arg_t args[MAX_ARGS];
  struct {
    sv_dnnl_source source;
    int port;
    size_t offset; /* into workspace or scratch */
    size_t step;   /* from slice to slice */
    size_t summed; /* bytes of a result that slices are added to, or 0 */
    void *last;    /* the data of the last run */
  } bind[MAX_ARGS];
} sv_dnnl_impl;

dnnl_prop_kind_t sv_dnnl_prop(const sv_site *site) {
  switch (site->pass) {
    case SV_BACKWARD_DATA: return dnnl_backward_data;
    case SV_BACKWARD_PARAMS: return dnnl_backward_weights;
    default:
      return site->backward ? dnnl_forward_training : dnnl_forward_inference;
  }
}

void sv_dnnl_window_of(sv_dnnl_window *window, const sv_window *from) {
  for (int i = 0; i < 2; i++) {
    window->kernel[i] = from->kernel[i];
    window->stride[i] = from->stride[i];
    window->dilation[i] = from->dilation[i] - 1;
    window->begin[i] = from->begin[i];
    window->end[i] = from->end[i];
  }
}

static bool all_f32(const sv_spec *specs, int count) {
  for (int i = 0; specs && i < count; i++)
    if (specs[i].present &&
        (specs[i].dtype != SV_F32 || sv_shape_count(&specs[i].shape) <= 0))
      return false;
  return true;
}

/* Every tensor that is there is f32 and has elements. */
static bool accepts(const sv_site *site) {
  const sv_node *node = site->node;
  return all_f32(site->in, node->in_count) &&
         all_f32(site->out, node->out_count) &&
         all_f32(site->diff_in, node->in_count) &&
         all_f32(site->diff_out, node->out_count);
}

const char *sv_dnnl_name_of(const_dnnl_primitive_desc_t pd) {
  const char *name = NULL;
  dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
  return name ? name : "unnamed";
}

sv_dnnl_grade sv_dnnl_grade_of(const_dnnl_primitive_desc_t pd) {
  const char *name = sv_dnnl_name_of(pd);
  /* "ref:any", "jit:gemm_ref:any", "jit_uni_ncsp_convolution:conv+ref:any" */
  const char *ref = strstr(name, "ref:");
  if (strncmp(name, "ref", 3) == 0 || (ref && strchr("_+", ref[-1])))
    return SV_DNNL_REF;
  if (strncmp(name, "simple", 6) == 0) return SV_DNNL_SIMPLE;
  if (strstr(name, "gemm") && !strstr(name, "brgemm")) return SV_DNNL_GEMM;
  return SV_DNNL_DIRECT;
}

void sv_dnnl_clear(sv_dnnl_build *build) {
  for (int i = 0; i < SV_DNNL_MDS; i++) sv_md_free(build->md[i]);
  memset(build->md, 0, sizeof build->md);
  if (build->pd) dnnl_primitive_desc_destroy(build->pd);
  if (build->hint) dnnl_primitive_desc_destroy(build->hint);
  if (build->attr) dnnl_primitive_attr_destroy(build->attr);
  build->pd = build->hint = NULL;
  build->attr = NULL;
}

static void use_none(sv_place *places, int count) {
  for (int i = 0; places && i < count; i++) places[i].used = false;
}

/* What a kernel reads and writes is what it binds. */
static void use_nothing(const sv_site *site, sv_need *need) {
  if (!site->node) return;
  use_none(need->in, site->node->in_count + site->extra_count);
  need->tail = 0;
  use_none(need->out, site->node->out_count);
  if (site->pass == SV_FORWARD) return;
  use_none(need->diff_in, site->node->in_count);
  use_none(need->diff_out, site->node->out_count);
}

sv_status sv_dnnl_plan(const sv_site *site, sv_need *need, void **impl,
                       sv_dnnl_way make, int ways, const void *context) {
  *impl = NULL;
  if (!sv_dnnl_engine() || (site->node && !accepts(site)))
    return SV_UNSUPPORTED;
  sv_dnnl_build build = {.site = site, .need = need, .context = context};
  int open = 0;
  for (int way = 0; way < ways; way++) {
    use_nothing(site, need);
    sv_status status = make(&build, way);
    sv_dnnl_clear(&build);
    if (status == SV_OK && open++ == site->candidate) {
      *impl = build.impl;
      return SV_OK;
    }
    sv_dnnl_destroy(build.impl);
    build.impl = NULL;
    if (status != SV_OK && status != SV_UNSUPPORTED) return status;
  }
  return SV_UNSUPPORTED;
}

static sv_status add(sv_dnnl_impl *impl, int arg, sv_dnnl_source source,
                     int port, size_t offset, sv_const_md md) {
  if (impl->count == MAX_ARGS) return SV_UNSUPPORTED;
  int i = impl->count;
  SV_TRY(sv_dnnl_status(dnnl_memory_create(
      &impl->args[i].memory, md, sv_dnnl_engine(), DNNL_MEMORY_NONE)));
  impl->args[i].arg = arg;
  impl->bind[i].source = source;
  impl->bind[i].port = port;
  impl->bind[i].offset = offset;
  impl->count++;
  return SV_OK;
}

/* One more piece of the scratch memory. */
static sv_status add_scratch(sv_dnnl_build *build, int arg, sv_const_md md) {
  size_t offset = build->need->scratch;
  build->need->scratch += sv_align_up(dnnl_memory_desc_get_size(md));
  return add(build->impl, arg, SV_FROM_SCRATCH, 0, offset, md);
}

sv_status sv_dnnl_make(sv_dnnl_build *build) {
  SV_TRY(sv_alloc(&build->impl, sizeof *build->impl));
  sv_dnnl_impl *impl = build->impl;
  impl->slices = 1;
  SV_TRY(sv_dnnl_status(dnnl_primitive_create(&impl->primitive, build->pd)));
  SV_TRY(sv_dnnl_status(dnnl_stream_create(&impl->stream, sv_dnnl_engine(),
                                           dnnl_stream_default_flags)));
  snprintf(build->need->name, sizeof build->need->name, "%s",
           sv_dnnl_name_of(build->pd));
  build->need->scratch = build->need->workspace = 0;
  sv_const_md scratch =
      dnnl_primitive_desc_query_md(build->pd, dnnl_query_scratchpad_md, 0);
  if (sv_md_absent(scratch)) return SV_OK;
  return add_scratch(build, DNNL_ARG_SCRATCHPAD, scratch);
}

static sv_const_md md_of_arg(const sv_dnnl_build *build, int arg) {
  return dnnl_primitive_desc_query_md(build->pd, dnnl_query_exec_arg_md, arg);
}

static sv_place *place_of(const sv_need *need, sv_dnnl_source source,
                          int port) {
  sv_place *places[] = {need->in, need->out, need->diff_in, need->diff_out};
  return &places[source][port];
}

static const sv_spec *spec_of(const sv_site *site, sv_dnnl_source source,
                              int port) {
  const sv_spec *specs[] = {site->in, site->out, site->diff_in, site->diff_out};
  return &specs[source][port];
}

sv_status sv_dnnl_bind_as(sv_dnnl_build *build, int arg, sv_dnnl_source source,
                          int port, const sv_layout *layout) {
  sv_const_md md = md_of_arg(build, arg);
  if (sv_md_absent(md)) return SV_UNSUPPORTED;
  sv_place *place = place_of(build->need, source, port);
  place->layout = *layout;
  place->used = true;
  return add(build->impl, arg, source, port, 0, md);
}

sv_status sv_dnnl_bind(sv_dnnl_build *build, int arg, sv_dnnl_source source,
                       int port, sv_form form) {
  sv_const_md md = md_of_arg(build, arg);
  if (sv_md_absent(md)) return SV_UNSUPPORTED;
  sv_layout layout;
  SV_TRY(sv_layout_of(&layout, md, &spec_of(build->site, source, port)->shape,
                      form));
  return sv_dnnl_bind_as(build, arg, source, port, &layout);
}

sv_status sv_dnnl_bind_slices(sv_dnnl_build *build, int slices, int arg,
                              sv_dnnl_source source, int port, sv_form form) {
  sv_dnnl_impl *impl = build->impl;
  sv_const_md md = md_of_arg(build, arg);
  if (sv_md_absent(md)) return SV_UNSUPPORTED;
  size_t bytes = dnnl_memory_desc_get_size(md);
  sv_shape shape = spec_of(build->site, source, port)->shape;
  sv_layout layout;
  shape.dim[0] /= slices;
  SV_TRY(sv_layout_of(&layout, md, &shape, form));
  if (layout.kind == SV_OPAQUE ||
      (size_t)(layout.stride[0] * shape.dim[0]) * sizeof(float) != bytes)
    return SV_UNSUPPORTED;
  for (int i = 0; i < layout.inner_count; i++)
    if (layout.inner_dim[i] == 0) return SV_UNSUPPORTED;
  layout.bytes = bytes * (size_t)slices;
  SV_TRY(sv_dnnl_bind_as(build, arg, source, port, &layout));
  impl->slices = slices;
  impl->bind[impl->count - 1].step = bytes;
  return SV_OK;
}

void sv_dnnl_sum_slices(sv_dnnl_build *build) {
  sv_dnnl_impl *impl = build->impl;
  int last = impl->count - 1;
  size_t bytes =
      dnnl_memory_desc_get_size(md_of_arg(build, impl->args[last].arg));
  impl->part = build->need->scratch;
  impl->bind[last].summed = bytes;
  build->need->scratch += sv_align_up(bytes);
}

sv_status sv_dnnl_bind_waste(sv_dnnl_build *build, int arg) {
  return add_scratch(build, arg, md_of_arg(build, arg));
}

sv_status sv_dnnl_bind_kept(sv_dnnl_build *build, int arg) {
  sv_const_md md = md_of_arg(build, arg);
  size_t offset = build->need->workspace;
  build->need->workspace += sv_align_up(dnnl_memory_desc_get_size(md));
  return add(build->impl, arg, SV_FROM_WORKSPACE, 0, offset, md);
}

sv_status sv_dnnl_bind_workspace(sv_dnnl_build *build) {
  sv_const_md md =
      dnnl_primitive_desc_query_md(build->pd, dnnl_query_workspace_md, 0);
  if (sv_md_absent(md)) return SV_OK;
  build->need->workspace = dnnl_memory_desc_get_size(md);
  return add(build->impl, DNNL_ARG_WORKSPACE, SV_FROM_WORKSPACE, 0, 0, md);
}

static void *data_of(const sv_args *args, sv_dnnl_source source, int port,
                     size_t offset) {
  switch (source) {
    case SV_FROM_IN: return args->in[port]->data;
    case SV_FROM_OUT: return args->out[port]->data;
    case SV_FROM_DIFF_IN: return args->diff_in[port]->data;
    case SV_FROM_DIFF_OUT: return args->diff_out[port]->data;
    case SV_FROM_WORKSPACE: return (char *)args->workspace + offset;
    case SV_FROM_SCRATCH: return (char *)args->scratch + offset;
  }
  return NULL;
}

static sv_status run_slice(sv_dnnl_impl *impl, const sv_args *args, int slice) {
  for (int i = 0; i < impl->count; i++) {
    char *data = data_of(args, impl->bind[i].source, impl->bind[i].port,
                         impl->bind[i].offset);
    data += impl->bind[i].step * (size_t)slice;
    if (slice > 0 && impl->bind[i].summed)
      data = (char *)args->scratch + impl->part;
    if (data == impl->bind[i].last) continue;
    dnnl_memory_set_data_handle(impl->args[i].memory, data);
    impl->bind[i].last = data;
  }
  dnnl_status_t status = dnnl_primitive_execute(impl->primitive, impl->stream,
                                                impl->count, impl->args);
  if (status == dnnl_success) status = dnnl_stream_wait(impl->stream);
  if (status == dnnl_success) return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "oneDNN failed with status %d", (int)status);
}

static void add_slice(const sv_dnnl_impl *impl, const sv_args *args) {
  for (int i = 0; i < impl->count; i++)
    if (impl->bind[i].summed)
      sv_dnnl_add_slice(
          data_of(args, impl->bind[i].source, impl->bind[i].port, 0),
          impl->bind[i].last, impl->bind[i].summed);
}

sv_status sv_dnnl_run(void *kernel, const sv_args *args) {
  sv_dnnl_impl *impl = kernel;
  for (int slice = 0; slice < impl->slices; slice++) {
    SV_TRY(run_slice(impl, args, slice));
    if (slice > 0) add_slice(impl, args);
  }
  return SV_OK;
}

void sv_dnnl_destroy(void *kernel) {
  sv_dnnl_impl *impl = kernel;
  if (!impl) return;
  for (int i = 0; i < impl->count; i++)
    dnnl_memory_destroy(impl->args[i].memory);
  if (impl->stream) dnnl_stream_destroy(impl->stream);
  if (impl->primitive) dnnl_primitive_destroy(impl->primitive);
  sv_free(impl);
}
