/* What is compared with what, and how closely. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "opcheck.h"
#include "tensor/tensor.h"

/* Fixtures have nine digits. */
static const double fixture_f64 = 1e-7, fixture_f32 = 1e-5;
static const double numeric = 1e-6; /* finite differences */
static const double fast = 1e-4, fast_inexact = 1e-3;

bool oc_quiet;

void oc_fail(oc_tally *tally, const oc_case *c, const char *format, ...) {
  tally->failed++;
  if (oc_quiet) return;
  printf("FAIL %s %s: %s: ", c->entry->op->name, c->attrs, c->where);
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n");
}

void oc_judge(oc_tally *tally, const oc_case *c, const char *what, double error,
              double most) {
  if (error <= most) {
    tally->passed++;
    tally->worst = fmax(tally->worst, error);
  } else {
    oc_fail(tally, c, "%s is off by %.2g, the most is %.0e", what, error, most);
  }
}

/* ---- Fixtures ---- */

/* A port that repeats, the last one, stands for those behind it, too. */
static void check_ports(oc_tally *tally, const oc_case *c, const char *kind,
                        const sv_port *ports, int ports_count, int count,
                        sv_tensor *const *expected, sv_tensor *const *found,
                        double most) {
  for (int i = 0; i < count; i++) {
    char what[OC_TEXT];
    if (!expected[i]) continue;
    snprintf(what, sizeof what, "%s %s of the reference (%s)", kind,
             ports[i < ports_count ? i : ports_count - 1].name,
             most == fixture_f64 ? "f64" : "f32");
    if (!found[i])
      oc_fail(tally, c, "there is no %s", what);
    else if (!sv_shape_equal(&found[i]->shape, &expected[i]->shape))
      oc_fail(tally, c, "%s is %s, expected %s", what,
              sv_shape_text(&found[i]->shape, (char[SV_SHAPE_TEXT]){0}),
              sv_shape_text(&expected[i]->shape, (char[SV_SHAPE_TEXT]){0}));
    else
      oc_judge(tally, c, what, oc_error(found[i], expected[i], 0), most);
  }
}

/* The reference in one precision; backward where the case has gradients. */
static sv_status check_reference(const oc_case *c, sv_dtype real, double most,
                                 oc_tally *tally) {
  oc_run *run;
  double in_place = 0;
  bool backward = false;
  for (int i = 0; i < OC_PORTS; i++) backward = backward || c->diff[i];
  SV_TRY(oc_run_new(&run, c, real));
  sv_status status = oc_forward(run);
  if (status == SV_OK && backward) status = oc_backward(run);
  if (status == SV_OK && backward) status = oc_in_place(run, &in_place);
  if (status == SV_OK) {
    const sv_op *op = run->node.op;
    check_ports(tally, c, "out", op->out, sv_op_out_count(op),
                run->node.out_count, c->out, run->out, most);
    check_ports(tally, c, "diff", op->in, sv_op_in_count(op),
                run->node.in_count, c->diff, run->diff, most);
    if (in_place > 0) oc_fail(tally, c, "in place it gives something else");
  }
  oc_run_free(run);
  return status;
}

/* Some case has a gradient for each differentiable port, or the fixtures would
 * not see it go wrong. */
static void check_coverage(const sv_entry *entry, const oc_cases *cases,
                           oc_tally *tally) {
  const sv_op *op = entry->op;
  int found = 0;
  for (int k = 0; k < cases->count; k++) found += cases->at[k].entry == entry;
  oc_case none = {.entry = entry, .where = "fixtures"};
  if (found == 0) oc_fail(tally, &none, "there is no fixture of this operator");
  for (int i = 0; found && i < sv_op_in_count(op); i++) {
    bool covered = op->in[i].no_gradient || op->in[i].role == SV_LABEL ||
                   op->in[i].role == SV_INDEX;
    for (int k = 0; k < cases->count && !covered; k++)
      covered = cases->at[k].entry == entry && cases->at[k].diff[i];
    if (!covered)
      oc_fail(tally, &none, "no fixture has a gradient of %s", op->in[i].name);
  }
}

