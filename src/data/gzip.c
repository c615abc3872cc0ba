#include "data/gzip.h"

#include <zlib.h>

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* A deflate block of one repeated match yields 1032 bytes a byte. */
enum { DEFLATE_RATIO = 1032 };

struct sv_source {
  char *path;
  unsigned char *bytes; /* the file as it lies on the disk */
  size_t size, at;
  bool gzip, ended; /* ended: the last gzip member is complete */
  z_stream z;
};

sv_status sv_source_open(sv_source **source, const char *path) {
  *source = NULL;
  sv_source *s;
  SV_TRY(sv_alloc(&s, sizeof *s));
  sv_status status;
  SV_TRY_GOTO(status, sv_copy_text(&s->path, path), failed);
  SV_TRY_GOTO(status, sv_file_read(path, 0, &s->bytes, &s->size), failed);
  if (s->size >= 2 && s->bytes[0] == 0x1f && s->bytes[1] == 0x8b) {
    if (inflateInit2(&s->z, MAX_WBITS + 16) != Z_OK) {
      status = sv_fail(SV_NO_MEMORY, "%s: zlib is out of memory", path);
      goto failed;
    }
    s->gzip = true;
  }
  *source = s;
  return SV_OK;
failed:
  sv_source_close(s);
  return status;
}

void sv_source_close(sv_source *s) {
  if (!s) return;
  if (s->gzip) inflateEnd(&s->z);
  sv_free(s->bytes);
  sv_free(s->path);
  sv_free(s);
}

size_t sv_source_left(const sv_source *s) {
  size_t left = s->size - s->at, most;
  if (!s->gzip) return left;
  /* What zlib holds back, a window at the most, may still come. */
  if (sv_mul_overflows(left, DEFLATE_RATIO, &most)) return SIZE_MAX / 2;
  return most + ((size_t)1 << MAX_WBITS);
}

/* A gzip file may be several members one after another. */
static sv_status next_member(sv_source *s) {
  if (s->at == s->size) {
    s->ended = true;
    return SV_OK;
  }
  if (inflateReset(&s->z) != Z_OK)
    return sv_fail(SV_FORMAT, "%s: damaged gzip data", s->path);
  return SV_OK;
}

static sv_status inflate_some(sv_source *s, unsigned char *bytes, size_t want,
                              size_t *got) {
  const size_t most = 1u << 30; /* zlib counts in 32 bits */
  size_t left = s->size - s->at;
  s->z.next_in = s->bytes + s->at;
  s->z.avail_in = (uInt)(left < most ? left : most);
  s->z.next_out = bytes;
  s->z.avail_out = (uInt)(want < most ? want : most);
  uInt room = s->z.avail_out;
  int result = inflate(&s->z, Z_NO_FLUSH);
  s->at = (size_t)(s->z.next_in - s->bytes);
  *got = room - s->z.avail_out;
  if (result == Z_STREAM_END) return next_member(s);
  if (result == Z_MEM_ERROR)
    return sv_fail(SV_NO_MEMORY, "%s: zlib is out of memory", s->path);
  if (result == Z_BUF_ERROR || (result == Z_OK && !*got && s->at == s->size))
    return sv_fail(SV_FORMAT, "%s: truncated gzip data", s->path);
  if (result != Z_OK)
    return sv_fail(SV_FORMAT, "%s: damaged gzip data: %s", s->path,
                   s->z.msg ? s->z.msg : "unknown error");
  return SV_OK;
}

sv_status sv_source_read(sv_source *s, void *bytes, size_t want, size_t *got) {
  *got = 0;
  if (!s->gzip) {
    size_t left = s->size - s->at;
    *got = want < left ? want : left;
    memcpy(bytes, s->bytes + s->at, *got);
    s->at += *got;
    return SV_OK;
  }
  while (*got < want && !s->ended) {
    size_t some;
    SV_TRY(inflate_some(s, (unsigned char *)bytes + *got, want - *got, &some));
    *got += some;
  }
  return SV_OK;
}
