/* A file of others made ready for a training. */
#ifndef SV_TRAIN_SETTLE_H
#define SV_TRAIN_SETTLE_H

#include "graph/model.h"

typedef struct sv_settled {
  int modes;     /* nodes that the file has in training mode */
  int64_t batch; /* that was fixed; 0: it was free */
} sv_settled;

/* Nodes in training mode (batch normalisation, dropout: PyTorch's
 * TrainingMode.TRAINING) train in a training alone, as everybody's do, and a
 * batch that was fixed when the file was made becomes free. A model that was
 * trained here is left as it is. */
sv_settled sv_model_settle(sv_model *model);

/* Convolutions without any normalisation in a file of others: theirs may have
 * been folded. *certain: a file of ours that says so. */
bool sv_model_may_be_folded(const sv_model *model, bool *certain);

#endif
