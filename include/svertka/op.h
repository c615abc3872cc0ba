/* The operators and their tables: names, ports, attributes. All that this
 * header returns is static and never changes; any thread may read it.
 *
 *     const sv_op *op;
 *     sv_status status = sv_op_find(&op, "conv");
 *     for (int i = 0; sv_op_input(op, i); i++)
 *       puts(sv_op_input(op, i)->name); */
#ifndef SVERTKA_OP_H
#define SVERTKA_OP_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sv_op sv_op;

/* The operators, in the order of `svertka ops`: 0 <= i < sv_op_count(). NULL
 * for any other i. */
SV_API int sv_op_count(void);
SV_API const sv_op *sv_op_at(int i);

/* Finds an operator by its name, "max_pool". SV_INVALID if it is unknown; the
 * message suggests similar names. */
SV_API SV_CHECKED sv_status sv_op_find(const sv_op **op, const char *name);

SV_API const char *sv_op_name(const sv_op *op);
SV_API const char *sv_op_summary(const sv_op *op); /* one line: the formula */

/* The backends that implement it in this build, in order of preference, 0 <= i;
 * the last one is "ref", the reference. NULL after the last. */
SV_API const char *sv_op_backend(const sv_op *op, int i);

/* ---- Ports -------------------------------------------------------------- */

typedef struct sv_port {
  const char *name; /* "x", "w", "b": the option of `svertka op` */
  sv_role role;
  bool optional;
  bool variadic;    /* the last port, any number of times */
  bool no_gradient; /* differentiation stops here */
  const char *init; /* initialiser of a parameter; NULL: default of the role */
  /* For an output with the role STATISTIC: the input whose new value it is. In
   * training the plan computes it and commits it to the state once per step. */
  const char *renews;
} sv_port;

/* Input and output ports, 0 <= i; NULL after the last. */
SV_API const sv_port *sv_op_input(const sv_op *op, int i);
SV_API const sv_port *sv_op_output(const sv_op *op, int i);

/* True for weights, biases and scales. */
SV_API bool sv_role_is_trained(sv_role role);
SV_API const char *sv_role_name(
    sv_role role); /* "weight", "bias", ...; static */

/* ---- Attributes --------------------------------------------------------- */

typedef enum sv_attr_type {
  SV_ATTR_INT,    /* int64_t */
  SV_ATTR_FLOAT,  /* float */
  SV_ATTR_BOOL,   /* bool; an int in ONNX */
  SV_ATTR_CHOICE, /* int, an index into `choices`; a string in ONNX */
  SV_ATTR_INTS,   /* sv_ints */
  SV_ATTR_FLOATS, /* sv_floats */
  SV_ATTR_PADDING /* sv_padding; ONNX's `pads` with `auto_pad` */
} sv_attr_type;

/* The number of bytes of an attribute's value as text; longer ones are cut. */
enum { SV_ATTR_TEXT = 160 };

/* An attribute. */
typedef struct sv_attr_desc {
  const char *name; /* in text: "stride" */
  const char *onnx; /* in ONNX: "strides"; NULL: ONNX has none */
  const char *help; /* "" if there is none */
  sv_attr_type type;
  const char *const *choices; /* words, as spelled in ONNX; ends with NULL.
                               * NULL: not a choice */
  double min, max;            /* of each value; both 0: unbounded */
  int position; /* 1, 2, ...: position among bare words in text; 0: none */
  char initial[SV_ATTR_TEXT]; /* the default as it is written in text; "":
                               * none */
} sv_attr_desc;

/* Describes attribute i, 0 <= i. False after the last. */
SV_API bool sv_op_attr(const sv_op *op, int i, sv_attr_desc *attr);

/* ---- ONNX --------------------------------------------------------------- */

/* A name in ONNX, valid for opsets since..until (0: open). The first row is the
 * one written. */
typedef struct sv_onnx_name {
  const char *type; /* "Conv" */
  int since, until;
} sv_onnx_name;

/* Its names in ONNX, 0 <= i. NULL after the last. */
SV_API const sv_onnx_name *sv_op_onnx(const sv_op *op, int i);

#ifdef __cplusplus
}
#endif
#endif