static void check_plan(const oc_options *options, const oc_case *c,
                       const char *backend, oc_tally *tally) {
  double error;
  if (options->backend && backend) return;
  if (options->backend) backend = options->backend;
  if (oc_try_plan(c, backend, &error) != SV_OK)
    oc_fail(tally, c, "as a network: %s", sv_error());
  else
    oc_judge(
        tally, c,
        backend ? "a network of the reference" : "a network of all backends",
        error, fast);
}

void oc_check_fixtures(const oc_options *options, const sv_entry *entry,
                       const oc_cases *cases, oc_tally *tally) {
  check_coverage(entry, cases, tally);
  for (int k = 0; k < cases->count; k++) {
    const oc_case *c = &cases->at[k];
    if (c->entry != entry) continue;
    if (check_reference(c, SV_F64, fixture_f64, tally) != SV_OK ||
        check_reference(c, SV_F32, fixture_f32, tally) != SV_OK)
      oc_fail(tally, c, "%s", sv_error());
    if (oc_falsified) continue;
    check_plan(options, c, "ref", tally);
    check_plan(options, c, NULL, tally);
  }
}

/* ---- Finite differences ---- */

/* The sum of all outputs, each times its seed. */
static sv_status total(oc_run *run, double *sum) {
  *sum = 0;
  SV_TRY(oc_forward(run));
  for (int i = 0; i < run->node.out_count; i++) {
    if (!run->seed[i]) continue;
    int64_t count = sv_shape_count(&run->seed[i]->shape);
    for (int64_t k = 0; k < count; k++)
      *sum += sv_tensor_get(run->seed[i], k) * sv_tensor_get(run->out[i], k);
  }
  return SV_OK;
}

/* (f(x + h) - f(x - h)) / 2h for some of port i's elements against the
 * gradient that the reference gave. */
static sv_status differ(oc_run *run, int i, double *error) {
  enum { ELEMENTS = 12 };
  const double h = 1e-5;
  sv_tensor *x = run->in[i];
  int64_t count = sv_shape_count(&x->shape);
  double worst = 0, largest = 0;
  sv_random random = {.seed = 3, .stream = (uint64_t)i};
  for (int k = 0; k < ELEMENTS && count > 0; k++) {
    int64_t at =
        (int64_t)sv_random_below(&random, (uint64_t)k, (uint64_t)count);
    if (count <= ELEMENTS) at = k % count;
    double before = sv_tensor_get(x, at), above, below;
    sv_tensor_set(x, at, before + h);
    SV_TRY(total(run, &above));
    sv_tensor_set(x, at, before - h);
    SV_TRY(total(run, &below));
    sv_tensor_set(x, at, before);
    double slope = (above - below) / (2 * h);
    double wrong = fabs(slope - sv_tensor_get(run->diff[i], at));
    worst = isfinite(wrong) ? fmax(worst, wrong) : INFINITY;
    largest = fmax(largest, fabs(slope));
  }
  *error = largest > 1e-3 ? worst / largest : worst;
  return SV_OK;
}

static sv_status check_differences(const oc_case *c, oc_tally *tally) {
  oc_run *run;
  SV_TRY(oc_run_new(&run, c, SV_F64));
  sv_status status = oc_forward(run);
  if (status == SV_OK) status = oc_backward(run);
  for (int i = 0; status == SV_OK && i < run->node.in_count; i++) {
    double error;
    char what[OC_TEXT];
    if (!oc_has_gradient(run, i)) continue;
    status = differ(run, i, &error);
    snprintf(what, sizeof what, "diff %s against finite differences",
             sv_op_in_port(run->node.op, i)->name);
    if (status == SV_OK) oc_judge(tally, c, what, error, numeric);
  }
  oc_run_free(run);
  return status;
}

