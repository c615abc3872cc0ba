/* svertka summary: rows of layers and their output formats. */
#ifndef SV_CLI_SUMMARY_H
#define SV_CLI_SUMMARY_H

#include "base/text.h"
#include "cli/cli.h"

typedef enum row_kind {
  ROW_LAYER,
  ROW_GROUP, /* heading of layers whose names have a common prefix */
  ROW_FOLD   /* layers that repeat previous ones; their rows are left out */
} row_kind;

/* A layer, or a group of layers whose names have a common prefix of `prefix`
 * bytes. */
typedef struct summary_part {
  int first;  /* its first layer */
  int prefix; /* 0: not a group */
} summary_part;

typedef struct summary_row {
  row_kind kind;
  int first, count; /* layers of the analysis */
  int depth;        /* number of enclosing groups */
  int skip;         /* bytes of the name that the enclosing headings show */
  /* FOLD: number of repetitions; the first and the last part of the original
   * and of the folded rows. */
  int times;
  summary_part like[2], ends[2];
  int prefix; /* GROUP */
} summary_row;

typedef struct summary_rows {
  summary_row *at;
  int count, capacity;
} summary_rows;

/* Groups layers whose names have a common prefix ("layer1.0.") and folds
 * repetitions, unless `all`. Free with summary_rows_free, also after a failure;
 * start from {0}. */
sv_status summary_group(summary_rows *rows, const sv_analysis *analysis,
                        bool all) SV_CHECKED;
void summary_rows_free(summary_rows *rows);

/* The name of a layer without its first `skip` bytes: "b3.conv1". For a group,
 * the common part of its layers' names: "inception3a", "layer1.0". */
enum { LABEL = 256 };
const char *summary_label(const sv_analysis *analysis, summary_part part,
                          int skip, char text[LABEL]);

typedef struct summary_options {
  int width; /* of the table; 0: no limit */
  bool all;
  bool connected; /* show what fully connected layers would need */
} summary_options;

sv_status summary_table(const sv_analysis *analysis,
                        const summary_options *options) SV_CHECKED;
int summary_json(const sv_analysis *analysis, bool connected);

/* Draws the network as a diagram: an image file for names ending with .svg or
 * .png, Graphviz source for .dot. */
sv_status summary_draw(const sv_analysis *analysis, bool all,
                       const char *path) SV_CHECKED;

/* A value of the analysed graph by its id. */
static inline sv_value_desc summary_value(const sv_analysis *analysis, int id) {
  return sv_graph_describe(sv_analysis_graph(analysis), (sv_value){id});
}

/* True if the operator has an attribute of this name. */
bool summary_has_attr(const sv_op *op, const char *name);

/* ---- Text of a layer ---- */

enum { CELL = 64 };

/* "6@28x28", "84": without the batch. */
const char *summary_shape(const sv_shape *shape, char text[CELL]);
/* An attribute in the form of `svertka op`; "" if there is none. */
const char *summary_attr(const sv_node *node, const char *name,
                         char text[CELL]);
/* Equal values are written once: "2", "1x2", "0x0x1x1", "same"; "" for an
 * operator without a window. */
const char *summary_stride(const sv_node *node, char text[CELL]);
const char *summary_dilation(const sv_node *node, char text[CELL]);
const char *summary_padding(const sv_node *node, char text[CELL]);
/* "3x3 conv, 64, /2", "3x3 conv, 128, 32 groups"; `weighted`: the number of
 * output channels is its number of filters. */
void summary_put_layer(sv_text *text, const sv_layer *layer, bool weighted);

#endif
