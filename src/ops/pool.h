/* What the pooling operators share: their attributes are sv_pool_attrs, their
 * window slides over each map on its own. */
#ifndef SV_OPS_POOL_H
#define SV_OPS_POOL_H

#include <svertka/layers.h>

#include "ops/window.h"

sv_status sv_pool_settle(void *attrs, const sv_info *in, int in_count);

/* Refuses windows that see padding alone: there is nothing to pool. */
sv_status sv_pool_resolve(sv_window *window, const sv_pool_attrs *attrs,
                          const sv_shape *x) SV_CHECKED;

/* Output 0 has the windows' shape and input 0's type. */
sv_status sv_pool_infer(const sv_node *node, const sv_info *in, sv_info *out);
sv_status sv_pool_cost(const sv_node *node, const sv_info *in,
                       const sv_info *out, sv_cost *cost);

#endif
