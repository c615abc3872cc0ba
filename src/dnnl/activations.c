/* The functions of one element that oneDNN has under the same definition, a
 * line each. Not log and softplus: theirs are off by 1e-6 near 0, where log(1)
 * is negative and softplus, too. */
#include <string.h>

#include "dnnl/eltwise.h"
#include "op/attrs.h"

/* sv_dnnl_<op>: the function as an expression of `node`, what its gradient
 * reads, and whether f(0) = 0. */
#define ACTIVATION(op, function, what, zero)                     \
  static sv_dnnl_activation get_##op(const sv_node *node) {      \
    (void)node;                                                  \
    return (sv_dnnl_activation){function, what, zero};           \
  }                                                              \
  static sv_status plan_##op(const sv_site *site, sv_need *need, \
                             void **impl) {                      \
    sv_dnnl_activation f = get_##op(site->node);                 \
    return sv_dnnl_plan_eltwise(site, need, impl, &f);           \
  }                                                              \
  const sv_kernel sv_dnnl_##op = {plan_##op, sv_dnnl_run, sv_dnnl_destroy};

enum { OF_Y = false, OF_X = true }; /* the gradient */
enum { FILLS = false, KEEPS_ZERO = true };

static sv_dnnl_function plain(dnnl_alg_kind_t alg) {
  return (sv_dnnl_function){.alg = alg, .alpha = 1};
}

static float number(const sv_node *node, const char *attr) {
  return (float)sv_attr_number(node, attr);
}

static sv_dnnl_function with_alpha(dnnl_alg_kind_t alg, const sv_node *node) {
  return (sv_dnnl_function){.alg = alg, .alpha = number(node, "alpha")};
}

/* The sign of y is that of x then, and y is often still there. */
static bool is_rising(const sv_node *node) {
  return number(node, "alpha") >= 0;
}

static sv_dnnl_function elu(const sv_node *node) {
  return with_alpha(
      is_rising(node) ? dnnl_eltwise_elu_use_dst_for_bwd : dnnl_eltwise_elu,
      node);
}

static sv_dnnl_function gelu(const sv_node *node) {
  return plain(number(node, "approximate") != 0 ? dnnl_eltwise_gelu_tanh
                                                : dnnl_eltwise_gelu_erf);
}

ACTIVATION(tanh, plain(dnnl_eltwise_tanh_use_dst_for_bwd), OF_Y, KEEPS_ZERO)
ACTIVATION(sigmoid, plain(dnnl_eltwise_logistic_use_dst_for_bwd), OF_Y, FILLS)
ACTIVATION(elu, elu(node), !is_rising(node), KEEPS_ZERO)
ACTIVATION(gelu, gelu(node), OF_X, KEEPS_ZERO)
ACTIVATION(silu, with_alpha(dnnl_eltwise_swish, node), OF_X, KEEPS_ZERO)
ACTIVATION(mish, plain(dnnl_eltwise_mish), OF_X, KEEPS_ZERO)
ACTIVATION(exp, plain(dnnl_eltwise_exp_use_dst_for_bwd), OF_Y, FILLS)
ACTIVATION(sqrt, plain(dnnl_eltwise_sqrt_use_dst_for_bwd), OF_Y, FILLS)
ACTIVATION(abs, plain(dnnl_eltwise_abs), OF_X, KEEPS_ZERO)

bool sv_dnnl_activation_of(sv_dnnl_activation *f, const sv_node *node) {
  static const struct {
    const char *op;
    sv_dnnl_activation (*get)(const sv_node *node);
  } rows[] = {{"tanh", get_tanh}, {"sigmoid", get_sigmoid}, {"elu", get_elu},
              {"gelu", get_gelu}, {"silu", get_silu},       {"mish", get_mish}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(node->op->name, rows[i].op) != 0) continue;
    *f = rows[i].get(node);
    return true;
  }
  return false;
}
