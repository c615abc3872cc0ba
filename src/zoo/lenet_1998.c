/* LeNet-5 as it was in 1998, 60,000 trained numbers.
 *
 *   1@32x32 -C1 5x5-> 6@28x28 -S2-> 6@14x14 -C3 5x5, by a table-> 16@10x10
 *           -S4-> 16@5x5 -C5 5x5-> 120@1x1 -F6-> 84 -> distances to ten codes
 *
 *   sub-sampling  a trained coefficient and bias per map on the mean of 2x2
 *   C3            each map sees some of S2's: six see three neighbours, nine
 *                 see four maps, the last one all
 *   activation    1.7159 tanh(2 x / 3), behind F6 too
 *   output        squared distances of F6's 84 numbers to a picture of each
 *                 class, 7x12 pixels of -1 and 1; the nearest is the answer
 *
 *   156 + 12 + 1,516 + 32 + 48,120 + 10,164 = 60,000
 *
 * It is trained with the cross-entropy of the negative distances. The pictures
 * of the digits are our own.
 *
 * Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to
 * Document Recognition", Proceedings of the IEEE 86(11), 1998, section II and
 * table I. */
#include <stdio.h>

#include "zoo/architecture.h"
#include "zoo/blocks.h"

enum { CLASSES = 10, CODE_W = 7, CODE_H = 12, CODE = CODE_W * CODE_H };
enum { S2 = 6, THREES = 6, FOURS = 9 };

/* Which maps of S2 the maps of C3 see. */
static const int threes[THREES][3] = {{0, 1, 2}, {1, 2, 3}, {2, 3, 4},
                                      {3, 4, 5}, {0, 4, 5}, {0, 1, 5}};
static const int fours[FOURS][4] = {{0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5},
                                    {0, 3, 4, 5}, {0, 1, 4, 5}, {0, 1, 2, 5},
                                    {0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}};

/* Rows from the top; # is 1, a space -1. */
static const char *const digits[CLASSES][CODE_H] = {
    {"  ###  ", " #   # ", "#     #", "#     #", "#     #", "#     #",
     "#     #", "#     #", "#     #", " #   # ", "  ###  ", "       "},
    {"   #   ", "  ##   ", " # #   ", "   #   ", "   #   ", "   #   ",
     "   #   ", "   #   ", "   #   ", "   #   ", " ##### ", "       "},
    {" ##### ", "#     #", "      #", "      #", "     # ", "    #  ",
     "   #   ", "  #    ", " #     ", "#      ", "#######", "       "},
    {" ##### ", "#     #", "      #", "      #", "      #", "  #### ",
     "      #", "      #", "      #", "#     #", " ##### ", "       "},
    {"     # ", "    ## ", "   # # ", "  #  # ", " #   # ", "#    # ",
     "#######", "     # ", "     # ", "     # ", "     # ", "       "},
    {"#######", "#      ", "#      ", "#      ", "###### ", "      #",
     "      #", "      #", "      #", "#     #", " ##### ", "       "},
    {"  #### ", " #     ", "#      ", "#      ", "# ###  ", "##   # ",
     "#     #", "#     #", "#     #", " #   # ", "  ###  ", "       "},
    {"#######", "      #", "     # ", "     # ", "    #  ", "    #  ",
     "   #   ", "   #   ", "  #    ", "  #    ", "  #    ", "       "},
    {"  ###  ", " #   # ", "#     #", "#     #", " #   # ", "  ###  ",
     " #   # ", "#     #", "#     #", " #   # ", "  ###  ", "       "},
    {"  ###  ", " #   # ", "#     #", "#     #", " #   ##", "  ### #",
     "      #", "      #", "     # ", "    #  ", " ###   ", "       "}};

typedef struct lenet5_1998 {
  int64_t channels;
} lenet5_1998;

static const sv_attr parameters[] = {
    SV_ZOO_COUNT(lenet5_1998, channels, 1, 1 << 16,
                 "image channels: 1 grey, 3 colour"),
    {0}};

typedef struct constants {
  sv_value slope, amplitude; /* of the activation */
} constants;

static sv_value number(sv_graph *g, const char *name, const char *init) {
  return sv_parameter(g, name, SV_CONSTANT, SV_F32, (sv_shape){0}, init);
}

static sv_value times(sv_graph *g, sv_value x, sv_value factor) {
  return sv_mul(g, x, factor);
}

static sv_value squash(sv_graph *g, const constants *c, sv_value x) {
  return times(g, sv_tanh(g, times(g, x, c->slope)), c->amplitude);
}

