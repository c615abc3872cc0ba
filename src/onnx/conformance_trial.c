/* One data set of a test: read, run, compared. */
#include "onnx/conformance_trial.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <svertka/plan.h>

#include "base/file.h"
#include "base/memory.h"
#include "onnx/onnx.h"
#include "onnx/tensors.h"
#include "onnx/wire.h"

/* ONNX's own, of each number, and ours, of the largest. */
static const double relative = 1e-3, absolute = 1e-7, of_largest = 1e-4;
static const double last_bit = 1.0 / 256; /* of a bf16 */
static const size_t largest_file = INT32_MAX;

typedef struct trial {
  const sv_conformance_options *options;
  const char *folder; /* of the data set */
  const Onnx__GraphProto *graph;
  sv_onnx_known *known; /* the graph's inputs, as far as there are files */
  int known_count;
  sv_model *model;
  sv_plan *plan;
  double error;
} trial;

/* ---- Files ---- */

static sv_status read_tensor(const char *path, sv_tensor **tensor) {
  unsigned char *bytes;
  size_t size;
  const Onnx__TensorProto *proto;
  *tensor = NULL;
  SV_TRY(sv_file_read(path, largest_file, &bytes, &size));
  sv_arena arena = {.limit = 2 * size + (1 << 20)};
  sv_status status = sv_wire_read(&proto, &onnx__tensor_proto__descriptor,
                                  bytes, size, &arena);
  if (status == SV_OK) status = sv_onnx_tensor_new(proto, tensor);
  sv_arena_free(&arena);
  sv_free(bytes);
  return status == SV_OK ? SV_OK : sv_fail_in(status, "%s", path);
}

/* "input_3.pb" of the data set; *tensor NULL if there is none. */
static sv_status read_numbered(const trial *t, const char *stem, size_t number,
                               sv_tensor **tensor) {
  char name[64], *path;
  *tensor = NULL;
  snprintf(name, sizeof name, "%s_%zu.pb", stem, number);
  SV_TRY(sv_path_join(&path, t->folder, name));
  sv_status status = SV_OK;
  if (sv_path_exists(path)) status = read_tensor(path, tensor);
  sv_free(path);
  return status;
}

