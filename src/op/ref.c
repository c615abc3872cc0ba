/* The reference as a kernel: everything in plain layouts, the passes' reads as
 * the operator's masks say. */
#include <stdio.h>

#include "base/memory.h"
#include "op/registry.h"
#include "tensor/tensor.h"

typedef sv_status (*reference_run)(const sv_args *args);

typedef struct reference {
  reference_run run;
  int in_count;
  const sv_tensor **in; /* of the run at hand */
  sv_tensor *shapes;    /* of inputs that a backward pass does not read */
} reference;

/* f32 or f64 by the real numbers of the site; SV_UNSUPPORTED if mixed or
 * something else. */
static sv_status see_type(const sv_spec *specs, int count, sv_dtype *type,
                          bool *seen) {
  for (int i = 0; i < count; i++) {
    sv_dtype dtype = specs[i].dtype;
    if (!specs[i].present) continue;
    if (dtype == SV_F16 || dtype == SV_BF16) return SV_UNSUPPORTED;
    if (dtype != SV_F32 && dtype != SV_F64) continue;
    if (*seen && dtype != *type) return SV_UNSUPPORTED;
    *type = dtype;
    *seen = true;
  }
  return SV_OK;
}

static sv_status choose_op(const sv_site *site, const sv_op **op) {
  const sv_node *node = site->node;
  sv_dtype type = SV_F32;
  bool seen = false;
  SV_TRY(see_type(site->in, node->in_count, &type, &seen));
  SV_TRY(see_type(site->out, node->out_count, &type, &seen));
  *op = node->op;
  if (type == SV_F32) return SV_OK;
  const sv_entry *entry = sv_registry_of(node->op);
  if (!entry) return SV_UNSUPPORTED;
  *op = entry->op_f64;
  return SV_OK;
}

static sv_status make_plain(const sv_spec *specs, sv_place *places, int count) {
  for (int i = 0; i < count; i++)
    if (specs[i].present)
      SV_TRY(
          sv_layout_plain(&places[i].layout, specs[i].dtype, &specs[i].shape));
  return SV_OK;
}

/* Marks what a backward pass reads of the forward values. */
static void mark_reads(const sv_spec *specs, sv_place *places, int count,
                       int ports, unsigned mask) {
  for (int i = 0; i < count; i++)
    places[i].used =
        specs[i].present && (mask & SV_PORT(i < ports ? i : ports - 1));
}

static bool alike(const sv_spec *a, const sv_spec *b) {
  return a->present && b->present && a->dtype == b->dtype &&
         sv_shape_equal(&a->shape, &b->shape);
}

static bool lies_without_gaps(const sv_spec *spec) {
  size_t bytes =
      (size_t)sv_shape_count(&spec->shape) * sv_dtype_size(spec->dtype);
  return spec->layout.kind != SV_OPAQUE && spec->layout.bytes == bytes;
}

/* Of a pointwise operator: all tensors as the one lies that its pass must read.
 */
static const sv_spec *model_of(const sv_site *site, const sv_op *op) {
  const sv_spec *spec = site->pass == SV_FORWARD || op->ref.data_reads_in
                            ? &site->in[0]
                        : op->ref.data_reads_out ? &site->out[0]
                                                 : &site->diff_out[0];
  return op->ref.pointwise && lies_without_gaps(spec) ? spec : NULL;
}

static bool is_view(const sv_site *site, const sv_op *op) {
  return op->ref.view ||
         (op->ref.views && op->ref.views(site->node, site->training));
}

/* `to` is `from`, and where the shapes agree in whatever layout that lies. */
static void be_view(const sv_spec *from, const sv_spec *to, sv_place *source,
                    sv_place *place) {
  place->view = 0;
  if (alike(from, to)) source->layout = place->layout = from->layout;
}

static sv_status need_forward(const sv_site *site, const sv_op *op,
                              sv_need *need) {
  const sv_node *node = site->node;
  SV_TRY(make_plain(site->in, need->in, node->in_count));
  SV_TRY(make_plain(site->out, need->out, node->out_count));
  const sv_spec *model = model_of(site, op);
  if (model) need->in[0].layout = need->out[0].layout = model->layout;
  if (is_view(site, op))
    be_view(&site->in[0], &site->out[0], &need->in[0], &need->out[0]);
  else if (op->ref.in_place && alike(&site->in[0], &site->out[0]))
    need->out[0].over = 0;
  return SV_OK;
}

