/* One case through one kernel of a backend, the way a plan does it: the kernel
 * is offered tensors in some layout, says what it wants, and gets that. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "opcheck.h"
#include "tensor/tensor.h"

enum { IN, OUT, DIFF_IN, DIFF_OUT, KINDS };

/* One planned pass with its tensors. */
typedef struct stage {
  const oc_run *run;
  struct stage *forward; /* a backward pass: the forward pass before it */
  struct stage *likes;   /* the same, where it was offered plain tensors */
  bool taken;            /* the kernel does it */
  sv_site site;
  sv_spec specs[KINDS][OC_PORTS];
  sv_place places[KINDS][OC_PORTS];
  sv_need need;
  void *impl;
  sv_tensor *tensors[KINDS][OC_PORTS]; /* as the kernel wants them */
  void *workspace, *scratch;
} stage;

static int count_of(const stage *s, int kind) {
  bool in = kind == IN || kind == DIFF_IN;
  return in ? s->run->node.in_count : s->run->node.out_count;
}

/* The reference's tensors of a kind. */
static sv_tensor *const *known(const stage *s, int kind) {
  const oc_run *run = s->run;
  return kind == IN        ? run->in
         : kind == OUT     ? run->out
         : kind == DIFF_IN ? run->diff
                           : run->seed;
}

/* ---- Memory: filled with what is no number, and so much more behind it that
 * nobody may touch ---- */

enum { GUARD = 4096 };

static sv_status new_guarded(void *memory, size_t bytes) {
  SV_TRY(sv_alloc(memory, bytes + GUARD));
  void *fresh;
  memcpy(&fresh, memory, sizeof fresh);
  memset(fresh, 0xff, bytes + GUARD);
  return SV_OK;
}

static bool is_untouched(const void *memory, size_t bytes) {
  const unsigned char *guard = (const unsigned char *)memory + bytes;
  for (int i = 0; memory && i < GUARD; i++)
    if (guard[i] != 0xff) return false;
  return true;
}

/* ---- Layouts ---- */

static sv_status channels_last(sv_layout *layout, sv_dtype dtype,
                               const sv_shape *shape) {
  SV_TRY(sv_layout_plain(layout, dtype, shape));
  int64_t stride = 1;
  if (shape->rank < 3) return SV_OK;
  static const int order[] = {1, 3, 2, 0};
  for (int i = 0; i < 4; i++) {
    int d = order[i];
    if (d >= shape->rank) continue;
    layout->stride[d] = stride;
    stride *= shape->dim[d];
  }
  return SV_OK;
}

static sv_status new_tensor(sv_tensor **tensor, const sv_spec *spec,
                            const sv_layout *layout) {
  SV_TRY(sv_alloc(tensor, sizeof **tensor));
  (*tensor)->dtype = spec->dtype;
  (*tensor)->shape = spec->shape;
  (*tensor)->layout = *layout;
  return new_guarded(&(*tensor)->data, layout->bytes);
}

static sv_place place_of(sv_dtype dtype, const sv_layout *layout) {
  return (sv_place){.used = true,
                    .dtype = dtype,
                    .layout = *layout,
                    .over = -1,
                    .view = -1,
                    .onto = -1};
}

sv_status oc_reorder(const sv_kernel *kernel, const sv_tensor *src,
                     sv_tensor *dst) {
  static char name[] = "reorder";
  static int id = 0;
  sv_node node = {.name = name, .in_count = 1, .out_count = 1, &id, &id};
  sv_spec in = {true, src->dtype, src->dtype, src->shape, src->layout};
  sv_spec out = {true, dst->dtype, dst->dtype, dst->shape, dst->layout};
  sv_place from = place_of(src->dtype, &src->layout);
  sv_place to = place_of(dst->dtype, &dst->layout);
  sv_site site = {.node = &node, .threads = 2, .in = &in, .out = &out};
  sv_need need = {.in = &from, .out = &to};
  void *impl = NULL, *scratch = NULL;
  SV_TRY(kernel->plan(&site, &need, &impl));
  sv_status status = sv_alloc(&scratch, need.scratch);
  sv_args args = {.node = &node, .in = &src, .out = &dst, .scratch = scratch};
  if (status == SV_OK) status = kernel->run(impl, &args);
  if (kernel->destroy) kernel->destroy(impl);
  sv_free(scratch);
  return status;
}

/* With the backend's reorder; where it has none for these two, with ours. A
 * plan reorders nothing that lies as it should. */
