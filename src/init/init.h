/* Initialisers: the selection for a parameter, fan-in and fan-out, and
 * initialisers that do not draw elements one at a time. init.c has the
 * table. */
#ifndef SV_INIT_INIT_H
#define SV_INIT_INIT_H

#include <svertka/model.h>

#include "base/random.h"
#include "graph/graph.h"
#include "graph/state.h"

/* The initialiser of value `id`, a tensor of the state: its own; else that of
 * the network (NULL, "usual": none); else the one that its own only prefers
 * ("prefer he"); else the default of its role and place. */
const char *sv_init_choose(const sv_graph *graph, int id, const char *network);

/* "prefer he": he; else NULL. */
const char *sv_init_preferred(const char *text);
/* NULL or "usual": the default of the role and place. */
bool sv_init_is_usual(const char *text);

/* Checks the name of an initialiser and the number of its arguments. Nothing is
 * drawn, and no file is read. */
sv_status sv_init_check(const char *text) SV_CHECKED;

/* Reads the model file that "file PATH" names; the caller owns *model. This
 * folder knows no file format. */
typedef sv_status sv_init_read(sv_model **model, const char *path);

typedef struct sv_init_options {
  uint64_t seed;
  const char *network; /* the network's initialiser; NULL: none */
  const bool *which;   /* true for each value to initialise; NULL: all */
  sv_init_read *read;  /* NULL: "file PATH" is SV_UNSUPPORTED */
} sv_init_options;

/* Initialises values of the state, as sv_state_init_with. */
sv_status sv_init_run(sv_state *state, const sv_graph *graph,
                      const sv_init_options *options) SV_CHECKED;

/* For a weight of shape O x I x KH x KW (a linear layer's: O x I)
 *   fan_in = I * KH * KW,  fan_out = O * KH * KW.
 * With G groups, I is the number of channels of one group, so that fan_out is
 * that of all groups together. A transposed convolution has a weight of I x O x
 * KH x KW; its fans are exchanged. Both are as in PyTorch. SV_INVALID with
 * fewer than two dimensions. */
sv_status sv_init_fans(const sv_graph *graph, int id, double *fan_in,
                       double *fan_out) SV_CHECKED;

/* A random rows x columns matrix, row-major, times the gain. Its rows are
 * orthonormal, or its columns if there are fewer of them. */
sv_status sv_init_orthogonal(double *matrix, int64_t rows, int64_t columns,
                             double gain, const sv_random *key) SV_CHECKED;

/* "signs HEX"; SV_INVALID if HEX is not as long as the tensor needs. */
bool sv_init_is_signs(const char *text);
sv_status sv_init_signs(sv_tensor *tensor, const char *text) SV_CHECKED;

/* "numbers V,V,...": these values, repeated; SV_INVALID if the size of the
 * tensor is not a multiple of their number. */
bool sv_init_is_numbers(const char *text);
sv_status sv_init_numbers(sv_tensor *tensor, const char *text) SV_CHECKED;

/* The path in "file PATH"; NULL if the text has another form. */
const char *sv_init_path(const char *text);

/* Models already read, and how to read them; otherwise zeros at first. */
typedef struct sv_init_files {
  sv_init_read *read;
  struct sv_init_file {
    char *path;
    sv_model *model;
  } * at;
  int count, capacity;
} sv_init_files;
void sv_init_files_free(sv_init_files *files);

/* Overwrites the tensor with the one of the same name in the ONNX file.
 * SV_INVALID, naming the file, if it has none or one of another shape. */
sv_status sv_init_from_file(sv_init_files *files, const char *path,
                            sv_state *state, const char *name) SV_CHECKED;

#endif