static sv_status need_backward(const sv_site *site, const sv_op *op,
                               sv_need *need) {
  const sv_node *node = site->node;
  bool data = site->pass == SV_BACKWARD_DATA;
  SV_TRY(make_plain(site->in, need->in, node->in_count));
  SV_TRY(make_plain(site->out, need->out, node->out_count));
  SV_TRY(make_plain(site->diff_in, need->diff_in, node->in_count));
  SV_TRY(make_plain(site->diff_out, need->diff_out, node->out_count));
  const sv_spec *model = model_of(site, op);
  if (model) {
    need->in[0].layout = need->out[0].layout = model->layout;
    need->diff_in[0].layout = need->diff_out[0].layout = model->layout;
  }
  mark_reads(site->in, need->in, node->in_count, sv_op_in_count(op),
             data ? op->ref.data_reads_in : op->ref.params_reads_in);
  mark_reads(site->out, need->out, node->out_count, sv_op_out_count(op),
             data ? op->ref.data_reads_out : op->ref.params_reads_out);
  for (int i = 0; i < node->in_count; i++) {
    bool is_data = sv_op_in_port(op, i)->role == SV_DATA;
    need->diff_in[i].used = site->diff_in[i].present && is_data == data;
  }
  if (!data) return SV_OK;
  if (is_view(site, op))
    be_view(&site->diff_out[0], &site->diff_in[0], &need->diff_out[0],
            &need->diff_in[0]);
  else if (op->ref.in_place && alike(&site->diff_in[0], &site->diff_out[0]))
    need->diff_in[0].over = 0;
  return SV_OK;
}

static void ref_destroy(void *impl) {
  reference *r = impl;
  if (!r) return;
  sv_free(r->in);
  sv_free(r->shapes);
  sv_free(r);
}

static sv_status keep_shapes(reference *r, const sv_site *site) {
  size_t count = (size_t)site->node->in_count;
  SV_TRY(sv_alloc_array(&r->in, count, sizeof *r->in));
  SV_TRY(sv_alloc_array(&r->shapes, count, sizeof *r->shapes));
  r->in_count = (int)count;
  for (int i = 0; i < r->in_count; i++)
    r->shapes[i] =
        (sv_tensor){.dtype = site->in[i].dtype,
                    .shape = site->in[i].present ? site->in[i].shape
                                                 : (sv_shape){.rank = -1}};
  return SV_OK;
}

static sv_status ref_plan(const sv_site *site, sv_need *need, void **impl) {
  *impl = NULL;
  const sv_op *op;
  if (site->candidate > 0) return SV_UNSUPPORTED;
  SV_TRY(choose_op(site, &op));
  reference_run run = site->pass == SV_FORWARD ? op->ref.forward
                      : site->pass == SV_BACKWARD_DATA
                          ? op->ref.backward_data
                          : op->ref.backward_params;
  if (!run) return SV_UNSUPPORTED;
  if (site->pass == SV_FORWARD)
    SV_TRY(need_forward(site, op, need));
  else
    SV_TRY(need_backward(site, op, need));
  snprintf(need->name, sizeof need->name, "ref");
  reference *fresh;
  SV_TRY(sv_alloc(&fresh, sizeof *fresh));
  fresh->run = run;
  sv_status status =
      site->pass == SV_FORWARD ? SV_OK : keep_shapes(fresh, site);
  if (status == SV_OK)
    *impl = fresh;
  else
    ref_destroy(fresh);
  return status;
}

/* An input that is there but not read shows its shape. */
static sv_status ref_run(void *impl, const sv_args *args) {
  const reference *r = impl;
  if (args->pass == SV_FORWARD) return r->run(args);
  sv_args shown = *args;
  for (int i = 0; i < r->in_count; i++) {
    bool there = !args->in[i] && r->shapes[i].shape.rank >= 0;
    r->in[i] = there ? &r->shapes[i] : args->in[i];
  }
  shown.in = r->in;
  return r->run(&shown);
}

const sv_kernel sv_ref_kernel = {
    .plan = ref_plan, .run = ref_run, .destroy = ref_destroy};

static sv_status reorder_plan(const sv_site *site, sv_need *need, void **impl) {
  *impl = NULL;
  if (site->candidate > 0 || site->in[0].layout.kind == SV_OPAQUE ||
      site->out[0].layout.kind == SV_OPAQUE)
    return SV_UNSUPPORTED;
  need->in[0].layout = site->in[0].layout;
  need->out[0].layout = site->out[0].layout;
  snprintf(need->name, sizeof need->name, "ref");
  return SV_OK;
}

static sv_status reorder_run(void *impl, const sv_args *args) {
  (void)impl;
  return sv_tensor_copy(args->out[0], args->in[0]);
}

const sv_kernel sv_ref_reorder = {.plan = reorder_plan, .run = reorder_run};
