#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static bool reserve(sv_text *text, size_t more) {
  size_t need = text->length + more + 1;
  if (need <= text->capacity) return true;
  size_t wider = need + need / 2 + 64;
  char *fresh;
  if (sv_alloc(&fresh, wider) != SV_OK) {
    text->failed = true;
    return false;
  }
  if (text->length) memcpy(fresh, text->at, text->length);
  sv_free(text->at);
  text->at = fresh;
  text->capacity = wider;
  return true;
}

void sv_text_add(sv_text *text, const char *format, ...) {
  if (text->failed) return;
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0 || !reserve(text, (size_t)length)) return;
  va_start(args, format);
  vsnprintf(text->at + text->length, (size_t)length + 1, format, args);
  va_end(args);
  text->length += (size_t)length;
}

sv_status sv_text_take(sv_text *text, char **taken) {
  *taken = NULL;
  if (!text->failed && !text->at) reserve(text, 0);
  if (text->failed) {
    sv_text_clear(text);
    return sv_fail(SV_NO_MEMORY, "no memory for a text");
  }
  *taken = text->at;
  *text = (sv_text){0};
  return SV_OK;
}

void sv_text_clear(sv_text *text) {
  sv_free(text->at);
  *text = (sv_text){0};
}