static sv_status reorder(const char *backend, const sv_tensor *src,
                         sv_tensor *dst) {
  const sv_backend *b = sv_backend_find(backend);
  sv_status status = SV_UNSUPPORTED;
  if (src->layout.kind == SV_OPAQUE &&
      sv_layout_equal(&src->layout, &dst->layout)) {
    memcpy(dst->data, src->data, src->layout.bytes);
    return SV_OK;
  }
  if (b) status = oc_reorder(&b->reorder, src, dst);
  if (status != SV_UNSUPPORTED) return status;
  return oc_reorder(&sv_ref_reorder, src, dst);
}

/* ---- Planning ---- */

static bool is_present(const stage *s, int kind, int i, unsigned wanted) {
  if (kind == DIFF_IN) return wanted >> i & oc_has_gradient(s->run, i);
  return known(s, kind)[i] != NULL;
}

/* In which layout the tensors lie that a pass finds. */
static sv_status lay_out(const stage *s, int kind, int i, oc_offer how,
                         sv_layout *layout) {
  const sv_tensor *t = known(s, kind)[i];
  bool forward = s->site.pass == SV_FORWARD;
  SV_TRY(sv_layout_plain(layout, t->dtype, &t->shape));
  if (kind == DIFF_IN || (kind == OUT && forward)) return SV_OK;
  /* What the forward pass wrote lies as it wrote it. */
  if (kind == OUT && s->forward->taken) {
    *layout = s->forward->places[OUT][i].layout;
    return SV_OK;
  }
  bool data = kind != IN || sv_op_in_port(s->run->node.op, i)->role == SV_DATA;
  if (how == OC_OFFER_CHANNELS_LAST && data)
    return channels_last(layout, t->dtype, &t->shape);
  if (how == OC_OFFER_WANTED && s->likes && s->likes->places[kind][i].used)
    *layout = s->likes->places[kind][i].layout;
  return SV_OK;
}

static sv_status offer(stage *s, int kind, oc_offer how, unsigned wanted) {
  bool forward = s->site.pass == SV_FORWARD;
  for (int i = 0; i < count_of(s, kind); i++) {
    sv_spec *spec = &s->specs[kind][i];
    spec->present = is_present(s, kind, i, wanted);
    if (!spec->present) continue;
    spec->dtype = spec->stored = known(s, kind)[i]->dtype;
    spec->shape = known(s, kind)[i]->shape;
    SV_TRY(lay_out(s, kind, i, how, &spec->layout));
    bool used = kind == IN || kind == OUT ? forward
                : kind == DIFF_IN ? oc_pass_of(s->run, i) == s->site.pass
                                  : true;
    s->places[kind][i] = place_of(spec->dtype, &spec->layout);
    s->places[kind][i].used = used;
  }
  return SV_OK;
}

/* SV_UNSUPPORTED if the kernel declines. */
static sv_status plan_stage(stage *s, const oc_trial *t, oc_offer how,
                            unsigned wanted) {
  bool backward = s->site.pass != SV_FORWARD;
  s->site = (sv_site){.node = &s->run->node,
                      .pass = s->site.pass,
                      .candidate = t->candidate,
                      .training = s->run->training,
                      .backward = t->pass != SV_FORWARD,
                      .exact = t->exact,
                      .threads = 2,
                      .in = s->specs[IN],
                      .out = s->specs[OUT]};
  s->need = (sv_need){.in = s->places[IN], .out = s->places[OUT]};
  if (backward) {
    s->site.diff_in = s->specs[DIFF_IN];
    s->site.diff_out = s->specs[DIFF_OUT];
    s->site.forward = s->forward->taken ? t->kernel : &sv_ref_kernel;
    s->need.diff_in = s->places[DIFF_IN];
    s->need.diff_out = s->places[DIFF_OUT];
  }
  for (int kind = 0; kind < (backward ? KINDS : DIFF_IN); kind++)
    SV_TRY(offer(s, kind, how, wanted));
  sv_status status = t->kernel->plan(&s->site, &s->need, &s->impl);
  s->taken = status == SV_OK;
  return status;
}

static void clear_stage(stage *s, const sv_kernel *kernel) {
  for (int kind = 0; kind < KINDS; kind++)
    for (int i = 0; i < OC_PORTS; i++) sv_tensor_free(s->tensors[kind][i]);
  if (s->impl && kernel->destroy) kernel->destroy(s->impl);
  sv_free(s->workspace);
  sv_free(s->scratch);
}

