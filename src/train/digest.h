/* Short names of what a run was begun with: another network or other data are
 * noticed when it is resumed. */
#ifndef SV_TRAIN_DIGEST_H
#define SV_TRAIN_DIGEST_H

#include <svertka/data.h>
#include <svertka/model.h>

#include "graph/graph.h"

enum { SV_DIGEST_TEXT = 17 };

/* Of nodes, attributes, wiring, parameters and their initialisers. */
sv_status sv_digest_network(const sv_graph *graph,
                            char text[SV_DIGEST_TEXT]) SV_CHECKED;

/* Of all labels and of the pixels of all images that lie in memory; of images
 * in files, which would have to be decoded, of a few. */
sv_status sv_digest_data(const sv_dataset *dataset,
                         char text[SV_DIGEST_TEXT]) SV_CHECKED;

/* SV_INVALID unless the run that left `run` was begun with these. */
sv_status sv_digest_check_network(const sv_model *run,
                                  const sv_graph *graph) SV_CHECKED;
sv_status sv_digest_check_data(const sv_model *run,
                               const sv_dataset *dataset) SV_CHECKED;

/* The metadata's key of the network's. */
#define SV_DIGEST_NETWORK_KEY "svertka.train.network-digest"
#define SV_DIGEST_DATA_KEY "svertka.train.data-digest"

#endif
