/* The same cases timed. */
#include <stdio.h>

#include "opcheck.h"

static void time_pass(const oc_run *run, sv_pass pass) {
  const sv_entry *entry = sv_registry_of(run->node.op);
  oc_trial t = {
      .kernel = &sv_ref_kernel, .backend = "ref", .pass = pass, .repeat = 5};
  if (!oc_has_pass(run, pass)) return;
  printf("  %-18s", oc_pass_name(pass));
  double reference = 0;
  if (oc_try(run, &t) == SV_OK && t.taken) reference = t.seconds;
  printf(" ref %9.3f ms", 1e3 * reference);
  for (int b = 0; entry->fast[b].kernel; b++) {
    t.kernel = entry->fast[b].kernel;
    t.backend = entry->fast[b].backend;
    t.offer = OC_OFFER_WANTED;
    t.repeat = 20;
    if (oc_try(run, &t) != SV_OK || !t.taken) continue;
    printf("   %s %9.3f ms  x%.0f  (%s)", t.backend, 1e3 * t.seconds,
           reference / t.seconds, t.name);
  }
  printf("\n");
}

static sv_status time_case(const oc_case *c) {
  oc_run *run;
  char x[SV_SHAPE_TEXT];
  SV_TRY(oc_run_new(&run, c, SV_F32));
  sv_status status = oc_forward(run);
  if (status == SV_OK) status = oc_backward(run);
  if (status == SV_OK) {
    printf("%s %s  %s\n", c->entry->op->name, c->attrs,
           sv_shape_text(&run->in[0]->shape, x));
    for (sv_pass pass = 0; pass < SV_PASS_COUNT; pass++) time_pass(run, pass);
  }
  oc_run_free(run);
  return status;
}

void oc_time(const oc_options *options, const sv_entry *entry,
             const oc_draws *draws) {
  bool timed = false;
  for (int i = 0; i < draws->count; i++) timed = timed || draws->at[i].timed;
  for (int i = 0; i < draws->count; i++) {
    oc_case c = {.entry = entry};
    if (draws->at[i].timed != timed) continue;
    if (oc_draw_case(entry, &draws->at[i], options->seed, i, &c) != SV_OK ||
        time_case(&c) != SV_OK)
      printf("%s: %s\n", entry->op->name, sv_error());
    oc_case_clear(&c);
  }
}
