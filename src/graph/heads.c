/* The ends of networks: losses, and what comes out besides. */
#include <stdio.h>

#include <svertka/layers.h>

#include "graph/compose.h"
#include "graph/graph.h"

sv_value sv_cross_entropy(sv_graph *g, sv_value scores, sv_value label) {
  return sv_two(g, "cross_entropy", scores, label);
}

sv_value sv_squared_error(sv_graph *g, sv_value x, sv_value target) {
  return sv_two(g, "squared_error", x, target);
}

/* The network's input of labels, made when it is first needed: one for each
 * image, or for each of its pixels. */
static sv_value labels(sv_graph *g, bool of_pixels) {
  int known = sv_graph_label_input(g), image = sv_graph_data_input(g);
  if (known) return (sv_value){known};
  sv_shape shape = {.rank = 1, .dim = {-1, -1, -1}};
  const sv_shape *size = &g->values[image].shape;
  if (of_pixels) shape.rank = 3;
  for (int d = 1; of_pixels && image && size->rank == 4 && d < 3; d++)
    shape.dim[d] = size->dim[d + 1];
  return sv_label(g, "label", shape);
}

void sv_classifier_head(sv_graph *g, sv_value scores) {
  sv_output(g, "probabilities", sv_softmax(g, scores));
  sv_loss(g, "loss", sv_cross_entropy(g, scores, labels(g, false)), 1);
}

/* Maps of scores are of the image's size; the mean is over pixels. */
static sv_value pixel_loss(sv_graph *g, sv_value scores) {
  char attrs[32];
  sv_value inputs[] = {scores, labels(g, true)};
  snprintf(attrs, sizeof attrs, "ignore_index=%d", SV_NO_CLASS);
  return sv_apply_text(g, "cross_entropy", inputs, 2, attrs);
}

void sv_segmentation_head(sv_graph *g, sv_value scores) {
  sv_output(g, "probabilities",
            sv_apply_text(g, "softmax", &scores, 1, "axis=1"));
  sv_loss(g, "loss", pixel_loss(g, scores), 1);
}

void sv_auxiliary_head(sv_graph *g, const char *name, sv_value scores,
                       double weight) {
  bool of_pixels = sv_value_shape(g, scores).rank == 4;
  sv_loss(g, name,
          of_pixels ? pixel_loss(g, scores)
                    : sv_cross_entropy(g, scores, labels(g, false)),
          weight);
}
