/* The loader for host programs: options that carry their size, augmentation as
 * text. */
#include "base/sized.h"
#include "data/loader.h"

sv_loader_options sv_loader_default(void) {
  return (sv_loader_options){.size = sizeof(sv_loader_options),
                             .batch = 64,
                             .threads = SV_LOADER_AUTO,
                             .seed = 1};
}

static sv_status check(const sv_loader_options *o, const sv_dataset *dataset,
                       const sv_preprocess *p) {
  if (o->crops != 0 && o->crops != 5 && o->crops != 10)
    return sv_fail(SV_INVALID, "crops is %d, expected 0, 5 or 10", o->crops);
  if (!o->crops) return SV_OK;
  if (p->resize != SV_RESIZE_CROP)
    return sv_fail(SV_INVALID,
                   "%d crops need SV_RESIZE_CROP, but images are stretched",
                   o->crops);
  if (!sv_dataset_has_masks(dataset)) return SV_OK;
  return sv_fail(SV_INVALID,
                 "%d crops need one class per image, but %s has a class per "
                 "pixel",
                 o->crops, sv_dataset_name(dataset));
}

sv_status sv_loader_new(sv_loader **loader, const sv_dataset *dataset,
                        const sv_preprocess *preprocess,
                        const sv_loader_options *options) {
  sv_loader_options o = sv_loader_default();
  sv_loader_own own = {0};
  *loader = NULL;
  SV_TRY(sv_sized_take(&o, sizeof o, options, "sv_loader_options"));
  SV_TRY(check(&o, dataset, preprocess));
  SV_TRY(sv_augment_parse(&own.augment, &o.augment));
  own.seed = o.seed;
  own.repeats = o.repeats;
  const sv_loader_setup setup = {
      .dataset = dataset,
      .preprocess = preprocess,
      .batch = o.batch,
      .threads = o.threads,
      .crops = o.crops,
      .augment = own.augment.count > 0 ? &own.augment : NULL};
  sv_status status = sv_augment_check(&own.augment, dataset);
  if (status == SV_OK) status = sv_loader_make(loader, &setup);
  if (status == SV_OK)
    *sv_loader_owned(*loader) = own;
  else
    sv_augment_free(&own.augment);
  return status;
}

sv_status sv_loader_set_epoch(sv_loader *loader, int64_t epoch) {
  const sv_loader_own *own = sv_loader_owned(loader);
  if (epoch < -1)
    return sv_fail(SV_INVALID, "epoch %lld, expected -1 or more",
                   (long long)epoch);
  const sv_loader_change change = {
      .augment = own->augment.count > 0 ? &own->augment : NULL,
      .key = {own->seed, sv_hash_text("augment"), (uint64_t)epoch},
      .repeats = own->repeats};
  return sv_loader_vary(loader, epoch < 0 ? NULL : &change);
}
