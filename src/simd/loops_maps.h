/* Elementwise functions in straight pieces: part of loops_code.h. Comparisons
 * with NaN are false, and each function is written so that NaN passes through;
 * minimum and maximum instructions would hide it. */

/* <name>_forward: Y of x. a and b are the operator's attributes. */
#define FORWARD(name, Y)                                              \
  ALWAYS vec name##_value(vec x, vec a, vec b) {                      \
    (void)a, (void)b;                                                 \
    return Y;                                                         \
  }                                                                   \
  static void name##_forward(float *y, const float *x, int64_t count, \
                             const float *numbers) {                  \
    const vec a = all(numbers[0]), b = all(numbers[1]);               \
    int64_t i = 0;                                                    \
    for (; i + WIDTH <= count; i += WIDTH)                            \
      store(y + i, name##_value(load(x + i), a, b));                  \
    if (i == count) return;                                           \
    size_t bytes = (size_t)(count - i) * sizeof(float);               \
    float rest[WIDTH] = {0};                                          \
    memcpy(rest, x + i, bytes);                                       \
    store(rest, name##_value(load(rest), a, b));                      \
    memcpy(y + i, rest, bytes);                                       \
  }

/* <name>_backward: DX of dy and of v, which is y or x. */
#define BACKWARD(name, DX)                                                \
  ALWAYS vec name##_slope(vec v, vec dy, vec a, vec b) {                  \
    (void)a, (void)b;                                                     \
    return DX;                                                            \
  }                                                                       \
  static void name##_backward(float *dx, const float *v, const float *dy, \
                              int64_t count, const float *numbers) {      \
    const vec a = all(numbers[0]), b = all(numbers[1]);                   \
    int64_t i = 0;                                                        \
    for (; i + WIDTH <= count; i += WIDTH)                                \
      store(dx + i, name##_slope(load(v + i), load(dy + i), a, b));       \
    if (i == count) return;                                               \
    size_t bytes = (size_t)(count - i) * sizeof(float);                   \
    float rest[WIDTH] = {0}, slope[WIDTH] = {0};                          \
    memcpy(rest, v + i, bytes);                                           \
    memcpy(slope, dy + i, bytes);                                         \
    store(rest, name##_slope(load(rest), load(slope), a, b));             \
    memcpy(dx + i, rest, bytes);                                          \
  }

/* Lane by lane: `yes` where the comparison holds. */
#define WHERE(comparison, yes, no) pick_real((ints)(comparison), yes, no)

FORWARD(relu, WHERE(x < 0.0f, all(0), x))
BACKWARD(relu, WHERE(v <= 0.0f, all(0), dy))

FORWARD(leaky_relu, WHERE(x > 0.0f, x, (a * x)))
BACKWARD(leaky_relu, WHERE(v > 0.0f, dy, (a * dy)))

/* v is y: alpha e^x is y + alpha. */
BACKWARD(elu, WHERE(v > 0.0f, dy, (dy * (v + a))))

/* The upper bound last: it wins where it is below the lower one. */
FORWARD(clip, WHERE(WHERE(x < a, a, x) > b, b, WHERE(x < a, a, x)))
BACKWARD(clip, WHERE((v <= a) | (v >= b), all(0), dy))

#define SIXTH (1.0f / 6.0f)
FORWARD(hard_swish, WHERE(x <= -3.0f, all(0),
                          WHERE(x >= 3.0f, x, (x * (x + 3.0f) * SIXTH))))
BACKWARD(hard_swish,
         WHERE(v <= -3.0f, all(0),
               WHERE(v >= 3.0f, dy, (dy * (2.0f * v + 3.0f) * SIXTH))))
