/* The operators' tables for host programs (svertka/op.h). */
#include <stdio.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "op/registry.h"

int sv_op_count(void) { return sv_registry_count(); }

const sv_op *sv_op_at(int i) {
  return i >= 0 && i < sv_registry_count() ? sv_registry_at(i)->op : NULL;
}

sv_status sv_op_find(const sv_op **op, const char *name) {
  const sv_entry *entry;
  sv_status status = sv_registry_require(&entry, name);
  *op = status == SV_OK ? entry->op : NULL;
  return status;
}

const char *sv_op_name(const sv_op *op) { return op->name; }

const char *sv_op_summary(const sv_op *op) { return op->summary; }

const char *sv_op_backend(const sv_op *op, int i) {
  const sv_entry *entry = sv_registry_of(op);
  if (!entry || i < 0) return NULL;
  for (int k = 0; k < SV_MAX_BACKENDS && entry->fast[k].backend; k++)
    if (i-- == 0) return entry->fast[k].backend;
  return i == 0 ? "ref" : NULL;
}

static const sv_port *port_at(const sv_port *ports, int i) {
  if (i < 0 || !ports) return NULL;
  while (ports->name && i-- > 0) ports++;
  return ports->name ? ports : NULL;
}

const sv_port *sv_op_input(const sv_op *op, int i) {
  return port_at(op->in, i);
}

const sv_port *sv_op_output(const sv_op *op, int i) {
  return port_at(op->out, i);
}

/* Writes the default; it is "" if memory for it is lacking. */
static void print_default(const sv_op *op, const sv_attr *row,
                          char text[SV_ATTR_TEXT]) {
  void *attrs;
  sv_text value = {0};
  text[0] = '\0';
  if (sv_alloc(&attrs, op->attrs_size) != SV_OK) return;
  sv_attrs_default(op, attrs);
  sv_attr_print(&value, row, attrs);
  if (value.at) snprintf(text, SV_ATTR_TEXT, "%s", value.at);
  sv_text_clear(&value);
  sv_free(attrs);
}

bool sv_op_attr(const sv_op *op, int i, sv_attr_desc *attr) {
  const sv_attr *row = op->attrs;
  *attr = (sv_attr_desc){0};
  if (i < 0) return false;
  for (; row && row->name; row++)
    if (sv_attr_is_first(op, row) && i-- == 0) break;
  if (!row || !row->name) return false;
  attr->name = row->name;
  attr->onnx = row->onnx;
  attr->help = row->help ? row->help : "";
  attr->type = row->type;
  attr->choices = row->type == SV_ATTR_CHOICE ? row->choices : NULL;
  attr->min = row->min;
  attr->max = row->max;
  attr->position = row->position;
  print_default(op, row, attr->initial);
  return true;
}

const sv_onnx_name *sv_op_onnx(const sv_op *op, int i) {
  const sv_onnx_name *name = op->onnx;
  if (i < 0 || !name) return NULL;
  while (name->type && i-- > 0) name++;
  return name->type ? name : NULL;
}
