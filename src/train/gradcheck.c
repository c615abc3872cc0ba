/* For a loss L and a number w of a parameter or of the input,
 *   numeric = (L(w + h) - L(w - h)) / 2h
 * whose error is of the order h^2 where L is smooth, and some eps L / h from
 * rounding: in double, with h near 1e-5, 1e-10. A gradient that is 0, as that
 * of a bias before a batch normalisation, comes out as such a number. */
#include "train/gradcheck.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <svertka/plan.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/answer.h"
#include "graph/model.h"
#include "task/head.h"
#include "task/loss.h"
#include "tensor/tensor.h"
#include "train/fit.h"

typedef struct checker {
  const sv_gradcheck_options *options;
  sv_graph *graph; /* with losses */
  sv_state *state; /* in double */
  sv_plan *plan;
  const char *input, *label;
  double *analytic; /* of the current tensor */
  double least;     /* numeric gradients below that are mostly rounding */
} checker;

static sv_status loss_of(checker *c, double *loss) {
  sv_state_touch(c->state);
  SV_TRY(sv_plan_forward(c->plan));
  return sv_loss_sum(loss, c->graph, c->plan);
}

/* ---- The network on random data ---- */

/* Free dimensions get the sizes that the options give. */
static sv_shape input_shape(const checker *c, int input) {
  sv_shape shape = c->graph->values[input].shape;
  const int64_t *image = c->options->image;
  for (int d = 0; d < shape.rank; d++) {
    if (shape.dim[d] >= 0) continue;
    if (d == 0) shape.dim[d] = c->options->batch;
    if (d > 0 && d < 4 && image) shape.dim[d] = image[d - 1];
  }
  return shape;
}

static sv_status compile(checker *c) {
  int input = sv_graph_data_input(c->graph);
  int label = sv_graph_label_input(c->graph);
  if (!input)
    return sv_fail(SV_INVALID,
                   "network '%s' does not have exactly one image input",
                   c->graph->name);
  c->input = c->graph->values[input].name;
  c->label = label ? c->graph->values[label].name : NULL;
  const sv_input_shape shape = {c->input, input_shape(c, input)};
  sv_plan_options options = sv_plan_default();
  options.mode = SV_TRAIN;
  options.batch = c->options->batch;
  options.shapes = &shape;
  options.shape_count = 1;
  options.gradients = &c->input;
  options.gradient_count = 1;
  options.threads = c->options->threads;
  options.backend = "ref";
  options.seed = c->options->seed;
  return sv_plan_new(&c->plan, c->graph, c->state, &options);
}

