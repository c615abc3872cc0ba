/* An architecture: a table of parameters, parsed like an operator's attributes,
 * and a function that builds the network. */
#ifndef SV_ZOO_ARCHITECTURE_H
#define SV_ZOO_ARCHITECTURE_H

#include <svertka/layers.h>
#include <svertka/zoo.h>

#include "op/op.h"
#include "zoo/torch.h"

/* A well-known name, "vgg16", for the parameters "config=D"; parameters after
 * the name in MODEL override these. */
typedef struct sv_zoo_alias {
  const char *name, *parameters;
} sv_zoo_alias;

typedef struct sv_architecture {
  /* Only name, summary, attrs and attrs_size are used. */
  sv_op table;
  const char *source;          /* the paper */
  const sv_zoo_alias *aliases; /* ends in {NULL, NULL}; NULL: none */
  /* Initialiser of weights without one of their own, unless the training sets
   * one; NULL: the default. */
  const char *init;
  const sv_zoo_recipe *recipe; /* NULL: it trains with the default options */
  /* Whether a network with these parameters needs the recipe; NULL: all do. */
  bool (*needs_recipe)(const void *parameters);
  /* The network keeps its own image size whatever the size of the data: images
   * are resized, unless the parameter is given. */
  bool own_size;
  /* The name of a layer in torchvision's network, of SV_TORCH_NAME bytes; NULL:
   * torchvision does not have this architecture. */
  void (*torch)(char *name, const void *parameters, const char *layer);
  /* Errors are recorded in the graph. */
  void (*build)(sv_graph *g, const void *parameters);
} sv_architecture;

#define SV_ARCHITECTURE(name) extern const sv_architecture sv_zoo_##name;
#include "zoo/zoo.def"
#undef SV_ARCHITECTURE

/* What a name with parameters stands for. Free `values` with sv_free. */
typedef struct sv_zoo_choice {
  const sv_architecture *architecture;
  const char *name; /* the alias or the architecture's own; static */
  void *values;     /* of the parameters */
} sv_zoo_choice;

/* Reads "resnet:depth=50", as sv_zoo_build. */
sv_status sv_zoo_choose(sv_zoo_choice *choice, const char *text,
                        const sv_zoo_data *data) SV_CHECKED;
/* Builds it. */
sv_status sv_zoo_build_choice(sv_graph **graph,
                              const sv_zoo_choice *choice) SV_CHECKED;

const sv_architecture *sv_architecture_at(int i);

/* Finds an architecture by its name or an alias; NULL if there is none. */
const sv_architecture *sv_architecture_find(const char *name);
/* The alias of this name; NULL: not an alias of this architecture. */
const sv_zoo_alias *sv_architecture_alias(const sv_architecture *architecture,
                                          const char *name);

/* Common parameters of networks, for their tables. */
#define SV_ZOO_COUNT(struct_, field, usual, most, words)                     \
  {                                                                          \
    .name = #field, .type = SV_ATTR_INT, .offset = offsetof(struct_, field), \
    .initial = usual, .min = 1, .max = most, .help = words                   \
  }
#define SV_ZOO_SIZE(struct_, side)                                           \
  {                                                                          \
    .name = "size", .type = SV_ATTR_INTS, .offset = offsetof(struct_, size), \
    .min = 0, .max = 1 << 16,                                                \
    .help = "image size, one number or height x width; " #side               \
            " by default, 0: any"                                            \
  }
#define SV_ZOO_IMAGE(struct_, classes_, channels_, side)                  \
  SV_ZOO_COUNT(struct_, classes, classes_, 1 << 24, "number of classes"), \
      SV_ZOO_COUNT(struct_, channels, channels_, 1 << 16,                 \
                   "image channels: 1 grey, 3 colour"),                   \
      SV_ZOO_SIZE(struct_, side)
/* The same for semantic segmentation, where a label is one byte. */
#define SV_ZOO_PIXELS(struct_, classes_, channels_, side)            \
  SV_ZOO_COUNT(struct_, classes, classes_, 255,                      \
               "number of pixel classes, including the background"), \
      SV_ZOO_COUNT(struct_, channels, channels_, 1 << 16,            \
                   "image channels: 1 grey, 3 colour"),              \
      SV_ZOO_SIZE(struct_, side)
#define SV_ZOO_IMAGENET(struct_, side) SV_ZOO_IMAGE(struct_, 1000, 3, side)
#define SV_ZOO_SMALL(struct_) SV_ZOO_IMAGE(struct_, 10, 1, 28)
#define SV_ZOO_WIDTH(struct_, usual, words)                                \
  {                                                                        \
    .name = "width", .type = SV_ATTR_FLOAT,                                \
    .offset = offsetof(struct_, width), .initial = usual, .min = 1.0 / 64, \
    .max = 64, .help = words                                               \
  }
#define SV_ZOO_MAPS(struct_) \
  SV_ZOO_WIDTH(struct_, 1, "factor for the maps of each convolution")
#define SV_ZOO_HIDDEN(struct_)                                               \
  SV_ZOO_COUNT(struct_, hidden, 4096, 1 << 16,                               \
               "neurons of each of the two hidden linear layers; fewer for " \
               "small images")
#define SV_ZOO_DROPOUT(struct_, usual)                                \
  {                                                                   \
    .name = "dropout", .type = SV_ATTR_FLOAT,                         \
    .offset = offsetof(struct_, dropout), .initial = usual, .min = 0, \
    .max = 0.99, .help = "dropout ratio"                              \
  }

#endif
