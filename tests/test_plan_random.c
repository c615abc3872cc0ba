/* Plans against the plainest way to run a graph: every value in memory of its
 * own, one node after the other, gradients added where they arrive. On random
 * graphs with branches, shared weights, several losses. */
#include "op/registry.h"
#include "plan_nets.h"

/* ---- Random graphs ---- */

typedef struct dice {
  sv_random key;
  uint64_t thrown;
} dice;

static int below(dice *d, int bound) {
  return (int)sv_random_below(&d->key, d->thrown++, (uint64_t)bound);
}

enum { MOST = 32 };
typedef struct garden {
  sv_graph *g;
  dice *dice;
  sv_value values[MOST];
  int readers[MOST], count;
} garden;

static void plant(garden *a, sv_value value) { a->values[a->count++] = value; }

static sv_value pick(garden *a) {
  int back = 1 + below(a->dice, a->count < 4 ? a->count : 4);
  int i = below(a->dice, 3) ? a->count - back : below(a->dice, a->count);
  a->readers[i]++;
  return a->values[i];
}

static int64_t channels_of(const garden *a, sv_value x) {
  return sv_value_shape(a->g, x).dim[1];
}

/* A convolution with a weight of its own, or one that another has already. */
static sv_value convolve(garden *a, sv_value x) {
  static const int64_t channels[] = {3, 8, 16};
  const sv_graph *g = a->g;
  for (int i = 1; i < g->value_count && !below(a->dice, 2); i++) {
    const sv_value_info *w = &g->values[i];
    if (w->role != SV_WEIGHT || w->shape.rank != 4 ||
        w->shape.dim[1] != channels_of(a, x))
      continue;
    sv_value in[] = {x, {i}};
    return sv_apply_text(a->g, "conv", in, 2, "padding=same bias=false");
  }
  return same_conv(a->g, x, channels[below(a->dice, 3)]);
}

/* The sum of two values of one shape, be they the same. */
static sv_value join(garden *a, sv_value x) {
  sv_value y = pick(a);
  if (channels_of(a, y) != channels_of(a, x)) y = x;
  return sv_add(a->g, x, y);
}

/* Behind one another: values of any channels, be they the same. */
static sv_value line_up(garden *a, sv_value x) {
  sv_value y = pick(a);
  bool few = channels_of(a, x) + channels_of(a, y) <= 32;
  return few ? sv_concat(a->g, (sv_value[]){x, y, x}, 2 + below(a->dice, 2), 1)
             : sv_relu(a->g, x);
}

static sv_value grow(garden *a) {
  sv_value x = pick(a);
  switch (below(a->dice, 10)) {
    case 0: return sv_relu(a->g, x);
    case 1: return sv_tanh(a->g, x);
    case 2: return sv_sigmoid(a->g, x);
    case 3: return sv_softmax(a->g, x);
    case 4: return sv_apply_text(a->g, "max_pool", &x, 1, "3 padding=1");
    case 5: return sv_apply_text(a->g, "avg_pool", &x, 1, "3 padding=1");
    case 6: return join(a, x);
    case 7: return line_up(a, x);
    default: return convolve(a, x);
  }
}

static void build_random(sv_graph *g, dice *d) {
  garden a = {.g = g, .dice = d};
  sv_value label = sv_label(g, "label", sv_shape_of(1, -1));
  plant(&a, sv_input(g, "x", SV_F32, sv_shape_of(4, -1, 3, 6, 6)));
  plant(&a, sv_input(g, "z", SV_F32, sv_shape_of(4, -1, 8, 6, 6)));
  int nodes = 4 + below(d, 12);
  for (int i = 0; i < nodes; i++) {
    sv_name(g, "n%d", i);
    plant(&a, grow(&a));
  }
  /* What nobody reads ends in a loss, or in an output. */
  for (int i = 2; i < a.count; i++) {
    if (a.readers[i]) continue;
    char name[32];
    sv_value flat = sv_flatten(g, a.values[i]);
    snprintf(name, sizeof name, "end%d", i);
    sv_value scores = sv_linear(g, flat, 10);
    sv_output(g, name, scores);
    snprintf(name, sizeof name, "loss%d", i);
    sv_loss(g, name, sv_cross_entropy(g, scores, label), 0.5 + i);
  }
}

/* ---- The plainest way ---- */

typedef struct plain {
  const sv_graph *g;
  sv_info infos[8 * MOST];
  sv_tensor *values[8 * MOST], *diffs[8 * MOST];
} plain;

