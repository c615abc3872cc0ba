/* One case through the reference. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "opcheck.h"
#include "tensor/tensor.h"

const sv_op *oc_falsified;
int oc_falsified_port;

static bool is_real(sv_dtype dtype) {
  return dtype == SV_F32 || dtype == SV_F64;
}

sv_status oc_convert(sv_tensor **copy, const sv_tensor *tensor, sv_dtype real) {
  sv_dtype dtype = is_real(tensor->dtype) ? real : tensor->dtype;
  SV_TRY(sv_tensor_new(copy, dtype, &tensor->shape));
  return sv_tensor_copy(*copy, tensor);
}

/* What is not written stays no number. */
static sv_status new_unwritten(sv_tensor **tensor, sv_dtype dtype,
                               const sv_shape *shape) {
  sv_tensor_free(*tensor);
  SV_TRY(sv_tensor_new(tensor, dtype, shape));
  memset((*tensor)->data, 0xff, (*tensor)->layout.bytes);
  return SV_OK;
}

/* ---- The node ---- */

static int count_inputs(const sv_op *op, const oc_case *c) {
  int count = sv_op_in_count(op);
  if (sv_op_is_variadic(op))
    while (count < OC_PORTS && c->in[count]) count++;
  return count;
}

sv_status oc_node(oc_run *run, const oc_case *c, sv_dtype real) {
  const sv_op *op = real == SV_F64 ? c->entry->op_f64 : c->entry->op;
  run->real = real;
  run->training = !c->inference;
  run->node.op = op;
  run->node.in_count = count_inputs(op, c);
  run->node.out_count = sv_op_out_count(op); /* unless the attributes say */
  run->node.in = run->ids;
  run->node.out = run->ids + OC_PORTS;
  if (run->node.in_count > OC_PORTS || run->node.out_count > OC_PORTS)
    return sv_fail(SV_UNSUPPORTED, "%s: has more than %d ports", op->name,
                   OC_PORTS);
  SV_TRY(sv_copy_text(&run->node.name, op->name));
  SV_TRY(sv_alloc(&run->node.attrs, op->attrs_size));
  sv_attrs_default(op, run->node.attrs);
  SV_TRY(sv_attrs_parse(op, run->node.attrs, c->attrs));
  if (op->outputs) run->node.out_count = op->outputs(run->node.attrs, 0);
  if (run->node.out_count > OC_PORTS)
    return sv_fail(SV_UNSUPPORTED, "%s: has more than %d outputs", op->name,
                   OC_PORTS);
  for (int i = 0; i < run->node.in_count; i++) {
    if (!c->in[i]) continue;
    SV_TRY(oc_convert(&run->in[i], c->in[i], real));
    run->node.in[i] = 1 + i;
    run->in_info[i] =
        (sv_info){true, run->in[i]->dtype, run->in[i]->shape, NULL};
    sv_role role = sv_op_in_port(op, i)->role;
    if (role == SV_INDEX || role == SV_CONSTANT)
      run->in_info[i].content = run->in[i];
  }
  if (op->settle)
    SV_TRY(op->settle(run->node.attrs, run->in_info, run->node.in_count));
  return sv_attrs_check(op, run->node.attrs);
}

static sv_status make_seeds(oc_run *run, const oc_case *c) {
  sv_random random = {.seed = 7, .stream = sv_hash_text(c->where)};
  for (int i = 0; i < run->node.out_count; i++) {
    const sv_info *info = &run->out_info[i];
    if (!info->present || !is_real(info->dtype) ||
        sv_op_out_port(run->node.op, i)->no_gradient)
      continue;
    if (c->seed[i]) {
      SV_TRY(oc_convert(&run->seed[i], c->seed[i], run->real));
      if (sv_shape_equal(&c->seed[i]->shape, &info->shape)) continue;
      return sv_fail(SV_INVALID, "the seed of %s is not %s",
                     sv_op_out_port(run->node.op, i)->name,
                     sv_shape_text(&info->shape, (char[SV_SHAPE_TEXT]){0}));
    }
    SV_TRY(sv_tensor_new(&run->seed[i], info->dtype, &info->shape));
    int64_t count = sv_shape_count(&info->shape);
    for (int64_t k = 0; k < count; k++, random.step = (uint64_t)i)
      sv_tensor_set(run->seed[i], k,
                    2 * sv_random_uniform(&random, (uint64_t)k) - 1);
  }
  return SV_OK;
}

static sv_status make_run(oc_run *run, const oc_case *c, sv_dtype real) {
  SV_TRY(oc_node(run, c, real));
  const sv_op *op = run->node.op;
  for (int i = 0; i < run->node.in_count; i++) {
    const sv_port *port = sv_op_in_port(op, i);
    if (!port->optional && !run->in[i])
      return sv_fail(SV_INVALID, "input %s is missing", port->name);
  }
  for (int i = 0; i < run->node.out_count; i++) {
    run->out_info[i].present =
        !sv_op_out_port(op, i)->optional || c->out[i] || c->wanted[i];
    if (run->out_info[i].present) run->node.out[i] = 1 + OC_PORTS + i;
  }
  SV_TRY(op->infer(&run->node, run->in_info, run->out_info));
  return make_seeds(run, c);
}

