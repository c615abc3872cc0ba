/* Runs one operator on tensors of the command line: a graph of one node. */
#ifndef SV_CLI_CLI_RUN_H
#define SV_CLI_CLI_RUN_H

#include <svertka/svertka.h>

#include "cli/cli_numbers.h"
#include "op/op.h"

enum { CLI_MOST_INPUTS = 16 };

typedef struct cli_input {
  const sv_port *port;
  char name[32]; /* of its value in the graph */
  cli_numbers numbers;
} cli_input;

typedef struct cli_run {
  const sv_op *op;
  void *attrs;
  cli_input in[CLI_MOST_INPUTS]; /* in the order of the ports */
  int in_count;
  cli_numbers dy; /* gradient of the first output; count 0: ones */
  bool backward;
  const char *backend;
  /* Set by cli_run_start. */
  sv_graph *graph;
  sv_state *state;
  sv_plan *plan;
} cli_run;

/* Labels and indices: their tensors hold integers. */
bool cli_is_whole(sv_role role);

/* Builds the graph and runs it. Leading dimensions of 1 are added if the
 * operator needs a higher rank than was given. */
sv_status cli_run_start(cli_run *run) SV_CHECKED;
void cli_run_free(cli_run *run);

/* The node with its final attributes; its inputs are the values of run->in. */
const sv_node *cli_run_node(const cli_run *run);

/* A plain copy of an input's gradient; NULL if it has none. Free with
 * sv_tensor_free. */
sv_status cli_run_gradient(cli_run *run, int i, sv_tensor **copy) SV_CHECKED;

/* A plain copy of an input as it was used. Free with sv_tensor_free. */
sv_status cli_run_input(cli_run *run, int i, sv_tensor **copy) SV_CHECKED;

/* ---- The arithmetic, step by step ---- */

/* True if cli_print_steps supports the operator. */
bool cli_has_steps(const sv_op *op);
sv_status cli_print_steps(cli_run *run) SV_CHECKED;

#endif
