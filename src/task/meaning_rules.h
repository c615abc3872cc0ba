/* Shared by the rules of meaning.c: what is known while a graph is followed,
 * the geometry of rows, and the rules themselves, one for each sv_effect. */
#ifndef SV_TASK_MEANING_RULES_H
#define SV_TASK_MEANING_RULES_H

#include "task/meaning.h"

/* Constants up to this size only guard against a division by zero or the
 * logarithm of zero; their effect is ignored. */
#define SV_MEANING_TINY 1e-4

typedef struct sv_follower {
  const sv_analysis *a;
  const sv_state *state;
  sv_meaning *of; /* per value */
} sv_follower;

static const sv_meaning sv_meaning_unknown = {.form = SV_FORM_UNKNOWN};
static const sv_meaning sv_meaning_real = {.form = SV_FORM_REAL};

static inline const sv_meaning *sv_meaning_of_input(const sv_follower *f,
                                                    const sv_node *node,
                                                    int i) {
  return &f->of[i < node->in_count ? node->in[i] : 0];
}

static inline const sv_shape *sv_shape_of_value(const sv_follower *f, int id) {
  return &f->a->shapes[id];
}

static inline bool sv_meaning_is_real(const sv_meaning *m) {
  return m->form == SV_FORM_REAL || (m->form == SV_FORM_SUMS && m->real);
}

/* The input is data, not an attribute's place or a condition. */
static inline bool sv_input_is_data(const sv_node *node, int i) {
  return node->in[i] && sv_op_in_port(node->op, i)->role != SV_INDEX &&
         !sv_op_in_attr(node->op, i);
}

static inline bool sv_value_is_state(const sv_follower *f, int id) {
  return id && f->a->graph->values[id].kind == SV_VALUE_STATE;
}

/* A single constant, *number. */
bool sv_value_is_number(const sv_follower *f, int id, double *number);

/* ---- Rows (meaning_rows.c) ---- */

/* The rows along the dimensions in `set`; false if their elements are not
 * equally spaced. Sets count and inner of *m. */
bool sv_rows_along(const sv_shape *x, unsigned set, sv_meaning *m);
/* The single dimension that the rows of *m run along; -1: there is none. */
int sv_rows_dimension(const sv_shape *x, const sv_meaning *m);
bool sv_rows_equal(const sv_meaning *a, const sv_meaning *b);
/* *x with its rows along dimension d of y. */
sv_meaning sv_rows_moved(const sv_meaning *x, const sv_shape *y, int d);
/* The rows along the attribute axis, or from it on if `flat` is set. */
bool sv_rows_of_axis(const sv_node *node, const sv_shape *x, sv_meaning *m);
/* The dimensions in the attribute axes, as a set. */
unsigned sv_rows_reduced(const sv_node *node, int rank);
/* Whether `sums` has one element per row of x, or the shape of x. */
bool sv_rows_fit(const sv_shape *x, const sv_shape *sums,
                 const sv_meaning *rows);

/* ---- Several inputs (meaning_elements.c) ---- */

/* Whether all data inputs have this form. */
bool sv_meaning_all(const sv_follower *f, const sv_node *node, sv_form form);
/* Probabilities with the rows of *x that sum to `total`. */
sv_meaning sv_meaning_shares(const sv_meaning *x, double total);
/* The one of two inputs that is not a constant; NULL if neither or both are. */
const sv_meaning *sv_meaning_beside_number(const sv_follower *f,
                                           const sv_node *node, double *number);

/* ---- Rules: what a node makes of its inputs ---- */

typedef sv_meaning sv_meaning_rule(const sv_follower *f, const sv_node *node);
sv_meaning_rule sv_rule_weighs, sv_rule_activates, sv_rule_rectifies,
    sv_rule_squashes, sv_rule_centres, sv_rule_bounds, sv_rule_soft_max,
    sv_rule_log_soft_max, sv_rule_power, sv_rule_logarithm, sv_rule_reciprocal,
    sv_rule_raises, sv_rule_adds, sv_rule_subtracts, sv_rule_multiplies,
    sv_rule_divides, sv_rule_averages, sv_rule_sums, sv_rule_log_sums,
    sv_rule_log_sum_exps, sv_rule_means, sv_rule_pools, sv_rule_picks,
    sv_rule_parts, sv_rule_permutes, sv_rule_casts, sv_rule_normalises;

#endif
