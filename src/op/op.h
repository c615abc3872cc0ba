/* The interface of an operator: one immutable descriptor, one file each.
 *
 * A file src/ops/<op>.c ends with
 *
 *     SV_OP(relu) = {.name = "relu", .onnx = relu_onnx, .in = ..., ...};
 *
 * and is listed in one line of ops.def. It is compiled twice, with `real` as
 * float and as double, so that gradients can be checked in double. Everything
 * in it except the descriptor is static. */
#ifndef SV_OP_OP_H
#define SV_OP_OP_H

#include <svertka/op.h>

#include "base/error.h"
#include "base/random.h"

#ifdef SV_REAL_DOUBLE
typedef double real;
#define SV_OP(name) const sv_op sv_op_##name##_f64
#else
typedef float real;
#define SV_OP(name) const sv_op sv_op_##name
#endif

/* ---- Tables (ports, types of attributes: svertka/op.h) ---- */

/* Rows of one operator with the same offset are one attribute in different
 * versions of ONNX; text, help and checks use the first row. */
typedef struct sv_attr {
  const char *name; /* in text: "stride" */
  const char *onnx; /* in ONNX: "strides"; NULL: ONNX has none */
  sv_attr_type type;
  size_t offset;
  double initial;             /* default of INT, FLOAT, BOOL, CHOICE */
  double min, max;            /* of each value; both 0: unbounded */
  const char *const *choices; /* words, as spelled in ONNX; ends with NULL */
  const int *codes;           /* codes of the choices, if ONNX uses numbers */
  /* In ONNX it is a tensor of one element: its value or, for a choice, its
   * type. */
  bool tensor;
  int position;     /* 1, 2, ...: position among bare words in text; 0: none */
  int since, until; /* opsets with this row; 0: from the first, no end */
  /* > 0: from `since` on it is ONNX's input number `slot`. A constant there
   * becomes the attribute. A computed value is the input of the optional port
   * with the attribute's name, if there is one. Contents found by inference
   * become the attribute; operators do not see the difference. */
  int slot;
  /* ONNX has no default in these opsets: it is always written, and a file
   * without it is an error. */
  bool required;
  /* For BOOL: if it is on, ONNX requires a name for every output; before ONNX
   * had it, names for more than the first output implied it. */
  bool all_outputs;
  /* > 0: it belongs to this optional output and has its default without that */
  int output;
  const char *help;
} sv_attr;

/* ---- Nodes ---- */

typedef struct sv_node sv_node;
struct sv_node {
  const sv_op *op;
  char *name;
  void *attrs; /* the operator's struct, op->attrs_size bytes of plain data */
  int in_count, out_count;
  int *in, *out; /* ids of values; 0 where an optional one is absent */
};

/* Information about a value during shape inference. */
typedef struct sv_info {
  bool present;
  sv_dtype dtype;
  sv_shape shape;
  const sv_tensor *content; /* plain; NULL: unknown before the run */
} sv_info;

/* Per spatial axis, output i depends on inputs step*i + first .. step*i + last.
 * With upsampling by `closer` (0 counts as 1) these are inputs (step*i + first)
 * / closer, rounded up, .. (step*i + last) / closer, rounded down. */
typedef struct sv_reach {
  int64_t step, first, last, closer;
} sv_reach;

typedef struct sv_cost {
  int64_t macs;     /* multiply-accumulates of convolutions and products */
  bool spatial;     /* `axis` is valid; else every output depends on the whole
                     * input */
  sv_reach axis[2]; /* H, W */
} sv_cost;

static inline sv_cost sv_cost_pointwise(void) {
  return (sv_cost){.spatial = true, .axis = {{.step = 1}, {.step = 1}}};
}

/* ---- Running the reference ---- */

typedef enum sv_pass {
  SV_FORWARD,
  SV_BACKWARD_DATA,
  SV_BACKWARD_PARAMS,
  SV_PASS_COUNT
} sv_pass;