void oc_check_fd(const oc_options *options, const sv_entry *entry,
                 const oc_draws *draws, oc_tally *tally) {
  enum { CASES = 20 };
  for (int k = 0; k < CASES; k++) {
    oc_case c = {.entry = entry};
    const oc_draw *draw = oc_draw_at(draws, k);
    if (oc_draw_case(entry, draw, options->seed, k, &c) != SV_OK ||
        check_differences(&c, tally) != SV_OK)
      oc_fail(tally, &c, "%s", sv_error());
    oc_case_clear(&c);
  }
}

/* ---- Backends ---- */

/* How many cases of a draw a backend was asked to do, and took, by pass. */
typedef struct count {
  int asked[SV_PASS_COUNT], taken[SV_PASS_COUNT];
} count;

/* All of them, and those whose batch fills the backend's vectors. */
typedef struct share {
  count all, vectors;
} share;

static void add_case(count *c, sv_pass pass, bool taken) {
  c->asked[pass]++;
  c->taken[pass] += taken;
}

/* The first input's first dimension is a multiple of the vectors' width. */
static bool fills_vectors(const char *backend, const oc_case *c) {
  const sv_backend *b = sv_backend_find(backend);
  const sv_tensor *x = c->in[0];
  return b && b->width && x && x->shape.rank > 0 &&
         x->shape.dim[0] % b->width() == 0;
}

/* Every candidate of one kernel for one pass; *taken: there is one. */
static void check_candidates(const oc_run *run, const oc_case *c, oc_trial t,
                             oc_tally *tally, bool *taken) {
  enum { MOST_CANDIDATES = 64 };
  *taken = false;
  for (t.candidate = 0; t.candidate < MOST_CANDIDATES; t.candidate++) {
    char what[OC_TEXT];
    sv_status status = oc_try(run, &t);
    snprintf(what, sizeof what, "%s of %s (%s)", oc_pass_name(t.pass),
             t.backend, t.name);
    if (status != SV_OK) {
      oc_fail(tally, c, "%s: %s", what, sv_error());
      return;
    }
    if (!t.taken) return;
    *taken = true;
    oc_judge(tally, c, what, t.error, t.exact ? fast : fast_inexact);
  }
}

static void check_pass(const oc_options *options, const oc_run *run,
                       const oc_case *c, oc_trial t, oc_tally *tally,
                       share *shares) {
  for (int b = 0; c->entry->fast[b].kernel; b++) {
    bool taken;
    t.backend = c->entry->fast[b].backend;
    t.kernel = c->entry->fast[b].kernel;
    if (options->backend && strcmp(options->backend, t.backend) != 0) continue;
    check_candidates(run, c, t, tally, &taken);
    add_case(&shares[b].all, t.pass, taken);
    if (fills_vectors(t.backend, c))
      add_case(&shares[b].vectors, t.pass, taken);
  }
}

static sv_status check_backends(const oc_options *options, const oc_case *c,
                                int index, oc_tally *tally, share *shares) {
  oc_run *run;
  SV_TRY(oc_run_new(&run, c, SV_F32));
  sv_status status = oc_forward(run);
  if (status == SV_OK) status = oc_backward(run);
  if (status == SV_OK && !oc_is_finite(run))
    status = sv_fail(SV_INVALID, "the reference gives NaN or infinity");
  for (sv_pass pass = 0; status == SV_OK && pass < SV_PASS_COUNT; pass++) {
    oc_trial t = {.pass = pass,
                  .offer = (oc_offer)(index % 3),
                  .exact = index / 3 % 4 != 3,
                  .frozen = index / 12 % 2 == 1};
    if (oc_has_pass(run, pass)) check_pass(options, run, c, t, tally, shares);
  }
  oc_run_free(run);
  return status;
}

static const share *share_of(const sv_entry *entry, const share *shares,
                             const char *backend) {
  for (int b = 0; entry->fast[b].kernel; b++)
    if (strcmp(entry->fast[b].backend, backend) == 0) return &shares[b];
  return NULL; /* this build is without it */
}

