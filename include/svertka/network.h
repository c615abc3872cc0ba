/* Networks as text, read by the operators' tables.
 *
 *     input 3x8x8; conv 6 3x3; relu; conv 10 3x3
 *
 * docs/networks.md describes the language. */
#ifndef SVERTKA_NETWORK_H
#define SVERTKA_NETWORK_H

#include <svertka/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A graph from text. `name` is what errors call the text ("net.txt:3:7: ...")
 * and the graph's name; NULL: "network". Free with sv_graph_free, unless a
 * model takes the graph over. Thread-safe. */
SV_API SV_CHECKED sv_status sv_network_parse(sv_graph **graph, const char *name,
                                             const char *text);

#ifdef __cplusplus
}
#endif
#endif
