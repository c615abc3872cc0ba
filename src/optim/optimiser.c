#include "optim/optimiser.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sized.h"
#include "base/thread.h"
#include "op/op.h"
#include "optim/rules.h"
#include "optim/sums.h"
#include "tensor/tensor.h"

/* Layouts are equal, so a parameter, its gradient and its moments are arrays in
 * one order; the zeros between partial blocks stay zero. */
typedef struct parameter {
  int slot, moment[SV_MAX_MOMENTS]; /* of the state */
  bool decays, local;
  int64_t begin;   /* where it stands among all of them */
  double w2, g2;   /* sums of squares, where they are wanted */
  sv_update whole; /* g is NULL where the plan has no gradient */
} parameter;

/* A stretch that is summed in one go, so that sums do not depend on threads. */
enum { BLOCK = 8192 };
typedef struct block {
  int parameter;
  int64_t from, count;
  double w2, g2;
  bool finite;
} block;

struct sv_optimiser {
  sv_state *state;
  uint64_t layouts; /* of the state when the pointers were taken */
  sv_setting kind;
  const sv_rule *rule;
  sv_optimiser_options options;
  bool decoupled;
  parameter *parameters;
  block *blocks;
  int count, block_count;
};

/* ---- Records ---- */

sv_status sv_record_beside(sv_state *state, int slot, const char *what,
                           int *index) {
  char name[512];
  int length =
      snprintf(name, sizeof name, "%s.%s", state->slots[slot].name, what);
  if (length < 0 || (size_t)length >= sizeof name)
    return sv_fail(SV_INVALID, "the name '%s' is too long",
                   state->slots[slot].name);
  sv_tensor like = state->slots[slot].tensor;
  *index = sv_state_find(state, name);
  if (*index < 0)
    return sv_state_add(state, name, SV_RECORD, like.dtype, &like.shape,
                        &like.layout, index);
  const sv_slot *record = &state->slots[*index];
  if (record->role != SV_RECORD || record->tensor.dtype != like.dtype ||
      !sv_shape_equal(&record->tensor.shape, &like.shape))
    return sv_fail(SV_INVALID, "'%s' is not the %s of '%s'", name, what,
                   state->slots[slot].name);
  return sv_state_settle(state, *index, &like.layout);
}

/* A momentum of 0 leaves nothing to remember. */
static const char *moment_of(const sv_optimiser *o, int k) {
  bool idle = k == 0 && o->rule->has_momentum && o->options.momentum == 0;
  return idle ? NULL : o->rule->moments[k];
}

static sv_status cut_into_blocks(sv_optimiser *o) {
  int64_t count = 0;
  for (int i = 0; i < o->count; i++)
    count += (o->parameters[i].whole.count + BLOCK - 1) / BLOCK;
  sv_free(o->blocks);
  o->blocks = NULL;
  SV_TRY(sv_alloc_array(&o->blocks, (size_t)count, sizeof *o->blocks));
  o->block_count = 0;
  for (int i = 0; i < o->count; i++)
    for (int64_t at = 0; at < o->parameters[i].whole.count; at += BLOCK) {
      int64_t left = o->parameters[i].whole.count - at;
      o->blocks[o->block_count++] = (block){
          .parameter = i, .from = at, .count = left < BLOCK ? left : BLOCK};
    }
  return SV_OK;
}

/* Points into the state, whose tensors may have moved. */
static sv_status bind(sv_optimiser *o) {
  sv_state *state = o->state;
  int64_t begin = 0;
  for (int i = 0; i < o->count; i++)
    for (int k = 0; k < SV_MAX_MOMENTS; k++)
      if (moment_of(o, k))
        SV_TRY(sv_record_beside(state, o->parameters[i].slot, moment_of(o, k),
                                &o->parameters[i].moment[k]));
  for (int i = 0; i < o->count; i++) {
    parameter *p = &o->parameters[i];
    const sv_slot *slot = &state->slots[p->slot];
    p->begin = begin;
    p->whole.w = slot->tensor.data;
    p->whole.count = (int64_t)(slot->tensor.layout.bytes / sizeof(float));
    for (int k = 0; k < SV_MAX_MOMENTS; k++)
      if (moment_of(o, k))
        p->whole.moment[k] = state->slots[p->moment[k]].tensor.data;
    begin += p->whole.count;
  }
  o->layouts = state->layouts;
  return cut_into_blocks(o);
}

/* ---- Beginning ---- */

