/* Random cases, from an operator's tables and a draw (opcheck_hints.c). A case
 * that the operator refuses is drawn again. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "opcheck.h"

/* ---- Numbers ---- */

typedef struct dice {
  sv_random key;
  uint64_t thrown;
  double variable['Z' - 'A' + 1];
} dice;

static double throw_real(dice *d) {
  return sv_random_uniform(&d->key, d->thrown++);
}

static int64_t throw_whole(dice *d, int64_t low, int64_t high) {
  if (high <= low) return low;
  return low + (int64_t)sv_random_below(&d->key, d->thrown++,
                                        (uint64_t)(high - low + 1));
}

/* 3, -0.5; not the dots of 1..5. */
static double read_number(const char **at, bool *whole) {
  char digits[32];
  size_t length = strspn(*at, "-");
  length += strspn(*at + length, "0123456789");
  *whole = true;
  if ((*at)[length] == '.' && isdigit((unsigned char)(*at)[length + 1])) {
    *whole = false;
    length += 1 + strspn(*at + length + 1, "0123456789");
  }
  snprintf(digits, sizeof digits, "%.*s", (int)length, *at);
  *at += length;
  return atof(digits);
}

static double read_factor(const char **at, dice *d) {
  if (isupper((unsigned char)**at)) return d->variable[*(*at)++ - 'A'];
  bool whole, whole_too;
  double low = read_number(at, &whole);
  if (strncmp(*at, "..", 2) != 0) return low;
  *at += 2;
  double high = read_number(at, &whole_too);
  if (!whole || !whole_too) return low + (high - low) * throw_real(d);
  return (double)throw_whole(d, (int64_t)low, (int64_t)high);
}

static double read_product(const char **at, dice *d) {
  char name = **at;
  bool names = isupper((unsigned char)name) && (*at)[1] == ':';
  if (names) *at += 2;
  double value = read_factor(at, d);
  while (**at == '*') {
    ++*at;
    value *= read_factor(at, d);
  }
  if (names) d->variable[name - 'A'] = value;
  return value;
}

/* One of the alternatives, its numbers drawn. */
static void expand(const char *text, dice *d, char result[OC_TEXT]) {
  int count = 1;
  for (const char *c = text; *c; c++) count += *c == '|';
  for (int64_t skip = throw_whole(d, 0, count - 1); skip > 0; skip--)
    text = strchr(text, '|') + 1;
  size_t length = 0;
  const char *at = text;
  while (*at && *at != '|' && length < OC_TEXT - 32) {
    bool negative = *at == '-' && isdigit((unsigned char)at[1]);
    if (isdigit((unsigned char)*at) || negative || isupper((unsigned char)*at))
      length += (size_t)sprintf(result + length, "%.9g", read_product(&at, d));
    else
      result[length++] = *at++;
  }
  result[length] = '\0';
}

/* ---- Attributes ---- */

static double clip(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}

/* A value from the table's row; an empty text leaves the default. */
static void draw_from_table(const sv_attr *row, dice *d, char value[OC_TEXT]) {
  bool bounded = row->min != 0 || row->max != 0;
  int64_t low = (int64_t)clip(row->min, -2, 64);
  int64_t high = (int64_t)clip(row->max, -2, (double)low + 4);
  int count = 0;
  value[0] = '\0';
  switch (row->type) {
    case SV_ATTR_INT:
      if (bounded) sprintf(value, "%lld", (long long)throw_whole(d, low, high));
      break;
    case SV_ATTR_FLOAT: {
      double from = bounded ? clip(row->min, -2, 2) : -2;
      double to = bounded ? clip(row->max, -2, 2) : 2;
      sprintf(value, "%.6g", from + (to - from) * throw_real(d));
      break;
    }
    case SV_ATTR_BOOL:
      strcpy(value, throw_whole(d, 0, 1) ? "true" : "false");
      break;
    case SV_ATTR_CHOICE:
      while (row->choices[count]) count++;
      strcpy(value, row->choices[throw_whole(d, 0, count - 1)]);
      break;
    case SV_ATTR_INTS:
      if (bounded)
        sprintf(value, "%lldx%lld", (long long)throw_whole(d, low, high),
                (long long)throw_whole(d, low, high));
      break;
    case SV_ATTR_FLOATS: break;
    case SV_ATTR_PADDING:
      expand("same|same_lower|valid|full|0..2,0..2,0..2,0..2", d, value);
      break;
  }
}

