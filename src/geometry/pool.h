/* Shared by the pooling operators: their attributes are sv_pool_attrs, and
 * their window slides over each channel separately. */
#ifndef SV_GEOMETRY_POOL_H
#define SV_GEOMETRY_POOL_H

#include <svertka/layers.h>

#include "geometry/window.h"

/* Window i,j: its taps first .. last-1 that are inside the image, and the
 * position of tap 0,0 in the map, even if outside. */
typedef struct sv_pool_frame {
  int64_t i, j;
  int64_t first[2], last[2], corner;
} sv_pool_frame;

sv_pool_frame sv_pool_frame_at(const sv_window *window, int64_t i, int64_t j);

/* The position of tap u,v. */
static inline int64_t sv_pool_place(const sv_pool_frame *f, const sv_window *w,
                                    int64_t u, int64_t v) {
  return f->corner + u * w->dilation[0] * w->in[1] + v * w->dilation[1];
}

/* The number of maps of x, in the window's view of it. */
static inline int64_t sv_pool_maps(const sv_window *w, const sv_shape *x) {
  return sv_shape_count(x) / (w->in[0] * w->in[1]);
}

/* Some side has as much padding as the kernel has elements, or more. */
bool sv_pool_pads_much(const sv_pool_attrs *attrs);

/* With a padding rule no last window extends beyond the image; beside much
 * padding, one that does is written as more padding if all sizes are known. */
void sv_pool_spell(void *attrs, const sv_shape *x);
sv_status sv_pool_settle(void *attrs, const sv_info *in, int in_count);

/* Error for windows that contain only padding: there is nothing to pool.
 * Volumes, N C D H W, are treated as images if the window is 1 along D or along
 * H and W. */
sv_status sv_pool_resolve(sv_window *window, const sv_pool_attrs *attrs,
                          const sv_shape *x) SV_CHECKED;

/* Output 0 has the windows' shape and input 0's type. */
sv_status sv_pool_infer(const sv_node *node, const sv_info *in, sv_info *out);
sv_status sv_pool_cost(const sv_node *node, const sv_info *in,
                       const sv_info *out, sv_cost *cost);

/* A row of the attribute table, besides those of window.h. */
#define SV_CEIL_MODE_ATTR                                         \
  .name = "ceil_mode", .onnx = "ceil_mode", .type = SV_ATTR_BOOL, \
  .help = "a last window may extend beyond the image"
/* A default that differs from most libraries. */
#define SV_POOL_STRIDE_ATTR                                              \
  SV_STRIDE_ATTR, .help =                                                \
                      "step of the window; none: 1 as in ONNX, not the " \
                      "kernel size; 2x2 stride=2 halves the maps"

#endif
