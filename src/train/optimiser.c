/* Stochastic gradient descent in PyTorch's form. With g the gradient, w the
 * parameter, v its moment (0 before the first step), m the momentum, d the
 * weight decay (weights only) and r the learning rate:
 *   g' = g + d w,  v = m v + g'
 *   sgd:      w = w - r v
 *   nesterov: w = w - r (g' + m v)
 * Source: Sutskever et al., "On the importance of initialization and momentum
 * in deep learning", ICML 2013. */
#include "train/optimiser.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "ops/op.h"
#include "tensor/tensor.h"
#include "train/setting.h"

/* A stretch of one parameter. */
typedef struct update {
  float *w;
  const float *g;
  float *moment[SV_MAX_MOMENTS];
  int64_t count;
  float rate, momentum, decay;
} update;

typedef struct optimiser_row {
  sv_setting_row setting;
  const char *moments[SV_MAX_MOMENTS]; /* names of the records; NULL: none */
  void (*update)(const update *u);
} optimiser_row;

/* Layouts are equal, so a parameter, its gradient and its moments are arrays in
 * one order; the zeros between partial blocks stay zero. */
typedef struct parameter {
  int slot, moment[SV_MAX_MOMENTS]; /* of the state */
  int64_t begin;                    /* where it stands among all of them */
  update whole;
} parameter;

struct sv_optimiser {
  sv_state *state;
  uint64_t layouts; /* of the state when the pointers were taken */
  sv_setting kind;
  const optimiser_row *row;
  double momentum, weight_decay;
  parameter *parameters;
  int count;
};

static void sgd(const update *u) {
  float *restrict w = u->w, *restrict v = u->moment[0];
  const float *restrict g = u->g;
  for (int64_t i = 0; i < u->count; i++) {
    v[i] = u->momentum * v[i] + (g[i] + u->decay * w[i]);
    w[i] -= u->rate * v[i];
  }
}

static void nesterov(const update *u) {
  float *restrict w = u->w, *restrict v = u->moment[0];
  const float *restrict g = u->g;
  for (int64_t i = 0; i < u->count; i++) {
    float decayed = g[i] + u->decay * w[i];
    v[i] = u->momentum * v[i] + decayed;
    w[i] -= u->rate * (decayed + u->momentum * v[i]);
  }
}

static const optimiser_row optimisers[] = {
    {{"sgd", 0, 0, {0}, "sgd"}, {"momentum"}, sgd},
    {{"nesterov", 0, 0, {0}, "nesterov"}, {"momentum"}, nesterov},
    {{0}, {0}, NULL},
};

/* The record of a moment, lying as its parameter does. */
static sv_status find_moment(sv_state *state, int slot, const char *moment,
                             int *index) {
  char name[512];
  int length =
      snprintf(name, sizeof name, "%s.%s", state->slots[slot].name, moment);
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
    return sv_fail(SV_INVALID, "'%s' is not the %s of '%s'", name, moment,
                   state->slots[slot].name);
  return sv_state_settle(state, *index, &like.layout);
}

/* Points into the state, whose tensors may have moved. */
static sv_status bind(sv_optimiser *o) {
  sv_state *state = o->state;
  int64_t begin = 0;
  for (int i = 0; i < o->count; i++) {
    parameter *p = &o->parameters[i];
    for (int k = 0; k < SV_MAX_MOMENTS && o->row->moments[k]; k++)
      SV_TRY(find_moment(state, p->slot, o->row->moments[k], &p->moment[k]));
  }
  for (int i = 0; i < o->count; i++) {
    parameter *p = &o->parameters[i];
    const sv_slot *slot = &state->slots[p->slot];
    p->begin = begin;
    p->whole.w = slot->tensor.data;
    p->whole.count = (int64_t)(slot->tensor.layout.bytes / sizeof(float));
    for (int k = 0; k < SV_MAX_MOMENTS && o->row->moments[k]; k++)
      p->whole.moment[k] = state->slots[p->moment[k]].tensor.data;
    begin += p->whole.count;
  }
  o->layouts = state->layouts;
  return SV_OK;
}

static sv_status list_parameters(sv_optimiser *o) {
  const sv_state *state = o->state;
  SV_TRY(sv_alloc_array(&o->parameters, (size_t)state->count,
                        sizeof *o->parameters));
  for (int i = 0; i < state->count; i++) {
    const sv_slot *slot = &state->slots[i];
    if (!sv_role_is_trained(slot->role)) continue;
    if (slot->tensor.dtype != SV_F32)
      return sv_fail(SV_UNSUPPORTED, "'%s' is %s; training needs f32",
                     slot->name, sv_dtype_name(slot->tensor.dtype));
    parameter *p = &o->parameters[o->count++];
    p->slot = i;
    if (slot->role == SV_WEIGHT) p->whole.decay = (float)o->weight_decay;
    p->whole.momentum = (float)o->momentum;
  }
  return SV_OK;
}

static sv_status prepare(sv_optimiser *o, const sv_optimiser_options *options) {
  SV_TRY(sv_setting_parse(&o->kind, "optimiser", options->kind, optimisers,
                          sizeof *optimisers));
  o->row = (const optimiser_row *)o->kind.row;
  o->momentum = options->momentum;
  o->weight_decay = options->weight_decay;
  if (!(o->momentum >= 0 && o->momentum < 1))
    return sv_fail(SV_INVALID, "momentum %g is not in 0 <= momentum < 1",
                   o->momentum);
  if (!(o->weight_decay >= 0) || !isfinite(o->weight_decay))
    return sv_fail(SV_INVALID, "weight decay %g is negative or not finite",
                   o->weight_decay);
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
  *optimiser = o;
  return SV_OK;
}

void sv_optimiser_free(sv_optimiser *optimiser) {
  if (!optimiser) return;
  sv_free(optimiser->parameters);
  sv_free(optimiser);
}

/* An exponent of all ones is infinity or not a number. */
bool sv_is_finite(const float *x, int64_t count) {
  uint32_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    found |= (bits & 0x7F800000u) == 0x7F800000u;
  }
  return !found;
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
    update part = p->whole;
    part.count = to - from;
    part.w += from;
    part.g += from;
    for (int k = 0; k < SV_MAX_MOMENTS; k++)
      if (part.moment[k]) part.moment[k] += from;
    o->row->update(&part);
  }
}

static sv_status take_gradient(const sv_optimiser *o, parameter *p,
                               sv_plan *plan) {
  const sv_slot *slot = &o->state->slots[p->slot];
  sv_tensor gradient;
  p->whole.g = NULL;
  if (sv_plan_gradient(plan, slot->name, &gradient) != SV_OK) return SV_OK;
  if (gradient.layout.bytes != slot->tensor.layout.bytes)
    return sv_fail(SV_INVALID, "%s: its gradient does not lie as it does",
                   slot->name);
  p->whole.g = gradient.data;
  if (!sv_is_finite(p->whole.g, p->whole.count))
    return sv_fail(SV_NUMERIC,
                   "the gradient of '%s' is infinite or not a number",
                   slot->name);
  return SV_OK;
}

sv_status sv_optimiser_step(sv_optimiser *o, sv_plan *plan, double rate) {
  if (o->layouts != o->state->layouts) SV_TRY(bind(o));
  int64_t total = 0;
  for (int i = 0; i < o->count; i++) {
    parameter *p = &o->parameters[i];
    SV_TRY(take_gradient(o, p, plan));
    p->whole.rate = (float)rate;
    total += p->whole.count;
  }
  sv_parallel(total, 16384, update_part, o);
  sv_state_touch(o->state);
  return SV_OK;
}
