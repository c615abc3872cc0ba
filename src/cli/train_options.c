/* The options of `svertka train`, and its --help. */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "cli/train.h"
#include "data/transform.h"

static const char about[] =
    "Trains MODEL on the training images of DATA and writes a run folder:\n"
    "  model.onnx  the weights with the best validation result, and all that\n"
    "              eval and predict need\n"
    "  last.onnx   the checkpoint to resume from: written after each epoch,\n"
    "              every five minutes and on Ctrl-C; previous.onnx is the\n"
    "              checkpoint before it\n"
    "  log.csv     one row per epoch; gradients.csv with --log-gradients\n"
    "  unreadable.csv  the images that --skip-bad left out\n"
    "The test images of DATA are used only with --test. MODEL may be a "
    "trained\n"
    "file: training starts from its weights. --classes replaces its "
    "classifier,\n"
    "--freeze-until keeps its first layers unchanged. The same model, data,\n"
    "options, seed and threads give the same model.onnx, byte for byte,\n"
    "interrupted or not.\n"
    "A zoo network may have a recipe ('svertka zoo NAME'): an optimiser and a\n"
    "learning rate that replace the defaults. Options override it one by one;\n"
    "--optimiser also drops the recipe's rate.\n"
    "Schedules: constant; step EPOCHS [FACTOR]; multistep FACTOR EPOCH...;\n"
    "  exponential FACTOR; cosine [WARM-UP EPOCHS] [MIN FACTOR]; onecycle\n"
    "  [RISING SHARE] [FIRST DIVISOR] [LAST DIVISOR]; plateau [FACTOR]\n"
    "  [PATIENCE EPOCHS] [MIN FACTOR].\n"
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

/* The names of the transforms, from their table, in lines like those of
 * `about`. */
static void add_transforms(sv_text *text) {
  enum { WIDTH = 76 };
  size_t begin = text->length;
  sv_text_add(text, "Transforms ('svertka data transforms' explains them):");
  for (int i = 0; sv_transforms[i]; i++) {
    const char *name = sv_transforms[i]->op.name;
    bool fits = text->length - begin + strlen(name) + 2 <= WIDTH;
    if (!fits) begin = text->length + 1;
    sv_text_add(text, "%s%s%s", fits ? " " : "\n  ", name,
                sv_transforms[i + 1] ? "," : ".\n");
  }
}

