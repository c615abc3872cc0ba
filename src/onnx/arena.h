/* An arena: memory that is freed all at once, with a limit per file. */
#ifndef SV_ONNX_ARENA_H
#define SV_ONNX_ARENA_H

#include "base/error.h"

typedef struct sv_arena {
  struct sv_arena_block *blocks;
  char *next;
  size_t left;  /* of the newest block */
  size_t total; /* of all blocks, plus charged bytes */
  size_t limit; /* 0: none */
} sv_arena;

/* *memory = bytes of zeros, aligned for any type. SV_NO_MEMORY beyond the
 * limit. */
sv_status sv_arena_take(sv_arena *arena, void *memory, size_t bytes) SV_CHECKED;
sv_status sv_arena_take_array(sv_arena *arena, void *memory, size_t count,
                              size_t size) SV_CHECKED;

/* *text = the formatted string. */
sv_status sv_arena_text(sv_arena *arena, char **text, const char *format, ...)
    SV_PRINTF(3, 4) SV_CHECKED;

/* Counts bytes allocated elsewhere towards the limit. */
sv_status sv_arena_charge(sv_arena *arena, size_t bytes) SV_CHECKED;

void sv_arena_free(sv_arena *arena);

#endif