static void add_attribute(oc_case *c, const char *name, const char *value) {
  size_t length = strlen(c->attrs);
  if (value[0])
    snprintf(c->attrs + length, sizeof c->attrs - length, "%s%s=%s",
             length ? " " : "", name, value);
}

/* Whether `set` names the attribute. */
static bool is_set(const char *set, const char *name) {
  size_t length = strlen(name);
  for (const char *at = set; (at = strstr(at, name)); at += length)
    if ((at == set || at[-1] == ' ') && at[length] == '=') return true;
  return false;
}

static sv_status draw_attributes(const oc_draw *draw, dice *d, oc_case *c) {
  const sv_op *op = c->entry->op;
  char set[OC_TEXT], value[OC_TEXT], *rest = set;
  snprintf(set, sizeof set, "%s", draw->set);
  for (char *word; (word = oc_word(&rest));) {
    char *equals = strchr(word, '=');
    if (!equals)
      return sv_fail(SV_FORMAT, "'%s': NAME=VALUE is expected", word);
    *equals = '\0';
    expand(equals + 1, d, value);
    if (strcmp(value, "-") != 0) add_attribute(c, word, value);
  }
  for (const sv_attr *row = op->attrs; row && row->name; row++) {
    if (is_set(draw->set, row->name) || !sv_attr_is_first(op, row)) continue;
    draw_from_table(row, d, value);
    if (throw_whole(d, 0, 1)) add_attribute(c, row->name, value);
  }
  return SV_OK;
}

/* ---- Inputs ---- */

/* -2 .. 2, no two alike and none near another or zero: no largest one of a
 * window and no bend of a function is a matter of rounding. */
static void fill_grid(sv_tensor *t, dice *d) {
  double *x = t->data;
  int64_t count = sv_shape_count(&t->shape);
  for (int64_t i = 0; i < count; i++)
    x[i] = 4 * ((double)i + 0.5 - (double)(count / 2)) / (double)count;
  for (int64_t i = count - 1; i > 0; i--) {
    int64_t j = throw_whole(d, 0, i);
    double moved = x[i];
    x[i] = x[j];
    x[j] = moved;
  }
}

static void fill_range(sv_tensor *t, dice *d, double low, double high) {
  int64_t count = sv_shape_count(&t->shape);
  for (int64_t i = 0; i < count; i++)
    ((double *)t->data)[i] = low + (high - low) * throw_real(d);
}

/* "1..5,8|16,7" */
static sv_status draw_shape(const char *dims, dice *d, sv_shape *shape) {
  char copy[OC_TEXT], value[OC_TEXT], *rest = copy;
  *shape = (sv_shape){0};
  snprintf(copy, sizeof copy, "%s", strcmp(dims, "scalar") ? dims : "");
  for (char *dim; (dim = strsep(&rest, ",")) && *dim;) {
    if (shape->rank == SV_MAX_RANK)
      return sv_fail(SV_FORMAT, "more than %d dimensions", SV_MAX_RANK);
    expand(dim, d, value);
    shape->dim[shape->rank++] = strtoll(value, NULL, 10);
  }
  return SV_OK;
}

static sv_status draw_named(const oc_draw *draw, int line, dice *d,
                            sv_tensor **tensor) {
  sv_shape shape;
  SV_TRY(draw_shape(draw->in[line].dims, d, &shape));
  if (draw->in[line].maybe && throw_whole(d, 0, 1)) return SV_OK;
  const char *below = draw->in[line].below, *from = draw->in[line].from;
  SV_TRY(sv_tensor_new(tensor, below[0] ? SV_I64 : SV_F64, &shape));
  if (below[0]) {
    int64_t bound = (int64_t)read_product(&below, d);
    for (int64_t i = 0; i < sv_shape_count(&shape); i++)
      ((int64_t *)(*tensor)->data)[i] = throw_whole(d, 0, bound - 1);
  } else if (from[0]) {
    bool whole;
    double low = read_number(&from, &whole);
    from += strspn(from, ".");
    fill_range(*tensor, d, low, read_number(&from, &whole));
  } else {
    fill_grid(*tensor, d);
  }
  return SV_OK;
}

