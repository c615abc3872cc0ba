/* Chooses tile sizes from the shapes alone, by estimated times in
 * multiply-adds. Measured for 16 to 512 channels: docs/performance.md. */
#include "winograd/winograd.h"

/* Costs, in multiply-adds at full speed: transforming an element of a tile in
 * both directions; reading a weight from memory; transforming a weight. */
static const double turning[SV_WINOGRAD_SIZES] = {16, 39, 57};
enum { READING = 18, TURNING_WEIGHT = 50 };

/* The definition is left to other backends unless tiles take clearly less; and
 * 6x6, which rounds worse, must take clearly less than 4x4. */
static const double clearly = 0.9, slightly = 0.95;

static double by_definition(const sv_winograd_work *w) {
  double weights = 9. * (double)(w->ins * w->outs);
  return weights * ((double)(w->images * w->height * w->width) + READING);
}

static double by_tiles(const sv_winograd_work *w, int m) {
  double plane = (double)(w->ins * w->outs), numbers = (m + 2) * (m + 2);
  double tiles = (double)(w->images * ((w->height + m - 1) / m) *
                          ((w->width + m - 1) / m));
  double turned = (double)(w->ins + w->outs) / 2 * turning[m / 2 - 1];
  double weights = READING + (w->transforms ? TURNING_WEIGHT : 0);
  double time = numbers * (tiles * (plane + turned) + weights * plane);
  return m == 6 ? time / slightly : time;
}

int sv_winograd_size(const sv_winograd_work *w, int candidate) {
  double times[SV_WINOGRAD_SIZES];
  int sizes[SV_WINOGRAD_SIZES];
  for (int i = 0; i < SV_WINOGRAD_SIZES; i++) {
    int m = 2 * (i + 1), at = i;
    double time = by_tiles(w, m);
    for (; at > 0 && times[at - 1] > time; at--) {
      times[at] = times[at - 1];
      sizes[at] = sizes[at - 1];
    }
    times[at] = time;
    sizes[at] = m;
  }
  if (candidate >= SV_WINOGRAD_SIZES || times[0] > clearly * by_definition(w))
    return 0;
  return sizes[candidate];
}
