/* The one place that knows stb_image_resize. */
#include <stdlib.h>

#include "data/image.h"

/* Its bounds are checked before it is called. */
#define STBIR_ASSERT(condition) ((void)(condition))
#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb_image_resize.h>

sv_status sv_image_resize(const sv_image *src, const sv_window *window,
                          int width, int height, uint8_t *pixels) {
  float left = (float)(window->x / src->width);
  float top = (float)(window->y / src->height);
  float right = (float)((window->x + window->width) / src->width);
  float bottom = (float)((window->y + window->height) / src->height);
  int done = stbir_resize_region(
      src->pixels, src->width, src->height, (int)src->stride, pixels, width,
      height, 0, STBIR_TYPE_UINT8, src->channels, STBIR_ALPHA_CHANNEL_NONE, 0,
      STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE,
      STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, NULL, left, top, right,
      bottom);
  if (done) return SV_OK;
  return sv_fail(SV_NO_MEMORY, "no memory to resize %dx%d to %dx%d", src->width,
                 src->height, width, height);
}
