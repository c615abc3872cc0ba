/* NaN and infinity pass through every kernel as they pass through the
 * reference: a case gets one of them at a random place of one tensor that the
 * pass reads, and the results have NaN exactly where the reference has it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "opcheck.h"
#include "tensor/tensor.h"

/* One element of a tensor, in every third case two. */
static void poison(sv_tensor *t, double value, uint64_t index) {
  sv_random random = {.seed = 5, .step = index};
  int64_t count = sv_shape_count(&t->shape);
  for (uint64_t i = 0; i < (index % 3 == 2 ? 2u : 1u) && count > 0; i++)
    sv_tensor_set(t, (int64_t)sv_random_below(&random, i, (uint64_t)count),
                  value);
}

static bool is_real(const sv_tensor *t) { return t && t->dtype == SV_F32; }

/* The tensors of a case in turn: its inputs, then what comes in backward. */
static const char *poison_one(oc_run *run, int index) {
  sv_tensor *all[2 * OC_PORTS];
  const char *names[2 * OC_PORTS];
  int count = 0;
  for (int i = 0; i < run->node.in_count; i++)
    if (is_real(run->in[i])) {
      names[count] = sv_op_in_port(run->node.op, i)->name;
      all[count++] = run->in[i];
    }
  for (int i = 0; i < run->node.out_count; i++)
    if (is_real(run->seed[i])) {
      names[count] = "dy";
      all[count++] = run->seed[i];
    }
  if (count == 0) return NULL;
  poison(all[index % count], NAN, (uint64_t)index);
  return names[index % count];
}

/* Every candidate of every backend for one pass. */
static void check_pass(const oc_options *o, const oc_run *run, const oc_case *c,
                       oc_trial t, const char *port, oc_tally *tally) {
  enum { MOST_CANDIDATES = 64 };
  const double most = 1e-3;
  for (int b = 0; c->entry->fast[b].kernel; b++) {
    t.backend = c->entry->fast[b].backend;
    t.kernel = c->entry->fast[b].kernel;
    if (o->backend && strcmp(o->backend, t.backend) != 0) continue;
    for (t.candidate = 0; t.candidate < MOST_CANDIDATES; t.candidate++) {
      char what[OC_TEXT];
      sv_status status = oc_try(run, &t);
      snprintf(what, sizeof what, "%s of %s (%s) with NaN in %s",
               oc_pass_name(t.pass), t.backend, t.name, port);
      if (status != SV_OK)
        oc_fail(tally, c, "%s: %s", what, sv_error());
      else if (t.taken)
        oc_judge(tally, c, what, t.error, most);
      if (status != SV_OK || !t.taken) break;
    }
  }
}

/* A kernel may multiply the zeros of padding with what is NaN, as IEEE 754 has
 * it, where the reference leaves them out; and Winograd's works in tiles. */
static bool may_spread(const oc_run *run, const char *port, bool exact) {
  const sv_op *op = run->node.op;
  bool pads = false;
  for (const sv_attr *row = op->attrs; row && row->name; row++)
    pads = pads || row->type == SV_ATTR_PADDING;
  return pads && (!exact || strcmp(port, op->in[0].name) != 0);
}

static sv_status check_case(const oc_options *o, const oc_case *c, int index,
                            bool spreads, oc_tally *tally) {
  oc_run *run;
  SV_TRY(oc_run_new(&run, c, SV_F32));
  const char *port = poison_one(run, index);
  sv_status status = port ? oc_forward(run) : SV_UNSUPPORTED;
  if (status == SV_OK) status = oc_backward(run);
  for (sv_pass pass = 0; status == SV_OK && pass < SV_PASS_COUNT; pass++) {
    oc_trial t = {.pass = pass,
                  .offer = (oc_offer)(index / 2 % 3),
                  .exact = index / 6 % 4 != 3};
    t.may_spread = spreads || may_spread(run, port, t.exact);
    if (oc_has_pass(run, pass)) check_pass(o, run, c, t, port, tally);
  }
  oc_run_free(run);
  return port ? status : SV_OK;
}

void oc_check_nan(const oc_options *o, const sv_entry *entry,
                  const oc_draws *draws, oc_tally *tally) {
  if (!entry->fast[0].kernel) return;
  for (int k = 0; k < o->random / 2; k++) {
    oc_case c = {.entry = entry};
    const oc_draw *draw = oc_draw_at(draws, k);
    if (oc_draw_case(entry, draw, o->seed, k, &c) != SV_OK ||
        check_case(o, &c, k, draw->spreads, tally) != SV_OK)
      oc_fail(tally, &c, "%s", sv_error());
    oc_case_clear(&c);
  }
}