bool train_parse(const cli_verb *verb, int argc, char **argv, train *t,
                 char ***operands, int *count, int *exit_status) {
  sv_fit_options *f = &t->fit;
  const cli_option options[] = {
      {"epochs", 'e', CLI_INT, &f->epochs, 1, 1e6, NULL, "N",
       "passes over the training images"},
      {"batch", 'b', CLI_INT, &f->batch, 1, 1e6, NULL, "N", "images per step"},
      {"rate", 'r', CLI_REAL, &f->rate, 0, 1e6, NULL, "R",
       "peak learning rate; default 0.05; adam, adamw and rmsprop 0.001, lars "
       "1"},
      {"schedule", 0, CLI_TEXT, &f->schedule, 0, 0, NULL, "TEXT",
       "how the learning rate changes over time"},
      {"warm-up", 0, CLI_REAL, &f->warm_up, 0, 1e6, NULL, "EPOCHS",
       "epochs over which the rate rises linearly to the schedule's"},
      {"patience", 0, CLI_INT, &f->patience, 0, 1e6, NULL, "N",
       "stop after N consecutive epochs without improvement; 0: never"},
      {"label-smoothing", 0, CLI_REAL, &f->label_smoothing, 0, 1, NULL, "S",
       "part of the target spread evenly over all classes"},
      {"class-weights", 0, CLI_TEXT, &f->class_weights, 0, 0, NULL, "RULE",
       "weight each class in the loss by the inverse of its frequency in the "
       "training images (inverse) or by the square root of that (sqrt)"},
      {"optimiser", 0, CLI_TEXT, &f->optimiser, 0, 0, NULL, "TEXT",
       "the optimiser"},
      {"momentum", 0, CLI_REAL, &f->momentum, 0, 1, NULL, "M",
       "momentum of the optimiser; default 0.9, rmsprop 0"},
      {"weight-decay", 0, CLI_REAL, &f->weight_decay, 0, 1e6, NULL, "D",
       "weight decay, not applied to biases and scales; default 0.0005, adamw "
       "0.01, adam and rmsprop 0"},
      {"decay", 0, CLI_TEXT, &f->decay, 0, 0, NULL, "KIND",
       "coupled: added to the gradient; decoupled: subtracted from the weights "
       "directly; usual: decoupled for adamw, coupled otherwise"},
      {"decay-all", 0, CLI_FLAG, &f->decay_all, 0, 0, NULL, NULL,
       "apply weight decay to biases and scales too"},
      {"clip-value", 0, CLI_REAL, &f->clip_value, 0, 1e30, NULL, "V",
       "clip each gradient element to -V .. V; 0: off"},
      {"clip-norm", 0, CLI_REAL, &f->clip_norm, 0, 1e30, NULL, "N",
       "then scale all gradients so that their global norm is at most N; 0: "
       "off"},
      {"ema", 0, CLI_REAL, &f->ema, 0, 1, NULL, "E",
       "validate and save the moving average a = E a + (1 - E) w of the "
       "weights; 0: off"},
      {"flip", 0, CLI_FLAG, &f->augment.flip, 0, 0, NULL, NULL,
       "mirror half of the training images, a different half each epoch"},
      {"shift", 0, CLI_INT, &f->augment.shift, 0, 4096, NULL, "N",
       "shift training images by up to N pixels in each direction"},
      {"erase", 0, CLI_REAL, &f->augment.erase, 0, 1, NULL, "SHARE",
       "erase a random rectangle in this share of the training images"},
      {"augment", 0, CLI_TEXT, &f->augment.transforms, 0, 0, NULL, "LIST",
       "change training images by a list of transforms, such as "
       "'random_resized_crop 0.35; flip'; 'svertka data transforms' describes "
       "them"},
      {"init", 0, CLI_TEXT, &f->init, 0, 0, NULL, "TEXT",
       "initialiser of the weights for which MODEL names none; a .onnx MODEL "
       "is initialised again from scratch"},
      {"classes", 0, CLI_INT, &f->classes, 1, 1 << 24, NULL, "N",
       "replace MODEL's classifier by a new one for the N classes of DATA; "
       "with an .onnx MODEL, --init affects only the new classifier"},
      {"freeze-until", 0, CLI_TEXT, &f->freeze_until, 0, 0, NULL, "LAYER",
       "train only the layers after LAYER, the name of a layer or block; the "
       "others keep their weights and run in inference mode"},
      {"val", 0, CLI_REAL, &f->validation, 0, 1e15, NULL, "N",
       "training images held out for validation: a number, or a share if below "
       "1; 0: none"},
      {"balance", 0, CLI_FLAG, &f->balance, 0, 0, NULL, NULL,
       "draw equally many training images of each class in an epoch: those of "
       "small classes several times"},
      {"samples", 0, CLI_INT, &f->samples, 0, INT_MAX, NULL, "N",
       "train on N of the remaining images, drawn from each class in "
       "proportion; 0: all"},
      CLI_SKIP_BAD_OPTION(&f->skip_bad),
      {"normalise", 0, CLI_TEXT, &f->normalise, 0, 0, NULL, "HOW",
       "scaling of the pixels: standard (mean 0 and deviation 1), centre (mean "
       "0 only), scale (deviation 1 only), none"},
      {"permute-pixels", 0, CLI_INT, &f->permute_pixels, 0, INT_MAX, NULL,
       "SEED", "permute the pixels of every image in the same random order"},
      CLI_IMAGE_OPTIONS(&t->image),
      {"log-gradients", 0, CLI_FLAG, &f->log_gradients, 0, 0, NULL, NULL,
       "write the norm of each layer's gradient to gradients.csv and "
       "gradients.png"},
      {"out", 'o', CLI_TEXT, &f->run, 0, 0, NULL, "FOLDER",
       "the run folder (runs/MODEL-DATA)"},
      {"force", 'f', CLI_FLAG, &f->overwrite, 0, 0, NULL, NULL,
       "replace an existing run, or existing files of the range test"},
      {"resume", 0, CLI_TEXT, &t->resume, 0, 0, NULL, "FOLDER",
       "resume an interrupted run; MODEL and DATA may be omitted"},
      {"checkpoint-every", 0, CLI_TEXT, &f->checkpoint, 0, 0, NULL, "WHEN",
       "how often to save a checkpoint within an epoch: a time (90s, 5m, 2h) "
       "or a number of steps; 0: never"},
      {"test", 0, CLI_FLAG, &t->test, 0, 0, NULL, NULL,
       "evaluate the best weights once on the test images at the end"},
      {"repeat", 0, CLI_INT, &t->repeat, 1, 1000, NULL, "N",
       "train N times with the seeds S, S+1, ..., each in a folder of its own, "
       "and print the mean and standard deviation; the same command resumes "
       "where it stopped"},
      {"explain-plan", 0, CLI_FLAG, &t->explain, 0, 0, NULL, NULL,
       "print the kernels, layouts and memory of a training step, and exit"},
      {"lr-find", 0, CLI_FLAG, &t->find, 0, 0, NULL, NULL,
       "suggest a learning rate by a range test on a copy of the model, and "
       "exit"},
      {"lr-from", 0, CLI_REAL, &t->range.from, 1e-30, 1e6, NULL, "R",
       "the first rate of the range test"},
      {"lr-to", 0, CLI_REAL, &t->range.to, 1e-30, 1e6, NULL, "R",
       "the last rate of the range test"},
      {"lr-steps", 0, CLI_INT, &t->range.steps, 20, 1e6, NULL, "N",
       "steps of the range test"},
      {"plot", 0, CLI_TEXT, &t->plot, 0, 0, NULL, "FILE.png",
       "draw the losses of the range test"},
      {"csv", 0, CLI_TEXT, &t->csv, 0, 0, NULL, "FILE.csv",
       "write the losses of the range test as a table"},
      {"exact", 0, CLI_FLAG, &f->exact, 0, 0, NULL, NULL,
       "use only direct algorithms, node by node: without it results may "
       "differ by rounding"},
      CLI_TUNE_OPTION(&f->tune),
      CLI_SEED_OPTION(&f->seed),
      CLI_THREADS_OPTION(&f->threads),
      CLI_BACKEND_OPTION(&f->backend),
      CLI_EXTERNAL_OPTION(&t->external),
      CLI_JSON_OPTION(&t->json),
      {0}};
  sv_text text = {0};
  sv_text_add(&text, "%s", about);
  add_transforms(&text);
  const cli_page page = {verb,    0, 2, options, text.failed ? about : text.at,
                         examples};
  bool parsed = cli_parse(&page, argc, argv, operands, count, exit_status);
  sv_text_clear(&text);
  return parsed;
}