sv_status oc_run_new(oc_run **run, const oc_case *c, sv_dtype real) {
  SV_TRY(sv_alloc(run, sizeof **run));
  sv_status status = make_run(*run, c, real);
  if (status == SV_OK) return SV_OK;
  oc_run_free(*run);
  *run = NULL;
  return status;
}

void oc_run_free(oc_run *run) {
  if (!run) return;
  for (int i = 0; i < OC_PORTS; i++) {
    sv_tensor_free(run->in[i]);
    sv_tensor_free(run->out[i]);
    sv_tensor_free(run->seed[i]);
    sv_tensor_free(run->diff[i]);
  }
  sv_free(run->node.name);
  sv_free(run->node.attrs);
  sv_free(run);
}

bool oc_has_gradient(const oc_run *run, int i) {
  if (i >= run->node.in_count || !run->in[i]) return false;
  return is_real(run->in[i]->dtype) &&
         !sv_op_in_port(run->node.op, i)->no_gradient;
}

sv_pass oc_pass_of(const oc_run *run, int i) {
  sv_role role = sv_op_in_port(run->node.op, i)->role;
  return sv_role_is_state(role) ? SV_BACKWARD_PARAMS : SV_BACKWARD_DATA;
}

bool oc_has_pass(const oc_run *run, sv_pass pass) {
  bool any = pass == SV_FORWARD;
  for (int i = 0; i < run->node.in_count; i++)
    any = any || (oc_has_gradient(run, i) && oc_pass_of(run, i) == pass);
  return any;
}

const char *oc_pass_name(sv_pass pass) {
  return pass == SV_FORWARD         ? "forward"
         : pass == SV_BACKWARD_DATA ? "backward (data)"
                                    : "backward (params)";
}

/* ---- Forward, backward ---- */

static sv_args args_of(const oc_run *run, sv_pass pass) {
  return (sv_args){.node = &run->node,
                   .pass = pass,
                   .training = run->training,
                   .random = {.seed = 11, .stream = 12, .step = 13}};
}

static sv_status run_forward(const oc_run *run, const sv_tensor *const *in,
                             sv_tensor *const *out) {
  sv_args args = args_of(run, SV_FORWARD);
  args.in = in;
  args.out = out;
  if (run->node.op->ref.forward) return run->node.op->ref.forward(&args);
  if (!run->node.op->ref.view)
    return sv_fail(SV_UNSUPPORTED, "there is no reference");
  if (out[0]->data != in[0]->data)
    memcpy(out[0]->data, in[0]->data, out[0]->layout.bytes);
  return SV_OK;
}

sv_status oc_forward(oc_run *run) {
  for (int i = 0; i < run->node.out_count; i++)
    if (run->out_info[i].present)
      SV_TRY(new_unwritten(&run->out[i], run->out_info[i].dtype,
                           &run->out_info[i].shape));
  return run_forward(run, (const sv_tensor *const *)run->in, run->out);
}

/* The tensors whose bits are set; a variadic port's last bit is all of them. */
static void show(sv_tensor **shown, sv_tensor *const *all, int count, int ports,
                 unsigned bits) {
  for (int i = 0; i < count; i++) {
    int port = i < ports ? i : ports - 1;
    shown[i] = bits & SV_PORT(port) ? all[i] : NULL;
  }
}

static sv_status run_backward(const oc_run *run, sv_pass pass,
                              const sv_tensor *const *diff_out,
                              sv_tensor *const *diff_in) {
  const sv_reference *ref = &run->node.op->ref;
  bool data = pass == SV_BACKWARD_DATA;
  if (ref->view) {
    if (diff_in[0]->data != diff_out[0]->data)
      memcpy(diff_in[0]->data, diff_out[0]->data, diff_in[0]->layout.bytes);
    return SV_OK;
  }
  sv_status (*call)(const sv_args *) =
      data ? ref->backward_data : ref->backward_params;
  if (!call) return sv_fail(SV_UNSUPPORTED, "there is no reference gradient");
  sv_tensor *in[OC_PORTS] = {NULL}, *out[OC_PORTS] = {NULL};
  show(in, run->in, run->node.in_count, sv_op_in_count(run->node.op),
       data ? ref->data_reads_in : ref->params_reads_in);
  sv_tensor shapes[OC_PORTS];
  for (int i = 0; i < run->node.in_count; i++) {
    if (in[i] || !run->in[i]) continue;
    shapes[i] =
        (sv_tensor){.dtype = run->in[i]->dtype, .shape = run->in[i]->shape};
    in[i] = &shapes[i];
  }
  show(out, run->out, run->node.out_count, run->node.out_count,
       data ? ref->data_reads_out : ref->params_reads_out);
  sv_args args = args_of(run, pass);
  args.in = (const sv_tensor *const *)in;
  args.out = out;
  args.diff_out = diff_out;
  args.diff_in = diff_in;
  return call(&args);
}

