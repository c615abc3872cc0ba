/* Attribute structs through their tables: defaults, text, checks. */
#ifndef SV_OPS_ATTRS_H
#define SV_OPS_ATTRS_H

#include "base/text.h"
#include "ops/op.h"

/* Every attribute as its first row has it. */
void sv_attrs_default(const sv_op *op, void *attrs);

/* What is not written in an ONNX file of this opset: of each attribute the last
 * row that is valid there counts. A row without an ONNX name can so say what
 * an old version meant, and a second row that ONNX's default differs. What ONNX
 * requires is as its first row has it, and so within its bounds, until it is
 * known. */
void sv_attrs_default_at(const sv_op *op, void *attrs, int64_t opset);

/* What speaks of outputs that are not there (0) is as by default again. */
void sv_attrs_forget(const sv_op *op, void *attrs, const int *out,
                     int out_count);

/* The row is the first one of its attribute. */
bool sv_attr_is_first(const sv_op *op, const sv_attr *row);

/* An integer attribute that may be absent has this value then; "none". */
#define SV_ATTR_NONE INT64_MIN

/* The first row with this name; NULL if the operator has none. */
const sv_attr *sv_attr_find(const sv_op *op, const char *name);

/* The row for the n-th bare word (1, 2, ...) of the text form. */
const sv_attr *sv_attr_at_position(const sv_op *op, int position);

/* Sets one attribute from text: 3, 0.5, true, a choice, 3x3 or 1,2,1,2 (an
 * empty text: none), and for padding also same, same_lower, valid, full. The
 * error names operator, attribute, the text and what would do. */
sv_status sv_attr_parse(const sv_op *op, void *attrs, const sv_attr *row,
                        const char *text) SV_CHECKED;

/* Words as in "6 3x3 stride=2": bare ones by position, the rest by name. */
sv_status sv_attrs_parse(const sv_op *op, void *attrs,
                         const char *text) SV_CHECKED;

/* Appends the value as sv_attr_parse reads it. */
void sv_attr_print(sv_text *text, const sv_attr *row, const void *attrs);
bool sv_attr_is_default(const sv_op *op, const sv_attr *row, const void *attrs);

/* All attributes are the same; what a struct has between them does not count.
 */
bool sv_attrs_equal(const sv_op *op, const void *a, const void *b);

/* Every number within its row's bounds, every choice one of its words. */
sv_status sv_attr_check(const sv_op *op, const sv_attr *row,
                        const void *attrs) SV_CHECKED;
sv_status sv_attrs_check(const sv_op *op, const void *attrs) SV_CHECKED;

/* Sets an attribute from numbers: one, or a list of them, of the row's kind. */
sv_status sv_attr_set(const sv_attr *row, void *attrs,
                      const sv_tensor *numbers) SV_CHECKED;

/* Numbers of any operator by name, for kernels that do not see its struct:
 * INT, FLOAT, BOOL and CHOICE. 0 if there is no such attribute. */
double sv_attr_number(const sv_node *node, const char *name);

#endif
