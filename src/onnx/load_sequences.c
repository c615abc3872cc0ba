/* Parts of a tensor, as PyTorch's default exporter writes chunk, split and
 * unbind where nothing is optimised: SplitToSequence makes a sequence, and each
 * part is taken out of it by SequenceAt. There are no sequences here; a part is
 *
 *   x[first : end] of the axis, a Slice; first and end from the sizes,
 *   x[i] of it where the parts lose their dimension, a Gather.
 *
 * Sizes and positions must be constants, at most 1,024 of them; a part beyond
 * the end is empty. Source:
 * https://onnx.ai/onnx/operators/onnx__SplitToSequence.html */
#include <string.h>

#include "onnx/attrs.h"
#include "onnx/load.h"

/* Beyond these no tensor is split, no sum overflows, and a file with a part in
 * each node is soon read. */
static const double largest_size = 1ll << 40, largest_place = 1 << 10;
enum { MOST_SIZES = 1 << 10 };

typedef struct part {
  const Onnx__NodeProto *split;
  int64_t axis;
  bool keeps; /* its dimension, where no sizes are given */
  int64_t first, end;
} part;

static const sv_attr attrs[] = {{.name = "axis",
                                 .onnx = "axis",
                                 .type = SV_ATTR_INT,
                                 .offset = offsetof(part, axis),
                                 .min = -SV_MAX_RANK,
                                 .max = SV_MAX_RANK - 1},
                                {.name = "keepdims",
                                 .onnx = "keepdims",
                                 .type = SV_ATTR_BOOL,
                                 .offset = offsetof(part, keeps),
                                 .initial = 1},
                                {.name = NULL}};
static const sv_op splitting = {
    .name = "split_to_sequence", .attrs = attrs, .attrs_size = sizeof(part)};

static sv_status read_attributes(const loader *l, part *p,
                                 const Onnx__NodeProto *split) {
  sv_status status = sv_onnx_attrs_read(&splitting, p, split, l->opset);
  if (status != SV_OK) return sv_fail_in(status, "its sequence");
  p->split = split;
  return SV_OK;
}

/* The numbers of an input that must be a constant. */
static sv_status read_numbers(loader *l, const char *name, sv_tensor **numbers,
                              double largest) {
  source *from;
  sv_dtype dtype;
  sv_shape shape;
  SV_TRY(sv_load_find(l, name, &from));
  if (from->kind != SOURCE_TENSOR)
    return sv_fail(
        SV_UNSUPPORTED,
        "its " SV_NAME " is computed at run time, expected a constant", name);
  SV_TRY(sv_onnx_tensor_check(from->tensor, &dtype, &shape));
  int64_t count = sv_shape_count(&shape);
  bool fits = shape.rank < 2 && count > 0 && count <= MOST_SIZES &&
              (dtype == SV_I64 || dtype == SV_I32);
  *numbers = NULL;
  if (fits) SV_TRY(sv_onnx_tensor_new(from->tensor, numbers));
  for (int64_t i = 0; i < count && fits; i++) {
    double n = sv_tensor_get(*numbers, i);
    fits = n >= -largest && n <= largest;
  }
  if (fits) return SV_OK;
  sv_tensor_free(*numbers);
  return sv_fail(SV_FORMAT, SV_NAME " is not a sequence of parts of a tensor",
                 name);
}

/* Part i of those with such sizes: one for all, or one for each. */
static sv_status find_part(part *p, const sv_tensor *sizes, int64_t i) {
  int64_t count = sv_shape_count(&sizes->shape);
  bool equal = sizes->shape.rank == 0;
  if (!equal && i < 0) i += count;
  if (i < 0 || (!equal && i >= count))
    return sv_fail(SV_UNSUPPORTED, "part %lld of its sequence does not exist",
                   (long long)i);
  for (int64_t k = 0; k <= i; k++) {
    double size = sv_tensor_get(sizes, equal ? 0 : k);
    if (size < equal)
      return sv_fail(SV_FORMAT, "its sequence has a part of %g", size);
    p->first = p->end;
    p->end += (int64_t)size;
  }
  return SV_OK;
}

static sv_status measure(loader *l, part *p, const char *position) {
  const Onnx__NodeProto *split = p->split;
  bool sized = split->n_input > 1 && split->input[1][0];
  sv_tensor *place, *sizes = NULL;
  SV_TRY(read_numbers(l, position, &place, largest_place));
  int64_t i = (int64_t)sv_tensor_get(place, 0);
  sv_tensor_free(place);
  if (!sized) {
    p->first = i;
    p->end = i == -1 ? (int64_t)largest_size : i + 1;
    return SV_OK;
  }
  p->keeps = true;
  SV_TRY(read_numbers(l, split->input[1], &sizes, largest_size));
  sv_status status = find_part(p, sizes, i);
  sv_tensor_free(sizes);
  return status;
}

/* OUTPUT/WORD, a whole number. */
static sv_status add_number(loader *l, const step *s, const char *word,
                            int64_t number, bool list, char **name) {
  source *made;
  int64_t *kept;
  SV_TRY(sv_arena_take(&l->arena, &kept, sizeof *kept));
  *kept = number;
  SV_TRY(sv_arena_text(&l->arena, name, "%s/%s", s->proto->output[0], word));
  SV_TRY(sv_load_add_source(l, *name, SOURCE_TENSOR, &made));
  return sv_load_constant_ints(l, kept, 1, list, &made->tensor);
}

static sv_status write_node(loader *l, step *s, part *p) {
  Onnx__NodeProto *node;
  const Onnx__NodeProto *split = p->split;
  SV_TRY(sv_arena_take(&l->arena, &node, sizeof *node));
  *node = *s->proto;
  SV_TRY(sv_arena_take_array(&l->arena, &node->input, 4, sizeof *node->input));
  node->input[0] = split->input[0];
  node->n_input = p->keeps ? 4 : 2;
  SV_TRY(add_number(l, s, "first", p->first, p->keeps, &node->input[1]));
  node->op_type = p->keeps ? "Slice" : "Gather";
  if (p->keeps) {
    SV_TRY(add_number(l, s, "end", p->end, true, &node->input[2]));
    SV_TRY(add_number(l, s, "axis", p->axis, true, &node->input[3]));
  }
  for (size_t i = 0; i < split->n_attribute && !p->keeps; i++) {
    if (strcmp(split->attribute[i]->name, "axis") != 0) continue;
    node->attribute = &split->attribute[i];
    node->n_attribute = 1;
  }
  s->proto = node;
  return SV_OK;
}

sv_status sv_load_part(loader *l, step *s) {
  const Onnx__NodeProto *n = s->proto;
  source *from;
  part p = {0};
  if (strcmp(n->op_type, "SequenceAt") != 0 || n->n_input != 2 ||
      n->n_output != 1 || n->n_attribute)
    return SV_OK;
  SV_TRY(sv_load_find(l, n->input[0], &from));
  if (from->kind != SOURCE_NODE) return SV_OK;
  const Onnx__NodeProto *split = l->steps[from->step].proto;
  const char *domain = split->domain;
  if ((domain && domain[0]) || !split->n_input ||
      strcmp(split->op_type, "SplitToSequence") != 0 ||
      strcmp(split->output[0], n->input[0]) != 0)
    return SV_OK;
  SV_TRY(read_attributes(l, &p, split));
  SV_TRY(measure(l, &p, n->input[1]));
  return write_node(l, s, &p);
}
