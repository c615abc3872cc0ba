#include "onnx/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK = 1 << 16, UNIT = 16 };

struct sv_arena_block {
  struct sv_arena_block *older;
  size_t unused; /* keeps what follows aligned to UNIT */
};

sv_status sv_arena_charge(sv_arena *arena, size_t bytes) {
  if (arena->limit && bytes > arena->limit - arena->total)
    return sv_fail(SV_NO_MEMORY,
                   "its structure needs more than %zu bytes, the limit for a "
                   "file of its size",
                   arena->limit);
  arena->total += bytes;
  return SV_OK;
}

static sv_status add_block(sv_arena *arena, size_t bytes) {
  size_t size = bytes + sizeof(struct sv_arena_block);
  if (size < BLOCK) size = BLOCK;
  SV_TRY(sv_arena_charge(arena, size));
  struct sv_arena_block *block;
  SV_TRY(sv_alloc(&block, size));
  block->older = arena->blocks;
  arena->blocks = block;
  arena->next = (char *)(block + 1);
  arena->left = size - sizeof *block;
  return SV_OK;
}

sv_status sv_arena_take(sv_arena *arena, void *memory, size_t bytes) {
  if (bytes > SIZE_MAX / 4)
    return sv_fail(SV_NO_MEMORY, "a size of %zu bytes is too large", bytes);
  size_t rounded = bytes ? (bytes + UNIT - 1) / UNIT * UNIT : UNIT;
  if (rounded > arena->left) SV_TRY(add_block(arena, rounded));
  memcpy(memory, &arena->next, sizeof arena->next);
  arena->next += rounded;
  arena->left -= rounded;
  return SV_OK;
}

sv_status sv_arena_take_array(sv_arena *arena, void *memory, size_t count,
                              size_t size) {
  size_t bytes;
  if (sv_mul_overflows(count, size, &bytes))
    return sv_fail(SV_NO_MEMORY, "%zu elements of %zu bytes are too large",
                   count, size);
  return sv_arena_take(arena, memory, bytes);
}

sv_status sv_arena_text(sv_arena *arena, char **text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) return sv_fail(SV_NO_MEMORY, "a text is too long");
  SV_TRY(sv_arena_take(arena, text, (size_t)length + 1));
  va_start(args, format);
  vsnprintf(*text, (size_t)length + 1, format, args);
  va_end(args);
  return SV_OK;
}

void sv_arena_free(sv_arena *arena) {
  for (struct sv_arena_block *block = arena->blocks; block;) {
    struct sv_arena_block *older = block->older;
    sv_free(block);
    block = older;
  }
  *arena = (sv_arena){.limit = arena->limit};
}
