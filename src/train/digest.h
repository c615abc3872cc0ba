/* Hashes of the network and the data of a run, so that a change is noticed when
 * the run is resumed. */
#ifndef SV_TRAIN_DIGEST_H
#define SV_TRAIN_DIGEST_H

#include <svertka/data.h>
#include <svertka/model.h>

#include "graph/graph.h"

enum { SV_DIGEST_TEXT = 17 };

/* Hash of nodes, attributes, connections, parameters and initialisers. */
sv_status sv_digest_network(const sv_graph *graph,
                            char text[SV_DIGEST_TEXT]) SV_CHECKED;

/* Hash of all labels and of the pixels of all images in memory. Of images in
 * files, which would have to be decoded, only a few are included. */
sv_status sv_digest_data(const sv_dataset *dataset,
                         char text[SV_DIGEST_TEXT]) SV_CHECKED;

/* SV_INVALID unless the run was started with this network or data set. */
sv_status sv_digest_check_network(const sv_model *run,
                                  const sv_graph *graph) SV_CHECKED;
sv_status sv_digest_check_data(const sv_model *run,
                               const sv_dataset *dataset) SV_CHECKED;

/* Metadata keys of the two hashes. */
#define SV_DIGEST_NETWORK_KEY "svertka.train.network-digest"
#define SV_DIGEST_DATA_KEY "svertka.train.data-digest"

#endif