static sv_status check_tensor(const Onnx__ValueInfoProto *value) {
  const Onnx__TypeProto *type = value->type;
  if (!type || type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
    return SV_OK;
  return sv_fail(SV_UNSUPPORTED, SV_NAME " is not a tensor",
                 value->name ? value->name : "");
}

/* ---- Inputs ---- */

/* Real numbers of every width are computed, and compared, as f32. */
static sv_status check_range(const char *name, const sv_tensor *value) {
  if (value->dtype != SV_F64) return SV_OK;
  for (int64_t i = 0; i < sv_shape_count(&value->shape); i++) {
    double x = sv_tensor_get(value, i);
    if (isfinite(x) && fabs(x) > FLT_MAX)
      return sv_fail(SV_UNSUPPORTED,
                     SV_NAME " has %g, which f32 cannot represent", name, x);
  }
  return SV_OK;
}

static bool has_initialiser(const Onnx__GraphProto *graph, size_t input) {
  const char *name = graph->input[input]->name;
  for (size_t i = 0; name && i < graph->n_initializer; i++)
    if (graph->initializer[i]->name &&
        strcmp(graph->initializer[i]->name, name) == 0)
      return true;
  return false;
}

/* Files are numbered as the inputs that have no initialiser. Only where there
 * are more of them do they count all inputs. */
static sv_status counts_all(const trial *t, bool *all) {
  size_t needed = 0;
  sv_tensor *more;
  for (size_t i = 0; i < t->graph->n_input; i++)
    needed += !has_initialiser(t->graph, i);
  SV_TRY(read_numbered(t, "input", needed, &more));
  *all = more != NULL;
  sv_tensor_free(more);
  return SV_OK;
}

static sv_status read_inputs(trial *t) {
  const Onnx__GraphProto *graph = t->graph;
  bool all;
  SV_TRY(counts_all(t, &all));
  SV_TRY(sv_alloc_array(&t->known, graph->n_input, sizeof *t->known));
  for (size_t i = 0; i < graph->n_input; i++) {
    sv_tensor *value;
    if (!all && has_initialiser(graph, i)) continue;
    SV_TRY(check_tensor(graph->input[i]));
    SV_TRY(read_numbered(t, "input", (size_t)t->known_count, &value));
    if (!value) break;
    sv_onnx_known *known = &t->known[t->known_count++];
    known->name = graph->input[i]->name ? graph->input[i]->name : "";
    known->value = value;
    SV_TRY(check_range(known->name, value));
  }
  return SV_OK;
}

static bool is_input(const trial *t, const char *name) {
  int id = sv_graph_find(t->model->graph, name);
  return id && t->model->graph->values[id].kind == SV_VALUE_INPUT;
}

static sv_status make_plan(trial *t) {
  sv_plan_options plan = sv_plan_default();
  sv_input_shape *shapes;
  SV_TRY(sv_alloc_array(&shapes, (size_t)t->known_count, sizeof *shapes));
  plan.threads = t->options->threads;
  plan.backend = t->options->backend;
  plan.exact = t->options->exact;
  plan.shapes = shapes;
  for (int i = 0; i < t->known_count; i++) {
    if (!is_input(t, t->known[i].name)) continue;
    shapes[plan.shape_count++] =
        (sv_input_shape){t->known[i].name, t->known[i].value->shape};
  }
  sv_status status =
      sv_plan_new(&t->plan, t->model->graph, t->model->state, &plan);
  sv_free(shapes);
  return status;
}

static sv_status give_input(trial *t, const sv_onnx_known *known) {
  sv_tensor view;
  if (!is_input(t, known->name)) return SV_OK;
  SV_TRY(sv_plan_input(t->plan, known->name, &view));
  sv_dtype given = known->value->dtype;
  if (view.dtype != sv_onnx_computed(given))
    return sv_fail(
        SV_FORMAT, "input " SV_NAME " is %s, but the file contains %s",
        known->name, sv_dtype_name(view.dtype), sv_dtype_name(given));
  if (view.dtype == given) return sv_tensor_copy(&view, known->value);
  for (int64_t i = 0; i < sv_shape_count(&view.shape); i++)
    sv_tensor_set(&view, i, sv_tensor_get(known->value, i));
  return SV_OK;
}

/* ---- Outputs ---- */

typedef struct distance {
  double largest; /* max|b| */
  double apart;   /* max|a-b| */
  double beyond;  /* the same where ONNX's own tolerance does not hold */
} distance;

/* Distances are infinite if one number is finite and the other is not. */
static distance measure(const sv_tensor *a, const sv_tensor *b) {
  int64_t count = sv_shape_count(&b->shape);
  double of_each = b->dtype == SV_BF16 ? last_bit : relative;
  distance d = {0, 0, 0};
  for (int64_t i = 0; i < count; i++) {
    double x = sv_tensor_get(a, i), y = sv_tensor_get(b, i);
    if (isfinite(y)) d.largest = fmax(d.largest, fabs(y));
    if (x == y || (isnan(x) && isnan(y))) continue;
    double apart = isfinite(x - y) ? fabs(x - y) : INFINITY;
    d.apart = fmax(d.apart, apart);
    if (!(apart <= absolute + of_each * fabs(y)))
      d.beyond = fmax(d.beyond, apart);
  }
  return d;
}

static sv_status compare(trial *t, const char *name, const sv_tensor *found,
                         const sv_tensor *expected) {
  char a[SV_SHAPE_TEXT], b[SV_SHAPE_TEXT];
  if (found->dtype != sv_onnx_computed(expected->dtype))
    return sv_fail(SV_NUMERIC, SV_NAME " is %s, expected %s", name,
                   sv_dtype_name(found->dtype), sv_dtype_name(expected->dtype));
  if (!sv_shape_equal(&found->shape, &expected->shape))
    return sv_fail(SV_NUMERIC, SV_NAME " is %s, expected %s", name,
                   sv_shape_text(&found->shape, a),
                   sv_shape_text(&expected->shape, b));
  distance d = measure(found, expected);
  if (d.apart > 0) t->error = fmax(t->error, d.apart / fmax(d.largest, 1e-30));
  bool real = found->dtype == SV_F32;
  if (real ? d.beyond <= of_largest * d.largest : d.apart == 0) return SV_OK;
  return sv_fail(SV_NUMERIC,
                 SV_NAME " differs by %.3g; its largest element is %.3g", name,
                 d.apart, d.largest);
}

static sv_status compare_output(trial *t, size_t number, bool *compared) {
  const char *name = t->graph->output[number]->name;
  sv_tensor *expected, found;
  SV_TRY(check_tensor(t->graph->output[number]));
  SV_TRY(read_numbered(t, "output", number, &expected));
  if (!expected) return SV_OK;
  *compared = true;
  sv_status status = sv_plan_value(t->plan, name, &found);
  if (status == SV_OK) status = compare(t, name, &found, expected);
  sv_tensor_free(expected);
  return status;
}

static sv_status compare_outputs(trial *t) {
  bool compared = false;
  for (size_t i = 0; i < t->graph->n_output; i++)
    SV_TRY(compare_output(t, i, &compared));
  if (compared) return SV_OK;
  return sv_fail(SV_FORMAT, "%s: no output to compare with", t->folder);
}

/* Another step draws other random numbers: where output `number` follows them,
 * nobody can expect what it is. */
static sv_status draws(trial *t, size_t number, bool *yes) {
  const char *name = t->graph->output[number]->name;
  sv_tensor *first, found;
  SV_TRY(sv_plan_value(t->plan, name, &found));
  SV_TRY(sv_tensor_clone(&first, &found));
  sv_plan_set_step(t->plan, number + 1);
  sv_status status = sv_plan_forward(t->plan);
  if (status == SV_OK) status = sv_plan_value(t->plan, name, &found);
  if (status == SV_OK && memcmp(first->data, found.data, first->layout.bytes))
    *yes = true;
  sv_tensor_free(first);
  return status;
}

static sv_status check_random(trial *t, sv_status status) {
  bool random = false;
  if (status != SV_NUMERIC) return status;
  for (size_t i = 0; i < t->graph->n_output; i++) SV_TRY(draws(t, i, &random));
  if (!random) return status;
  return sv_fail(SV_UNSUPPORTED, "its outputs are random");
}

/* ---- The whole ---- */

static sv_status run_trial(trial *t, const char *path) {
  SV_TRY(read_inputs(t));
  sv_onnx_load_options load = {.known = t->known,
                               .known_count = t->known_count,
                               .external_data = t->options->external_data};
  SV_TRY(sv_onnx_load(&t->model, path, &load));
  SV_TRY(make_plan(t));
  for (int i = 0; i < t->known_count; i++) SV_TRY(give_input(t, &t->known[i]));
  SV_TRY(sv_plan_forward(t->plan));
  return check_random(t, compare_outputs(t));
}

static void free_trial(trial *t) {
  sv_plan_free(t->plan);
  sv_model_free(t->model);
  for (int i = 0; i < t->known_count; i++)
    sv_tensor_free((sv_tensor *)(uintptr_t)t->known[i].value);
  sv_free(t->known);
}

sv_status sv_conformance_trial(const sv_conformance_options *options,
                               const char *model, const char *folder,
                               const Onnx__GraphProto *graph, double *error) {
  trial t = {.options = options, .folder = folder, .graph = graph};
  sv_status status = run_trial(&t, model);
  free_trial(&t);
  *error = t.error;
  return status;
}
