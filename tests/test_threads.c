/* Teams of threads smaller than a plan asks for: kernels that wait for all of
 * them must not wait for ever. Every test runs once for each of the
 * environments below, in a process of its own that has a minute. */
#include <omp.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bars.h"
#include "base/thread.h"
#include "plan_nets.h"

enum { MINUTE = 60 };

static const char *const environments[] = {
    "SVERTKA_TEST=plain",      "OMP_THREAD_LIMIT=1",      "OMP_DYNAMIC=true",
    "OMP_NUM_THREADS=1",       "OMP_NUM_THREADS=3,1",     "OMP_THREAD_LIMIT=2",
    "OMP_MAX_ACTIVE_LEVELS=0", "OMP_MAX_ACTIVE_LEVELS=3", "OMP_PROC_BIND=true",
};

/* Many maps of a small image, few images: where the gradients of kernels are
 * summed by several threads, behind barriers. */
static void build(sv_graph *g) {
  sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 64, 16, 16));
  x = sv_relu(g, same_conv(g, x, 64));
  x = sv_avg_pool(g, sv_conv(g, x, 32, 1), 16, 16);
  sv_classifier_head(g, sv_linear(g, sv_flatten(g, x), 10));
}

/* ---- Callers ---- */

/* Called where nothing may be asserted: what went wrong stays in `status`. */
typedef struct call {
  void (*body)(struct call *c);
  const net *n;
  sv_plan *plan;
  int team;
  sv_status status;
  char message[256];
} call;

static void make(call *c) {
  sv_plan_options o = sv_plan_default();
  o.mode = SV_TRAIN;
  o.batch = 2;
  o.threads = 2;
  c->status = sv_plan_new(&c->plan, c->n->graph, c->n->state, &o);
}

static void forward(call *c) { c->status = sv_plan_forward(c->plan); }

static void backward(call *c) { c->status = sv_plan_backward(c->plan); }

static void measure(call *c) {
  c->team = sv_team_size(2);
  c->status = SV_OK;
}

static void both(call *c) {
  forward(c);
  if (c->status == SV_OK) backward(c);
}

static void *start(void *context) {
  call *c = context;
  int threads = omp_get_max_threads(), dynamic = omp_get_dynamic();
  c->body(c);
  snprintf(c->message, sizeof c->message, "%s", sv_error());
  if (omp_get_max_threads() != threads || omp_get_dynamic() != dynamic) {
    c->status = SV_INVALID;
    snprintf(c->message, sizeof c->message, "OpenMP's settings have changed");
  }
  return NULL;
}

typedef void (*caller)(call *c);

static void call_here(call *c) { start(c); }

static void call_inside(call *c) {
#pragma omp parallel num_threads(2)
#pragma omp single
  start(c);
}

static void call_from_task(call *c) {
#pragma omp parallel num_threads(2)
#pragma omp single
#pragma omp task
  start(c);
}

static void call_inside_of_one(call *c) {
#pragma omp parallel num_threads(1)
  start(c);
}

static void call_from_thread(call *c) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, start, c), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
}

static const caller callers[] = {call_here, call_inside, call_from_task,
                                 call_inside_of_one, call_from_thread};
enum { CALLERS = sizeof callers / sizeof callers[0] };

static void ask(caller who, call *c, void (*body)(call *)) {
  c->body = body;
  who(c);
}

static void ask_well(caller who, call *c, void (*body)(call *)) {
  ask(who, c, body);
  if (c->status != SV_OK) fail_msg("%s", c->message);
}

/* ---- Tests ---- */

static void compare(const net *n, sv_plan *plan, sv_plan *reference) {
  for (int i = 0; i < n->state->count; i++) {
    const char *name = n->state->slots[i].name;
    sv_tensor a = gradient_of(plan, name), b = gradient_of(reference, name);
    assert_close(name, &a, &b, 1e-5);
  }
}

/* A plan made by one kind of caller and run by every other. */
static void any_caller_runs_any_plan(void **unused) {
  (void)unused;
  net n = make_net(build, SV_F32), other = make_net(build, SV_F32);
  sv_plan *reference = make_plan(&other, SV_TRAIN, 2, "ref");
  fill_inputs(reference, 5);
  run(reference);
  for (int maker = 0; maker < CALLERS; maker++) {
    call c = {.n = &n};
    ask_well(callers[maker], &c, make);
    fill_inputs(c.plan, 5);
    for (int i = 0; i < 2 * CALLERS; i++) {
      ask_well(callers[i % CALLERS], &c, both);
      compare(&n, c.plan, reference);
    }
    sv_plan_free(c.plan);
  }
  sv_plan_free(reference);
  free_net(&n);
  free_net(&other);
}