static void make_values(plain *p, const sv_graph *g, const sv_state *state,
                        int64_t batch) {
  *p = (plain){.g = g};
  assert_true(g->value_count <= 8 * MOST);
  assert_ok(sv_graph_declared(g, NULL, batch, p->infos));
  sv_contents contents = {0};
  assert_ok(sv_graph_infer(g, p->infos, &contents));
  sv_contents_free(&contents);
  for (int v = 1; v < g->value_count; v++) {
    sv_dtype type = p->infos[v].dtype == SV_F32 ? SV_F64 : p->infos[v].dtype;
    assert_ok(sv_tensor_new(&p->values[v], type, &p->infos[v].shape));
    assert_ok(sv_tensor_new(&p->diffs[v], SV_F64, &p->infos[v].shape));
    int slot = sv_state_find(state, g->values[v].name);
    if (slot >= 0)
      assert_ok(sv_tensor_copy(p->values[v], &state->slots[slot].tensor));
  }
}

static void free_values(plain *p) {
  for (int v = 1; v < p->g->value_count; v++) {
    sv_tensor_free(p->values[v]);
    sv_tensor_free(p->diffs[v]);
  }
}

static void run_node(plain *p, const sv_node *node) {
  const sv_tensor *in[MOST];
  sv_tensor *out[MOST];
  for (int i = 0; i < node->in_count; i++) in[i] = p->values[node->in[i]];
  for (int i = 0; i < node->out_count; i++) out[i] = p->values[node->out[i]];
  sv_args args = {.node = node, .in = in, .out = out};
  assert_ok(sv_registry_of(node->op)->op_f64->ref.forward(&args));
}

static void add_to(sv_tensor *sum, const sv_tensor *more) {
  int64_t count = sv_shape_count(&sum->shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(sum, i, sv_tensor_get(sum, i) + sv_tensor_get(more, i));
}

static void run_node_back(plain *p, const sv_node *node) {
  const sv_reference *ref = &sv_registry_of(node->op)->op_f64->ref;
  const sv_tensor *in[MOST], *diff_out[MOST];
  sv_tensor *out[MOST], *diff_in[MOST];
  for (int i = 0; i < node->out_count; i++) {
    out[i] = p->values[node->out[i]];
    diff_out[i] = node->out[i] ? p->diffs[node->out[i]] : NULL;
  }
  for (int i = 0; i < node->in_count; i++) in[i] = p->values[node->in[i]];
  for (int i = 0; i < node->in_count; i++) {
    const sv_port *port = sv_op_in_port(node->op, i);
    if (!node->in[i] || port->no_gradient) continue;
    sv_tensor *diff;
    assert_ok(sv_tensor_new(&diff, SV_F64, &in[i]->shape));
    memset(diff_in, 0, sizeof diff_in);
    diff_in[i] = diff;
    sv_args args = {.node = node,
                    .in = in,
                    .out = out,
                    .diff_out = diff_out,
                    .diff_in = diff_in};
    assert_ok(sv_role_is_state(port->role) ? ref->backward_params(&args)
                                           : ref->backward_data(&args));
    add_to(p->diffs[node->in[i]], diff);
    sv_tensor_free(diff);
  }
}

static void run_plain(plain *p) {
  const sv_graph *g = p->g;
  for (int i = 0; i < g->node_count; i++) run_node(p, &g->nodes[i]);
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].is_loss)
      sv_tensor_set(p->diffs[g->outputs[i].value], 0, g->outputs[i].weight);
  for (int i = g->node_count - 1; i >= 0; i--) run_node_back(p, &g->nodes[i]);
}

/* ---- The comparison ---- */

/* Which values are kept and whose gradients are given, besides the
 * parameters': inputs, and some that nodes compute. */
typedef struct wishes {
  const char *keep[MOST], *gradients[MOST];
  int keep_count, gradient_count;
} wishes;

static bool reaches_loss(const plain *p, int v) {
  int64_t count = sv_shape_count(&p->diffs[v]->shape);
  for (int64_t i = 0; i < count; i++)
    if (sv_tensor_get(p->diffs[v], i) != 0) return true;
  return false;
}

static wishes draw_wishes(const plain *p, dice *d) {
  wishes w = {0};
  for (int v = 1; v < p->g->value_count; v++) {
    const sv_value_info *value = &p->g->values[v];
    if (value->role != SV_DATA || w.keep_count == MOST) continue;
    bool input = value->kind == SV_VALUE_INPUT;
    if (!input && !below(d, 4)) w.keep[w.keep_count++] = value->name;
    if (reaches_loss(p, v) && (input || !below(d, 4)))
      w.gradients[w.gradient_count++] = value->name;
  }
  return w;
}

static int graph_number;

