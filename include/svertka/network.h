/* Networks as text, read by the operators' tables.
 *
 *     input 3x8x8; conv 6 3x3; relu; conv 10 3x3
 *
 * Statements end with a line or a semicolon; # begins a comment.
 *
 *     NAME = OPERATOR(VALUE, ...) ATTRIBUTE ...
 *
 * applies an operator of `svertka ops`. Without values in brackets it takes the
 * one before it. In brackets a name stands for a value, `.` for the one before,
 * `-` for an optional one that is left out. Attributes are bare words in the
 * order of the table, or name=value. `NAME =` names the node and its value
 * (`a, b =` where there are two; node=NAME where the node's name is another);
 * without it nodes are called conv1, relu1, ...
 *
 *     input 3x32x32             N images of 3x32x32; batch=4: of four;
 *                               batch=none: nothing is put in front of 3x32x32;
 *                               ? or a word is a dimension that is free (write
 *                               3,max_h,max_w where a word holds an x)
 *     label                     the classes of the images: N whole numbers
 *     w = parameter 6x3x3x3 role=weight init=he
 *                               a tensor of the state, to be shared
 *     output scores             the value before it (or `output(x) scores`)
 *     loss                      a value to be minimised; weight=0.3
 *     classifier                softmax and cross-entropy on the scores before
 *
 * A stride that is not written is 1, as in ONNX, that of poolings too:
 * `max_pool 2x2` slides by one pixel, `max_pool 2x2 stride=2` halves a map.
 *
 * Where neither output nor loss is said, the last value is the output. So a
 * residual block reads
 *
 *     skip = conv 16 1x1
 *     conv 16 3x3 padding=same; relu; conv 16 3x3 padding=same
 *     add(., skip); relu
 */
#ifndef SVERTKA_NETWORK_H
#define SVERTKA_NETWORK_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A graph from text. `name` is what errors call the text ("net.txt:3:7: ...",
 * line and column) and the graph's name; NULL: "network". Free with
 * sv_graph_free, unless a model takes the graph over. Thread-safe. */
SV_API SV_CHECKED sv_status sv_network_parse(sv_graph **graph, const char *name,
                                             const char *text);

/* Any graph as text that reads back to the same graph. Numbers are not in it:
 * they are the state's. Free *text with sv_network_text_free. SV_UNSUPPORTED if
 * a name is no line of at most 240 bytes. */
SV_API SV_CHECKED sv_status sv_network_write(char **text,
                                             const sv_graph *graph);
SV_API void sv_network_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
