/* Prepares an imported model for training. */
#ifndef SV_TRAIN_SETTLE_H
#define SV_TRAIN_SETTLE_H

#include "graph/model.h"

typedef struct sv_settled {
  int modes;     /* nodes that were in training mode */
  int64_t batch; /* fixed batch size that was freed; 0: it was free */
} sv_settled;

/* Nodes in training mode (batch normalisation, dropout; PyTorch's
 * TrainingMode.TRAINING) are set to train in training only, as in other models.
 * A batch size that the export fixed becomes free. A model trained by Svertka
 * is not changed. */
sv_settled sv_model_settle(sv_model *model);

/* True if an imported model has convolutions but no normalisation: its batch
 * normalisations may have been folded. *certain: the file was written by
 * Svertka and says so. */
bool sv_model_may_be_folded(const sv_model *model, bool *certain);

#endif
