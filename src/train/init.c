/* Initialisers. A weight of shape O x I x KH x KW (a linear layer's: O x I) has
 *   fan_in = I * KH * KW,  fan_out = O * KH * KW,
 * so that with G groups, where I counts the channels of one group, fan_out is
 * that of all groups together, as in PyTorch.
 * Sources: Glorot, Bengio, AISTATS 2010 (xavier); He et al., "Delving Deep into
 * Rectifiers", ICCV 2015 (he); LeCun et al., "Efficient BackProp", 1998. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "base/thread.h"
#include "graph/graph.h"
#include "graph/state.h"
#include "tensor/tensor.h"
#include "train/setting.h"

typedef struct filler {
  sv_tensor *tensor;
  const struct init_row *row;
  const double *at; /* the numbers behind the name */
  double fan_in, fan_out;
  sv_random key;
} filler;

typedef struct init_row {
  sv_setting_row setting;
  bool fans; /* needs fan_in and fan_out */
  double (*draw)(const filler *f, uint64_t index);
} init_row;

static double uniform(const filler *f, uint64_t i, double low, double high) {
  return low + (high - low) * sv_random_uniform(&f->key, i);
}

static double normal(const filler *f, uint64_t i, double deviation) {
  return deviation * sv_random_normal(&f->key, i);
}

/* A uniform distribution over -a .. a has the deviation a / sqrt 3. */
static double spread(const filler *f, uint64_t i, double deviation) {
  double a = sqrt(3) * deviation;
  return uniform(f, i, -a, a);
}

static double xavier_deviation(const filler *f) {
  return f->at[0] * sqrt(2 / (f->fan_in + f->fan_out));
}

static double he_deviation(const filler *f) {
  return f->at[0] * sqrt(2 / f->fan_in);
}

static double lecun_deviation(const filler *f) {
  return f->at[0] * sqrt(1 / f->fan_in);
}

static double xavier(const filler *f, uint64_t i) {
  return spread(f, i, xavier_deviation(f));
}

static double xavier_normal(const filler *f, uint64_t i) {
  return normal(f, i, xavier_deviation(f));
}

static double he(const filler *f, uint64_t i) {
  return normal(f, i, he_deviation(f));
}

static double he_uniform(const filler *f, uint64_t i) {
  return spread(f, i, he_deviation(f));
}

static double lecun(const filler *f, uint64_t i) {
  return normal(f, i, lecun_deviation(f));
}

static double lecun_uniform(const filler *f, uint64_t i) {
  return spread(f, i, lecun_deviation(f));
}

static double constant(const filler *f, uint64_t i) {
  (void)i;
  return f->at[0];
}

static double between(const filler *f, uint64_t i) {
  return uniform(f, i, f->at[0], f->at[1]);
}

static double gaussian(const filler *f, uint64_t i) {
  return normal(f, i, f->at[0]);
}

static const init_row inits[] = {
    {{"xavier", 0, 1, {1}, "xavier [GAIN]"}, true, xavier},
    {{"xavier_normal", 0, 1, {1}, "xavier_normal [GAIN]"}, true, xavier_normal},
    {{"he", 0, 1, {1}, "he [GAIN]"}, true, he},
    {{"he_uniform", 0, 1, {1}, "he_uniform [GAIN]"}, true, he_uniform},
    {{"lecun", 0, 1, {1}, "lecun [GAIN]"}, true, lecun},
    {{"lecun_uniform", 0, 1, {1}, "lecun_uniform [GAIN]"}, true, lecun_uniform},
    {{"zeros", 0, 0, {0}, "zeros"}, false, constant},
    {{"ones", 0, 0, {1}, "ones"}, false, constant},
    {{"constant", 1, 1, {0}, "constant VALUE"}, false, constant},
    {{"uniform", 2, 2, {0}, "uniform LOW HIGH"}, false, between},
    {{"normal", 1, 1, {0}, "normal DEVIATION"}, false, gaussian},
    {{0}, false, NULL},
};

static const char *usual(sv_role role) {
  if (role == SV_WEIGHT) return "xavier";
  return role == SV_SCALE ? "ones" : "zeros";
}

static void fill(void *context, int64_t begin, int64_t end) {
  const filler *f = context;
  for (int64_t i = begin; i < end; i++)
    sv_tensor_set(f->tensor, i, f->row->draw(f, (uint64_t)i));
}

static sv_status measure_fans(filler *f) {
  const sv_shape *shape = &f->tensor->shape;
  if (shape->rank < 2)
    return sv_fail(
        SV_INVALID, "initialiser '%s' needs two dimensions or more, not %s",
        f->row->setting.name, sv_shape_text(shape, (char[SV_SHAPE_TEXT]){0}));
  double taps = 1;
  for (int d = 2; d < shape->rank; d++) taps *= (double)shape->dim[d];
  f->fan_in = (double)shape->dim[1] * taps;
  f->fan_out = (double)shape->dim[0] * taps;
  return SV_OK;
}

static sv_status fill_tensor(sv_tensor *tensor, const char *name,
                             const char *text, uint64_t seed) {
  sv_setting setting;
  SV_TRY(sv_setting_parse(&setting, "initialiser", text, inits, sizeof *inits));
  filler f = {.tensor = tensor,
              .row = (const init_row *)setting.row,
              .at = setting.at,
              .key = {.seed = seed, .stream = sv_hash_text(name)}};
  if (f.row->fans) SV_TRY(measure_fans(&f));
  sv_parallel(sv_shape_count(&tensor->shape), 4096, fill, &f);
  return SV_OK;
}

static sv_status init_slot(sv_state *state, const sv_value_info *value,
                           uint64_t seed) {
  int index = sv_state_find(state, value->name);
  if (index < 0)
    return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
  const sv_slot *slot = &state->slots[index];
  sv_tensor *plain;
  SV_TRY(sv_tensor_new(&plain, slot->tensor.dtype, &slot->tensor.shape));
  const char *text = value->init ? value->init : usual(value->role);
  sv_status status = fill_tensor(plain, value->name, text, seed);
  if (status != SV_OK) status = sv_fail_in(status, "%s", value->name);
  if (status == SV_OK) status = sv_state_set(state, value->name, plain);
  sv_tensor_free(plain);
  return status;
}

sv_status sv_state_init(sv_state *state, const sv_graph *graph, uint64_t seed) {
  SV_TRY(sv_graph_check(graph));
  for (int i = 1; i < graph->value_count; i++) {
    const sv_value_info *value = &graph->values[i];
    if (value->kind != SV_VALUE_STATE) continue;
    if (sv_role_is_trained(value->role) || value->role == SV_STATISTIC)
      SV_TRY(init_slot(state, value, seed));
  }
  return SV_OK;
}
