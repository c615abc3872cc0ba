/* What every kernel of this backend shares: a primitive whose arguments are
 * bound to a node's tensors once, and one way to run it. */
#ifndef SV_DNNL_KERNEL_H
#define SV_DNNL_KERNEL_H

#include "dnnl/layout.h"
#include "ops/backend.h"
#include "ops/window.h"

/* Where an argument's memory comes from at each run. */
typedef enum sv_dnnl_source {
  SV_FROM_IN,
  SV_FROM_OUT,
  SV_FROM_DIFF_IN,
  SV_FROM_DIFF_OUT,
  SV_FROM_WORKSPACE,
  SV_FROM_SCRATCH
} sv_dnnl_source;

/* oneDNN adds in float, one term after the other: where there are more than
 * this, rounding errors grow to what is seen, and another kernel is asked. */
enum { SV_DNNL_LONG_SUM = 4096 };

/* While planning: descriptors and the kernel under construction. */
enum { SV_DNNL_MDS = 12 };
typedef struct sv_dnnl_build {
  const sv_site *site;
  sv_need *need;
  const void *context;   /* the operator's own */
  sv_md md[SV_DNNL_MDS]; /* slots, for sv_md_...(&build->md[i]) */
  dnnl_primitive_desc_t hint, pd;
  struct sv_dnnl_impl *impl;
} sv_dnnl_build;

/* Makes the kernel in one of an operator's ways, 0, 1, ..., best first;
 * SV_UNSUPPORTED if that way is not open here. */
typedef sv_status (*sv_dnnl_way)(sv_dnnl_build *build, int way);

/* `plan` of a kernel: candidate n is the n-th way, of `ways`, that is open. */
sv_status sv_dnnl_plan(const sv_site *site, sv_need *need, void **impl,
                       sv_dnnl_way make, int ways,
                       const void *context) SV_CHECKED;

dnnl_prop_kind_t sv_dnnl_prop(const sv_site *site);

/* Both count axes as H, W. */
void sv_dnnl_window_of(sv_dnnl_window *window, const sv_window *from);

/* By oneDNN's names: its reference (REF), what it calls simple, a matrix
 * product over unrolled windows (GEMM), or a kernel made for the operation. */
typedef enum sv_dnnl_grade {
  SV_DNNL_REF,
  SV_DNNL_SIMPLE,
  SV_DNNL_GEMM,
  SV_DNNL_DIRECT
} sv_dnnl_grade;
sv_dnnl_grade sv_dnnl_grade_of(const_dnnl_primitive_desc_t pd);
const char *sv_dnnl_name_of(const_dnnl_primitive_desc_t pd);

/* Drops the descriptors made so far, for another attempt. */
void sv_dnnl_clear(sv_dnnl_build *build);

/* Makes the primitive of build->pd; scratch and name go into the need. */
sv_status sv_dnnl_make(sv_dnnl_build *build) SV_CHECKED;

/* Argument `arg` (DNNL_ARG_SRC, ...) is tensor `port` of `source`. The need's
 * place takes the layout that the primitive asks for. */
sv_status sv_dnnl_bind(sv_dnnl_build *build, int arg, sv_dnnl_source source,
                       int port, sv_form form) SV_CHECKED;
/* The same where the primitive sees the memory in a simpler shape. */
sv_status sv_dnnl_bind_as(sv_dnnl_build *build, int arg, sv_dnnl_source source,
                          int port, const sv_layout *layout) SV_CHECKED;
/* What the primitive gives as `arg` is not wanted: it goes to scratch. */
sv_status sv_dnnl_bind_waste(sv_dnnl_build *build, int arg) SV_CHECKED;
/* It lies in the workspace, behind what was bound to that before: what forward
 * leaves to backward, which binds the same in the same order. */
sv_status sv_dnnl_bind_kept(sv_dnnl_build *build, int arg) SV_CHECKED;
/* The workspace, if the primitive has one. */
sv_status sv_dnnl_bind_workspace(sv_dnnl_build *build) SV_CHECKED;

/* `run` and `destroy` of every kernel here. */
sv_status sv_dnnl_run(void *impl, const sv_args *args);
void sv_dnnl_destroy(void *impl);

#endif
