#include "data/png_reader.h"

#include <string.h>

static void on_error(png_structp png, png_const_charp message) {
  sv_png *file = png_get_error_ptr(png);
  strncpy(file->message, message, sizeof file->message - 1);
  longjmp(file->failed, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void take_bytes(png_structp png, png_bytep to, size_t count) {
  sv_png *file = png_get_io_ptr(png);
  if (count > file->left) png_error(png, "truncated");
  memcpy(to, file->at, count);
  file->at += count;
  file->left -= count;
}

static sv_status read_all(sv_png *file,
                          sv_status (*rows)(sv_png *file, void *context),
                          void *context) {
  if (setjmp(file->failed))
    return sv_fail(SV_FORMAT, "%s: damaged PNG: %s", file->name, file->message);
  png_set_benign_errors(file->png, 1); /* faults of what is not needed */
  png_set_read_fn(file->png, file, take_bytes);
  png_read_info(file->png, file->info);
  return rows(file, context);
}

sv_status sv_png_read(const char *name, const void *bytes, size_t size,
                      sv_status (*rows)(sv_png *file, void *context),
                      void *context) {
  sv_png file = {.name = name, .size = size, .at = bytes, .left = size};
  file.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &file, on_error,
                                    on_warning);
  file.info = file.png ? png_create_info_struct(file.png) : NULL;
  sv_status status = file.info
                         ? read_all(&file, rows, context)
                         : sv_fail(SV_NO_MEMORY, "%s: out of memory", name);
  png_destroy_read_struct(&file.png, &file.info, NULL);
  return status;
}
