/* A training's plan and memory as text, for --explain-plan. */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/reader.h"
#include "train/fit.h"

static double add_part(sv_text *text, const char *name, double bytes) {
  if (bytes > 0) sv_text_add(text, "  %-44s %10.1f KiB\n", name, bytes / 1024);
  return bytes;
}

/* The bytes of one of those that hold memory in turn; *most: the largest. */
static void add_plan(sv_text *text, const char *what, int64_t batch,
                     const sv_plan *plan, double *most) {
  char name[64];
  double sum = 0;
  if (!plan) return;
  sv_plan_memory m = sv_plan_memory_use(plan);
  snprintf(name, sizeof name, "%s of %lld: activations", what,
           (long long)batch);
  sum += add_part(text, name, (double)m.arena);
  sum += add_part(text, "  its gradients of parameters", (double)m.gradient);
  sum += add_part(text, "  its packed weights", (double)m.constant);
  if (sum > *most) *most = sum;
}

static double add_state(sv_text *text, const sv_state *state) {
  double weights = 0, records = 0;
  for (int i = 0; i < state->count; i++)
    *(state->slots[i].role == SV_RECORD ? &records : &weights) +=
        (double)state->slots[i].tensor.layout.bytes;
  add_part(text, "weights and running statistics", weights);
  add_part(text, "moments, averages, counters", records);
  return weights + records;
}

static double dataset_bytes(const sv_dataset *d) {
  double labels = (double)d->count * sizeof *d->labels;
  double pixels = (double)d->count * d->channels * d->height * d->width;
  return d->reader->in_memory ? labels + pixels : labels;
}

static double batches_bytes(const sv_fit_job *job) {
  const sv_preprocess *p = &job->preprocess;
  double sample =
      (double)p->channels * p->height * p->width * (double)sizeof(float);
  double label = (double)job->places * (double)sizeof(int64_t);
  return 2 * (double)job->batch * (sample + label);
}

static void add_memory(sv_text *text, const sv_fit_job *job) {
  const sv_state *state = sv_model_state(job->model);
  double sum = 0, most = 0;
  sv_text_add(text, "memory of the training:\n");
  sum += add_state(text, state);
  sum += add_part(text, "images and labels", dataset_bytes(job->dataset));
  sum += add_part(text, "two batches of the loader", batches_bytes(job));
  sv_text_add(text, "in turn:\n");
  add_plan(text, "plan for steps", job->batch, job->runner.plans[0], &most);
  add_plan(text, "plan for a last step", job->runner.other,
           job->runner.plans[1], &most);
  add_plan(text, "plan for validation", job->validator.options.batch,
           job->validator.plans[0], &most);
  sv_text_add(text,
              "  %-44s %10.1f KiB\n"
              "Of what holds memory in turn, the sum counts the largest. Not "
              "counted: code of kernels, libraries, threads and image files "
              "that are being decoded.\n",
              "sum", (sum + most) / 1024);
}

static sv_status explain(const sv_fit_job *job, char **text) {
  sv_text all = {0};
  char *plan;
  SV_TRY(sv_plan_explain(job->runner.plans[0], &plan));
  sv_text_add(&all, "%s", plan);
  sv_plan_text_free(plan);
  add_memory(&all, job);
  return sv_text_take(&all, text);
}

sv_status sv_fit_explain(char **text, sv_model *model,
                         const sv_dataset *dataset,
                         const sv_fit_options *options) {
  sv_fit_options unsaved = *options;
  sv_fit_job job = {.model = model, .dataset = dataset, .options = &unsaved};
  *text = NULL;
  unsaved.run = NULL;
  sv_status status = sv_fit_prepare(&job);
  if (status == SV_OK) status = explain(&job, text);
  sv_fit_release(&job);
  return status;
}
