/* Shared by all kernels of this backend: a primitive whose arguments are bound
 * to a node's tensors once, and one function that runs it. */
#ifndef SV_DNNL_KERNEL_H
#define SV_DNNL_KERNEL_H

#include "dnnl/layout.h"
#include "geometry/window.h"
#include "op/backend.h"

/* The source of an argument's memory at each run. */
typedef enum sv_dnnl_source {
  SV_FROM_IN,
  SV_FROM_OUT,
  SV_FROM_DIFF_IN,
  SV_FROM_DIFF_OUT,
  SV_FROM_WORKSPACE,
  SV_FROM_SCRATCH
} sv_dnnl_source;

/* oneDNN adds in float, one term after the other: with more terms than this,
 * rounding errors become noticeable and another kernel is used. */
enum { SV_DNNL_LONG_SUM = 4096 };

/* While planning: descriptors and the kernel under construction. */
enum { SV_DNNL_MDS = 12 };
typedef struct sv_dnnl_build {
  const sv_site *site;
  sv_need *need;
  const void *context;   /* the operator's own */
  sv_md md[SV_DNNL_MDS]; /* slots, for sv_md_...(&build->md[i]) */
  dnnl_primitive_desc_t hint, pd;
  dnnl_primitive_attr_t attr; /* with the tail's operations; NULL: none */
  int sum; /* the extra input that the result is added to; -1: none */
  struct sv_dnnl_impl *impl;
} sv_dnnl_build;

/* Plans the kernel with one of an operator's implementations, 0, 1, ..., best
 * first; SV_UNSUPPORTED if that one does not apply. */
typedef sv_status (*sv_dnnl_way)(sv_dnnl_build *build, int way);

/* `plan` of a kernel: candidate n is the n-th applicable one of `ways`. */
sv_status sv_dnnl_plan(const sv_site *site, sv_need *need, void **impl,
                       sv_dnnl_way make, int ways,
                       const void *context) SV_CHECKED;

dnnl_prop_kind_t sv_dnnl_prop(const sv_site *site);

/* Both have the axes H, W. */
void sv_dnnl_window_of(sv_dnnl_window *window, const sv_window *from);

/* By oneDNN's names: its reference (REF), its simple kernels, a matrix product
 * over unrolled windows (GEMM), or a kernel generated for the operation. */
typedef enum sv_dnnl_grade {
  SV_DNNL_REF,
  SV_DNNL_SIMPLE,
  SV_DNNL_GEMM,
  SV_DNNL_DIRECT
} sv_dnnl_grade;
sv_dnnl_grade sv_dnnl_grade_of(const_dnnl_primitive_desc_t pd);
const char *sv_dnnl_name_of(const_dnnl_primitive_desc_t pd);

/* Frees the descriptors created so far, for another attempt. */
void sv_dnnl_clear(sv_dnnl_build *build);

/* Creates the primitive of build->pd; scratch and name are stored in the
 * need. */
sv_status sv_dnnl_make(sv_dnnl_build *build) SV_CHECKED;

/* Binds argument `arg` (DNNL_ARG_SRC, ...) to tensor `port` of `source`. Its
 * entry in the need gets the layout that the primitive requires. */
sv_status sv_dnnl_bind(sv_dnnl_build *build, int arg, sv_dnnl_source source,
                       int port, sv_form form) SV_CHECKED;
/* The same if the primitive uses a simpler shape for the memory. */
sv_status sv_dnnl_bind_as(sv_dnnl_build *build, int arg, sv_dnnl_source source,
                          int port, const sv_layout *layout) SV_CHECKED;
/* The same for a primitive that sees one slice of the batch, dimension 0: it
 * runs on all `slices`, one after the other. */
sv_status sv_dnnl_bind_slices(sv_dnnl_build *build, int slices, int arg,
                              sv_dnnl_source source, int port,
                              sv_form form) SV_CHECKED;
/* The result that was bound last is the sum over the slices. */
void sv_dnnl_sum_slices(sv_dnnl_build *build);
/* Binds an unused result `arg` of the primitive to scratch. */
sv_status sv_dnnl_bind_waste(sv_dnnl_build *build, int arg) SV_CHECKED;
/* Binds it to the workspace, after previously bound data: passed from forward
 * to backward, which binds the same in the same order. */
sv_status sv_dnnl_bind_kept(sv_dnnl_build *build, int arg) SV_CHECKED;
/* The workspace, if the primitive has one. */
sv_status sv_dnnl_bind_workspace(sv_dnnl_build *build) SV_CHECKED;

/* `run` and `destroy` of every kernel here. */
sv_status sv_dnnl_run(void *impl, const sv_args *args);
void sv_dnnl_destroy(void *impl);

#endif