/* A gradient may be nothing but rounding: of a bias before a softmax, say. */
static void assert_near(const char *what, const sv_tensor *a,
                        const sv_tensor *b, double most) {
  double found = distance(a, b, 0.1);
  if (!(found <= most))
    fail_msg("graph %d: %s is off by %.3g, the most is %.0e", graph_number,
             what, found, most);
}

static void compare(const plain *p, sv_plan *plan, const wishes *w,
                    double most) {
  const sv_graph *g = p->g;
  for (int i = 0; i < g->output_count; i++) {
    if (!g->outputs[i].is_loss) continue;
    sv_tensor view = value_of(plan, g->outputs[i].name);
    assert_near(g->outputs[i].name, &view, p->values[g->outputs[i].value],
                most);
  }
  for (int i = 0; i < w->keep_count; i++) {
    sv_tensor view = value_of(plan, w->keep[i]);
    assert_near(w->keep[i], &view, p->values[sv_graph_find(g, w->keep[i])],
                most);
  }
  for (int i = 0; i < w->gradient_count; i++) {
    sv_tensor view = gradient_of(plan, w->gradients[i]);
    int v = sv_graph_find(g, w->gradients[i]);
    assert_near(w->gradients[i], &view, p->diffs[v], most);
  }
  for (int v = 1; v < g->value_count; v++) {
    if (g->values[v].kind != SV_VALUE_STATE || !reaches_loss(p, v)) continue;
    sv_tensor view = gradient_of(plan, g->values[v].name);
    assert_near(g->values[v].name, &view, p->diffs[v], most);
  }
}

static sv_plan *wish(const net *n, const wishes *w, int64_t batch,
                     const char *backend) {
  sv_plan *plan;
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.batch = batch;
  o.backend = backend;
  o.exact = true;
  o.threads = 2;
  o.keep = w->keep;
  o.keep_count = w->keep_count;
  o.gradients = w->gradients;
  o.gradient_count = w->gradient_count;
  assert_ok(sv_plan_new(&plan, n->graph, n->state, &o));
  return plan;
}

static void check_plan(const net *n, const plain *p, const wishes *w,
                       int64_t batch, const char *backend, double most) {
  sv_plan *plan = wish(n, w, batch, backend);
  sv_plan_memory m = sv_plan_memory_use(plan);
  assert_true((double)m.arena <= 1.1 * (double)m.peak);
  for (int v = 1; v < p->g->value_count; v++) {
    sv_tensor view;
    if (p->g->values[v].kind != SV_VALUE_INPUT) continue;
    assert_ok(sv_plan_input(plan, p->g->values[v].name, &view));
    assert_ok(sv_tensor_copy(&view, p->values[v]));
  }
  for (int repeat = 0; repeat < 2; repeat++) {
    memset(plan->program->arena, 0xff, m.arena);
    memset(plan->program->gradients, 0xff, m.gradient);
    run(plan);
    compare(p, plan, w, most);
  }
  sv_plan_free(plan);
}

static net random_net(uint64_t seed, sv_dtype precision) {
  net n;
  dice d = {.key = {.seed = seed, .stream = 1}};
  assert_ok(sv_graph_new(&n.graph, "random"));
  build_random(n.graph, &d);
  assert_ok(sv_graph_check(n.graph));
  assert_ok(sv_state_new(&n.state, n.graph, precision));
  assert_ok(sv_state_init(n.state, n.graph, 7));
  return n;
}

enum { GRAPHS = 40 };

static void check_random(sv_dtype precision, const char *backend, double most) {
  for (uint64_t seed = 0; seed < GRAPHS; seed++) {
    graph_number = (int)seed;
    net n = random_net(seed, precision);
    int64_t batch = 1 + (int64_t)seed % 3;
    dice d = {.key = {.seed = seed, .stream = 2}};
    plain p;
    make_values(&p, n.graph, n.state, batch);
    for (int v = 1; v < n.graph->value_count; v++)
      if (n.graph->values[v].kind == SV_VALUE_INPUT)
        fill(*p.values[v], seed + 100 * (uint64_t)v);
    run_plain(&p);
    wishes w = draw_wishes(&p, &d);
    check_plan(&n, &p, &w, batch, backend, most);
    free_values(&p);
    free_net(&n);
  }
}

/* Fast kernels know f32 alone and leave this to the reference. */
static void double_is_exact(void **unused) {
  (void)unused;
  check_random(SV_F64, NULL, 1e-12);
}

static void reference_is_close(void **unused) {
  (void)unused;
  check_random(SV_F32, "ref", 1e-4);
}

static void backends_are_close(void **unused) {
  (void)unused;
  check_random(SV_F32, NULL, 1e-4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(double_is_exact),
      cmocka_unit_test(reference_is_close),
      cmocka_unit_test(backends_are_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