/* The gradients of one pass; *any: whether there are some. */
static bool select_pass(const oc_run *run, sv_pass pass, sv_tensor **diff) {
  bool any = false;
  for (int i = 0; i < run->node.in_count; i++) {
    bool mine = oc_has_gradient(run, i) && oc_pass_of(run, i) == pass;
    diff[i] = mine ? run->diff[i] : NULL;
    any = any || mine;
  }
  return any;
}

static void falsify(oc_run *run) {
  sv_tensor *diff = run->diff[oc_falsified_port];
  bool mine = oc_falsified == run->node.op ||
              oc_falsified == sv_registry_of(run->node.op)->op;
  if (!mine || !diff) return;
  int64_t count = sv_shape_count(&diff->shape);
  for (int64_t i = 0; i < count; i++)
    sv_tensor_set(diff, i, 1.01 * sv_tensor_get(diff, i));
}

sv_status oc_backward(oc_run *run) {
  for (int i = 0; i < run->node.in_count; i++)
    if (oc_has_gradient(run, i))
      SV_TRY(new_unwritten(&run->diff[i], run->real, &run->in[i]->shape));
  for (sv_pass pass = SV_BACKWARD_DATA; pass < SV_PASS_COUNT; pass++) {
    sv_tensor *diff[OC_PORTS] = {NULL};
    if (select_pass(run, pass, diff))
      SV_TRY(
          run_backward(run, pass, (const sv_tensor *const *)run->seed, diff));
  }
  falsify(run);
  return SV_OK;
}

/* ---- In place ---- */

static sv_status forward_in_place(const oc_run *run, double *error) {
  sv_tensor *over;
  SV_TRY(oc_convert(&over, run->in[0], run->real));
  const sv_tensor *in[OC_PORTS];
  sv_tensor *out[OC_PORTS];
  memcpy(in, run->in, sizeof in);
  memcpy(out, run->out, sizeof out);
  sv_tensor result = *run->out[0];
  result.data = over->data;
  in[0] = over;
  out[0] = &result;
  sv_status status = run_forward(run, in, out);
  *error = oc_error(&result, run->out[0], 0);
  sv_tensor_free(over);
  return status;
}

static sv_status backward_in_place(const oc_run *run, double *error) {
  sv_tensor *diff[OC_PORTS] = {NULL}, *over;
  if (!oc_has_gradient(run, 0)) return SV_OK;
  sv_pass pass = oc_pass_of(run, 0);
  select_pass(run, pass, diff);
  SV_TRY(oc_convert(&over, run->seed[0], run->real));
  const sv_tensor *seed[OC_PORTS];
  memcpy(seed, run->seed, sizeof seed);
  sv_tensor result = *run->diff[0];
  result.data = over->data;
  seed[0] = over;
  diff[0] = &result;
  sv_status status = run_backward(run, pass, seed, diff);
  *error = fmax(*error, oc_error(&result, run->diff[0], 0));
  sv_tensor_free(over);
  return status;
}

sv_status oc_in_place(oc_run *run, double *error) {
  *error = 0;
  if (!run->node.op->ref.in_place) return SV_OK;
  if (run->in[0]->layout.bytes != run->out[0]->layout.bytes) return SV_OK;
  SV_TRY(forward_in_place(run, error));
  return backward_in_place(run, error);
}

double oc_error(const sv_tensor *got, const sv_tensor *expected, double least) {
  double worst = 0, largest = least;
  if (!sv_shape_equal(&got->shape, &expected->shape)) return INFINITY;
  int64_t count = sv_shape_count(&expected->shape);
  for (int64_t i = 0; i < count; i++) {
    double a = sv_tensor_get(got, i), b = sv_tensor_get(expected, i);
    if (isfinite(b)) largest = fmax(largest, fabs(b));
    if (a == b || (isnan(a) && isnan(b))) continue;
    if (!isfinite(a) || !isfinite(b)) return INFINITY;
    worst = fmax(worst, fabs(a - b));
  }
  return largest > 0 ? worst / largest : worst;
}

static bool all_finite(sv_tensor *const *tensors) {
  for (int i = 0; i < OC_PORTS; i++) {
    int64_t count = tensors[i] ? sv_shape_count(&tensors[i]->shape) : 0;
    for (int64_t k = 0; k < count; k++)
      if (!isfinite(sv_tensor_get(tensors[i], k))) return false;
  }
  return true;
}

bool oc_is_finite(const oc_run *run) {
  return all_finite(run->out) && all_finite(run->diff);
}
