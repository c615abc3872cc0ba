/* Kernels by site. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/spare.h"
#include "op/registry.h"
#include "plan/choices.h"
#include "plan/plan.h"
#include "plan/tune.h"
#include "tensor/tensor.h"

/* ---- Choosing ---- */

static bool belongs_to_pass(const sv_site *site, int i) {
  bool data = !sv_role_is_state(sv_op_in_port(site->node->op, i)->role);
  return data == (site->pass == SV_BACKWARD_DATA);
}

static int inputs_of(const sv_site *site) {
  return site->node->in_count + site->extra_count;
}

/* Sets what the contract promises the kernel in `need`. */
static void reset_need(const sv_site *site, sv_need *need) {
  bool forward = site->pass == SV_FORWARD;
  need->workspace = need->scratch = 0;
  need->tail = 0;
  need->both = false;
  need->name[0] = '\0';
  for (int i = site->node->in_count; i < inputs_of(site); i++)
    need->in[i] = (sv_place){.dtype = site->in[i].dtype,
                             .layout = site->in[i].layout,
                             .over = -1,
                             .view = -1,
                             .onto = -1};
  for (int i = 0; i < site->node->in_count; i++) {
    need->in[i] = (sv_place){.used = forward && site->in[i].present,
                             .dtype = site->in[i].dtype,
                             .layout = site->in[i].layout,
                             .over = -1,
                             .view = -1,
                             .onto = -1};
    if (forward) continue;
    need->diff_in[i] =
        (sv_place){.used = site->diff_in[i].present && belongs_to_pass(site, i),
                   .dtype = site->diff_in[i].dtype,
                   .layout = site->diff_in[i].layout,
                   .over = -1,
                   .view = -1,
                   .onto = -1};
  }
  for (int i = 0; i < site->node->out_count; i++) {
    need->out[i] = (sv_place){.used = forward && site->out[i].present,
                              .dtype = site->out[i].dtype,
                              .layout = site->out[i].layout,
                              .over = -1,
                              .view = -1,
                              .onto = -1};
    if (forward) continue;
    need->diff_out[i] = (sv_place){.used = site->diff_out[i].present,
                                   .dtype = site->diff_out[i].dtype,
                                   .layout = site->diff_out[i].layout,
                                   .over = -1,
                                   .view = -1,
                                   .onto = -1};
  }
}

/* Candidate n of the kernel. */
static sv_status try_candidate(sv_site *site, const char *backend,
                               const sv_kernel *kernel, int n,
                               sv_choice *choice) {
  reset_need(site, &choice->need);
  choice->impl = NULL;
  choice->kernel = kernel;
  choice->backend = backend;
  choice->candidate = site->candidate = n;
  SV_TRY(kernel->plan(site, &choice->need, &choice->impl));
  if (!choice->need.name[0])
    snprintf(choice->need.name, sizeof choice->need.name, "%s", backend);
  return SV_OK;
}

static void drop_candidate(sv_choice *choice) {
  if (choice->impl && choice->kernel->destroy)
    choice->kernel->destroy(choice->impl);
  choice->impl = NULL;
}

bool sv_backend_allowed(const sv_plan *plan, const char *name) {
  return !plan->options.backend || strcmp(plan->options.backend, name) == 0;
}

/* Kernel b of the operator's line: its backends in order, then the reference;
 * false after that. NULL: not allowed by the options. */
static bool kernel_at(const sv_plan *plan, const sv_site *site, int b,
                      const char **backend, const sv_kernel **kernel) {
  const sv_entry *entry = sv_registry_of(site->node->op);
  int fast = 0;
  while (entry->fast[fast].kernel) fast++;
  if (b > fast) return false;
  *backend = b < fast ? entry->fast[b].backend : "ref";
  *kernel = b < fast ? entry->fast[b].kernel : &sv_ref_kernel;
  if (b < fast && !sv_backend_allowed(plan, *backend)) *kernel = NULL;
  return true;
}

