/* What `svertka train` tells while it runs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/train.h"

/* Parts of a line, none of which is broken: what does not fit begins another
 * line. */
typedef struct line {
  int width, at;
} line;

static void put_part(line *l, const char *part) {
  int length = (int)strlen(part);
  bool first = l->at == 0;
  if (!first && l->at + 2 + length > l->width) {
    fprintf(stderr, "\n");
    l->at = 0;
  }
  fprintf(stderr, "%s%s", first ? "" : "  ", part);
  l->at += length + (first ? 0 : 2);
}

/* "loss 0.4371, top-1 84.22%", of pixels with the mean IoU (NAN: none). */
static void put_scores(line *l, const char *name, double loss,
                       const char *score, double share, double iou, bool best) {
  char part[120];
  int at = snprintf(part, sizeof part, "%s %.*f, %s %.2f%%", name,
                    loss < 1000 ? 4 : 0, loss, score, 100 * share);
  if (!isnan(iou))
    at += snprintf(part + at, sizeof part - (size_t)at, ", mean IoU %.4f", iou);
  snprintf(part + at, sizeof part - (size_t)at, "%s", best ? " *" : "");
  put_part(l, part);
}

static void tell_epoch(train *t, const sv_fit_progress *p) {
  enum { ROOMY = 100 };
  char part[80];
  line l = {.width = cli_width(2)};
  const char *score = p->of_pixels ? "pixels" : "top-1";
  bool held_out = p->held_out > 0, roomy = l.width >= ROOMY;
  double now = cli_clock();
  cli_progress_end(&t->bar);
  snprintf(part, sizeof part, "epoch %*d/%d", p->epochs > 9 ? 2 : 1, p->epoch,
           p->epochs);
  put_part(&l, part);
  put_scores(&l, held_out ? "loss" : "training loss", p->loss, score, p->top1,
             NAN, p->best && !held_out);
  if (held_out)
    put_scores(&l, roomy ? "validation" : "val", p->val_loss, score,
               p->val_top1, p->val_iou, p->best);
  snprintf(part, sizeof part, roomy ? "%.1f s, %.0f images/s" : "%.1f s",
           now - t->epoch_started, p->images_per_second);
  put_part(&l, part);
  fputc('\n', stderr);
  t->epoch_started = now;
}

/* The bar spans the whole training, and counts a short last batch as whole. */
static bool on_progress(void *context, const sv_fit_progress *p) {
  train *t = context;
  int64_t done = (p->epoch - 1) * p->steps + p->step;
  if (t->first < 0) {
    t->first = done - 1;
    if (t->fit.augment.transforms)
      cli_say("data augmentation: %s", t->fit.augment.transforms);
    cli_progress_start(&t->bar, t->label, "images",
                       (p->epochs * p->steps - t->first) * t->fit.batch);
  }
  if (p->validated) {
    tell_epoch(t, p);
    return !cli_interrupted();
  }
  char note[80];
  snprintf(t->label, sizeof t->label, "epoch %d/%d", p->epoch, p->epochs);
  if (p->validating)
    snprintf(note, sizeof note, "validating");
  else
    snprintf(note, sizeof note, "loss %.3f, %.1f%%", p->loss, 100 * p->top1);
  cli_progress_at(&t->bar, (done - t->first) * t->fit.batch, note);
  return !cli_interrupted();
}

void train_tell(train *t) {
  t->fit.report = on_progress;
  t->fit.context = t;
  t->first = -1;
  t->epoch_started = cli_clock();
}
