/* What `svertka train` tells while it runs. */
#include <stdio.h>

#include "cli/train.h"

static void tell_epoch(train *t, const sv_fit_progress *p) {
  char held_out[80] = "";
  cli_progress_end(&t->bar);
  if (p->held_out > 0 && p->of_pixels)
    snprintf(held_out, sizeof held_out,
             "  validation %.4f, pixels %.2f%%, mean IoU %.4f", p->val_loss,
             100 * p->val_top1, p->val_iou);
  else if (p->held_out > 0)
    snprintf(held_out, sizeof held_out, "  validation %.4f, top-1 %.2f%%",
             p->val_loss, 100 * p->val_top1);
  double now = cli_clock();
  const char *of = p->held_out > 0 ? "" : "training ";
  fprintf(stderr,
          "epoch %*d/%d  %sloss %.4f, %s %.2f%%%s%s  %.1f s, %.0f images/s\n",
          p->epochs > 9 ? 2 : 1, p->epoch, p->epochs, of, p->loss,
          p->of_pixels ? "pixels" : "top-1", 100 * p->top1, held_out,
          p->best ? " *" : "  ", now - t->epoch_started, p->images_per_second);
  t->epoch_started = now;
}

/* The bar spans the whole training, and counts a short last batch as whole. */
static bool on_progress(void *context, const sv_fit_progress *p) {
  train *t = context;
  int64_t done = (p->epoch - 1) * p->steps + p->step;
  if (t->first < 0) {
    t->first = done - 1;
    cli_progress_start(&t->bar, t->label, "images",
                       (p->epochs * p->steps - t->first) * t->fit.batch);
  }
  if (p->validated) {
    tell_epoch(t, p);
    return !cli_interrupted();
  }
  char note[80];
  snprintf(t->label, sizeof t->label, "epoch %d/%d", p->epoch, p->epochs);
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