static sv_status list_parameters(sv_optimiser *o) {
  const sv_state *state = o->state;
  SV_TRY(sv_alloc_array(&o->parameters, (size_t)state->count,
                        sizeof *o->parameters));
  for (int i = 0; i < state->count; i++) {
    const sv_slot *slot = &state->slots[i];
    if (!sv_role_is_trained(slot->role) ||
        sv_freeze_has(o->options.frozen, slot->name))
      continue;
    if (slot->tensor.dtype != SV_F32)
      return sv_fail(SV_UNSUPPORTED, "'%s' is %s; training needs f32",
                     slot->name, sv_dtype_name(slot->tensor.dtype));
    bool weight = slot->role == SV_WEIGHT;
    o->parameters[o->count++] =
        (parameter){.slot = i,
                    .decays = weight || o->options.decay_all,
                    .local = weight && o->rule->local,
                    .whole = {.momentum = o->options.momentum}};
  }
  return SV_OK;
}

static sv_status check_limit(const char *what, double value) {
  if (value >= 0 && isfinite(value)) return SV_OK;
  return sv_fail(SV_INVALID, "%s %g is negative or not finite", what, value);
}

static sv_status choose_decay(sv_optimiser *o) {
  const char *kind = o->options.decay;
  o->decoupled = o->rule->decoupled;
  if (!kind || strcmp(kind, "usual") == 0) return SV_OK;
  if (strcmp(kind, "decoupled") == 0) {
    o->decoupled = true;
    return SV_OK;
  }
  if (strcmp(kind, "coupled") != 0)
    return sv_fail(
        SV_INVALID,
        "unknown decay '%s'; expected one of: usual, coupled, decoupled", kind);
  if (!o->decoupled) return SV_OK;
  return sv_fail(SV_INVALID,
                 "%s has decoupled decay; with coupled decay it is adam",
                 o->kind.row->name);
}

static sv_status check(sv_optimiser *o) {
  const sv_optimiser_options *options = &o->options;
  const char *name = o->kind.row->name;
  double m = options->momentum;
  if (!(m >= 0 && m < 1))
    return sv_fail(SV_INVALID, "momentum %g is not in 0 <= momentum < 1", m);
  if (m > 0 && !o->rule->has_momentum)
    return sv_fail(SV_INVALID,
                   "optimiser %s has no momentum, but %g is given (%s)", name,
                   m, o->kind.row->usage);
  if (m == 0 && o->rule->needs_momentum)
    return sv_fail(SV_INVALID, "optimiser %s needs a momentum above 0", name);
  SV_TRY(check_limit("weight decay", options->weight_decay));
  SV_TRY(check_limit("clip value", options->clip_value));
  SV_TRY(check_limit("clip norm", options->clip_norm));
  return choose_decay(o);
}

sv_optimiser_options sv_optimiser_default(void) {
  return (sv_optimiser_options){.size = sizeof(sv_optimiser_options),
                                .kind = "sgd",
                                .momentum = SV_USUAL,
                                .weight_decay = SV_USUAL,
                                .decay = "usual"};
}

static sv_status prepare(sv_optimiser *o, const sv_optimiser_options *options) {
  sv_optimiser_options *own = &o->options;
  *own = sv_optimiser_default();
  SV_TRY(sv_sized_take(own, sizeof *own, options, "sv_optimiser_options"));
  SV_TRY(sv_rule_parse(&o->rule, &o->kind, own->kind ? own->kind : "sgd"));
  if (own->momentum == SV_USUAL) own->momentum = o->rule->momentum;
  if (own->weight_decay == SV_USUAL) own->weight_decay = o->rule->weight_decay;
  SV_TRY(check(o));
  SV_TRY(list_parameters(o));
  return bind(o);
}

sv_status sv_optimiser_new(sv_optimiser **optimiser, sv_state *state,
                           const sv_optimiser_options *options) {
  *optimiser = NULL;
  sv_optimiser *o;
  SV_TRY(sv_alloc(&o, sizeof *o));
  o->state = state;
  sv_status status = prepare(o, options);
  if (status != SV_OK) {
    sv_optimiser_free(o);
    return status;
  }
  o->options.kind = o->options.decay = NULL; /* were borrowed */
  o->options.frozen = NULL;
  *optimiser = o;
  return SV_OK;
}

void sv_optimiser_free(sv_optimiser *optimiser) {
  if (!optimiser) return;
  sv_free(optimiser->parameters);
  sv_free(optimiser->blocks);
  sv_free(optimiser);
}

sv_status sv_optimiser_usual(sv_usual *usual, const char *kind) {
  sv_setting setting;
  const sv_rule *rule;
  SV_TRY(sv_rule_parse(&rule, &setting, kind));
  *usual = (sv_usual){rule->rate, rule->momentum, rule->weight_decay};
  return SV_OK;
}

/* ---- Gradients: whether they are finite, and how large ---- */

