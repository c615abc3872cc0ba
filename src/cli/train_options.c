/* The options of `svertka train`, and its --help. */
#include <limits.h>

#include "cli/train.h"

static const char about[] =
    "Trains MODEL on the training images of DATA and writes a run folder:\n"
    "  model.onnx  the weights that did best on the images held out, with all\n"
    "              that eval and predict need\n"
    "  last.onnx   to go on from: after each epoch, every five minutes, after\n"
    "              Ctrl-C; previous.onnx is the one before it\n"
    "  log.csv     a row for each epoch; gradients.csv with --log-gradients\n"
    "The test images of DATA are not touched without --test. MODEL may be a\n"
    "trained file: training starts from its weights; with --classes it gets\n"
    "another classifier, with --freeze-until a part of it stays as it is. The\n"
    "same model, data, options, seed and threads give the same model.onnx,\n"
    "byte for byte, interrupted or not.\n"
    "A zoo network may have a recipe ('svertka zoo NAME'): an optimiser and a\n"
    "rate in the place of the usual ones. Options override it one by one; "
    "with\n"
    "--optimiser the recipe's rate is left out, too.\n"
    "Schedules: constant; step EPOCHS [FACTOR]; multistep FACTOR EPOCH...;\n"
    "  exponential FACTOR; cosine [WARM-UP EPOCHS] [LEAST FACTOR]; onecycle\n"
    "  [SHARE OF RISE] [FIRST DIVISOR] [LAST DIVISOR]; plateau [FACTOR]\n"
    "  [PATIENCE EPOCHS] [LEAST FACTOR].\n"
    "Optimisers: sgd; nesterov; rmsprop [ALPHA] [EPS]; rmsprop_centred; adam\n"
    "  [BETA1] [BETA2] [EPS]; adamw; lars [TRUST].\n"
    "Initialisers: xavier, xavier_normal, he, he_uniform, he_out,\n"
    "  he_out_uniform, lecun, lecun_uniform, orthogonal, each with [GAIN];\n"
    "  bilinear; zeros; ones; constant VALUE; numbers V,V,...; uniform BOUND,\n"
    "  or LOW HIGH; normal DEVIATION [BOUND]; file PATH.\n";

static const char examples[] =
    "svertka train lenet5 fashion-mnist\n"
    "svertka train 'input 1x28x28; flatten; linear 10' mnist --epochs 3\n"
    "svertka train --resume runs/lenet5-fashion-mnist\n"
    "svertka train resnet18.onnx photos --classes 4 --freeze-until layer3\n"
    "svertka train lenet5 fashion-mnist --lr-find --plot rates.png\n";

