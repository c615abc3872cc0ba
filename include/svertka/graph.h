/* Networks as graphs of operators, and the functions that build them.
 *
 *     sv_value x = sv_input(g, "image", SV_F32, sv_shape_of(4, -1, 1, 32, 32));
 *     x = sv_tanh(g, sv_conv(g, x, 6, 5));
 *     sv_output(g, "scores", sv_linear(g, sv_flatten(g, x), 10));
 *
 * A call that fails returns an invalid value, and every later call on that
 * value does nothing. sv_graph_check reports the first error; functions that
 * take a graph call it. A graph is built by one thread. Once it is passed to a
 * model or a plan it no longer changes, and any thread may read it. */
#ifndef SVERTKA_GRAPH_H
#define SVERTKA_GRAPH_H

#include <svertka/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_graph sv_graph;

/* A handle to a value of one graph. {0} stands for an omitted optional
 * input. */
typedef struct sv_value {
  int id;
} sv_value;

/* The purpose of a tensor. The role alone decides on weight decay,
 * initialisation, freezing, counting and saving. */
typedef enum sv_role {
  SV_DATA,      /* activations */
  SV_WEIGHT,    /* trained; weight decay applies */
  SV_BIAS,      /* trained */
  SV_SCALE,     /* trained: a factor per channel */
  SV_STATISTIC, /* running means and variances: learned, not trained */
  SV_LABEL,     /* the target of a loss */
  SV_INDEX,     /* positions and shapes: integers */
  SV_CONSTANT,  /* constant values of the network */
  SV_RECORD     /* training state: moments, counters */
} sv_role;

/* Max number of values in a list attribute. */
enum { SV_MAX_INTS = 2 * SV_MAX_RANK };

typedef struct sv_ints {
  int count; /* 0: the operator's default */
  int64_t at[SV_MAX_INTS];
} sv_ints;

typedef struct sv_floats {
  int count;
  float at[SV_MAX_INTS];
} sv_floats;

/* How much padding is added around an image before a window slides over it. */
typedef enum sv_padding_rule {
  SV_PAD_EXPLICIT,   /* the values in `at` */
  SV_PAD_SAME_UPPER, /* output = ceil(input / stride); an odd pixel is added at
                      * the end */
  SV_PAD_SAME_LOWER, /* the same; an odd pixel is added at the beginning */
  SV_PAD_VALID,      /* no padding */
  SV_PAD_FULL        /* dilation * (kernel - 1) on each side */
} sv_padding_rule;

/* `at` holds one value for all sides; one per axis (H, W); or, as in ONNX, the
 * beginnings of all axes, then their ends. */
typedef struct sv_padding {
  sv_padding_rule rule;
  sv_ints at;
} sv_padding;

/* Creates an empty graph; `name` is copied. Free it with sv_graph_free, unless
 * a model has taken ownership of it. */
SV_API SV_CHECKED sv_status sv_graph_new(sv_graph **graph, const char *name);
SV_API void sv_graph_free(sv_graph *graph);
/* Copies a graph; SV_OK even if building it failed. Free *copy with
 * sv_graph_free. */
SV_API SV_CHECKED sv_status sv_graph_copy(sv_graph **copy,
                                          const sv_graph *graph);
SV_API const char *sv_graph_name(const sv_graph *graph);

/* Returns the first error of the calls that built the graph and restores its
 * message; SV_OK if there was none. */
SV_API SV_CHECKED sv_status sv_graph_check(const sv_graph *graph);

/* Adds an input. A dimension of -1, such as the batch, is free; a plan fixes
 * it. */
SV_API sv_value sv_input(sv_graph *graph, const char *name, sv_dtype dtype,
                         sv_shape shape);

/* Adds an input for class labels (role SV_LABEL, int64). */
SV_API sv_value sv_label(sv_graph *graph, const char *name, sv_shape shape);

/* Adds a named tensor of the state. `init` is an initialiser, such as "xavier",
 * "zeros" or "constant 0.5"; NULL: the default of the role. docs/training.md
 * lists all initialisers. */
SV_API sv_value sv_parameter(sv_graph *graph, const char *name, sv_role role,
                             sv_dtype dtype, sv_shape shape, const char *init);

/* Adds a node with the operator `op`. `attrs` is the operator's attribute
 * struct; NULL: its defaults. Parameters that are not among the inputs are
 * created and named after the node. Returns the first output. */
SV_API sv_value sv_apply(sv_graph *graph, const char *op,
                         const sv_value *inputs, int input_count,
                         const void *attrs);

/* The same with the attributes as text, as `svertka op` takes them:
 * "6 3x3 stride=2". */
SV_API sv_value sv_apply_text(sv_graph *graph, const char *op,
                              const sv_value *inputs, int input_count,
                              const char *attrs);

/* Output `index` of the node that computes `value`; sv_apply returns output
 * 0. */
SV_API sv_value sv_output_of(sv_graph *graph, sv_value value, int index);

/* Sets the initialiser of a parameter that the next node creates. `parameter`
 * is the last part of the parameter's name, such as "weight" in "conv1.weight"
 * or "bias"; NULL: the weight. It is an error if that node creates no such
 * parameter. */
SV_API void sv_init(sv_graph *graph, const char *parameter, const char *init);

/* Sets the initialiser of the weights of all later nodes that have none of
 * their own. NULL ends this. */
SV_API void sv_init_weights(sv_graph *graph, const char *init);

/* Names the next node. By default nodes are named conv1, conv2, relu1, ... */
SV_API void sv_name(sv_graph *graph, const char *format, ...) SV_PRINTF(2, 3);

/* Opens a scope: until the matching sv_scope_pop, names of nodes and parameters
 * begin with "layer1.0.". sv_name(g, "conv1") makes layer1.0.conv1; nodes
 * without a name become layer1.0.conv1, layer1.0.relu1, ... Scopes nest. Names
 * of inputs, labels, outputs and losses are not changed. A full name has at
 * most 240 bytes.
 *
 *     for (int i = 0; i < 3; i++) {
 *       sv_scope_push(g, "layer1.%d", i);
 *       x = bottleneck(g, x, 64);
 *       sv_scope_pop(g);
 *     } */
SV_API void sv_scope_push(sv_graph *graph, const char *format, ...)
    SV_PRINTF(2, 3);
SV_API void sv_scope_pop(sv_graph *graph);

/* Declares an output of the network. An inference plan runs only the nodes that
 * an output depends on. */
SV_API void sv_output(sv_graph *graph, const char *name, sv_value value);

/* Declares a loss: a scalar to be minimised. `weight` is its factor in the sum
 * of all losses. */
SV_API void sv_loss(sv_graph *graph, const char *name, sv_value value,
                    double weight);

/* The shape of a value during building. A free first dimension counts as 1, any
 * other free dimension as 256. */
SV_API sv_shape sv_value_shape(const sv_graph *graph, sv_value value);

#ifdef __cplusplus
}
#endif
#endif
