/* How other programs call options: torchvision's and timm's scripts, Keras,
 * Ultralytics, Darknet. What does the same is another spelling of the option;
 * of what is not there the answer is what to do instead. */
#include "cli/cli_spellings.h"

#include <string.h>

static const struct {
  const char *spelling, *option;
} spellings[] = {
    {"lr", "rate"},
    {"learning-rate", "rate"},
    {"batch-size", "batch"},
    {"num-epochs", "epochs"},
    {"optimizer", "optimiser"},
    {"opt", "optimiser"},
    {"scheduler", "schedule"},
    {"lr-scheduler", "schedule"},
    {"warmup", "warm-up"},
    {"warmup-epochs", "warm-up"},
    {"wd", "weight-decay"},
    {"clip-grad-norm", "clip-norm"},
    {"num-classes", "classes"},
    {"validation-split", "val"},
    {"val-split", "val"},
    {"early-stopping", "patience"},
    {"normalize", "normalise"},
    {"img-size", "size"},
    {"imgsz", "size"},
    {"std", "deviation"},
    {"output-dir", "out"},
    {"overwrite", "force"},
    {"topk", "top"},
    {"num-threads", "threads"},
    {"random-seed", "seed"},
};
enum { SPELLINGS = sizeof spellings / sizeof spellings[0] };

static const struct {
  const char *words[8], *answer;
} answers[] = {
    {{"device", "gpu", "gpus", "cuda", "cpu", "no-cuda", "ngpus"},
     "Svertka computes on the CPU; --threads N limits its threads"},
    {{"workers", "num-workers", "jobs", "j"},
     "images are always read and prepared in the background; --threads N "
     "limits the compute threads"},
    {{"amp", "fp16", "half", "bf16", "mixed-precision", "dtype"},
     "Svertka computes in 32-bit floating point"},
    {{"pretrained", "weights", "pretrain"},
     "weights come with MODEL: a trained .onnx file or the folder of a run"},
    {{"model", "arch", "cfg", "network"},
     "MODEL is the first word after the command, without an option"},
    {{"data", "dataset", "data-path", "data-dir"},
     "DATA is the second word after the command, without an option"},
    {{"input", "image", "source"},
     "the input follows the command, without an option"},
    {{"verbose", "quiet", "silent"},
     "progress and messages go to stderr, results to stdout; 2>/dev/null hides "
     "progress"},
    {{"dampening", "nesterov"}, "use --optimiser nesterov"},
    {{"gamma", "step-size", "milestones", "lr-step-size", "lr-gamma"},
     "it is part of --schedule: 'step EPOCHS FACTOR', 'multistep FACTOR "
     "EPOCH...'"},
    {{"beta1", "beta2", "betas", "eps", "adam-eps"},
     "it is part of --optimiser: 'adam BETA1 BETA2 EPS'"},
    {{"dropout", "drop-rate"},
     "it is a parameter of the network: MODEL:dropout=0.3 ('svertka zoo "
     "NAME')"},
};
enum { ANSWERS = sizeof answers / sizeof answers[0] };

const char *cli_spelling(const char *option, int i) {
  for (int k = 0; k < SPELLINGS; k++)
    if (strcmp(spellings[k].option, option) == 0 && i-- == 0)
      return spellings[k].spelling;
  return NULL;
}

const char *cli_instead_of(const char *word) {
  for (int k = 0; k < ANSWERS; k++)
    for (const char *const *w = answers[k].words; *w; w++)
      if (strcmp(*w, word) == 0) return answers[k].answer;
  return NULL;
}
