/* How each output of a sliding window comes about, as slides show it:
 * y[0,1] = 3*1 + (-1)*0 + (-2)*2 + 0*(-1) = -1 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/cli_run.h"
#include "geometry/window.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

typedef struct steps {
  sv_window window;
  sv_tensor *x, *w, *b; /* NULL where there is none */
  sv_tensor y;
  int64_t ins, outs, group_ins; /* input maps, output maps, those of a group */
  int64_t group_outs;
} steps;

/* Where output n,o,i,j is. */
typedef struct place {
  int64_t n, o, i, j;
} place;

static double image_at(const steps *s, int64_t n, int64_t c, int64_t row,
                       int64_t column) {
  int64_t map = n * s->ins + c;
  return sv_tensor_get(
      s->x, (map * s->window.in[0] + row) * s->window.in[1] + column);
}

/* "-2" as a factor is "(-2)". */
static void add_factor(sv_text *line, double value) {
  char text[CLI_REAL_TEXT];
  sv_text_add(line, value < 0 ? "(%s)" : "%s", cli_real(value, text));
}

/* The inputs that a window sees, in the order of the kernel. */
typedef struct walk {
  int64_t u, v, first[2], last[2];
} walk;

static walk start_walk(const steps *s, const place *at) {
  walk w;
  sv_window_taps(&s->window, 0, at->i, &w.first[0], &w.last[0]);
  sv_window_taps(&s->window, 1, at->j, &w.first[1], &w.last[1]);
  w.u = w.first[0];
  w.v = w.first[1] - 1;
  return w;
}

static bool next_tap(walk *w) {
  if (w->first[1] >= w->last[1]) return false;
  if (++w->v == w->last[1]) {
    w->v = w->first[1];
    w->u++;
  }
  return w->u < w->last[0];
}

static double seen(const steps *s, const place *at, int64_t c, const walk *w) {
  const sv_window *k = &s->window;
  int64_t row = at->i * k->stride[0] - k->begin[0] + w->u * k->dilation[0];
  int64_t column = at->j * k->stride[1] - k->begin[1] + w->v * k->dilation[1];
  return image_at(s, at->n, c, row, column);
}

static void conv_step(const steps *s, const place *at, sv_text *line) {
  int64_t taps = s->window.kernel[0] * s->window.kernel[1];
  int64_t from = at->o / s->group_outs * s->group_ins;
  bool any = false;
  for (int64_t c = 0; c < s->group_ins; c++) {
    walk w = start_walk(s, at);
    while (next_tap(&w)) {
      int64_t tap = w.u * s->window.kernel[1] + w.v;
      sv_text_add(line, any ? " + " : "");
      add_factor(line, seen(s, at, from + c, &w));
      sv_text_add(line, "*");
      add_factor(line,
                 sv_tensor_get(s->w, (at->o * s->group_ins + c) * taps + tap));
      any = true;
    }
  }
  if (!any) sv_text_add(line, "0");
  if (!s->b) return;
  sv_text_add(line, " + ");
  add_factor(line, sv_tensor_get(s->b, at->o));
}

static void max_step(const steps *s, const place *at, sv_text *line) {
  char text[CLI_REAL_TEXT];
  walk w = start_walk(s, at);
  sv_text_add(line, "max(");
  for (bool any = false; next_tap(&w); any = true)
    sv_text_add(line, "%s%s", any ? ", " : "",
                cli_real(seen(s, at, at->o, &w), text));
  sv_text_add(line, ")");
}

/* The divisor follows from the sum and the result: padding may count or not. */
static void average_step(const steps *s, const place *at, sv_text *line,
                         double divisor) {
  walk w = start_walk(s, at);
  sv_text_add(line, "(");
  for (bool any = false; next_tap(&w); any = true) {
    sv_text_add(line, any ? " + " : "");
    add_factor(line, seen(s, at, at->o, &w));
  }
  sv_text_add(line, ")/%.15g", divisor);
}

