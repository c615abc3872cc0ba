/* Attribute structs by their tables: defaults, text, checks. */
#ifndef SV_OP_ATTRS_H
#define SV_OP_ATTRS_H

#include "base/text.h"
#include "op/op.h"

/* Sets every attribute to the default of its first row. */
void sv_attrs_default(const sv_op *op, void *attrs);

/* Sets the defaults of this ONNX opset: for each attribute the last row valid
 * there counts. A row without an ONNX name can so give the meaning of an old
 * version, and a second row a different ONNX default. Required attributes have
 * the default of their first row until they are set, so that they are within
 * bounds. */
void sv_attrs_default_at(const sv_op *op, void *attrs, int64_t opset);

/* Resets attributes of absent outputs (0) to their defaults. */
void sv_attrs_forget(const sv_op *op, void *attrs, const int *out,
                     int out_count);

/* True if the row is the first one of its attribute. */
bool sv_attr_is_first(const sv_op *op, const sv_attr *row);

/* The value of an absent optional integer attribute; "none". */
#define SV_ATTR_NONE INT64_MIN

/* The first row with this name; NULL if the operator has none. */
const sv_attr *sv_attr_find(const sv_op *op, const char *name);

/* The row for the n-th bare word (1, 2, ...) of the text form. */
const sv_attr *sv_attr_at_position(const sv_op *op, int position);

/* Sets one attribute from text: 3, 0.5, true, a choice, 3x3 or 1,2,1,2 (empty:
 * none), and for padding also same, same_lower, valid, full. Errors name
 * operator, attribute, the text and what is expected. */
sv_status sv_attr_parse(const sv_op *op, void *attrs, const sv_attr *row,
                        const char *text) SV_CHECKED;

/* Parses words as in "6 3x3 stride=2": bare words by position, the rest by
 * name. */
sv_status sv_attrs_parse(const sv_op *op, void *attrs,
                         const char *text) SV_CHECKED;

/* Appends the value in the form of sv_attr_parse. */
void sv_attr_print(sv_text *text, const sv_attr *row, const void *attrs);
bool sv_attr_is_default(const sv_op *op, const sv_attr *row, const void *attrs);

/* True if all attributes are equal; bytes between them in the struct are
 * ignored. */
bool sv_attrs_equal(const sv_op *op, const void *a, const void *b);

/* Checks that every value is within its row's bounds and every choice is
 * valid. */
sv_status sv_attr_check(const sv_op *op, const sv_attr *row,
                        const void *attrs) SV_CHECKED;
sv_status sv_attrs_check(const sv_op *op, const void *attrs) SV_CHECKED;

/* Sets an attribute from one value or a list of values of the row's type. */
sv_status sv_attr_set(const sv_attr *row, void *attrs,
                      const sv_tensor *numbers) SV_CHECKED;

/* The value of an attribute of any operator by name, for kernels that do not
 * know its struct: INT, FLOAT, BOOL and CHOICE. 0 if there is no such
 * attribute. */
double sv_attr_number(const sv_node *node, const char *name);

#endif