/* ---- Running ---- */

/* A tensor that the kernel reads: from the reference's to the offered layout,
 * from there to the one it wants. */
static sv_status give(stage *s, const oc_trial *t, int kind, int i) {
  const sv_spec *spec = &s->specs[kind][i];
  sv_tensor *offered = NULL;
  SV_TRY(new_tensor(&s->tensors[kind][i], spec, &s->places[kind][i].layout));
  sv_status status = new_tensor(&offered, spec, &spec->layout);
  if (status == SV_OK) status = reorder(t->backend, known(s, kind)[i], offered);
  if (status == SV_OK)
    status = reorder(t->backend, offered, s->tensors[kind][i]);
  sv_tensor_free(offered);
  return status;
}

static sv_status make_tensors(stage *s, const oc_trial *t) {
  bool forward = s->site.pass == SV_FORWARD;
  for (int kind = 0; kind < (forward ? DIFF_IN : KINDS); kind++)
    for (int i = 0; i < count_of(s, kind); i++) {
      if (!s->specs[kind][i].present || !s->places[kind][i].used) continue;
      bool written = kind == DIFF_IN || (kind == OUT && forward);
      SV_TRY(written ? new_tensor(&s->tensors[kind][i], &s->specs[kind][i],
                                  &s->places[kind][i].layout)
                     : give(s, t, kind, i));
    }
  SV_TRY(new_guarded(&s->scratch, s->need.scratch));
  return new_guarded(&s->workspace, forward ? s->need.workspace : 0);
}

static sv_status run_kernel(const stage *s, const oc_trial *t,
                            void *workspace) {
  sv_args args = {.node = &s->run->node,
                  .pass = s->site.pass,
                  .training = s->site.training,
                  .in = (const sv_tensor *const *)s->tensors[IN],
                  .out = s->tensors[OUT],
                  .diff_out = (const sv_tensor *const *)s->tensors[DIFF_OUT],
                  .diff_in = s->tensors[DIFF_IN],
                  .workspace = workspace,
                  .scratch = s->scratch,
                  .random = {.seed = 11, .stream = 12, .step = 13}};
  return t->kernel->run(s->impl, &args);
}