static double divisor_of(const steps *s, const place *at,
                         const sv_pool_attrs *attrs) {
  walk w = start_walk(s, at);
  double size = 1;
  for (int d = 0; d < 2; d++) {
    const sv_window *k = &s->window;
    int64_t o = d ? at->j : at->i, count = w.last[d] - w.first[d];
    if (attrs->count_padding) {
      /* Up to the end of the padding: what hangs over it does not count. */
      int64_t start = o * k->stride[d] - k->begin[d];
      int64_t room = k->in[d] + k->end[d] - start;
      count = (room + k->dilation[d] - 1) / k->dilation[d];
      if (count > k->kernel[d]) count = k->kernel[d];
    }
    size *= (double)count;
  }
  return size;
}

static void add_index(const steps *s, const place *at, sv_text *line) {
  const sv_shape *y = &s->y.shape;
  sv_text_add(line, "y[");
  if (y->dim[0] > 1) sv_text_add(line, "%lld,", (long long)at->n);
  if (y->dim[0] > 1 || y->dim[1] > 1)
    sv_text_add(line, "%lld,", (long long)at->o);
  if (y->rank > 3) sv_text_add(line, "%lld,", (long long)at->i);
  sv_text_add(line, "%lld] = ", (long long)at->j);
}

static sv_status print_step(const steps *s, const sv_node *node,
                            const place *at, int64_t element) {
  sv_text line = {0};
  char text[CLI_REAL_TEXT], *done;
  add_index(s, at, &line);
  if (strcmp(node->op->name, "conv") == 0)
    conv_step(s, at, &line);
  else if (strcmp(node->op->name, "max_pool") == 0)
    max_step(s, at, &line);
  else
    average_step(s, at, &line, divisor_of(s, at, node->attrs));
  sv_text_add(&line, " = %s", cli_real(sv_tensor_get(&s->y, element), text));
  SV_TRY(sv_text_take(&line, &done));
  puts(done);
  sv_free(done);
  return SV_OK;
}

static sv_status print_all(const steps *s, const sv_node *node) {
  int64_t columns = s->window.out[1], rows = s->window.out[0];
  int64_t count = sv_shape_count(&s->y.shape);
  for (int64_t e = 0; e < count; e++) {
    place at = {.j = e % columns, .i = e / columns % rows};
    at.o = e / columns / rows % s->outs;
    at.n = e / columns / rows / s->outs;
    SV_TRY(print_step(s, node, &at, e));
  }
  return SV_OK;
}

bool cli_has_steps(const sv_op *op) {
  return strcmp(op->name, "conv") == 0 || strcmp(op->name, "max_pool") == 0 ||
         strcmp(op->name, "avg_pool") == 0;
}

static sv_status resolve(steps *s, const sv_node *node) {
  const sv_shape *x = &s->x->shape;
  s->ins = x->dim[1];
  s->outs = s->y.shape.dim[1];
  s->group_ins = s->ins;
  s->group_outs = s->outs;
  if (strcmp(node->op->name, "conv") == 0) {
    const sv_conv_attrs *a = node->attrs;
    s->group_ins /= a->group;
    s->group_outs /= a->group;
    return sv_window_resolve(&s->window, x, &a->kernel, &a->stride,
                             &a->dilation, &a->padding, false);
  }
  const sv_pool_attrs *a = node->attrs;
  return sv_window_resolve(&s->window, x, &a->kernel, &a->stride, &a->dilation,
                           &a->padding, a->ceil_mode);
}

sv_status cli_print_steps(cli_run *run) {
  const sv_node *node = cli_run_node(run);
  steps s = {0};
  sv_tensor **const inputs[] = {&s.x, &s.w, &s.b};
  sv_status status = SV_OK;
  for (int i = 0; i < run->in_count && status == SV_OK; i++)
    status = cli_run_input(run, i, inputs[run->in[i].port - run->op->in]);
  if (status == SV_OK)
    status = sv_plan_value(run->plan, run->op->out[0].name, &s.y);
  if (status == SV_OK) status = resolve(&s, node);
  if (status == SV_OK) status = print_all(&s, node);
  sv_tensor_free(s.x);
  sv_tensor_free(s.w);
  sv_tensor_free(s.b);
  return status;
}
