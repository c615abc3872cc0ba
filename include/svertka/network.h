/* Networks as text. The operators' tables define the syntax.
 *
 *     input 3x8x8; conv 6 3x3; relu; conv 10 3x3
 *
 * A statement ends at the end of its line or at a semicolon; # begins a
 * comment.
 *
 *     NAME = OPERATOR(VALUE, ...) ATTRIBUTE ...
 *
 * applies an operator of `svertka ops`. Without parentheses the operator takes
 * the previous value. In parentheses a name stands for its value, `.` for the
 * previous value, and `-` for an omitted optional value. Attributes are written
 * as bare words in the order of the table, or as name=value. `NAME =` names the
 * node and its value. A node with two values takes `a, b =`. node=NAME sets a
 * node name that differs from the value's. Without a name, nodes are called
 * conv1, relu1, ...
 *
 *     input 3x32x32             N images of 3x32x32; batch=4: 4 images;
 *                               batch=none: no batch dimension is added;
 *                               ? or a word is a free dimension (write
 *                               3,max_h,max_w if a word contains an x);
 *                               scalar: a single value
 *     label                     the classes of the images: N integers
 *     w = parameter 6x3x3x3 role=weight init=he
 *                               a tensor of the state that nodes can share
 *     output scores             the previous value (or `output(x) scores`)
 *     loss                      a value to be minimised; weight=0.3
 *     classifier                softmax and cross-entropy of the previous
 *                               value, the scores
 *
 * The default stride is 1, as in ONNX, also for pooling: `max_pool 2x2` slides
 * by one pixel, `max_pool 2x2 stride=2` halves a map.
 *
 * Initialisers are written at the layer, `conv 6 3x3 init=he
 * init.bias="constant 0.1"`, or as a statement for the weights of all layers
 * that follow: `init lecun_uniform`. `init usual` restores the default; see
 * docs/training.md.
 *
 * Without an output or a loss the last value is the output.
 *
 * A block is a named part of a network that is used like an operator, any
 * number of times:
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
 *                               without parentheses the block takes one
 *                               value: the previous value for its first
 *                               statement. Its last value is its result
 *     NAME = BLOCK(VALUE, ...) ARGUMENT PARAMETER=ARGUMENT
 *                               names inside become NAME.conv1, NAME.skip,
 *                               ...; without NAME residual1.conv1, ...
 *     $PARAMETER, $(2*PARAMETER+1)
 *                               the argument, and integer arithmetic with
 *                               + - * / %
 *     NAME = repeat N { STATEMENTS }
 *                               repeats the statements N times; each
 *                               repetition starts from the last value of the
 *                               previous one; names become NAME.0.conv1,
 *                               NAME.1.conv1, ...; without NAME the result
 *                               is as if the statements were written N times
 *
 * A block can use its own values, those in its parentheses, and the blocks
 * defined before it. docs/networks.md has the grammar. */
#ifndef SVERTKA_NETWORK_H
#define SVERTKA_NETWORK_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Parses a network of at most 32,768 layers. `name` is the graph's name and
 * stands for the text in errors ("net.txt:3:7: ...", line and column); NULL:
 * "network". Free *graph with sv_graph_free, unless a model takes ownership of
 * it. Thread-safe. */
SV_API SV_CHECKED sv_status sv_network_parse(sv_graph **graph, const char *name,
                                             const char *text);

/* Writes any graph as text; parsing the text gives the same graph. The text
 * contains no weights: they belong to the state. Free *text with
 * sv_network_text_free. SV_UNSUPPORTED if a name is not a single line of at
 * most 240 bytes. */
SV_API SV_CHECKED sv_status sv_network_write(char **text,
                                             const sv_graph *graph);
SV_API void sv_network_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
