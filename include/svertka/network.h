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
 *                               3,max_h,max_w where a word holds an x);
 *                               scalar: a single number
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
 * How a layer's parameters are drawn is said at the layer, `conv 6 3x3 init=he
 * init.bias="constant 0.1"`, or for the weights of all layers that follow by a
 * statement, `init lecun_uniform` (`init usual`: no more); docs/training.md.
 *
 * Where neither output nor loss is said, the last value is the output.
 *
 * A block is a part of a network with a name. It is used like an operator, as
 * often as one likes:
 *
 *     define residual(x) channels kernel=3 {
 *       conv $channels $kernel padding=same; relu
 *       conv $channels $kernel padding=same
 *       add(., x); relu
 *     }
 *     input 16x32x32
 *     repeat 3 { residual 16 }
 *
 *     define NAME(VALUE, ...) PARAMETER PARAMETER=DEFAULT { STATEMENTS }
 *                               without brackets it takes one value, the one
 *                               before its first statement; its last value is
 *                               what it makes
 *     NAME = BLOCK(VALUE, ...) ARGUMENT PARAMETER=ARGUMENT
 *                               names in it become NAME.conv1, NAME.skip, ...;
 *                               without NAME residual1.conv1, ...
 *     $PARAMETER, $(2*PARAMETER+1)
 *                               stand for the argument, and for whole numbers
 *                               with + - * / %
 *     NAME = repeat N { STATEMENTS }
 *                               N times over, each time from the last value of
 *                               the time before; names become NAME.0.conv1,
 *                               NAME.1.conv1, ...; without NAME it is as if
 *                               the statements were written N times
 *
 * A block sees its own values and those in its brackets, and the blocks that
 * are defined before it. docs/networks.md has the grammar.
 */
#ifndef SVERTKA_NETWORK_H
#define SVERTKA_NETWORK_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A graph from text, of at most 32,768 layers. `name` is what errors call the
 * text ("net.txt:3:7: ...", line and column) and the graph's name; NULL:
 * "network". Free with sv_graph_free, unless a model takes the graph over.
 * Thread-safe. */
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
