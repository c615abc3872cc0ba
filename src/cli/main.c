/* The program: a table of verbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const cli_verb verbs[] = {
    {"train", "MODEL DATA [options]",
     "learn from labelled images; write a run folder", cmd_train},
    {"eval", "MODEL DATA [options]",
     "loss, accuracy and confusion on test images", cmd_eval},
    {"units", "MODEL DATA [options]",
     "dead and saturated units; what a shift of the picture leaves", cmd_units},
    {"plot", "RUN... [options]", "the logs of several runs, drawn together",
     cmd_plot},
    {"predict", "MODEL IMAGE... [options]",
     "classes of pictures, with probabilities", cmd_predict},
    {"data", "WAY ... [options]", "makes data sets: scenes", cmd_data},
    {"heatmap", "MODEL IMAGE [options]",
     "a classifier slid over a larger picture", cmd_heatmap},
    {"summary", "MODEL [options]",
     "the layers: sizes, parameters, work, receptive fields", cmd_summary},
    {"convert", "IN OUT [options]",
     "a network from one form into another: text, ONNX", cmd_convert},
    {"zoo", "[NAME] [options]", "the architectures and their parameters",
     cmd_zoo},
    {"ops", "[OP] [options]", "the operators, from their tables", cmd_ops},
    {"op", "OP [options]", "one operator on numbers typed by hand", cmd_op},
    {"onnx-test", "DIR... [options]", "ONNX's own tests", cmd_onnx_test},
    {"gradcheck", "MODEL [options]", "analytic against numeric gradients",
     cmd_gradcheck},
    {"bench", "MODEL [options]", "images/s and ms, inference and training",
     cmd_bench},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int print_help(void) {
  printf(
      "Usage: svertka VERB ...\n\n"
      "Convolutional neural networks: define, train, measure, look inside,\n"
      "deploy.\n\n");
  for (int i = 0; i < VERBS; i++)
    printf("  %-11s %s\n", verbs[i].name, verbs[i].help);
  printf(
      "\n'svertka VERB --help' explains a verb. MODEL is a name from "
      "'svertka zoo'\nwith its parameters (lenet5:classes=10), an .onnx file, "
      "or a network as text,\ntyped or in a file ('input 1x28x28; conv 6 5x5; "
      "tanh; flatten; linear 10').\n");
  return CLI_DONE;
}

static int unknown_verb(const char *name) {
  const char *names[VERBS + 1] = {NULL};
  for (int i = 0; i < VERBS; i++) names[i] = verbs[i].name;
  const char *near = cli_nearest(name, names);
  if (near) return cli_usage("no verb '%s'; '%s'?", name, near);
  return cli_usage("no verb '%s'", name);
}

static int run(int argc, char **argv) {
  if (argc < 2) return cli_usage("what to do?");
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
      strcmp(name, "help") == 0)
    return print_help();
  if (strcmp(name, "--version") == 0) {
    printf("svertka %s\n", sv_version());
    return CLI_DONE;
  }
  if (name[0] == '-') return cli_usage("no option %s", name);
  for (int i = 0; i < VERBS; i++)
    if (strcmp(verbs[i].name, name) == 0)
      return verbs[i].run(&verbs[i], argc - 1, argv + 1);
  return unknown_verb(name);
}

int main(int argc, char **argv) {
  int exit_status = run(argc, argv);
  /* A full disk shows here at the latest. */
  if (fflush(stdout) != 0 || ferror(stdout)) {
    cli_say("cannot write the result: %s", strerror(errno));
    if (exit_status == CLI_DONE) exit_status = CLI_FAILED;
  }
  return exit_status;
}