static sv_status fill_inputs(checker *c) {
  sv_tensor image, label;
  sv_random images = {c->options->seed, sv_hash_text("images"), 0};
  sv_random labels = {c->options->seed, sv_hash_text("labels"), 0};
  SV_TRY(sv_plan_input(c->plan, c->input, &image));
  int64_t count = sv_shape_count(&image.shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(&image, i, sv_random_normal(&images, (uint64_t)i));
  if (!c->label) return SV_OK;
  int scores;
  SV_TRY(sv_graph_answer(c->graph, &scores));
  const sv_shape *shape = &c->graph->values[scores].shape;
  uint64_t classes =
      shape->rank > 1 && shape->dim[1] > 0 ? (uint64_t)shape->dim[1] : 1;
  SV_TRY(sv_plan_input(c->plan, c->label, &label));
  count = sv_shape_count(&label.shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(&label, i,
                  (double)sv_random_below(&labels, (uint64_t)i, classes));
  return SV_OK;
}

/* ---- One tensor ---- */

static int64_t pick(const checker *c, const sv_gradcheck_row *row, int64_t i) {
  sv_random key = {c->options->seed, sv_hash_text(row->name), 1};
  if (row->moved == row->count) return i;
  return (int64_t)sv_random_below(&key, (uint64_t)i, (uint64_t)row->count);
}

static sv_status slope_at(checker *c, double *number, double h, double *slope) {
  double before = *number, above = 0, below = 0;
  *number = before + h;
  sv_status status = loss_of(c, &above);
  *number = before - h;
  if (status == SV_OK) status = loss_of(c, &below);
  *number = before;
  *slope = (above - below) / (2 * h);
  return status;
}

/* Between w - h and w + h a rectifier may bend, or another maximum win: what
 * disagrees is looked at from nearer by, and the best of it counts. A gradient
 * that is wrong is wrong from near by, too. */
static sv_status move_one(checker *c, double *number, double analytic,
                          double *slope) {
  double h = c->options->step;
  SV_TRY(slope_at(c, number, h, slope));
  double agreed = fmax(fabs(analytic), c->least) / SV_GRADCHECK_DIGITS;
  for (int k = 0; k < 2 && !(fabs(*slope - analytic) <= agreed); k++) {
    double nearer;
    h /= 10;
    SV_TRY(slope_at(c, number, h, &nearer));
    if (!(fabs(nearer - analytic) >= fabs(*slope - analytic))) *slope = nearer;
  }
  return SV_OK;
}

static sv_status check_plain(const sv_gradcheck_row *row, const sv_tensor *t) {
  if (t->dtype == SV_F64 && sv_layout_is_plain(&t->layout, &t->shape))
    return SV_OK;
  return sv_fail(SV_UNSUPPORTED, "%s: not plain double tensors", row->name);
}

/* Perturbs `tensor`, whose gradient is in c->analytic. */
static sv_status check_tensor(checker *c, const sv_tensor *tensor,
                              sv_gradcheck_row *row) {
  double worst = 0;
  SV_TRY(check_plain(row, tensor));
  row->moved =
      row->count < c->options->samples ? row->count : c->options->samples;
  for (int64_t i = 0; i < row->moved; i++) {
    int64_t at = pick(c, row, i);
    double numeric;
    SV_TRY(move_one(c, (double *)tensor->data + at, c->analytic[at], &numeric));
    double error = fabs(numeric - c->analytic[at]);
    if (!(error <= worst)) worst = error;
    if (fabs(numeric) > row->greatest) row->greatest = fabs(numeric);
  }
  double share = worst / fmax(row->greatest, c->least);
  row->error = worst == 0 ? 0 : isfinite(share) ? share : 1;
  return SV_OK;
}

static sv_status check_value(checker *c, const char *name,
                             const sv_tensor *tensor, sv_gradcheck_row *row) {
  sv_tensor gradient;
  double loss;
  *row =
      (sv_gradcheck_row){.name = name, .count = sv_shape_count(&tensor->shape)};
  SV_TRY(loss_of(c, &loss));
  if (!isfinite(loss))
    return sv_fail(SV_NUMERIC, "the loss on random images is infinite or NaN");
  c->least =
      SV_GRADCHECK_DIGITS * 4 * DBL_EPSILON * fabs(loss) / c->options->step;
  SV_TRY(sv_plan_backward(c->plan));
  SV_TRY(sv_plan_gradient(c->plan, name, &gradient));
  SV_TRY(check_plain(row, &gradient));
  size_t bytes = (size_t)row->count * sizeof(double);
  SV_TRY(sv_alloc(&c->analytic, bytes));
  memcpy(c->analytic, gradient.data, bytes);
  sv_status status = check_tensor(c, tensor, row);
  sv_free(c->analytic);
  c->analytic = NULL;
  return status;
}

/* ---- All of them ---- */

static sv_status check_all(checker *c, sv_gradcheck_row *rows, int *count) {
  sv_tensor tensor;
  SV_TRY(sv_plan_input(c->plan, c->input, &tensor));
  SV_TRY(check_value(c, c->input, &tensor, &rows[(*count)++]));
  for (int i = 0; i < c->state->count; i++) {
    const sv_slot *slot = &c->state->slots[i];
    if (!sv_role_is_trained(slot->role)) continue;
    if (sv_plan_gradient(c->plan, slot->name, &tensor) != SV_OK) continue;
    SV_TRY(check_value(c, slot->name, &slot->tensor, &rows[(*count)++]));
  }
  return SV_OK;
}

static sv_status prepare(checker *c, const sv_model *model) {
  SV_TRY(sv_graph_check(model->graph));
  sv_scores scores;
  if (sv_head_has_loss(model->graph)) {
    SV_TRY(sv_graph_copy(&c->graph, model->graph));
  } else {
    SV_TRY(sv_head_any_scores(&scores, model->graph, model->state));
    SV_TRY(sv_head_attach(&c->graph, model->graph, &scores,
                          sv_head_is_of_pixels(model->graph)));
  }
  SV_TRY(sv_state_new(&c->state, c->graph, SV_F64));
  SV_TRY(sv_records_restore(c->state, model->state));
  SV_TRY(compile(c));
  return fill_inputs(c);
}

static void point_names(const sv_model *model, sv_gradcheck_row *rows,
                        int count) {
  for (int i = 0; i < count; i++) {
    int id = sv_graph_find(model->graph, rows[i].name);
    rows[i].name = model->graph->values[id].name;
  }
}

sv_status sv_gradcheck(sv_gradcheck_row **rows, int *count,
                       const sv_model *model,
                       const sv_gradcheck_options *options) {
  checker c = {.options = options};
  *rows = NULL;
  *count = 0;
  sv_status status = prepare(&c, model);
  if (status == SV_OK)
    status = sv_alloc_array(rows, (size_t)c.state->count + 1, sizeof **rows);
  if (status == SV_OK) status = check_all(&c, *rows, count);
  if (status == SV_OK) point_names(model, *rows, *count);
  sv_plan_free(c.plan);
  sv_state_free(c.state);
  sv_graph_free(c.graph);
  if (status == SV_OK) return SV_OK;
  sv_free(*rows);
  *rows = NULL;
  return status;
}
