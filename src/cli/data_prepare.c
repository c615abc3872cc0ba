/* Images of a data set without a network: for svertka data show and speed. */
#include "cli/data.h"

sv_status data_preprocess(sv_preprocess *p, const sv_dataset *dataset,
                          const sv_ints *size, const char *resize) {
  enum { USUAL_SIDE = 224 };
  int64_t channels = sv_dataset_channels(dataset);
  int64_t height = sv_dataset_height(dataset);
  int64_t width = sv_dataset_width(dataset);
  if (!height || !width) height = width = USUAL_SIDE;
  if (size->count == 3) channels = size->at[0];
  if (size->count > 0) {
    width = size->at[size->count - 1];
    height = size->at[size->count > 1 ? size->count - 2 : 0];
  }
  const sv_shape input = {3, {channels, height, width}};
  SV_TRY(sv_preprocess_match(p, dataset, &input));
  for (int c = 0; c < p->channels; c++) {
    p->mean[c] = 0;
    p->deviation[c] = 1;
  }
  return resize ? sv_preprocess_set(p, "svertka.image.resize", resize) : SV_OK;
}
