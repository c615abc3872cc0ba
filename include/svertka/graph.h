/* Networks as graphs of operators, and the builder that writes them down.
 *
 *     sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 32, 32));
 *     x = sv_tanh(g, sv_conv(g, x, 6, 5));
 *     sv_output(g, "scores", sv_linear(g, sv_flatten(g, x), 10));
 *
 * A step that fails poisons the value it returns; every later step on it does
 * nothing, and sv_graph_check (called by whatever takes the graph next)
 * reports the first error. A graph is written by one thread; once it is handed
 * to a model or a plan it no longer changes and any thread may read it. */
#ifndef SVERTKA_GRAPH_H
#define SVERTKA_GRAPH_H

#include <svertka/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_graph sv_graph;

/* Names a value of one graph. The null value {0} stands for an absent optional
 * input. */
typedef struct sv_value {
  int id;
} sv_value;

/* What a tensor is for. Roles alone decide weight decay, initialisation,
 * freezing, counting and saving. */
typedef enum sv_role {
  SV_DATA,      /* activations */
  SV_WEIGHT,    /* trained; decays */
  SV_BIAS,      /* trained */
  SV_SCALE,     /* trained: a factor per channel */
  SV_STATISTIC, /* running means and variances: learned, not trained */
  SV_LABEL,     /* what a loss compares with */
  SV_INDEX,     /* positions and shapes: whole numbers */
  SV_CONSTANT,  /* fixed numbers of the network */
  SV_RECORD     /* the training's own: moments, counters */
} sv_role;

/* The most numbers that a list attribute holds. */
enum { SV_MAX_INTS = 2 * SV_MAX_RANK };

typedef struct sv_ints {
  int count; /* 0: the operator's default */
  int64_t at[SV_MAX_INTS];
} sv_ints;

typedef struct sv_floats {
  int count;
  float at[SV_MAX_INTS];
} sv_floats;

/* How much is added around an image before a window slides over it. */
typedef enum sv_padding_rule {
  SV_PAD_EXPLICIT,   /* the numbers in `at` */
  SV_PAD_SAME_UPPER, /* output = ceil(input / stride); the odd one at the end */
  SV_PAD_SAME_LOWER, /* the same; the odd one at the beginning */
  SV_PAD_VALID,      /* none */
  SV_PAD_FULL        /* dilation * (kernel - 1) on each side */
} sv_padding_rule;

/* `at` has one number for all sides, or one for each axis (H, W), or the ones
 * of ONNX: those of all beginnings, then those of all ends. */
typedef struct sv_padding {
  sv_padding_rule rule;
  sv_ints at;
} sv_padding;

/* An empty graph. `name` is copied. Free with sv_graph_free, unless a model
 * has taken it over. */
SV_API SV_CHECKED sv_status sv_graph_new(sv_graph **graph, const char *name);
SV_API void sv_graph_free(sv_graph *graph);
SV_API const char *sv_graph_name(const sv_graph *graph);

/* The first error of the builder, its message set again; SV_OK if none. */
SV_API SV_CHECKED sv_status sv_graph_check(const sv_graph *graph);

/* An input. A dimension of -1 is free: the batch, say; a plan fixes it. */
SV_API sv_value sv_input(sv_graph *graph, const char *name, sv_dtype dtype,
                         sv_shape shape);

/* The same for class labels (role SV_LABEL, int64). */
SV_API sv_value sv_label(sv_graph *graph, const char *name, sv_shape shape);

/* A named tensor of the state. `init` is an initialiser's text ("xavier",
 * "zeros", "constant 0.5"; NULL: the role's usual one);
 * docs/training.md has them all. */
SV_API sv_value sv_parameter(sv_graph *graph, const char *name, sv_role role,
                             sv_dtype dtype, sv_shape shape, const char *init);

/* The generic way in. `attrs` is the operator's attribute struct, NULL for its
 * defaults. Parameters that are not among the inputs are made, named after the
 * node. Returns the first output. */
SV_API sv_value sv_apply(sv_graph *graph, const char *op,
                         const sv_value *inputs, int input_count,
                         const void *attrs);

/* The same with attributes as text, as in `svertka op`: "6 3x3 stride=2". */
SV_API sv_value sv_apply_text(sv_graph *graph, const char *op,
                              const sv_value *inputs, int input_count,
                              const char *attrs);

/* Output `index` of the node that made `value`; sv_apply returned output 0. */
SV_API sv_value sv_output_of(sv_graph *graph, sv_value value, int index);

/* How the next node draws a parameter that it makes: "weight", "bias" or what
 * else stands behind its name in "conv1.weight"; NULL: its weight. It is an
 * error if that node makes none. */
SV_API void sv_init(sv_graph *graph, const char *parameter, const char *init);

/* The same for the weights of all later nodes that have no text of their own;
 * NULL: for none any more. */
SV_API void sv_init_weights(sv_graph *graph, const char *init);

/* The name of the next node; without it nodes are conv1, conv2, relu1, ... */
SV_API void sv_name(sv_graph *graph, const char *format, ...) SV_PRINTF(2, 3);

/* Until the pop that belongs to it, nodes and parameters are named below
 * "layer1.0": sv_name(g, "conv1") makes layer1.0.conv1, and without a name they
 * are layer1.0.conv1, layer1.0.relu1, ... Scopes nest. Inputs, labels, outputs
 * and losses keep the names that they are given. A whole name has at most 240
 * bytes.
 *
 *     for (int i = 0; i < 3; i++) {
 *       sv_scope_push(g, "layer1.%d", i);
 *       x = bottleneck(g, x, 64);
 *       sv_scope_pop(g);
 *     } */
SV_API void sv_scope_push(sv_graph *graph, const char *format, ...)
    SV_PRINTF(2, 3);
SV_API void sv_scope_pop(sv_graph *graph);

/* What the network computes. An inference plan keeps what reaches an output. */
SV_API void sv_output(sv_graph *graph, const char *name, sv_value value);

/* A scalar to be minimised, with its weight in the sum of all losses. */
SV_API void sv_loss(sv_graph *graph, const char *name, sv_value value,
                    double weight);

/* The shape of a value as the builder sees it: a free first dimension counts as
 * 1, any other as 256. */
SV_API sv_shape sv_value_shape(const sv_graph *graph, sv_value value);

#ifdef __cplusplus
}
#endif
#endif
