#include "dnnl/conv.h"

const sv_kernel sv_dnnl_conv_transpose = {sv_dnnl_plan_conv_transpose,
                                          sv_dnnl_run_conv, sv_dnnl_destroy};
