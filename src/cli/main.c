/* The program: a table of verbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const cli_verb verbs[] = {
    {"train", "MODEL DATA [options]",
     "train on labelled images; write a run folder", cmd_train},
    {"eval", "MODEL DATA [options]",
     "loss, accuracy and confusion matrix on test images", cmd_eval},
    {"units", "MODEL DATA [options]",
     "dead and saturated units; how stable outputs are under a shift",
     cmd_units},
    {"plot", "RUN... [options]", "the logs of several runs in one plot",
     cmd_plot},
    {"predict", "MODEL IMAGE... [options]",
     "the classes of images, with probabilities", cmd_predict},
    {"data", "COMMAND ... [options]", "make and show data sets; the transforms",
     cmd_data},
    {"heatmap", "MODEL IMAGE [options]",
     "a classifier slid over a larger image", cmd_heatmap},
    {"summary", "MODEL [options]",
     "the layers: sizes, parameters, MACs, receptive fields", cmd_summary},
    {"convert", "IN OUT [options]",
     "convert a network: text to ONNX, ONNX to text, folding", cmd_convert},
    {"zoo", "[NAME] [options]", "the architectures and their parameters",
     cmd_zoo},
    {"ops", "[OP] [options]", "the operators and their attributes", cmd_ops},
    {"op", "OP [options]", "run one operator on tensors typed by hand", cmd_op},
    {"onnx-test", "DIR... [options]", "run ONNX's backend tests",
     cmd_onnx_test},
    {"gradcheck", "MODEL [options]", "compare analytic with numeric gradients",
     cmd_gradcheck},
    {"bench", "MODEL [options]",
     "speed of inference and training: images/s and ms", cmd_bench},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static int print_help(void) {
  printf(
      "Usage: svertka COMMAND ...\n"
      "\n"
      "Convolutional neural networks: define, train, measure, inspect, "
      "deploy.\n"
      "\n");
  for (int i = 0; i < VERBS; i++)
    printf("  %-11s %s\n", verbs[i].name, verbs[i].help);
  printf(
      "\n"
      "'svertka help COMMAND' or 'svertka COMMAND --help' explains a command.\n"
      "MODEL is an .onnx file; a run folder; a name from 'svertka zoo', with\n"
      "parameters if needed (lenet5:classes=10, resnet50); or a network as "
      "text,\n"
      "typed or in a file ('input 1x28x28; conv 6 5x5; tanh; flatten; linear "
      "10').\n");
  return CLI_DONE;
}

static int unknown_verb(const char *name) {
  const char *names[VERBS + 1] = {NULL};
  for (int i = 0; i < VERBS; i++) names[i] = verbs[i].name;
  const char *near = cli_nearest(name, names);
  if (near)
    return cli_usage("unknown command '%s'; did you mean '%s'?", name, near);
  return cli_usage("unknown command '%s'", name);
}

static int run_verb(int argc, char **argv) {
  for (int i = 0; i < VERBS; i++)
    if (strcmp(verbs[i].name, argv[0]) == 0)
      return verbs[i].run(&verbs[i], argc, argv);
  return unknown_verb(argv[0]);
}

/* 'svertka help train' is 'svertka train --help', of 'data scenes' likewise. */
static int help_verb(int argc, char **argv) {
  enum { MOST_WORDS = 3 };
  char help[] = "--help", *words[MOST_WORDS + 2] = {NULL};
  int count = 0;
  for (; count < argc && count < MOST_WORDS; count++)
    words[count] = argv[count];
  words[count++] = help;
  return run_verb(count, words);
}

static bool is_one_of(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

static int run(int argc, char **argv) {
  static const char *const helps[] = {"--help", "-h", "help", NULL};
  static const char *const versions[] = {"--version", "-V", "version", NULL};
  if (argc < 2) return cli_usage("no command given");
  const char *name = argv[1];
  if (is_one_of(name, helps))
    return argc > 2 ? help_verb(argc - 2, argv + 2) : print_help();
  if (is_one_of(name, versions)) {
    cli_print_version();
    return CLI_DONE;
  }
  if (name[0] == '-') return cli_usage("unknown option %s", name);
  return run_verb(argc - 1, argv + 1);
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
