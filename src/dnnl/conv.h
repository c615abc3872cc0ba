/* Transposed convolution shares convolution's kernels. */
#ifndef SV_DNNL_CONV_H
#define SV_DNNL_CONV_H

#include "dnnl/kernel.h"

extern const sv_kernel sv_dnnl_conv_transpose;
sv_status sv_dnnl_plan_conv_transpose(const sv_site *site, sv_need *need,
                                      void **impl) SV_CHECKED;

/* `run` of both. */
sv_status sv_dnnl_run_conv(void *impl, const sv_args *args);

#endif