/* By the rules: the first candidate of the first backend that has one. */
static sv_status choose_first(const sv_plan *plan, sv_site *site,
                              sv_choice *choice) {
  const char *backend;
  const sv_kernel *kernel;
  sv_status status = SV_UNSUPPORTED;
  for (int b = 0;
       status == SV_UNSUPPORTED && kernel_at(plan, site, b, &backend, &kernel);
       b++)
    if (kernel) status = try_candidate(site, backend, kernel, 0, choice);
  return status;
}

/* ---- By a table, and by timing ---- */

static bool can_reorder(const sv_plan *plan, int threads, const sv_spec *from,
                        const sv_place *place) {
  sv_spec to = *from, lies = *from;
  sv_step step = {.kernel = NULL};
  size_t scratch;
  lies.dtype = from->stored;
  to.dtype = place->dtype;
  to.layout = place->layout;
  bool can =
      sv_plan_reorder(plan, threads, &lies, &to, &step, &scratch) == SV_OK;
  if (can && step.impl && step.kernel->destroy) step.kernel->destroy(step.impl);
  return can;
}

/* True if all tensors can be brought into the layouts that the kernel reads,
 * and others can read what it writes. */
static bool is_reachable(const sv_plan *plan, const sv_site *site,
                         const sv_need *need) {
  for (int i = 0; i < inputs_of(site); i++)
    if (need->in[i].used &&
        !sv_layout_equal(&need->in[i].layout, &site->in[i].layout) &&
        !can_reorder(plan, site->threads, &site->in[i], &need->in[i]))
      return false;
  for (int i = 0; i < site->node->out_count; i++)
    if (need->out[i].used && site->pass == SV_FORWARD &&
        need->out[i].layout.kind == SV_OPAQUE)
      return false;
  for (int i = 0; site->diff_in && i < site->node->in_count; i++)
    if (need->diff_in[i].used && need->diff_in[i].layout.kind == SV_OPAQUE)
      return false;
  for (int i = 0; site->diff_out && i < site->node->out_count; i++)
    if (need->diff_out[i].used &&
        !sv_layout_equal(&need->diff_out[i].layout,
                         &site->diff_out[i].layout) &&
        !can_reorder(plan, site->threads, &site->diff_out[i],
                     &need->diff_out[i]))
      return false;
  return true;
}

/* The kernel that the table names, if this build has it. */
static sv_status choose_known(const sv_plan *plan, sv_site *site,
                              const sv_chosen *row, sv_choice *choice) {
  const char *backend;
  const sv_kernel *kernel;
  for (int b = 0; kernel_at(plan, site, b, &backend, &kernel); b++) {
    if (!kernel || strcmp(backend, row->backend) != 0) continue;
    SV_TRY(try_candidate(site, backend, kernel, row->candidate, choice));
    if (strcmp(choice->need.name, row->kernel) == 0) return SV_OK;
    drop_candidate(choice);
  }
  return SV_UNSUPPORTED;
}

/* Bringing the data into the layouts that the kernel asks for, counted as
 * memory that is read and written at this rate. Constants move once. */
static double reorder_time(const sv_site *site, const sv_choice *choice) {
  const double rate = 1e10;
  double bytes = 0;
  for (int i = 0; i < inputs_of(site); i++) {
    const sv_place *place = &choice->need.in[i];
    bool data = i >= site->node->in_count ||
                sv_op_in_port(site->node->op, i)->role == SV_DATA;
    if (data && place->used &&
        !(place->dtype == site->in[i].stored &&
          sv_layout_equal(&place->layout, &site->in[i].layout)))
      bytes += (double)place->layout.bytes;
  }
  for (int i = 0; site->diff_out && i < site->node->out_count; i++) {
    const sv_place *place = &choice->need.diff_out[i];
    if (place->used &&
        !sv_layout_equal(&place->layout, &site->diff_out[i].layout))
      bytes += (double)place->layout.bytes;
  }
  return 2 * bytes / rate;
}

