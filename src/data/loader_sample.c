#include "data/loader_sample.h"

#include "data/preprocess.h"
#include "data/reader.h"

/* A sample as it is read. */
typedef struct raw {
  sv_image image, mask;
  sv_image_part part; /* what of the image was decoded */
  bool masked;
  int64_t index; /* of its random values */
} raw;

/* Only what the transforms need is decoded; not with a mask, which is whole. */
static sv_status read_sample(const sv_loader_setup *o,
                             const sv_loader_change *c, int64_t sample,
                             raw *r) {
  const sv_augment_need need = {c->augment, &c->key, r->index, o->preprocess};
  if (!r->masked && c->augment && sv_augment_part(&need, &r->part))
    return sv_dataset_image_part(o->dataset, sample, &r->part, &r->image);
  SV_TRY(sv_dataset_image(o->dataset, sample, &r->image));
  return r->masked ? sv_dataset_mask(o->dataset, sample, &r->mask) : SV_OK;
}

/* Plain, or augmented. */
static sv_status prepare(const sv_loader_setup *o, const sv_loader_change *c,
                         int64_t position, raw *r, float *pixels,
                         int64_t *classes) {
  const sv_preprocess *p = o->preprocess;
  sv_image *mask = r->masked ? &r->mask : NULL;
  if (o->crops)
    return sv_preprocess_crop(p, &r->image, (int)(position % o->crops), pixels);
  if (c->augment) {
    const sv_augment_sample sample = {&r->image, mask, &r->part};
    return sv_augment_apply(c->augment, &c->key, r->index, p, &sample, pixels,
                            classes);
  }
  SV_TRY(sv_preprocess_plain(p, &r->image, pixels));
  return mask ? sv_preprocess_mask(p, mask, classes) : SV_OK;
}

sv_status sv_loader_sample(const sv_loader_setup *o, const sv_loader_change *c,
                           int64_t sample, int64_t position, float *pixels,
                           int64_t *labels) {
  /* A sample that comes twice in an epoch is varied by its position. */
  raw r = {.masked = sv_dataset_has_masks(o->dataset),
           .index = c->repeats ? position : sample};
  sv_status status = read_sample(o, c, sample, &r);
  if (status == SV_OK) status = prepare(o, c, position, &r, pixels, labels);
  sv_image_free(&r.image);
  sv_image_free(&r.mask);
  if (!r.masked) *labels = sv_dataset_label(o->dataset, sample);
  if (status != SV_OK || sv_loader_mixes(c)) return status;
  return sv_preprocess_reorder(o->preprocess, pixels);
}