static void measure_blocks(void *context, int64_t begin, int64_t end) {
  sv_optimiser *o = context;
  for (int64_t i = begin; i < end; i++) {
    block *b = &o->blocks[i];
    const parameter *p = &o->parameters[b->parameter];
    const sv_update *u = &p->whole;
    b->w2 = b->g2 = 0;
    b->finite = !u->g || sv_is_finite(u->g + b->from, b->count);
    if (u->g && (p->local || o->options.clip_norm > 0))
      b->g2 = sv_squares(u->g + b->from, b->count, u->most);
    if (u->g && p->local)
      b->w2 = sv_squares(u->w + b->from, b->count, INFINITY);
  }
}

/* The sums of all parameters; *all is that of the gradients. */
static sv_status measure(sv_optimiser *o, double *all) {
  sv_parallel(o->block_count, 2, measure_blocks, o);
  for (int i = 0; i < o->block_count; i++) {
    const block *b = &o->blocks[i];
    parameter *p = &o->parameters[b->parameter];
    if (!b->finite)
      return sv_fail(SV_NUMERIC, "the gradient of '%s' is infinite or NaN",
                     o->state->slots[p->slot].name);
    if (b->from == 0) p->w2 = p->g2 = 0;
    p->w2 += b->w2;
    p->g2 += b->g2;
  }
  *all = 0;
  for (int i = 0; i < o->count; i++) *all += o->parameters[i].g2;
  return SV_OK;
}

/* ---- A step ---- */

static sv_status take_gradient(const sv_optimiser *o, parameter *p,
                               sv_plan *plan) {
  const sv_slot *slot = &o->state->slots[p->slot];
  sv_tensor gradient;
  p->whole.g = NULL;
  if (sv_plan_gradient(plan, slot->name, &gradient) != SV_OK) return SV_OK;
  if (gradient.layout.bytes != slot->tensor.layout.bytes)
    return sv_fail(SV_INVALID, "%s: its gradient has another layout",
                   slot->name);
  p->whole.g = gradient.data;
  return SV_OK;
}

/* The factor that brings the norm of all gradients down to the limit; the
 * small number in it is PyTorch's. */
static double clip_factor(const sv_optimiser *o, double norm) {
  double limit = o->options.clip_norm;
  return limit > 0 ? fmin(1, limit / (norm + 1e-6)) : 1;
}

/* LARS: h |w| / (|g| + d |w|), with g as it is after clipping. */
static double local_factor(const sv_optimiser *o, const parameter *p,
                           double scale) {
  double w = sqrt(p->w2), g = sqrt(p->g2) * scale;
  double decay = p->decays && !o->decoupled ? o->options.weight_decay : 0;
  if (!p->local || w == 0 || g == 0) return 1;
  return o->kind.at[0] * w / (g + decay * w);
}

static void set_step(const sv_optimiser *o, parameter *p, int64_t step,
                     double rate, double scale) {
  double decay = p->decays ? o->options.weight_decay : 0;
  p->whole.at = o->kind.at;
  p->whole.step = step + 1;
  p->whole.scale = (float)scale;
  p->whole.decay = o->decoupled ? 0 : (float)decay;
  p->whole.keep = o->decoupled ? (float)(1 - rate * decay) : 1;
  p->whole.rate = rate * local_factor(o, p, scale);
}

/* Numbers begin..end of all parameters in a row. */
static void update_part(void *context, int64_t begin, int64_t end) {
  const sv_optimiser *o = context;
  for (int i = 0; i < o->count; i++) {
    const parameter *p = &o->parameters[i];
    int64_t from = begin > p->begin ? begin - p->begin : 0;
    int64_t to = end - p->begin;
    if (to > p->whole.count) to = p->whole.count;
    if (from >= to || !p->whole.g) continue;
    sv_update part = p->whole;
    part.count = to - from;
    part.w += from;
    part.g += from;
    for (int k = 0; k < SV_MAX_MOMENTS; k++)
      if (part.moment[k]) part.moment[k] += from;
    o->rule->update(part);
  }
}

sv_status sv_optimiser_step(sv_optimiser *o, sv_plan *plan, int64_t step,
                            double rate) {
  if (o->layouts != o->state->layouts) SV_TRY(bind(o));
  double most = o->options.clip_value, all = 0;
  int64_t total = 0;
  for (int i = 0; i < o->count; i++) {
    parameter *p = &o->parameters[i];
    SV_TRY(take_gradient(o, p, plan));
    p->whole.most = most > 0 ? (float)most : INFINITY;
    total += p->whole.count;
  }
  SV_TRY(measure(o, &all));
  double scale = clip_factor(o, sqrt(all));
  for (int i = 0; i < o->count; i++)
    set_step(o, &o->parameters[i], step, rate, scale);
  sv_parallel(total, 16384, update_part, o);
  sv_state_mark_random(o->state, false);
  sv_state_touch(o->state);
  return SV_OK;
}