/* One call of a kernel. Tensors that are absent, unread or not needed are NULL.
 * For an input that its backward pass does not read, the reference gets type
 * and shape, with data NULL. diff_x is dL/dx: diff_out is given, diff_in is
 * overwritten. */
typedef struct sv_args {
  const sv_node *node;
  sv_pass pass;
  bool training; /* training mode of dropout and batch normalisation */
  const sv_tensor *const *in;
  sv_tensor *const *out; /* written forward, read backward */
  const sv_tensor *const *diff_out;
  sv_tensor *const *diff_in;
  void *workspace;  /* from forward to backward */
  void *scratch;    /* for this call */
  sv_random random; /* seed, this node's stream, the step */
} sv_args;

/* The elements of a floating-point input, output or gradient; NULL if
 * absent. */
static inline const real *sv_in(const sv_args *args, int i) {
  return i < args->node->in_count && args->in[i] ? args->in[i]->data : NULL;
}
static inline real *sv_out(const sv_args *args, int i) {
  return i < args->node->out_count && args->out[i] ? args->out[i]->data : NULL;
}
static inline const real *sv_diff_out(const sv_args *args, int i) {
  bool given = i < args->node->out_count && args->diff_out[i];
  return given ? args->diff_out[i]->data : NULL;
}
static inline real *sv_diff_in(const sv_args *args, int i) {
  bool wanted = i < args->node->in_count && args->diff_in[i];
  return wanted ? args->diff_in[i]->data : NULL;
}

#define SV_PORT(i) (1u << (i))

typedef enum sv_folding {
  SV_FOLD_NEVER,
  SV_FOLD_CONTENTS,
  SV_FOLD_SHAPES /* forward reads only the shapes of its inputs */
} sv_folding;

/* Bits of 1 << sv_dtype. */
typedef enum sv_whole_types {
  SV_WHOLE_NONE,
  SV_WHOLE_WIDE = 1 << SV_I64 | 1 << SV_I32,
  SV_WHOLE_SIGNED = SV_WHOLE_WIDE | 1 << SV_I8,
  SV_WHOLE_ALL = SV_WHOLE_SIGNED | 1 << SV_U8
} sv_whole_types;

/* The executable specification: plain C on plain tensors of `real`. */
typedef struct sv_reference {
  sv_status (*forward)(const sv_args *args);
  sv_status (*backward_data)(const sv_args *args);   /* DATA ports */
  sv_status (*backward_params)(const sv_args *args); /* the other ports */
  /* The forward values that the backward passes read, as bits of SV_PORT; for a
   * variadic port the last bit stands for all of them. */
  unsigned data_reads_in, data_reads_out;
  unsigned params_reads_in, params_reads_out;
  bool in_place; /* output 0 may overwrite input 0, diff_in 0 diff_out 0 */
  bool view;     /* output 0 is input 0 with another shape: no computation */
  /* Or only if this returns true, in training or at inference. */
  bool (*views)(const sv_node *node, bool training);
  /* If inference knows the contents of all inputs and they are few, it runs
   * forward and knows those of the outputs, too: the shape arithmetic of
   * exporters. */
  sv_folding folds;
  bool any_type; /* forward and backward move elements of any type */
  /* Integer types that forward supports, too: those of ONNX. */
  sv_whole_types whole;
  /* At inference output 0 has the elements of input 0, each once, in another
   * order, shape or type. */
  bool moves;
  /* Element i of output 0 and of its gradient depends only on elements i.
   * forward and backward_data accept any layout without gaps, the same for all
   * tensors. */
  bool pointwise;
} sv_reference;

/* The effect of an operator on scores that pass through it. task/meaning.c
 * follows them to a network's output to distinguish logits from probabilities.
 * Views need none. */