/* Times every candidate but the reference's and leaves the fastest one's
 * backend and number in the choice; SV_UNSUPPORTED if there are not two. */
static sv_status time_all(const sv_plan *plan, sv_site *site,
                          sv_choice *choice) {
  const char *backend, *best = NULL;
  const sv_kernel *kernel;
  double least = 0;
  int number = 0, count = 0;
  for (int b = 0; kernel_at(plan, site, b, &backend, &kernel); b++) {
    sv_status status =
        kernel && kernel != &sv_ref_kernel ? SV_OK : SV_UNSUPPORTED;
    for (int n = 0; status == SV_OK && n < SV_MOST_CANDIDATES; n++) {
      double seconds;
      status = try_candidate(site, backend, kernel, n, choice);
      if (status != SV_OK) break;
      if (!is_reachable(plan, site, &choice->need)) {
        drop_candidate(choice);
        continue;
      }
      status = sv_time_choice(site, choice, &seconds);
      seconds += reorder_time(site, choice);
      drop_candidate(choice);
      if (count++ && seconds >= least) continue;
      least = seconds;
      best = backend;
      number = n;
    }
    if (status != SV_OK && status != SV_UNSUPPORTED) return status;
  }
  choice->backend = best;
  choice->candidate = number;
  return count > 1 ? SV_OK : SV_UNSUPPORTED;
}

static sv_status choose_fastest(const sv_plan *plan, sv_site *site,
                                sv_choice *choice) {
  const char *backend;
  const sv_kernel *kernel;
  if (!sv_can_tune(site)) return SV_UNSUPPORTED;
  SV_TRY(time_all(plan, site, choice));
  const char *best = choice->backend;
  int number = choice->candidate;
  for (int b = 0; kernel_at(plan, site, b, &backend, &kernel); b++)
    if (kernel && strcmp(backend, best) == 0)
      return try_candidate(site, backend, kernel, number, choice);
  return SV_UNSUPPORTED;
}

/* Names have the tail added only after the kernel is chosen. */
static sv_status choose_kernel(const sv_plan *plan, sv_site *site,
                               sv_choice *choice) {
  sv_choices *table = plan->options.choices;
  sv_text text = {0};
  char *key = NULL;
  if (!table) return choose_first(plan, site, choice);
  sv_site_text(&text, site);
  SV_TRY(sv_text_take(&text, &key));
  const sv_chosen *row = sv_choices_find(table, key);
  sv_status status =
      row ? choose_known(plan, site, row, choice) : SV_UNSUPPORTED;
  if (status == SV_UNSUPPORTED && !row && plan->options.tune) {
    status = choose_fastest(plan, site, choice);
    if (status == SV_OK)
      status = sv_choices_add(table, key, choice->backend, choice->candidate,
                              choice->need.name);
  }
  sv_free(key);
  return status == SV_UNSUPPORTED ? choose_first(plan, site, choice) : status;
}

sv_status sv_choose(const sv_plan *plan, sv_site *site, sv_choice *choice) {
  *choice = (sv_choice){0};
  SV_TRY(sv_spare_check(0));
  size_t in = (size_t)inputs_of(site), out = (size_t)site->node->out_count;
  SV_TRY(
      sv_alloc_array(&choice->places, 2 * (in + out), sizeof *choice->places));
  choice->need.in = choice->places;
  choice->need.out = choice->places + in;
  choice->need.diff_in = choice->places + in + out;
  choice->need.diff_out = choice->places + 2 * in + out;
  sv_status status = choose_kernel(plan, site, choice);
  if (status == SV_OK) return SV_OK;
  sv_choice_free(choice);
  return sv_fail_in(status, "%s", site->node->name);
}

void sv_choice_free(sv_choice *choice) {
  drop_candidate(choice);
  sv_free(choice->places);
  *choice = (sv_choice){0};
}
