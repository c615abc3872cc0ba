/* The commands of `svertka data` that have a file of their own. */
#ifndef SV_CLI_DATA_H
#define SV_CLI_DATA_H

#include "base/error.h"
#include "cli/cli.h"

/* Prepares images of DATA for a network of this size, CxHxW (count 0: the size
 * of the images, or 224x224 if they differ in size), resized as `resize` says
 * (NULL: stretched); mean 0 and deviation 1. */
sv_status data_preprocess(sv_preprocess *p, const sv_dataset *dataset,
                          const sv_ints *size, const char *resize) SV_CHECKED;

#define DATA_SIZE_OPTION(target)                                               \
  {                                                                            \
    "size", 0, CLI_SIZE, target, 1, 4096, NULL, "CxHxW",                       \
        "the network's input; default: the size of the images, or 224x224 if " \
        "they differ in size"                                                  \
  }
#define DATA_RESIZE_OPTION(target)                                        \
  {                                                                       \
    "resize", 0, CLI_TEXT, target, 0, 0, NULL, "HOW",                     \
        "how images are resized, as for 'svertka train'; default stretch" \
  }

int data_check(const cli_verb *verb, int argc, char **argv);
int data_show(const cli_verb *verb, int argc, char **argv);
int data_speed(const cli_verb *verb, int argc, char **argv);
int data_transforms(const cli_verb *verb, int argc, char **argv);

#endif