typedef enum sv_effect {
  SV_EFFECT_UNKNOWN,     /* the result is unknown */
  SV_EFFECT_WEIGHS,      /* weighted sums: any real values */
  SV_EFFECT_ACTIVATES,   /* unbounded real values stay unbounded */
  SV_EFFECT_RECTIFIES,   /* max(x, 0) */
  SV_EFFECT_SQUASHES,    /* maps each element to 0 to 1 */
  SV_EFFECT_CENTRES,     /* maps each element to -1 to 1 */
  SV_EFFECT_BOUNDS,      /* min(max(x, attribute min), attribute max) */
  SV_EFFECT_SOFTMAX,     /* rows along the attribute axis */
  SV_EFFECT_LOG_SOFTMAX, /* the same */
  SV_EFFECT_EXP,
  SV_EFFECT_LOG,
  SV_EFFECT_RECIPROCAL,
  SV_EFFECT_RAISES, /* input 0 to the power of input 1 */
  SV_EFFECT_ADDS,   /* elements of all inputs, and so on */
  SV_EFFECT_SUBTRACTS,
  SV_EFFECT_MULTIPLIES,
  SV_EFFECT_DIVIDES,
  SV_EFFECT_AVERAGES, /* elements of all inputs, weights that sum to 1 */
  SV_EFFECT_SUMS,     /* along the attribute axes, and so on */
  SV_EFFECT_LOG_SUMS,
  SV_EFFECT_LOG_SUM_EXPS,
  SV_EFFECT_MEANS,
  SV_EFFECT_POOLS, /* means of neighbours within a map */
  SV_EFFECT_PICKS, /* each result is one of the elements */
  SV_EFFECT_PARTS, /* whole slices along a dimension: cut, joined, repeated */
  SV_EFFECT_PERMUTES, /* dimensions, by the attribute perm */
  SV_EFFECT_CASTS,
  SV_EFFECT_NORMALISES,   /* |x|^p of a row along the attribute axis sum to 1 */
  SV_EFFECT_CROSS_ENTROPY /* input 0 are logits */
} sv_effect;

/* A layer of weights, as rewrites know it: how input 1 belongs to the channels.
 */
typedef enum sv_layer_form {
  SV_LAYER_NONE,
  SV_LAYER_CONV,           /* O x I / groups x window */
  SV_LAYER_CONV_TRANSPOSE, /* I x O / groups x window */
  SV_LAYER_LINEAR,  /* O x I, or I x O without the attribute transpose_w */
  SV_LAYER_PRODUCT, /* I x O */
  SV_LAYER_NORM     /* inputs 1 to 4: scale, bias, mean, variance */
} sv_layer_form;

/* ---- The descriptor ---- */

struct sv_op {
  const char *name;         /* "max_pool" */
  const char *summary;      /* one line: the formula */
  const sv_onnx_name *onnx; /* ends in {NULL}; NULL: ONNX has none */
  const sv_port *in, *out;  /* each ends in {NULL} */
  /* Number of further outputs in ONNX that are not computed: a file may name
   * them if nothing reads them. */
  int unread_outputs;
  /* Only if the last output is variadic: the number of outputs for these
   * attributes. `given`: the number of outputs in a file; it is stored if the
   * attributes leave it open. 0: not named yet. */
  int (*outputs)(void *attrs, int given);
  /* Input 0 may be images, N C H W, with channels in dimension 1: a tensor of
   * the command line with several maps is one image. */
  bool has_maps;
  const sv_attr *attrs; /* ends with {NULL}; NULL: none */
  size_t attrs_size;
  /* Sets attributes that follow from others or from a weight's shape: the
   * kernel's size, `full` padding. Called at building and loading. Optional. */
  sv_status (*settle)(void *attrs, const sv_info *in, int in_count);
  /* For windows: replaces a padding rule by values for an input 0 of this
   * shape; sizes below 0 are free. A rule stays if its values depend on these.
   * For files: readers do not agree on the rules. Optional. */
  void (*spell)(void *attrs, const sv_shape *x);
  /* The shape of the parameter of port `port`; rank -1: not needed (no bias).
   * Only for operators with parameters. */
  sv_status (*parameter)(const sv_node *node, const sv_info *in, int port,
                         sv_shape *shape);
  /* Infers shapes and types of the outputs. `present` of each input and output
   * is set; the rest of `out` must be set. */
  sv_status (*infer)(const sv_node *node, const sv_info *in, sv_info *out);
  /* Optional: checks the shape of input 0 for a run, for example in training.
   * Plans call it, so that such errors do not occur during a run. */
  sv_status (*check)(const sv_node *node, const sv_shape *x, bool training);
  /* Optional: changes *cost, which starts as sv_cost_pointwise(): a pointwise
   * operator without multiply-accumulates. */
  sv_status (*cost)(const sv_node *node, const sv_info *in, const sv_info *out,
                    sv_cost *cost);
  /* If ONNX has no such operator, or other runtimes refuse it with these
   * attributes (refused; optional): the same as several ONNX operators. */
  bool (*refused)(const sv_node *node);
  sv_status (*expand)(const sv_node *node, sv_graph *graph, const sv_value *in,
                      sv_value *out);
  sv_reference ref;
  /* For an activation: its saturation values, where the gradient vanishes; high
   * may be infinite. Both 0: none. */
  double low, high;
  sv_effect effect;
  sv_layer_form layer;
};

