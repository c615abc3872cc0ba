/* The loops of cross-entropy: part of loops_code.h. Positions are consecutive;
 * the classes of each are `step` apart. */

/* e^x = 2^n e^r with n = round(x / log 2): a polynomial of degree 6 in r,
 * fitted for the least relative error on |r| <= log 2 / 2 (3e-9; in float
 * 8e-8). For x <= 0; results below the normal numbers become the smallest of
 * them. */
ALWAYS vec exp_of(vec x) {
  const float round = 12582912; /* 1.5 2^23: what is added to it is rounded */
  x = pick_real(x < -87.0f, all(-87), x);
  vec n = x * 1.44269504f + round;
  vec power = (vec)(((ints)n << 23) + (127 << 23)); /* 2^n */
  n = n - round;
  vec r = x - n * 0.693359375f + n * 0.000212194442f;
  vec y = all(0.00138144277f);
  y = y * r + 0.00836875476f;
  y = y * r + 0.0416683927f;
  y = y * r + 0.166665196f;
  y = y * r + 0.49999994f;
  y = y * r + 1.0f;
  y = y * r + 1.0f;
  return y * power;
}

static void log_sums(float *norms, const float *x, int64_t count,
                     int64_t classes, int64_t step) {
  for (int64_t i = 0; i < count; i = next_at(i, count)) {
    vec greatest = load(x + i), sum = all(0);
    for (int64_t k = 1; k < classes; k++) {
      vec other = load(x + i + k * step);
      greatest = pick_real(other > greatest, other, greatest);
    }
    for (int64_t k = 0; k < classes; k++)
      sum += exp_of(load(x + i + k * step) - greatest);
    float sums[WIDTH];
    store(sums, sum);
    for (int j = 0; j < WIDTH; j++) sums[j] = logf(sums[j]);
    store(norms + i, greatest + load(sums));
  }
}

static void softmax_slopes(float *dx, const float *x, const float *norms,
                           const float *slopes, int64_t count, int64_t classes,
                           int64_t step) {
  for (int64_t i = 0; i < count; i = next_at(i, count)) {
    vec norm = load(norms + i), slope = load(slopes + i);
    for (int64_t k = 0; k < classes; k++)
      store(dx + i + k * step, slope * exp_of(load(x + i + k * step) - norm));
  }
}