static sv_status check_guards(const stage *s) {
  bool forward = s->site.pass == SV_FORWARD;
  bool good = is_untouched(s->scratch, s->need.scratch) &&
              is_untouched(s->workspace, forward ? s->need.workspace : 0);
  for (int kind = 0; kind < KINDS; kind++)
    for (int i = 0; i < OC_PORTS; i++) {
      const sv_tensor *t = s->tensors[kind][i];
      good = good && (!t || is_untouched(t->data, t->layout.bytes));
    }
  return good ? SV_OK : sv_fail(SV_INVALID, "it writes past its memory");
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static sv_status measure(const stage *s, oc_trial *t, void *workspace) {
  t->seconds = INFINITY;
  for (int i = 0; i < t->repeat; i++) {
    double start = now();
    SV_TRY(run_kernel(s, t, workspace));
    t->seconds = fmin(t->seconds, now() - start);
  }
  return SV_OK;
}

/* ---- Comparing ---- */

/* What the pass has to give. */
static bool is_result(const stage *s, int kind, int i) {
  if (s->site.pass == SV_FORWARD)
    return kind == OUT && s->specs[OUT][i].present;
  if (kind != DIFF_IN || !s->specs[DIFF_IN][i].present) return false;
  return s->need.both || oc_pass_of(s->run, i) == s->site.pass;
}

/* NaN where a number is expected counts as that number. */
static void forgive(sv_tensor *got, const sv_tensor *expected) {
  int64_t count = sv_shape_count(&got->shape);
  for (int64_t i = 0; i < count; i++)
    if (isnan(sv_tensor_get(got, i)))
      sv_tensor_set(got, i, sv_tensor_get(expected, i));
}

static sv_status compare(const stage *s, oc_trial *t) {
  for (int kind = OUT; kind <= DIFF_IN; kind++)
    for (int i = 0; i < count_of(s, kind); i++) {
      if (!is_result(s, kind, i)) continue;
      const sv_tensor *got = s->tensors[kind][i];
      if (!got) return sv_fail(SV_INVALID, "it does not give what it must");
      sv_tensor *plain;
      SV_TRY(sv_tensor_new(&plain, got->dtype, &got->shape));
      sv_status status = reorder(t->backend, got, plain);
      if (t->may_spread) forgive(plain, known(s, kind)[i]);
      t->error = fmax(t->error, oc_error(plain, known(s, kind)[i], 0.1));
      sv_tensor_free(plain);
      SV_TRY(status);
    }
  return SV_OK;
}

/* The same again with a result over what the kernel allows: the same bits. */
static sv_status compare_in_place(stage *s, const oc_trial *t,
                                  void *workspace) {
  int kind = s->site.pass == SV_FORWARD ? OUT : DIFF_IN;
  int source = s->site.pass == SV_FORWARD ? IN : DIFF_OUT;
  for (int i = 0; i < count_of(s, kind); i++) {
    int over = s->places[kind][i].over;
    sv_tensor *result = s->tensors[kind][i];
    if (!result || over < 0) continue;
    sv_tensor *under = s->tensors[source][over];
    size_t bytes = result->layout.bytes;
    if (!under || under->layout.bytes != bytes) continue;
    void *saved = result->data;
    result->data = under->data;
    sv_status status = run_kernel(s, t, workspace);
    bool same = memcmp(saved, under->data, bytes) == 0;
    result->data = saved;
    SV_TRY(status);
    if (!same) return sv_fail(SV_INVALID, "in place it gives something else");
    return SV_OK;
  }
  return SV_OK;
}

static bool only_views(const stage *s) {
  int kind = s->site.pass == SV_FORWARD ? OUT : DIFF_IN;
  for (int i = 0; i < count_of(s, kind); i++)
    if (s->tensors[kind][i] && s->places[kind][i].view < 0) return false;
  return true;
}

static sv_status run_stage(stage *s, oc_trial *t, void *workspace) {
  SV_TRY(make_tensors(s, t));
  if (only_views(s)) return SV_OK;
  if (s->site.pass == SV_FORWARD) workspace = s->workspace;
  SV_TRY(run_kernel(s, t, workspace));
  SV_TRY(check_guards(s));
  SV_TRY(compare(s, t));
  if (t->repeat > 0) return measure(s, t, workspace);
  return compare_in_place(s, t, workspace);
}

/* A backward pass follows the forward pass that a plan would have chosen. */
static sv_status run_pass(stage *s, oc_trial *t, oc_offer how) {
  if (s->forward) {
    oc_trial first = *t;
    first.candidate = first.repeat = 0;
    sv_status status = plan_stage(s->forward, &first, how, 0);
    if (status == SV_OK) status = run_stage(s->forward, &first, NULL);
    if (status != SV_OK && status != SV_UNSUPPORTED) return status;
    t->error = first.error;
  }
  /* Alone it gives the parameters' gradients where the data's is not wanted, in
   * the first layer; and the data's alone where the parameters are frozen. */
  unsigned wanted = ~0u;
  for (int i = 0; i < s->run->node.in_count; i++)
    if ((t->pass == SV_BACKWARD_PARAMS || t->frozen) &&
        oc_pass_of(s->run, i) != t->pass)
      wanted &= ~SV_PORT(i);
  sv_status status = plan_stage(s, t, how, wanted);
  t->taken = s->taken;
  if (status == SV_UNSUPPORTED) return SV_OK;
  SV_TRY(status);
  snprintf(t->name, sizeof t->name, "%s",
           s->need.name[0] ? s->need.name : t->backend);
  return run_stage(s, t, s->forward ? s->forward->workspace : NULL);
}

sv_status oc_try(const oc_run *run, oc_trial *t) {
  stage *stages;
  t->taken = false;
  t->error = t->seconds = 0;
  SV_TRY(sv_alloc_array(&stages, 4, sizeof *stages));
  stage *plain = &stages[0], *offered = &stages[2];
  bool twice = t->offer == OC_OFFER_WANTED;
  for (int i = 0; i < 4; i++) {
    stages[i].run = run;
    stages[i].site.pass = i % 2 ? SV_FORWARD : t->pass;
    if (twice && i >= 2) stages[i].likes = &stages[i - 2];
    if (i % 2 == 0 && t->pass != SV_FORWARD) stages[i].forward = &stages[i + 1];
  }
  sv_status status = SV_OK;
  if (twice) status = run_pass(plain, t, OC_OFFER_PLAIN);
  if (status == SV_OK && (!twice || t->taken))
    status = run_pass(offered, t, t->offer);
  for (int i = 0; i < 4; i++) clear_stage(&stages[i], t->kernel);
  sv_free(stages);
  return status;
}
