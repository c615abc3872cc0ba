/* max_pool: the greatest number of each window.
 *
 *   y[n,c,i,j] = max over u,v of x[n, c, i SH - PH + u DH, j SW - PW + v DW]
 *   dx[n,c,p,q] = sum of dy[n,c,i,j] over the windows whose maximum is at p,q
 *
 * Padding never wins; of equal numbers the first one does. The second output
 * says where the maxima are, counted through all of x, row by row (or column by
 * column in each map).
 *
 * Shapes: x N C IH IW, y and index N C OH OW; or all without H.
 * Source: Ranzato et al., "Unsupervised Learning of Invariant Feature
 * Hierarchies", CVPR 2007; https://onnx.ai/onnx/operators/onnx__MaxPool.html */
#include "template/pool_apart.h"

#include <tgmath.h>

#include "base/thread.h"

static sv_status infer(const sv_node *node, const sv_info *in, sv_info *out) {
  SV_TRY(sv_pool_infer(node, in, out));
  if (node->out_count < 2) return SV_OK;
  out[1].dtype = SV_I64;
  out[1].shape = out[0].shape;
  return SV_OK;
}

typedef struct pool {
  sv_window at;
  bool column_major;
  const real *x, *dy;
  real *y, *dx;
  int64_t *index;
} pool;

/* Where the maximum of window i,j of one map lies. */
static int64_t find_max(const sv_window *w, const real *x, int64_t i,
                        int64_t j) {
  sv_pool_frame f = sv_pool_frame_at(w, i, j);
  int64_t best = -1;
  for (int64_t u = f.first[0]; u < f.last[0]; u++)
    for (int64_t v = f.first[1]; v < f.last[1]; v++) {
      int64_t at = sv_pool_place(&f, w, u, v);
      /* What is not a number wins, and so stays visible. */
      if (best < 0 || x[at] > x[best] || isnan(x[at])) best = at;
    }
  return best;
}

static int64_t count_index(const pool *p, int64_t map, int64_t at) {
  int64_t height = p->at.in[0], width = p->at.in[1];
  if (p->column_major) at = at % width * height + at / width;
  return map * height * width + at;
}

static void forward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t map = begin; map < end; map++) {
    const real *x = p->x + map * w->in[0] * w->in[1];
    int64_t to = map * w->out[0] * w->out[1];
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++, to++) {
        int64_t at = find_max(w, x, i, j);
        p->y[to] = x[at];
        if (p->index) p->index[to] = count_index(p, map, at);
      }
  }
}

static sv_status forward(const sv_args *args) {
  const sv_pool_attrs *a = args->node->attrs;
  const sv_shape *x = &args->in[0]->shape;
  pool p = {.column_major = a->column_major,
            .x = sv_in(args, 0),
            .y = sv_out(args, 0)};
  SV_TRY(sv_pool_resolve(&p.at, a, x));
  if (args->node->out_count > 1 && args->out[1]) p.index = args->out[1]->data;
  sv_parallel(sv_pool_maps(&p.at, x), 1, forward_maps, &p);
  return SV_OK;
}

static void backward_maps(void *context, int64_t begin, int64_t end) {
  const pool *p = context;
  const sv_window *w = &p->at;
  for (int64_t map = begin; map < end; map++) {
    int64_t size = w->in[0] * w->in[1];
    const real *x = p->x + map * size;
    const real *dy = p->dy + map * w->out[0] * w->out[1];
    real *dx = p->dx + map * size;
    for (int64_t k = 0; k < size; k++) dx[k] = 0;
    for (int64_t i = 0; i < w->out[0]; i++)
      for (int64_t j = 0; j < w->out[1]; j++)
        dx[find_max(w, x, i, j)] += dy[i * w->out[1] + j];
  }
}

static sv_status backward_data(const sv_args *args) {
  const sv_shape *x = &args->in[0]->shape;
  pool p = {.x = sv_in(args, 0),
            .dy = sv_diff_out(args, 0),
            .dx = sv_diff_in(args, 0)};
  SV_TRY(sv_pool_resolve(&p.at, args->node->attrs, x));
  sv_parallel(sv_pool_maps(&p.at, x), 1, backward_maps, &p);
  return SV_OK;
}

#define AT(field) offsetof(sv_pool_attrs, field)
static const sv_attr attrs[] = {
    {SV_KERNEL_ATTR, .offset = AT(kernel), .position = 1, .required = true},
    {SV_POOL_STRIDE_ATTR, .offset = AT(stride), .position = 2},
    {SV_PADDING_ATTR, .offset = AT(padding),
     .help = "around the image: " SV_PADDING_WORDS},
    {SV_DILATION_ATTR, .offset = AT(dilation), .since = 10},
    {SV_CEIL_MODE_ATTR, .offset = AT(ceil_mode), .since = 10},
    {.name = "column_major",
     .onnx = "storage_order",
     .type = SV_ATTR_BOOL,
     .offset = AT(column_major),
     .since = 8,
     .help = "index counts the elements of a map in column-major order"},
    {.name = NULL}};

/* The indices of the second output would count the padding. */
static bool refused(const sv_node *node) {
  return (node->out_count < 2 || !node->out[1]) && pool_is_apart(node->attrs);
}

static sv_status expand(const sv_node *node, sv_graph *graph,
                        const sv_value *in, sv_value *out) {
  sv_pool_attrs rest = *(const sv_pool_attrs *)node->attrs;
  sv_value padded = pool_pad(graph, in[0], -INFINITY, &rest);
  out[0] = sv_one(graph, "max_pool", padded, &rest);
  return sv_graph_check(graph);
}

SV_OP(max_pool) = {
    .name = "max_pool",
    .has_maps = true,
    .summary = "y[i,j] = max over the window at i,j of x",
    .effect = SV_EFFECT_PICKS,
    .onnx = (const sv_onnx_name[]){{"MaxPool", 0, 0}, {NULL, 0, 0}},
    .in = (const sv_port[]){{.name = "x"}, {.name = NULL}},
    .out = (const sv_port[]){{.name = "y"},
                             {.name = "index",
                              .role = SV_INDEX,
                              .optional = true,
                              .no_gradient = true},
                             {.name = NULL}},
    .attrs = attrs,
    .attrs_size = sizeof(sv_pool_attrs),
    .settle = sv_pool_settle,
    .spell = sv_pool_spell,
    .refused = refused,
    .expand = expand,
    .infer = infer,
    .cost = sv_pool_cost,
    .ref = {.forward = forward,
            .backward_data = backward_data,
            .data_reads_in = SV_PORT(0)},
};
