/* The size of the images of a data set, from some of their headers. */
#include "data/reader.h"

enum { MEASURED = 64 };

sv_status sv_dataset_measure(sv_dataset *d, sv_header_of *header_of) {
  int64_t steps = d->count < MEASURED ? d->count : MEASURED;
  int seen = 0;
  for (int64_t k = 0; k < steps; k++) {
    sv_image header;
    sv_status status = header_of(d, k * d->count / steps, &header);
    if (status == SV_NO_MEMORY) return status;
    if (status != SV_OK) continue;
    bool same = header.height == d->height && header.width == d->width;
    d->height = seen && !same ? 0 : header.height;
    d->width = seen && !same ? 0 : header.width;
    if (header.channels > d->channels) d->channels = header.channels;
    seen++;
  }
  if (seen == 0)
    return sv_fail(SV_FORMAT, "%s: none of the %lld files is a readable image",
                   d->path, (long long)steps);
  return SV_OK;
}