/* The port of input i of a node (a variadic one repeats). */
const sv_port *sv_op_in_port(const sv_op *op, int i);
const sv_port *sv_op_out_port(const sv_op *op, int i);
/* The attribute that input i stands for: its first row with the name of the
 * port. NULL: an ordinary input. */
const sv_attr *sv_op_in_attr(const sv_op *op, int i);
/* The port that stands for this attribute; -1: none. */
int sv_op_attr_port(const sv_op *op, const sv_attr *row);
int sv_op_in_count(const sv_op *op);  /* ports */
int sv_op_out_count(const sv_op *op); /* ports */
bool sv_op_is_variadic(const sv_op *op);
/* True if the role belongs to the state: such an input is a parameter. */
bool sv_role_is_state(sv_role role);
/* True for constant values: their contents take part in inference. */
bool sv_role_is_fixed(sv_role role);

/* ---- For shape rules ---- */

static inline bool sv_given(const sv_node *node, const sv_info *in, int i) {
  return i < node->in_count && in[i].present;
}

/* Every input has a port, and no required input is missing. */
sv_status sv_check_inputs(const sv_node *node, const sv_info *in) SV_CHECKED;

/* The same, and all inputs except labels and indices are f32 or f64, of the
 * same type. */
sv_status sv_check_real(const sv_node *node, const sv_info *in) SV_CHECKED;

/* sv_check_real, but inputs may also be integers, all of one type, if the
 * operator's table supports it (ref.whole). */
sv_status sv_check_numbers(const sv_node *node, const sv_info *in) SV_CHECKED;

/* Checks that input i, such as a parameter, has this shape. */
sv_status sv_check_shape(const sv_node *node, const sv_info *in, int i,
                         const sv_shape *shape) SV_CHECKED;

/* Checks *axis, which may count from the end, and maps it to 0 .. rank-1. The
 * range is -rank .. rank-1, as in ONNX. */
sv_status sv_check_axis(int64_t *axis, int rank) SV_CHECKED;

/* infer of most operators: output 0 has input 0's shape and type, which
 * sv_check_numbers takes. */
sv_status sv_infer_same(const sv_node *node, const sv_info *in, sv_info *out);

/* cost if each output depends, or may depend, on the whole input. */
sv_status sv_cost_whole(const sv_node *node, const sv_info *in,
                        const sv_info *out, sv_cost *cost);

/* cost of an operator that keeps image sizes: from the third on, the dimensions
 * of input 0 equal those of output 0, or are 1 or absent. Otherwise each output
 * depends on the whole input. */
sv_status sv_cost_image(const sv_node *node, const sv_info *in,
                        const sv_info *out, sv_cost *cost);

/* forward and backward_data of a view whose tensors do not share memory: copies
 * input 0 to output 0, diff_out 0 to diff_in 0. */
sv_status sv_view_forward(const sv_args *args);
sv_status sv_view_backward(const sv_args *args);

/* The product of two counts that are not negative; INT64_MAX if it
 * overflows. */
int64_t sv_times(int64_t a, int64_t b);

#endif
