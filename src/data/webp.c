/* WebP through libwebp; of an animation the first frame. */
#include <webp/decode.h>
#include <webp/demux.h>

#include "base/memory.h"
#include "data/image.h"

/* A lossless image of one colour takes no bits for a pixel. */
enum { WEBP_DENSITY = 1 << 20 };

static bool probe(const sv_image_bytes *file) {
  return sv_image_begins(file, 0, "RIFF", 4) &&
         sv_image_begins(file, 8, "WEBP", 4);
}

static sv_status fail_damaged(const sv_image_bytes *file) {
  return sv_fail(SV_FORMAT, "%s: damaged WebP", file->name);
}

/* The first frame, composed on its canvas, as RGB and alpha. */
static sv_status first_frame(const sv_image_bytes *file, uint8_t *pixels,
                             size_t size) {
  WebPAnimDecoderOptions options;
  WebPData data = {file->at, file->size};
  uint8_t *frame;
  int time;
  if (!WebPAnimDecoderOptionsInit(&options)) return fail_damaged(file);
  options.use_threads = 0;
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
  if (!decoder) return fail_damaged(file);
  bool got = WebPAnimDecoderGetNext(decoder, &frame, &time);
  if (got) memcpy(pixels, frame, size);
  WebPAnimDecoderDelete(decoder);
  return got ? SV_OK : fail_damaged(file);
}

static int orientation_of(const sv_image_bytes *file) {
  WebPData data = {file->at, file->size};
  WebPChunkIterator chunk;
  int orientation = 1;
  WebPDemuxer *demuxer = WebPDemux(&data);
  if (demuxer && WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
    orientation = sv_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
  }
  WebPDemuxDelete(demuxer);
  return orientation;
}

static sv_status decode_pixels(const sv_image_bytes *file,
                               const WebPBitstreamFeatures *info,
                               const sv_image *image, uint8_t *pixels) {
  size_t size = (size_t)image->stride * (size_t)image->height;
  if (info->has_animation) return first_frame(file, pixels, size);
  uint8_t *done = info->has_alpha
                      ? WebPDecodeRGBAInto(file->at, file->size, pixels, size,
                                           (int)image->stride)
                      : WebPDecodeRGBInto(file->at, file->size, pixels, size,
                                          (int)image->stride);
  return done ? SV_OK : fail_damaged(file);
}

static sv_status decode(sv_image *image, const sv_image_bytes *file) {
  WebPBitstreamFeatures info;
  if (WebPGetFeatures(file->at, file->size, &info) != VP8_STATUS_OK)
    return fail_damaged(file);
  SV_TRY(sv_image_check_size(file->name, (uint64_t)info.width,
                             (uint64_t)info.height, file->size, WEBP_DENSITY));
  if (file->header) {
    sv_image_header(image, (uint64_t)info.width, (uint64_t)info.height, 3);
    return SV_OK;
  }
  bool alpha = info.has_alpha || info.has_animation;
  uint8_t *pixels;
  SV_TRY(sv_image_new(image, info.width, info.height, alpha ? 4 : 3, &pixels));
  sv_status status = decode_pixels(file, &info, image, pixels);
  if (status != SV_OK) {
    sv_image_free(image);
    return status;
  }
  if (alpha) sv_image_drop_alpha(image, pixels);
  return sv_image_orient(image, orientation_of(file));
}

const sv_image_format sv_image_format_webp = {"WebP", ".webp", probe, decode};