static sv_value subsample(sv_graph *g, const constants *c, sv_value x,
                          const char *name) {
  sv_name(g, "%s", name);
  return squash(g, c, sv_weighted_avg_pool(g, x, 2, 2));
}

/* The maps that `count` maps of C3 see, `each` of them, one group behind the
 * other; then a convolution with a group for each of the maps. */
static sv_value table_part(sv_graph *g, const sv_value *maps, const int *table,
                           int count, int each, const char *name) {
  sv_value seen[FOURS * 4];
  for (int i = 0; i < count * each; i++) seen[i] = maps[table[i]];
  sv_value x = sv_concat(g, seen, count * each, 1);
  sv_name(g, "%s", name);
  return sv_zoo_conv(g, x,
                     (sv_conv_form){.channels = count,
                                    .kernel = 5,
                                    .group = count,
                                    .valid = true,
                                    .bias = true});
}

static sv_value c3(sv_graph *g, sv_value x) {
  sv_value maps[S2];
  for (int i = 0; i < S2; i++) maps[i] = sv_slice(g, x, 1, i, i + 1);
  sv_value three = table_part(g, maps, threes[0], THREES, 3, "c3.threes");
  sv_value four = table_part(g, maps, fours[0], FOURS, 4, "c3.fours");
  sv_name(g, "c3.all");
  sv_value all = sv_conv(g, x, 1, 5);
  return sv_concat(g, (sv_value[]){three, four, all}, 3, 1);
}

/* The signs of all codes as hexadecimal digits, the first pixel highest. */
static void write_codes(char text[16 + CLASSES * CODE / 4]) {
  int at = snprintf(text, 16, "signs ");
  for (int bit = 0; bit < CLASSES * CODE; bit += 4) {
    int value = 0;
    for (int i = bit; i < bit + 4; i++) {
      int pixel = i % CODE;
      char c = digits[i / CODE][pixel / CODE_W][pixel % CODE_W];
      value = 2 * value + (c == '#');
    }
    text[at++] = "0123456789abcdef"[value];
  }
  text[at] = '\0';
}

/* -sum over k of (x_k - code_ck)^2 */
static sv_value distances(sv_graph *g, sv_value x) {
  char init[16 + CLASSES * CODE / 4];
  write_codes(init);
  sv_value codes = sv_parameter(g, "codes", SV_CONSTANT, SV_F32,
                                sv_shape_of(2, CLASSES, CODE), init);
  x = sv_apply_text(g, "unsqueeze", &x, 1, "axes=1");
  sv_value far = sv_sub(g, x, codes);
  far = times(g, far, far);
  far = sv_apply_text(g, "reduce_sum", &far, 1, "axes=2 keepdims=false");
  return sv_apply(g, "neg", &far, 1, NULL);
}

static void build(sv_graph *g, const void *values) {
  const lenet5_1998 *p = values;
  sv_value x = sv_zoo_image(g, p->channels, &(sv_ints){0}, 32);
  constants c;
  c.slope = number(g, "slope", "constant 0.6666667");
  c.amplitude = number(g, "amplitude", "constant 1.7159");
  sv_name(g, "c1");
  x = subsample(g, &c, squash(g, &c, sv_conv(g, x, 6, 5)), "s2");
  x = subsample(g, &c, squash(g, &c, c3(g, x)), "s4");
  sv_name(g, "c5");
  x = sv_flatten(g, squash(g, &c, sv_conv(g, x, 120, 5)));
  sv_name(g, "f6");
  x = squash(g, &c, sv_linear(g, x, CODE));
  sv_classifier_head(g, distances(g, x));
}

/* Squared distances to the codes are about 84 at first, and so are the
 * gradients: a rate for sums of one layer is too high for them. */
static const sv_zoo_recipe lenet5_1998_recipe = {.optimiser = "adam",
                                                 .rate = 0.001};

const sv_architecture sv_zoo_lenet5_1998 = {
    .table = {.name = "lenet5_1998",
              .summary = "LeCun et al. 1998: as published, 60,000 parameters, "
                         "distances to codes",
              .attrs = parameters,
              .attrs_size = sizeof(lenet5_1998)},
    .source =
        "LeCun, Bottou, Bengio, Haffner, \"Gradient-Based Learning "
        "Applied to Document Recognition\", Proceedings of the IEEE "
        "86(11), 1998",
    .recipe = &lenet5_1998_recipe,
    .build = build};
