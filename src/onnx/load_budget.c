/* What is made of a file counts against the memory that its size allows, before
 * it is made: a few bytes can name a node, whose attributes take a thousand.
 * Numbers of tensors do not count, they are as many as the file's. */
#include <string.h>

#include "graph/model.h"
#include "onnx/load.h"

/* An element of an array that grows, half of it unused, with its place among
 * names; an allocation with what it is rounded to. */
#define GROWN(type) (2 * sizeof(type) + 64)
enum { ALLOCATED = 96 };

/* Bytes. What a byte of the file makes: the shortest nodes and tensors that
 * mean something, of a dozen bytes, become about a hundred times as much. All
 * that the limits of onnx.h allow fits in STRUCTURE; beyond that a file can
 * only hold long texts and lists. */
enum { PER_BYTE = 3, PER_BYTE_OF_STRUCTURE = 128 };
enum { AT_LEAST = 12 << 20, STRUCTURE = 512 << 20 };

/* Nodes and tensors are in the first file, the model's. */
static size_t structure(size_t size) {
  bool few = size < STRUCTURE / PER_BYTE_OF_STRUCTURE;
  return AT_LEAST + (few ? size * PER_BYTE_OF_STRUCTURE : STRUCTURE);
}

void sv_load_allow(loader *l, size_t size) {
  size_t room = SIZE_MAX / 4 - l->arena.limit, more = room;
  if (size < room / PER_BYTE) more = PER_BYTE * size;
  if (!l->arena.limit) more += structure(size);
  l->arena.limit += more;
}

static size_t text(const char *name) { return strlen(name) + ALLOCATED; }

sv_status sv_load_charge_source(loader *l) {
  return sv_arena_charge(&l->arena, GROWN(source));
}

sv_status sv_load_charge_step(loader *l) {
  return sv_arena_charge(&l->arena, GROWN(step));
}

sv_status sv_load_charge_value(loader *l, const char *name) {
  return sv_arena_charge(&l->arena, GROWN(sv_value_info) + text(name));
}

sv_status sv_load_charge_slot(loader *l, const char *name) {
  return sv_arena_charge(&l->arena, GROWN(sv_slot) + text(name) + ALLOCATED);
}

sv_status sv_load_charge_node(loader *l, const sv_op *op, const char *name,
                              int ids) {
  return sv_arena_charge(&l->arena,
                         GROWN(sv_node) + text(name) + op->attrs_size +
                             (size_t)ids * sizeof(int) + 3 * ALLOCATED);
}

size_t sv_load_left(const loader *l) {
  return l->arena.limit - l->arena.total + 1; /* 0 would be no limit */
}
