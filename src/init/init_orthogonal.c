/* orthogonal: Gram-Schmidt on normally distributed vectors, which leaves a
 * rotation as likely as any other.
 *
 *   v = v - sum_j (q_j . v) q_j, twice, since once leaves what rounding made;
 *   q = v / |v|
 *
 * Some vectors go together, so that each q_j is fetched once for all of them.
 * Sums run in one order whatever the number of threads.
 * Sources: Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear
 * dynamics of learning in deep linear neural networks", ICLR 2014; Mezzadri,
 * "How to generate random matrices from the classical compact groups", 2007;
 * Giraud et al., 2005 (twice is enough). */
#include <math.h>

#include "base/memory.h"
#include "base/thread.h"
#include "init/init.h"

enum { PANEL = 32 };

typedef struct basis {
  int64_t length; /* of a vector */
  double *q;      /* the vectors, one after the other */
  double *share;  /* of each q_j in each v of the panel */
  int64_t count;  /* of finished vectors; the panel follows them */
  int64_t panel;  /* number of v in it */
  const sv_random *key;
} basis;

/* Four sums side by side, as vector units want them. */
static double product(const double *a, const double *b, int64_t count) {
  double sums[4] = {0}, rest = 0;
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int k = 0; k < 4; k++) sums[k] += a[i + k] * b[i + k];
  for (; i < count; i++) rest += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest;
}

static void draw(void *context, int64_t begin, int64_t end) {
  const basis *b = context;
  for (int64_t i = begin; i < end; i++)
    b->q[i] = sv_random_normal(b->key, (uint64_t)i);
}

static void measure(void *context, int64_t begin, int64_t end) {
  const basis *b = context;
  const double *v = b->q + b->count * b->length;
  for (int64_t j = begin; j < end; j++)
    for (int64_t k = 0; k < b->panel; k++)
      b->share[j * PANEL + k] =
          product(b->q + j * b->length, v + k * b->length, b->length);
}

static void add_times(double *restrict v, const double *restrict q,
                      double factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) v[i] += factor * q[i];
}

/* A stretch of the panel stays near while all q_j pass. */
static void subtract(void *context, int64_t begin, int64_t end) {
  enum { STRETCH = 512 };
  const basis *b = context;
  double *v = b->q + b->count * b->length;
  for (int64_t at = begin; at < end; at += STRETCH) {
    int64_t count = end - at < STRETCH ? end - at : STRETCH;
    for (int64_t j = 0; j < b->count; j++)
      for (int64_t k = 0; k < b->panel; k++)
        add_times(v + k * b->length + at, b->q + j * b->length + at,
                  -b->share[j * PANEL + k], count);
  }
}

/* Among themselves. */
static void orthonormalise_panel(const basis *b) {
  double *q = b->q + b->count * b->length;
  for (int64_t k = 0; k < b->panel; k++) {
    double *v = q + k * b->length;
    for (int round = 0; round < 2; round++)
      for (int64_t j = 0; j < k; j++) {
        const double *other = q + j * b->length;
        add_times(v, other, -product(other, v, b->length), b->length);
      }
    double norm = sqrt(product(v, v, b->length));
    for (int64_t i = 0; i < b->length; i++) v[i] /= norm > 0 ? norm : 1;
  }
}

static void orthonormalise(basis *b, int64_t count) {
  for (b->count = 0; b->count < count; b->count += b->panel) {
    b->panel = count - b->count < PANEL ? count - b->count : PANEL;
    for (int round = 0; round < 2; round++) {
      sv_parallel(b->count, 1 + 4096 / b->length, measure, b);
      sv_parallel(b->length, 1 + 4096 / (b->count + 1), subtract, b);
    }
    orthonormalise_panel(b);
  }
}

sv_status sv_init_orthogonal(double *matrix, int64_t rows, int64_t columns,
                             double gain, const sv_random *key) {
  bool wide = rows <= columns;
  int64_t count = wide ? rows : columns;
  basis b = {.length = wide ? columns : rows, .q = matrix, .key = key};
  SV_TRY(sv_alloc_array(&b.share, (size_t)count, PANEL * sizeof *b.share));
  sv_status status = SV_OK;
  if (!wide)
    status = sv_alloc_array(&b.q, (size_t)(rows * columns), sizeof *b.q);
  if (status == SV_OK) {
    sv_parallel(rows * columns, 4096, draw, &b);
    orthonormalise(&b, count);
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < columns; c++)
        matrix[r * columns + c] =
            gain * b.q[wide ? r * columns + c : c * rows + r];
  }
  sv_free(b.share);
  if (!wide) sv_free(b.q);
  return status;
}