/* Between the passes the program cannot be compiled again. */
static void passes_of_two_callers(void **unused) {
  (void)unused;
  net n = make_net(build, SV_F32);
  call c = {.n = &n};
  ask_well(call_here, &c, make);
  fill_inputs(c.plan, 5);
  ask_well(call_here, &c, forward);
  ask_well(call_inside, &c, measure);
  bool fewer = c.team < sv_team_size(2);
  ask(call_inside, &c, backward);
  assert_int_equal(c.status, fewer ? SV_INVALID : SV_OK);
  if (fewer)
    assert_non_null(
        strstr(c.message, "the forward pass had 2 threads, but here"));
  ask_well(call_inside, &c, forward);
  ask_well(call_here, &c, backward);
  sv_plan_free(c.plan);
  free_net(&n);
}

static const char bars[] =
    "input 1x8x8; conv 64 3x3 padding=1; relu; conv 64 3x3 padding=1; relu; "
    "conv 32 1x1; global_avg_pool; flatten; linear 3";

static const sv_dataset *bars_data;

static void fit(call *c) {
  sv_graph *graph;
  sv_model *model = NULL;
  sv_fit_options o = sv_fit_default();
  o.epochs = 1;
  o.batch = 4;
  o.samples = 12;
  o.threads = 2;
  c->status = sv_network_parse(&graph, NULL, bars);
  if (c->status == SV_OK) c->status = sv_model_new(&model, graph, 1);
  if (c->status == SV_OK) c->status = sv_fit(model, bars_data, &o, NULL);
  sv_model_free(model);
}

static void every_caller_trains(void **unused) {
  (void)unused;
  call c = {0};
  sv_dataset *d = open_bars("bars", 1, SV_SPLIT_TRAIN);
  bars_data = d;
  for (int i = 0; i < CALLERS; i++) ask_well(callers[i], &c, fit);
  sv_dataset_free(d);
}

/* A training step of the host program's own loop. */
static void take_step(call *c) {
  sv_optimiser *sgd;
  double loss;
  c->status = sv_optimiser_new(&sgd, c->n->state, NULL);
  if (c->status == SV_OK)
    c->status = sv_train_step(c->plan, sgd, 0, 1e-3, &loss);
  sv_optimiser_free(sgd);
}

static void every_caller_steps(void **unused) {
  (void)unused;
  for (int i = 0; i < CALLERS; i++) {
    net n = make_net(build, SV_F32);
    call c = {.n = &n};
    ask_well(call_here, &c, make);
    fill_inputs(c.plan, 5);
    ask_well(callers[i], &c, take_step);
    sv_plan_free(c.plan);
    free_net(&n);
  }
}

/* Two callers at once, each with a plan of its own. */
static void callers_side_by_side(void **unused) {
  (void)unused;
  net nets[2];
  call calls[2];
  for (int i = 0; i < 2; i++) {
    nets[i] = make_net(build, SV_F32);
    calls[i] = (call){.n = &nets[i]};
    ask_well(call_here, &calls[i], make);
    fill_inputs(calls[i].plan, 5);
    calls[i].body = both;
  }
#pragma omp parallel for num_threads(2)
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < 3; k++) start(&calls[i]);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, start, &calls[i]), 0);
  for (int i = 0; i < 2; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  for (int i = 0; i < 2; i++) {
    if (calls[i].status != SV_OK) fail_msg("%s", calls[i].message);
    sv_plan_free(calls[i].plan);
    free_net(&nets[i]);
  }
}

static void defaults(void **unused) {
  (void)unused;
  omp_set_num_threads(1);
  assert_int_equal(sv_threads_resolve(0), 1);
  omp_set_num_threads(1 << 20);
  assert_int_equal(sv_threads_resolve(0), sv_processors());
  assert_int_equal(sv_threads_resolve(7), 7);
}

/* ---- Environments ---- */

static int run_here(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_caller_runs_any_plan),
      cmocka_unit_test(passes_of_two_callers),
      cmocka_unit_test(every_caller_trains),
      cmocka_unit_test(every_caller_steps),
      cmocka_unit_test(callers_side_by_side),
      cmocka_unit_test(defaults),
  };
  alarm(MINUTE);
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* The environment is read when a process starts: one of its own for each. By
 * its path: for another processor there lies what runs the program. */
static int run_in(char *environment) {
  const char *build = getenv("BUILD_DIR");
  char program[4096] = "/proc/self/exe";
  if (build) snprintf(program, sizeof program, "%s/tests/test_threads", build);
  printf("%s\n", environment);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    putenv(environment);
    execl(program, "test_threads", environment, (char *)NULL);
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) < 0) return 1;
  if (WIFSIGNALED(status))
    printf("%s: ended by signal %d (%d: out of time)\n", environment,
           WTERMSIG(status), SIGALRM);
  return status != 0;
}

int main(int argc, char **argv) {
  int failed = 0;
  (void)argv;
  if (argc > 1) return run_here();
  for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++)
    failed += run_in((char *)environments[i]);
  return failed > 0;
}
