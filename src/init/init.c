/* Initialisers: numbers for the tensors of a state.
 * Sources: Glorot, Bengio, "Understanding the difficulty of training deep
 * feedforward neural networks", AISTATS 2010 (xavier); He et al., "Delving Deep
 * into Rectifiers", ICCV 2015 (he); LeCun et al., "Efficient BackProp", 1998.
 */
#include "init/init.h"

#include <math.h>
#include <string.h>

#include "base/setting.h"
#include "base/thread.h"
#include "tensor/tensor.h"

typedef struct filler {
  sv_tensor *tensor;
  const struct init_row *row;
  const double *at; /* the values after the name */
  int count;        /* number of values given */
  double fan_in, fan_out;
  sv_random key;
} filler;

typedef struct init_row {
  sv_setting_row setting;
  bool fans;  /* needs fan_in and fan_out */
  bool draws; /* at random */
  double (*draw)(const filler *f, uint64_t index);
  sv_status (*fill)(filler *f); /* instead, the whole at once */
} init_row;

/* ---- A number at a time ---- */

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

static double he_out_deviation(const filler *f) {
  return f->at[0] * sqrt(2 / f->fan_out);
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

static double he_out(const filler *f, uint64_t i) {
  return normal(f, i, he_out_deviation(f));
}

static double he_out_uniform(const filler *f, uint64_t i) {
  return spread(f, i, he_out_deviation(f));
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

/* One number: a bound on both sides. */
static double between(const filler *f, uint64_t i) {
  if (f->count == 1) return uniform(f, i, -f->at[0], f->at[0]);
  return uniform(f, i, f->at[0], f->at[1]);
}

/* Beyond the bound, which is not below the deviation, one in three is drawn
 * again: in the end all but one of 1e30. */
static double gaussian(const filler *f, uint64_t i) {
  enum { TRIALS = 64 };
  filler again = *f;
  double x = normal(f, i, f->at[0]), bound = f->at[1];
  if (f->count < 2) return x;
  for (int k = 1; k < TRIALS && fabs(x) > bound; k++) {
    again.key.step = (uint64_t)k;
    x = normal(&again, i, f->at[0]);
  }
  return fabs(x) > bound ? copysign(bound, x) : x;
}

/* ---- All at once ---- */

static void fill_part(void *context, int64_t begin, int64_t end) {
  const filler *f = context;
  for (int64_t i = begin; i < end; i++)
    sv_tensor_set(f->tensor, i, f->row->draw(f, (uint64_t)i));
}

static sv_status fill(filler *f) {
  sv_parallel(sv_shape_count(&f->tensor->shape), 4096, fill_part, f);
  return SV_OK;
}

static sv_status fill_between(filler *f) {
  double low = f->count == 1 ? -f->at[0] : f->at[0];
  double high = f->at[f->count - 1];
  if (low <= high) return fill(f);
  return sv_fail(SV_INVALID, "initialiser 'uniform': %g to %g is not a range",
                 low, high);
}

static sv_status fill_normal(filler *f) {
  if (f->count < 2 || f->at[1] >= fabs(f->at[0])) return fill(f);
  return sv_fail(SV_INVALID,
                 "initialiser 'normal': the bound %g is below the deviation %g",
                 f->at[1], f->at[0]);
}

/* O x (I KH KW), as PyTorch has it. */
static sv_status fill_orthogonal(filler *f) {
  const sv_shape *shape = &f->tensor->shape;
  int64_t count = sv_shape_count(shape), rows = shape->dim[0];
  sv_tensor *matrix;
  SV_TRY(sv_tensor_new(&matrix, SV_F64, shape));
  sv_status status = SV_OK;
  if (count > 0)
    status =
        sv_init_orthogonal(matrix->data, rows, count / rows, f->at[0], &f->key);
  if (status == SV_OK) status = sv_tensor_copy(f->tensor, matrix);
  sv_tensor_free(matrix);
  return status;
}

/* A triangle over `size` taps that sums to its factor, ceil(size / 2). */
static double hat(int64_t size, int64_t at) {
  double factor = (double)((size + 1) / 2);
  double centre = size % 2 ? factor - 1 : factor - 0.5;
  return 1 - fabs((double)at - centre) / factor;
}

/* Of C x C/G x KH x KW: each map to the one of its own number in its group.
 * Source: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic
 * Segmentation", CVPR 2015, section 3.3. */
static double bilinear(const filler *f, uint64_t index) {
  const sv_shape *shape = &f->tensor->shape;
  double product = 1;
  int64_t rest = (int64_t)index;
  for (int d = shape->rank - 1; d > 1; d--) {
    product *= hat(shape->dim[d], rest % shape->dim[d]);
    rest /= shape->dim[d];
  }
  int64_t to = rest % shape->dim[1], from = rest / shape->dim[1];
  return to == from % shape->dim[1] ? product : 0;
}

static sv_status fill_bilinear(filler *f) {
  if (f->tensor->shape.rank > 2) return fill(f);
  return sv_fail(SV_INVALID,
                 "initialiser 'bilinear': it needs three dimensions or more, "
                 "not %s",
                 sv_shape_text(&f->tensor->shape, (char[SV_SHAPE_TEXT]){0}));
}

/* ---- The table ---- */

static const init_row inits[] = {
    {{"xavier", 0, 1, {1}, "xavier [GAIN]"}, true, true, xavier, fill},
    {{"xavier_normal", 0, 1, {1}, "xavier_normal [GAIN]"},
     true,
     true,
     xavier_normal,
     fill},
    {{"he", 0, 1, {1}, "he [GAIN]"}, true, true, he, fill},
    {{"he_uniform", 0, 1, {1}, "he_uniform [GAIN]"},
     true,
     true,
     he_uniform,
     fill},
    {{"he_out", 0, 1, {1}, "he_out [GAIN]"}, true, true, he_out, fill},
    {{"he_out_uniform", 0, 1, {1}, "he_out_uniform [GAIN]"},
     true,
     true,
     he_out_uniform,
     fill},
    {{"lecun", 0, 1, {1}, "lecun [GAIN]"}, true, true, lecun, fill},
    {{"lecun_uniform", 0, 1, {1}, "lecun_uniform [GAIN]"},
     true,
     true,
     lecun_uniform,
     fill},
    {{"orthogonal", 0, 1, {1}, "orthogonal [GAIN]"},
     true,
     true,
     NULL,
     fill_orthogonal},
    {{"bilinear", 0, 0, {0}, "bilinear"},
     false,
     false,
     bilinear,
     fill_bilinear},
    {{"zeros", 0, 0, {0}, "zeros"}, false, false, constant, fill},
    {{"ones", 0, 0, {1}, "ones"}, false, false, constant, fill},
    {{"constant", 1, 1, {0}, "constant VALUE"}, false, false, constant, fill},
    {{"uniform", 1, 2, {0}, "uniform BOUND, or LOW HIGH"},
     false,
     true,
     between,
     fill_between},
    {{"normal", 1, 2, {0}, "normal DEVIATION [BOUND]"},
     false,
     true,
     gaussian,
     fill_normal},
    {{"file", 1, 1, {0}, "file PATH"}, false, false, NULL, NULL},
    {{"signs", 1, 1, {0}, "signs HEX"}, false, false, NULL, NULL},
    {{"numbers", 1, 1, {0}, "numbers V,V,..."}, false, false, NULL, NULL},
    {{0}, false, false, NULL, NULL},
};

/* ---- A state ---- */

typedef struct task {
  sv_state *state;
  const sv_graph *graph;
  uint64_t seed;
  const char *network; /* its initialiser; NULL: none */
  const bool *which;   /* values; NULL: all */
  sv_init_files files;
} task;

static sv_status find_row(sv_setting *setting, const char *text) {
  SV_TRY(sv_setting_parse(setting, "initialiser", text, inits, sizeof *inits));
  if (((const init_row *)setting->row)->fill) return SV_OK;
  return sv_fail(SV_INVALID, "initialiser '%.40s': expected %s", text,
                 setting->row->usage);
}

static sv_status draw_tensor(const task *t, sv_tensor *tensor, int id,
                             const char *text, bool *drawn) {
  sv_setting setting;
  *drawn = false;
  if (sv_init_is_signs(text)) return sv_init_signs(tensor, text);
  if (sv_init_is_numbers(text)) return sv_init_numbers(tensor, text);
  SV_TRY(find_row(&setting, text));
  filler f = {.tensor = tensor,
              .row = (const init_row *)setting.row,
              .at = setting.at,
              .count = setting.count,
              .key = {.seed = t->seed,
                      .stream = sv_hash_text(t->graph->values[id].name)}};
  if (f.row->fans) {
    sv_status status = sv_init_fans(t->graph, id, &f.fan_in, &f.fan_out);
    if (status != SV_OK)
      return sv_fail_in(status, "initialiser '%s'", f.row->setting.name);
  }
  *drawn = f.row->draws && sv_role_is_trained(t->graph->values[id].role);
  return f.row->fill(&f);
}

static sv_status init_tensor(task *t, int id, int index) {
  const sv_value_info *value = &t->graph->values[id];
  const char *text = sv_init_choose(t->graph, id, t->network);
  const char *path = sv_init_path(text);
  if (path) return sv_init_from_file(&t->files, path, t->state, value->name);
  sv_slot *slot = &t->state->slots[index];
  sv_tensor *plain;
  SV_TRY(sv_tensor_new(&plain, slot->tensor.dtype, &slot->tensor.shape));
  sv_status status = draw_tensor(t, plain, id, text, &slot->random);
  if (status == SV_OK) status = sv_tensor_copy(&slot->tensor, plain);
  sv_tensor_free(plain);
  return status;
}

sv_status sv_init_check(const char *text) {
  const char *preferred = sv_init_preferred(text);
  if (preferred) text = preferred;
  sv_setting setting;
  bool other = sv_init_is_usual(text) || sv_init_is_signs(text) ||
               sv_init_is_numbers(text) || sv_init_path(text);
  return other ? SV_OK : find_row(&setting, text);
}

static sv_status init_all(task *t) {
  for (int i = 1; i < t->graph->value_count; i++) {
    const sv_value_info *value = &t->graph->values[i];
    if (value->kind != SV_VALUE_STATE || (t->which && !t->which[i])) continue;
    bool said = value->role == SV_CONSTANT && value->init;
    if (!sv_role_is_trained(value->role) && value->role != SV_STATISTIC &&
        !said)
      continue;
    int index = sv_state_find(t->state, value->name);
    if (index < 0)
      return sv_fail(SV_INVALID, "the state has no tensor '%s'", value->name);
    sv_status status = init_tensor(t, i, index);
    if (status != SV_OK) return sv_fail_in(status, "%s", value->name);
  }
  sv_state_touch(t->state);
  return SV_OK;
}

sv_status sv_init_run(sv_state *state, const sv_graph *graph,
                      const sv_init_options *options) {
  SV_TRY(sv_graph_check(graph));
  task t = {.state = state,
            .graph = graph,
            .seed = options->seed,
            .network = options->network,
            .which = options->which,
            .files = {.read = options->read}};
  sv_status status = init_all(&t);
  sv_init_files_free(&t.files);
  return status;
}
