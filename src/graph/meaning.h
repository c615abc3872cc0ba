/* What the values of a graph are, as far as it is certain: any real numbers,
 * probabilities that sum to 1 along a dimension, numbers from 0 to 1. Follows
 * the graph by what its operators' descriptors say (sv_effect). */
#ifndef SV_GRAPH_MEANING_H
#define SV_GRAPH_MEANING_H

#include "graph/analysis.h"

typedef enum sv_form {
  SV_FORM_UNKNOWN,
  SV_FORM_REAL,       /* any real numbers */
  SV_FORM_SHARES,     /* not negative, each row sums to `total` */
  SV_FORM_LOG_SHARES, /* logarithms of shares with total 1 */
  SV_FORM_UNITS,   /* each by itself from 0 to 1; `of` times 1 / (1 + `of`) is
                    * that, too, 0: there is no such value */
  SV_FORM_BOUNDED, /* each by itself from `low` to `high`, which it nears */
  SV_FORM_POWERS,  /* e^x of the value `of`, or of another base: 0 */
  SV_FORM_POWERS_PLUS_ONE, /* 1 + such powers, the value `of` */
  SV_FORM_SUMS,            /* of each row of the value `of` */
  SV_FORM_INVERSE_SUMS /* 1 / such sums */,
  SV_FORM_LOG_SUMS /* logarithms of the sums of e^x of each row of `of` */
} sv_form;

/* Rows lie as `count` elements, each `inner` elements after the previous one,
 * in the order of the plain tensor: a view leaves them as they are. */
typedef struct sv_meaning {
  sv_form form;
  bool positive; /* no element is negative */
  bool real;     /* of SUMS: of real numbers, so that they are real, too */
  int64_t count, inner;
  double total;
  double low, high; /* of BOUNDED */
  int of;   /* a value; of SHARES and LOG_SHARES the x of softmax(x) in the same
             * order of elements; 0: there is no such value */
  int root; /* the value with the same elements in the same order */
} sv_meaning;

/* meanings[i] of value i of the analysed graph; `state` (may be NULL) has the
 * constants. Free with sv_free. */
sv_status sv_meanings(sv_meaning **meanings, const sv_analysis *analysis,
                      const sv_state *state) SV_CHECKED;

#endif
