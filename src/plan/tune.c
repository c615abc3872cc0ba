/* Timing the candidates of a site: each runs on numbers of its own, in the
 * layouts that it asks for; what it costs to bring the site's tensors into
 * these layouts is added. */
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "plan/plan.h"
#include "plan/tune.h"
#include "tensor/tensor.h"

enum { RUNS = 5 };

typedef struct trial {
  const sv_site *site;
  sv_choice *choice;
  sv_tensor *tensors; /* in, out, diff_in, diff_out */
  sv_tensor **args;   /* the same; NULL where the kernel uses none */
  int in, out;
  void *workspace, *scratch;
} trial;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool sv_can_tune(const sv_site *site) {
  const sv_spec *groups[] = {site->in, site->out, site->diff_in,
                             site->diff_out};
  const int counts[] = {site->node->in_count + site->extra_count,
                        site->node->out_count, site->node->in_count,
                        site->node->out_count};
  if (site->workspace) return false; /* its contents cannot be made up */
  for (int g = 0; g < 4; g++)
    for (int i = 0; groups[g] && i < counts[g]; i++)
      if (groups[g][i].present && groups[g][i].dtype != SV_F32) return false;
  return true;
}

static sv_status add_tensor(trial *t, int index, const sv_spec *spec,
                            const sv_place *place) {
  sv_tensor *x = &t->tensors[index];
  if (!spec->present || !place->used) return SV_OK;
  *x = (sv_tensor){
      .dtype = place->dtype, .shape = spec->shape, .layout = place->layout};
  SV_TRY(sv_alloc(&x->data, place->layout.bytes));
  float *numbers = x->data;
  for (size_t i = 0; i < place->layout.bytes / sizeof *numbers; i++)
    numbers[i] = 0.01F * (float)(i % 7) - 0.02F;
  t->args[index] = x;
  return SV_OK;
}

static sv_status add_tensors(trial *t) {
  const sv_site *s = t->site;
  const sv_need *need = &t->choice->need;
  size_t all = 2 * (size_t)(t->in + t->out);
  SV_TRY(sv_alloc_array(&t->tensors, all, sizeof *t->tensors));
  SV_TRY(sv_alloc_array(&t->args, all, sizeof *t->args));
  for (int i = 0; i < t->in; i++) {
    SV_TRY(add_tensor(t, i, &s->in[i], &need->in[i]));
    if (s->diff_in && i < s->node->in_count)
      SV_TRY(
          add_tensor(t, t->in + t->out + i, &s->diff_in[i], &need->diff_in[i]));
  }
  for (int i = 0; i < t->out; i++) {
    SV_TRY(add_tensor(t, t->in + i, &s->out[i], &need->out[i]));
    if (s->diff_out)
      SV_TRY(add_tensor(t, 2 * t->in + t->out + i, &s->diff_out[i],
                        &need->diff_out[i]));
  }
  SV_TRY(sv_alloc(&t->workspace, need->workspace + 1));
  return sv_alloc(&t->scratch, need->scratch + 1);
}

static void release(trial *t) {
  for (int i = 0; t->tensors && i < 2 * (t->in + t->out); i++)
    sv_free(t->tensors[i].data);
  sv_free(t->tensors);
  sv_free(t->args);
  sv_free(t->workspace);
  sv_free(t->scratch);
}

static sv_status run_best(const trial *t, double *seconds) {
  const sv_choice *c = t->choice;
  sv_args args = {
      .node = t->site->node,
      .pass = t->site->pass,
      .training = t->site->training,
      .in = (const sv_tensor *const *)t->args,
      .out = t->args + t->in,
      .diff_in = t->args + t->in + t->out,
      .diff_out = (const sv_tensor *const *)(t->args + 2 * t->in + t->out),
      .workspace = t->workspace,
      .scratch = t->scratch};
  for (int i = 0; i <= RUNS; i++) { /* the first one warms up */
    double start = now();
    SV_TRY(c->kernel->run(c->impl, &args));
    double took = now() - start;
    if (i == 1 || (i > 1 && took < *seconds)) *seconds = took;
  }
  return SV_OK;
}

sv_status sv_time_choice(const sv_site *site, sv_choice *choice,
                         double *seconds) {
  trial t = {.site = site,
             .choice = choice,
             .in = site->node->in_count + site->extra_count,
             .out = site->node->out_count};
  *seconds = 0;
  sv_status status = add_tensors(&t);
  if (status == SV_OK) status = run_best(&t, seconds);
  release(&t);
  return status;
}