static void check_shares(const oc_options *options, const sv_entry *entry,
                         const oc_draw *draw, const share *shares,
                         oc_tally *tally) {
  oc_case none = {.entry = entry};
  snprintf(none.where, sizeof none.where, "%s.txt:%d", entry->op->name,
           draw->line);
  sv_pass passes = draw->forward_only ? SV_FORWARD + 1 : SV_PASS_COUNT;
  for (int i = 0; i < SV_MAX_BACKENDS && draw->shares[i].backend[0]; i++) {
    const char *backend = draw->shares[i].backend;
    const share *s = share_of(entry, shares, backend);
    if (!s || (options->backend && strcmp(options->backend, backend) != 0))
      continue;
    const count *c = draw->shares[i].vectors ? &s->vectors : &s->all;
    if (c->asked[SV_FORWARD] == 0 && s->all.asked[SV_FORWARD] > 8)
      oc_fail(tally, &none, "no case fills the vectors of %s", backend);
    for (sv_pass pass = 0; pass < passes; pass++)
      if (100 * c->taken[pass] < draw->shares[i].percent * c->asked[pass])
        oc_fail(tally, &none, "%s took %d of %d cases %s, %d %% are expected",
                backend, c->taken[pass], c->asked[pass], oc_pass_name(pass),
                draw->shares[i].percent);
  }
}

/* A word on the operator's line that never does anything is a mistake. */
static void check_words(const oc_options *options, const sv_entry *entry,
                        share shares[][SV_MAX_BACKENDS], oc_tally *tally) {
  oc_case none = {.entry = entry, .where = "random cases"};
  for (int b = 0; entry->fast[b].kernel; b++) {
    int asked = 0, taken = 0;
    for (int i = 0; i < OC_DRAWS; i++)
      for (sv_pass pass = 0; pass < SV_PASS_COUNT; pass++) {
        asked += shares[i][b].all.asked[pass];
        taken += shares[i][b].all.taken[pass];
      }
    if (asked && !taken && options->random > 20)
      oc_fail(tally, &none, "%s took none of them", entry->fast[b].backend);
  }
}

void oc_check_random(const oc_options *options, const sv_entry *entry,
                     const oc_draws *draws, oc_tally *tally) {
  share shares[OC_DRAWS][SV_MAX_BACKENDS] = {0};
  if (!entry->fast[0].kernel) return;
  for (int k = 0; k < options->random; k++) {
    oc_case c = {.entry = entry};
    const oc_draw *draw = oc_draw_at(draws, k);
    if (oc_draw_case(entry, draw, options->seed, k, &c) != SV_OK ||
        check_backends(options, &c, k, tally, shares[draw - draws->at]) !=
            SV_OK)
      oc_fail(tally, &c, "%s", sv_error());
    oc_case_clear(&c);
  }
  for (int i = 0; i < draws->count; i++)
    check_shares(options, entry, &draws->at[i], shares[i], tally);
  check_words(options, entry, shares, tally);
}

/* ---- The checks checked ---- */

void oc_check_falsified(const oc_options *options, const sv_entry *entry,
                        const oc_cases *cases, const oc_draws *draws,
                        oc_tally *tally) {
  oc_case none = {.entry = entry, .where = "self-test"};
  const sv_op *op = entry->op;
  for (int i = 0; i < sv_op_in_count(op); i++) {
    if (op->in[i].no_gradient || op->in[i].role == SV_LABEL ||
        op->in[i].role == SV_INDEX)
      continue;
    oc_tally by_fixtures = {0}, by_differences = {0};
    oc_falsified = op;
    oc_falsified_port = i;
    oc_quiet = true;
    oc_check_fixtures(options, entry, cases, &by_fixtures);
    oc_check_fd(options, entry, draws, &by_differences);
    oc_falsified = NULL;
    oc_quiet = false;
    if (by_fixtures.failed && by_differences.failed)
      tally->passed++;
    else
      oc_fail(tally, &none, "diff %s falsified by 1 %% passes the %s",
              op->in[i].name,
              by_fixtures.failed ? "finite differences" : "fixtures");
  }
}
