/* The layers by name: numbers in another order or shape. */
#include <stdio.h>

#include <svertka/layers.h>

#include "graph/compose.h"
#include "graph/graph.h"

sv_value sv_flatten(sv_graph *g, sv_value x) {
  return sv_one(g, "flatten", x, NULL);
}

sv_value sv_concat(sv_graph *g, const sv_value *values, int count,
                   int64_t axis) {
  char attrs[32];
  snprintf(attrs, sizeof attrs, "%lld", (long long)axis);
  return sv_apply_text(g, "concat", values, count, attrs);
}

sv_value sv_split_equally(sv_graph *g, sv_value x, int parts, int64_t axis) {
  char attrs[64];
  snprintf(attrs, sizeof attrs, "%d %lld", parts, (long long)axis);
  return sv_apply_text(g, "split", &x, 1, attrs);
}

sv_value sv_slice(sv_graph *g, sv_value x, int64_t axis, int64_t begin,
                  int64_t end) {
  char attrs[96];
  snprintf(attrs, sizeof attrs, "%lld %lld %lld", (long long)begin,
           (long long)end, (long long)axis);
  return sv_apply_text(g, "slice", &x, 1, attrs);
}

/* The first attribute of reshape, transpose, squeeze is a list. */
static sv_value apply_list(sv_graph *g, const char *op, sv_value x,
                           const sv_ints *list) {
  char attrs[SV_MAX_INTS * 22 + 1] = "";
  size_t at = 0;
  for (int i = 0; i < list->count && i < SV_MAX_INTS; i++)
    at += (size_t)snprintf(attrs + at, sizeof attrs - at, "%s%lld",
                           i ? "," : "", (long long)list->at[i]);
  return sv_apply_text(g, op, &x, 1, attrs);
}

sv_value sv_reshape(sv_graph *g, sv_value x, sv_ints shape) {
  return apply_list(g, "reshape", x, &shape);
}

sv_value sv_transpose(sv_graph *g, sv_value x, sv_ints perm) {
  return apply_list(g, "transpose", x, &perm);
}

sv_value sv_squeeze(sv_graph *g, sv_value x, sv_ints axes) {
  return apply_list(g, "squeeze", x, &axes);
}

/* N C H W as N groups C/groups H W; where H and W are not known, with the
 * channels last, so that a 0 can stand for each of them. */
sv_value sv_channel_shuffle(sv_graph *g, sv_value x, int64_t groups) {
  sv_shape s = sv_value_shape(g, x);
  int64_t channels = s.rank > 1 ? s.dim[1] : 0;
  int64_t each = groups > 0 ? channels / groups : 0;
  if (!g->any_size) {
    x = sv_reshape(g, x, (sv_ints){5, {0, groups, each, s.dim[2], s.dim[3]}});
    x = sv_transpose(g, x, (sv_ints){5, {0, 2, 1, 3, 4}});
    return sv_reshape(g, x, (sv_ints){4, {0, channels, s.dim[2], s.dim[3]}});
  }
  x = sv_transpose(g, x, (sv_ints){4, {0, 2, 3, 1}});
  x = sv_reshape(g, x, (sv_ints){5, {0, 0, 0, groups, each}});
  x = sv_transpose(g, x, (sv_ints){5, {0, 1, 2, 4, 3}});
  x = sv_reshape(g, x, (sv_ints){4, {0, 0, 0, channels}});
  return sv_transpose(g, x, (sv_ints){4, {0, 3, 1, 2}});
}