bool train_parse(const cli_verb *verb, int argc, char **argv, train *t,
                 char ***operands, int *count, int *exit_status) {
  sv_fit_options *f = &t->fit;
  const cli_option options[] = {
      {"epochs", 'e', CLI_INT, &f->epochs, 1, 1e6, NULL, "N",
       "passes over the training images"},
      {"batch", 'b', CLI_INT, &f->batch, 1, 1e6, NULL, "N", "images a step"},
      {"rate", 'r', CLI_REAL, &f->rate, 0, 1e6, NULL, "R",
       "the highest learning rate; usually 0.05, of adam, adamw and rmsprop "
       "0.001, of lars 1"},
      {"schedule", 0, CLI_TEXT, &f->schedule, 0, 0, NULL, "TEXT",
       "the rate over time"},
      {"warm-up", 0, CLI_REAL, &f->warm_up, 0, 1e6, NULL, "EPOCHS",
       "in which the rate rises to that of the schedule"},
      {"patience", 0, CLI_INT, &f->patience, 0, 1e6, NULL, "N",
       "stop after so many epochs in a row without better weights; 0: never"},
      {"label-smoothing", 0, CLI_REAL, &f->label_smoothing, 0, 1, NULL, "S",
       "the share of each target that all classes have alike"},
      {"class-weights", 0, CLI_TEXT, &f->class_weights, 0, 0, NULL, "RULE",
       "what samples count in the loss: sqrt or inverse, by the frequency of "
       "their class in the training images"},
      {"optimiser", 0, CLI_TEXT, &f->optimiser, 0, 0, NULL, "TEXT",
       "how gradients change weights"},
      {"momentum", 0, CLI_REAL, &f->momentum, 0, 1, NULL, "M",
       "of the optimiser; usually 0.9, of rmsprop 0"},
      {"weight-decay", 0, CLI_REAL, &f->weight_decay, 0, 1e6, NULL, "D",
       "of weights, not of biases and scales; usually 0.0005, of adamw 0.01, "
       "of adam and rmsprop 0"},
      {"decay", 0, CLI_TEXT, &f->decay, 0, 0, NULL, "KIND",
       "coupled: added to the gradient; decoupled: weights shrink by "
       "themselves; usual: decoupled for adamw alone"},
      {"decay-all", 0, CLI_FLAG, &f->decay_all, 0, 0, NULL, NULL,
       "biases and scales decay too"},
      {"clip-value", 0, CLI_REAL, &f->clip_value, 0, 1e30, NULL, "V",
       "cut each number of the gradients to -V .. V; 0: no"},
      {"clip-norm", 0, CLI_REAL, &f->clip_norm, 0, 1e30, NULL, "N",
       "then scale all gradients so that their common norm is at most N; 0: "
       "no"},
      {"ema", 0, CLI_REAL, &f->ema, 0, 1, NULL, "E",
       "judge and save an average a = E a + (1 - E) w of the weights; 0: no"},
      {"flip", 0, CLI_FLAG, &f->augment.flip, 0, 0, NULL, NULL,
       "show half of the training images mirrored, others in each epoch"},
      {"shift", 0, CLI_INT, &f->augment.shift, 0, 4096, NULL, "N",
       "show them moved by up to N pixels each way"},
      {"erase", 0, CLI_REAL, &f->augment.erase, 0, 1, NULL, "SHARE",
       "erase a rectangle at random in this share of them"},
      {"init", 0, CLI_TEXT, &f->init, 0, 0, NULL, "TEXT",
       "how weights are drawn that MODEL says nothing of; of a .onnx file, all "
       "anew"},
      {"classes", 0, CLI_INT, &f->classes, 1, 1 << 24, NULL, "N",
       "put a new classifier for N classes, those of DATA, in the place of "
       "MODEL's own; --init is of it alone where MODEL is a .onnx file"},
      {"freeze-until", 0, CLI_TEXT, &f->freeze_until, 0, 0, NULL, "LAYER",
       "train only what comes behind LAYER, a layer's or a block's name; the "
       "rest keeps its numbers and runs as at inference"},
      {"val", 0, CLI_REAL, &f->validation, 0, 1e15, NULL, "N",
       "training images held out to choose the best weights: a number, or "
       "below 1 a share; 0: none"},
      {"samples", 0, CLI_INT, &f->samples, 0, INT_MAX, NULL, "N",
       "train on so many of the others, of each class its share; 0: all"},
      {"normalise", 0, CLI_TEXT, &f->normalise, 0, 0, NULL, "HOW",
       "pixels: standard (mean 0, deviation 1), centre or scale (one of both), "
       "none"},
      {"permute-pixels", 0, CLI_INT, &f->permute_pixels, 0, INT_MAX, NULL,
       "SEED", "put the pixels of every picture into one other order"},
      CLI_IMAGE_OPTIONS(&t->image),
      {"log-gradients", 0, CLI_FLAG, &f->log_gradients, 0, 0, NULL, NULL,
       "write the gradient's norm in each layer to gradients.csv and .png"},
      {"out", 'o', CLI_TEXT, &f->run, 0, 0, NULL, "FOLDER",
       "the run folder (runs/MODEL-DATA)"},
      {"force", 'f', CLI_FLAG, &f->overwrite, 0, 0, NULL, NULL,
       "replace a run, or files of the range test, that are there already"},
      {"resume", 0, CLI_TEXT, &t->resume, 0, 0, NULL, "FOLDER",
       "go on with a run that was stopped; MODEL and DATA may be left out"},
      {"checkpoint-every", 0, CLI_TEXT, &f->checkpoint, 0, 0, NULL, "WHEN",
       "how often to save inside an epoch: a time (90s, 5m, 2h) or a number of "
       "steps; 0: never"},
      {"test", 0, CLI_FLAG, &t->test, 0, 0, NULL, NULL,
       "at the end score the test images, once, with the best weights"},
      {"repeat", 0, CLI_INT, &t->repeat, 1, 1000, NULL, "N",
       "train N times, with the seeds S, S+1, ..., in folders of their own, "
       "and "
       "print mean and deviation; given again it goes on where it stopped"},
      {"explain-plan", 0, CLI_FLAG, &t->explain, 0, 0, NULL, NULL,
       "print kernels, layouts and memory of a training step, and stop"},
      {"lr-find", 0, CLI_FLAG, &t->find, 0, 0, NULL, NULL,
       "suggest a rate by a range test on a copy of the model, and stop"},
      {"lr-from", 0, CLI_REAL, &t->range.from, 1e-30, 1e6, NULL, "R",
       "the first rate of the range test"},
      {"lr-to", 0, CLI_REAL, &t->range.to, 1e-30, 1e6, NULL, "R",
       "the last one"},
      {"lr-steps", 0, CLI_INT, &t->range.steps, 20, 1e6, NULL, "N",
       "its steps"},
      {"plot", 0, CLI_TEXT, &t->plot, 0, 0, NULL, "FILE.png",
       "draw the losses of the range test"},
      {"csv", 0, CLI_TEXT, &t->csv, 0, 0, NULL, "FILE.csv",
       "write them as a table"},
      {"exact", 0, CLI_FLAG, &f->exact, 0, 0, NULL, NULL,
       "only algorithms that do not trade accuracy for speed"},
      CLI_SEED_OPTION(&f->seed),
      CLI_THREADS_OPTION(&f->threads),
      CLI_BACKEND_OPTION(&f->backend),
      CLI_EXTERNAL_OPTION(&t->external),
      CLI_JSON_OPTION(&t->json),
      {0}};
  const cli_page page = {verb, 0, 2, options, about, examples};
  return cli_parse(&page, argc, argv, operands, count, exit_status);
}
