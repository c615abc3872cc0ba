/* An architecture: a table of parameters, read as an operator's attributes are,
 * and a function that writes the network down. */
#ifndef SV_ZOO_ARCHITECTURE_H
#define SV_ZOO_ARCHITECTURE_H

#include <svertka/layers.h>
#include <svertka/zoo.h>

#include "ops/op.h"

typedef struct sv_architecture {
  /* Of this only name, summary, attrs and attrs_size are filled in. */
  sv_op table;
  const char *source; /* the paper */
  /* Faults of the network are the builder's to keep. */
  void (*build)(sv_graph *g, const void *parameters);
} sv_architecture;

#define SV_ARCHITECTURE(name) extern const sv_architecture sv_zoo_##name;
#include "zoo/zoo.def"
#undef SV_ARCHITECTURE

const sv_architecture *sv_architecture_at(int i);

/* NULL if there is none. */
const sv_architecture *sv_architecture_find(const char *name);

/* The parameters that most networks have, for their tables. */
#define SV_ZOO_CLASSES(struct_)                                    \
  {                                                                \
    .name = "classes", .type = SV_ATTR_INT,                        \
    .offset = offsetof(struct_, classes), .initial = 10, .min = 1, \
    .max = 1 << 24, .help = "classes to tell apart"                \
  }
#define SV_ZOO_CHANNELS(struct_)                                      \
  {                                                                   \
    .name = "channels", .type = SV_ATTR_INT,                          \
    .offset = offsetof(struct_, channels), .initial = 1, .min = 1,    \
    .max = 1 << 16, .help = "channels of the image: 1 grey, 3 colour" \
  }
#define SV_ZOO_SIDE(struct_, side)                                             \
  {                                                                            \
    .name = #side, .type = SV_ATTR_INT, .offset = offsetof(struct_, side),     \
    .initial = 28, .min = 1, .max = 1 << 16, .help = "of the image, in pixels" \
  }

#endif