/* Inputs that are no parameters: as told, else all of one shape. */
static sv_status draw_inputs(const oc_draw *draw, dice *d, oc_case *c) {
  const sv_op *op = c->entry->op;
  sv_shape shape = {.rank = 4};
  for (int i = 0; i < 4; i++) shape.dim[i] = throw_whole(d, 1, i % 2 ? 17 : 5);
  for (int i = 0; i < sv_op_in_count(op); i++) {
    const sv_port *port = &op->in[i];
    int line = 0;
    while (line < OC_PORTS && strcmp(draw->in[line].port, port->name) != 0)
      line++;
    if (line < OC_PORTS) {
      for (int k = i; line < OC_PORTS; line++)
        if (strcmp(draw->in[line].port, port->name) == 0 && k < OC_PORTS)
          SV_TRY(draw_named(draw, line, d, &c->in[k++]));
    } else if (!sv_role_is_state(port->role) && !port->optional) {
      SV_TRY(sv_tensor_new(&c->in[i], SV_F64, &shape));
      fill_grid(c->in[i], d);
    }
    if (i == 0 && c->in[0]) shape = c->in[0]->shape;
  }
  return SV_OK;
}

static sv_status draw_parameters(oc_run *run, dice *d, oc_case *c) {
  const sv_op *op = c->entry->op;
  SV_TRY(oc_node(run, c, SV_F64));
  for (int i = 0; op->parameter && i < sv_op_in_count(op); i++) {
    if (!sv_role_is_state(op->in[i].role) || c->in[i]) continue;
    sv_shape shape = {.rank = -1};
    SV_TRY(run->node.op->parameter(&run->node, run->in_info, i, &shape));
    if (shape.rank < 0) continue;
    SV_TRY(sv_tensor_new(&c->in[i], SV_F64, &shape));
    run->in_info[i] = (sv_info){true, SV_F64, shape, NULL};
    fill_range(c->in[i], d, -1, 1);
  }
  return SV_OK;
}

static sv_status want_outputs(const oc_draw *draw, oc_case *c) {
  const sv_port *ports = c->entry->op->out;
  for (int k = 0; k < OC_PORTS && draw->out[k][0]; k++) {
    int i = 0;
    while (ports[i].name && strcmp(ports[i].name, draw->out[k]) != 0) i++;
    if (!ports[i].name || i >= OC_PORTS)
      return sv_fail(SV_FORMAT, "there is no output '%s'", draw->out[k]);
    c->wanted[i] = true;
  }
  return SV_OK;
}

static sv_status draw_once(const oc_draw *draw, dice *d, oc_case *c) {
  c->inference = draw->inference;
  SV_TRY(want_outputs(draw, c));
  SV_TRY(draw_attributes(draw, d, c));
  SV_TRY(draw_inputs(draw, d, c));
  oc_run *run;
  SV_TRY(sv_alloc(&run, sizeof *run));
  sv_status status = draw_parameters(run, d, c);
  oc_run_free(run);
  if (status != SV_OK) return status;
  SV_TRY(oc_run_new(&run, c, SV_F64));
  oc_run_free(run);
  return SV_OK;
}

sv_status oc_draw_case(const sv_entry *entry, const oc_draw *draw,
                       uint64_t seed, int index, oc_case *c) {
  enum { MOST_TRIES = 1000 };
  dice d = {.key = {.seed = seed,
                    .stream = sv_hash_text(entry->op->name),
                    .step = (uint64_t)index}};
  sv_status status = SV_OK;
  for (int i = 0; i < MOST_TRIES; i++) {
    *c = (oc_case){.entry = entry};
    snprintf(c->where, sizeof c->where, "seed %llu, case %d (%s.txt:%d)",
             (unsigned long long)seed, index, entry->op->name, draw->line);
    status = draw_once(draw, &d, c);
    if (status != SV_INVALID && status != SV_UNSUPPORTED) break;
    if (i < MOST_TRIES - 1) oc_case_clear(c);
  }
  if (status != SV_OK)
    return sv_fail_in(status, "no case can be drawn: '%s'", c->attrs);
  size_t length = strlen(c->where);
  snprintf(c->where + length, sizeof c->where - length, " on %s",
           sv_shape_text(&c->in[0]->shape, (char[SV_SHAPE_TEXT]){0}));
  return SV_OK;
}
