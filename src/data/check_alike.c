/* Images of a data set that are the same, or nearly. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/check.h"

/* ---- Groups ---- */

static sv_status add_group(const sv_check_job *job, sv_check_group *group,
                           const int64_t *members, int64_t count) {
  SV_TRY(sv_alloc_array(&group->images, (size_t)count, sizeof *group->images));
  for (int64_t k = 0; k < count; k++) {
    sv_check_image *image = &group->images[k];
    SV_TRY(sv_check_describe(job, members[k], image));
    group->count++;
    group->across |= image->part != group->images[0].part;
    group->conflict |= image->label != group->images[0].label;
  }
  return SV_OK;
}

/* Makes room for one more. */
static sv_status grow(sv_check_group **groups, int64_t count) {
  if (count & (count - 1)) return SV_OK; /* full at powers of two */
  sv_check_group *larger;
  size_t room = count ? 2 * (size_t)count : 1;
  SV_TRY(sv_alloc_array(&larger, room, sizeof *larger));
  if (count) memcpy(larger, *groups, (size_t)count * sizeof *larger);
  sv_free(*groups);
  *groups = larger;
  return SV_OK;
}

/* ---- The same ---- */

static int by_pixels(const void *a, const void *b, void *prints) {
  const sv_print *p = prints;
  int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
  int order = memcmp(p[i].pixels, p[k].pixels, sizeof p[i].pixels);
  return order ? order : i < k ? -1 : i > k;
}

static bool same_pixels(const sv_print *a, const sv_print *b) {
  return memcmp(a->pixels, b->pixels, sizeof a->pixels) == 0;
}

static int by_first(const void *a, const void *b) {
  const int64_t *x = a, *y = b;
  return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* runs = begin and first image of each run of equal pixels in the order. */
static sv_status add_runs(sv_check_job *job, const int64_t *order,
                          int64_t count) {
  sv_check *c = job->check;
  int64_t(*runs)[3], found = 0;
  SV_TRY(sv_alloc_array(&runs, (size_t)count, sizeof *runs));
  for (int64_t i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && same_pixels(&job->prints[order[i]],
                                                 &job->prints[order[end]]);)
      end++;
    if (end - i == 1) continue;
    runs[found][0] = order[i];
    runs[found][1] = i;
    runs[found++][2] = end - i;
  }
  if (found > 1) qsort(runs, (size_t)found, sizeof *runs, by_first);
  sv_status status = SV_OK;
  for (int64_t k = 0; k < found && status == SV_OK; k++) {
    status = grow(&c->same, c->same_count);
    if (status == SV_OK)
      status = add_group(job, &c->same[c->same_count++], order + runs[k][1],
                         runs[k][2]);
  }
  sv_free(runs);
  return status;
}

sv_status sv_check_same(sv_check_job *job) {
  int64_t all = job->begin[SV_CHECK_PARTS], count = 0, *order;
  SV_TRY(sv_alloc_array(&order, (size_t)all, sizeof *order));
  for (int64_t i = 0; i < all; i++)
    if (job->prints[i].readable) order[count++] = i;
  if (count > 1)
    qsort_r(order, (size_t)count, sizeof *order, by_pixels, job->prints);
  sv_status status = add_runs(job, order, count);
  sv_free(order);
  return status;
}

/* ---- Nearly the same ---- */

/* Of two hashes that differ in at most 5 bits, one of 6 pieces is equal: images
 * lie in lists by each of their pieces. */
enum { PIECES = 6, PIECE_BITS = 11, LISTS = 1 << PIECE_BITS };

static unsigned piece(const sv_print *print, int k) {
  return (unsigned)(print->looks >> (k * PIECE_BITS)) & (LISTS - 1);
}

typedef struct lists {
  int64_t *next[PIECES]; /* of each image: the one before it in its list */
  int64_t *last;         /* PIECES x LISTS; -1: none */
} lists;

static void put(lists *l, const sv_print *print, int64_t i) {
  for (int k = 0; k < PIECES; k++) {
    int64_t *last = &l->last[k * LISTS + (int)piece(print, k)];
    l->next[k][i] = *last;
    *last = i;
  }
}

/* The nearest image in the lists, the first of several; -1: none is near. The
 * same pixels are not near. */
static int64_t nearest(const sv_check_job *job, const lists *l, int64_t i) {
  const sv_print *p = &job->prints[i];
  int64_t found = -1;
  int best = 64;
  for (int k = 0; k < PIECES; k++)
    for (int64_t at = l->last[k * LISTS + (int)piece(p, k)]; at >= 0;
         at = l->next[k][at]) {
      const sv_print *q = &job->prints[at];
      int distance = sv_print_distance(p, q);
      if (distance > best || (distance == best && at >= found)) continue;
      if (!sv_print_near(p, q) || same_pixels(p, q)) continue;
      best = distance;
      found = at;
    }
  return found;
}

static sv_status add_pair(sv_check_job *job, int64_t a, int64_t b) {
  sv_check *c = job->check;
  const int64_t pair[] = {a, b};
  SV_TRY(grow(&c->near, c->near_count));
  return add_group(job, &c->near[c->near_count++], pair, 2);
}

static sv_status search(sv_check_job *job, lists *l) {
  for (int part = 0; part < SV_CHECK_PARTS; part++) {
    int64_t begin = job->begin[part], end = job->begin[part + 1];
    for (int64_t i = begin; i < end && part > 0; i++) {
      if (!job->prints[i].readable || job->prints[i].flat) continue;
      int64_t found = nearest(job, l, i);
      if (found >= 0) SV_TRY(add_pair(job, found, i));
    }
    for (int64_t i = begin; i < end; i++)
      if (job->prints[i].readable && !job->prints[i].flat)
        put(l, &job->prints[i], i);
  }
  return SV_OK;
}

sv_status sv_check_near(sv_check_job *job) {
  size_t all = (size_t)job->begin[SV_CHECK_PARTS];
  lists l = {0};
  sv_status status = sv_alloc_array(&l.last, PIECES * LISTS, sizeof *l.last);
  for (int k = 0; k < PIECES && status == SV_OK; k++)
    status = sv_alloc_array(&l.next[k], all, sizeof *l.next[k]);
  if (status == SV_OK) {
    for (int i = 0; i < PIECES * LISTS; i++) l.last[i] = -1;
    status = search(job, &l);
  }
  for (int k = 0; k < PIECES; k++) sv_free(l.next[k]);
  sv_free(l.last);
  return status;
}
