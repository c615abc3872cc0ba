/* The kind of the values of a graph, as far as it is certain: any real values,
 * probabilities that sum to 1 along a dimension, values from 0 to 1. It is
 * derived from the operators' descriptors (sv_effect). */
#ifndef SV_TASK_MEANING_H
#define SV_TASK_MEANING_H

#include "graph/analysis.h"

typedef enum sv_form {
  SV_FORM_UNKNOWN,
  SV_FORM_REAL,       /* any real values */
  SV_FORM_SHARES,     /* not negative, each row sums to `total` */
  SV_FORM_LOG_SHARES, /* logarithms of shares with total 1 */
  SV_FORM_UNITS,      /* each from 0 to 1; so is `of` times 1 / (1 + `of`); 0:
                       * there is no such value */
  SV_FORM_BOUNDED,    /* each from `low` to `high`, approaching both */
  SV_FORM_POWERS,     /* e^x of the value `of`; 0: another base */
  SV_FORM_POWERS_PLUS_ONE, /* 1 + such powers, the value `of` */
  SV_FORM_SUMS,            /* of each row of the value `of` */
  SV_FORM_INVERSE_SUMS /* 1 / such sums */,
  SV_FORM_LOG_SUMS /* logarithms of the sums of e^x of each row of `of` */
} sv_form;

/* A row has `count` elements, `inner` elements apart, in the order of the plain
 * tensor: a view does not change them. */
typedef struct sv_meaning {
  sv_form form;
  bool positive; /* no element is negative */
  bool real;     /* of SUMS: sums of real values, hence real, too */
  int64_t count, inner;
  double total;
  double low, high; /* of BOUNDED */
  int of;   /* a value; for SHARES and LOG_SHARES the x of softmax(x), with the
             * same order of elements; 0: there is no such value */
  int root; /* the value with the same elements in the same order */
} sv_meaning;

/* meanings[i] of value i of the analysed graph; `state` (may be NULL) has the
 * constants. Free with sv_free. */
sv_status sv_meanings(sv_meaning **meanings, const sv_analysis *analysis,
                      const sv_state *state) SV_CHECKED;

#endif
