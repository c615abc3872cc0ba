/* svertka summary: rows of layers, and the forms in which they are shown. */
#ifndef SV_CLI_SUMMARY_H
#define SV_CLI_SUMMARY_H

#include "base/text.h"
#include "cli/cli.h"
#include "graph/analysis.h"

typedef enum row_kind {
  ROW_LAYER,
  ROW_GROUP, /* heads the rows of its layers, which have a prefix in common */
  ROW_FOLD   /* layers that repeat those before them and have no rows */
} row_kind;

/* A layer, or a group whose names have `prefix` bytes in common. */
typedef struct summary_part {
  int first;  /* its first layer */
  int prefix; /* 0: it is no group */
} summary_part;

typedef struct summary_row {
  row_kind kind;
  int first, count; /* layers of the analysis */
  int depth;        /* groups around it */
  int skip;         /* bytes of names that stand in the heads around it */
  /* FOLD: how often and what is repeated; the first and the last part of the
   * original and of what is folded. */
  int times;
  summary_part like[2], ends[2];
  int prefix; /* GROUP */
} summary_row;

typedef struct summary_rows {
  summary_row *at;
  int count, capacity;
} summary_rows;

/* Layers whose names have a prefix in common ("layer1.0.") are a group, and
 * what repeats what stands before it is folded, unless `all`. Free with
 * summary_rows_free in any case; start from {0}. */
sv_status summary_group(summary_rows *rows, const sv_analysis *analysis,
                        bool all) SV_CHECKED;
void summary_rows_free(summary_rows *rows);

/* "b3.conv1" of a layer below `skip` bytes of name that are told elsewhere; of
 * a group, what its layers have in common: "inception3a", "layer1.0". */
enum { LABEL = 256 };
const char *summary_label(const sv_analysis *analysis, summary_part part,
                          int skip, char text[LABEL]);

typedef struct summary_options {
  int width; /* of the table; 0: no limit */
  bool all;
  bool connected; /* what fully connected layers would need */
} summary_options;

sv_status summary_table(const sv_analysis *analysis,
                        const summary_options *options) SV_CHECKED;
int summary_json(const sv_analysis *analysis, bool connected);

/* The network as a diagram: a picture file for the names that end in .svg and
 * .png, a text for Graphviz for .dot. */
sv_status summary_draw(const sv_analysis *analysis, bool all,
                       const char *path) SV_CHECKED;

/* ---- Words of a layer ---- */

enum { CELL = 64 };

/* "6@28x28", "84": without the batch. */
const char *summary_shape(const sv_shape *shape, char text[CELL]);
/* An attribute as `svertka op` would read it; "" if there is none. */
const char *summary_attr(const sv_node *node, const char *name,
                         char text[CELL]);
/* Numbers that are all alike are told once: "2", "1x2", "0x0x1x1", "same"; ""
 * for what has no window. */
const char *summary_stride(const sv_node *node, char text[CELL]);
const char *summary_dilation(const sv_node *node, char text[CELL]);
const char *summary_padding(const sv_node *node, char text[CELL]);
/* "3x3 conv, 64, /2", "3x3 conv, 128, 32 groups"; `weighted`: it makes as many
 * maps as it has filters. */
void summary_put_layer(sv_text *text, const sv_layer *layer, bool weighted);

#endif
