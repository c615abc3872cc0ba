/* The loops of normalisation: part of loops_code.h. Sums use two vectors, so
 * that one need not wait for the other. */

static float norm_sum(const float *x, int64_t count) {
  vec sum[2] = {{0}, {0}};
  int64_t i = 0;
  for (; i + 2 * WIDTH <= count; i += 2 * WIDTH) {
    sum[0] += load(x + i);
    sum[1] += load(x + i + WIDTH);
  }
  float rest = 0;
  for (; i < count; i++) rest += x[i];
  return add_lanes(sum[0] + sum[1]) + rest;
}

static float norm_squares(const float *x, int64_t count, float mean) {
  vec sum[2] = {{0}, {0}}, centre = all(mean);
  int64_t i = 0;
  for (; i + 2 * WIDTH <= count; i += 2 * WIDTH) {
    vec a = load(x + i) - centre, b = load(x + i + WIDTH) - centre;
    sum[0] += a * a;
    sum[1] += b * b;
  }
  float rest = 0;
  for (; i < count; i++) rest += (x[i] - mean) * (x[i] - mean);
  return add_lanes(sum[0] + sum[1]) + rest;
}

static void norm_apply(float *y, const float *x, int64_t count, float mean,
                       float factor, float bias) {
  for (int64_t i = 0; i < count; i++) y[i] = (x[i] - mean) * factor + bias;
}

static void norm_dots(const float *x, const float *dy, int64_t count,
                      float mean, float *plain, float *times) {
  vec sum[2] = {{0}, {0}}, product[2] = {{0}, {0}}, centre = all(mean);
  int64_t i = 0;
  for (; i + 2 * WIDTH <= count; i += 2 * WIDTH)
    for (int v = 0; v < 2; v++) {
      vec slope = load(dy + i + v * WIDTH);
      sum[v] += slope;
      product[v] += slope * (load(x + i + v * WIDTH) - centre);
    }
  float rest = 0, rest_times = 0;
  for (; i < count; i++) {
    rest += dy[i];
    rest_times += dy[i] * (x[i] - mean);
  }
  *plain = add_lanes(sum[0] + sum[1]) + rest;
  *times = add_lanes(product[0] + product[1]) + rest_times;
}

static void norm_backward(float *dx, const float *x, const float *dy,
                          int64_t count, const sv_norm_slope *s) {
  const sv_norm_slope k = *s;
  for (int64_t i = 0; i < count; i++)
    dx[i] = k.factor * (dy[i] - (k.plain + (x[i] - k.mean) * k.times));
}
