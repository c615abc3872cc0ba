/* Blocks and repeats of networks as text: what they mean, written out; faults
 * with their places; texts that ask for too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svertka/svertka.h>

#include "any_text.h"
#include "asserts.h"

static const struct {
  const char *text, *same;
} meanings[] = {
    {"input 3x8x8; repeat 2 { conv 6 3x3; relu }",
     "input 3x8x8; conv 6 3x3; relu; conv 6 3x3; relu"},
    {"input 3x8x8; relu; repeat 0 { conv 6 3x3 }; tanh",
     "input 3x8x8; relu; tanh"},
    {"input 3x8x8; a = repeat 2 {\n skip = conv 3 1x1\n relu; add(., skip)\n}\n"
     "add(a, a.0.skip)",
     "input 3x8x8; a.0.skip = conv 3 1x1; a.0.relu1 = relu\n"
     "a.0.add1 = add(a.0.relu1, a.0.skip); a.1.skip = conv 3 1x1\n"
     "a.1.relu1 = relu; a.1.add1 = add(a.1.relu1, a.1.skip)\n"
     "add(a.1.add1, a.0.skip)"},
    {"input 3x8x8; relu; repeat(image) 2 { tanh }; relu",
     "input 3x8x8; relu; tanh(image); tanh; relu"},
    {"input 3x8x8; x = relu; b = repeat 2 { add(., x) }",
     "input 3x8x8; x = relu; b.0.add1 = add(x, x); b.1.add1 = add(., x)"},
    /* The residual block of He et al. 2015. */
    {"define residual(x) c {\n"
     "  conv $c 3x3 padding=same; relu; conv $c 3x3 padding=same\n"
     "  add(., x); relu\n"
     "}\n"
     "input 3x8x8; repeat 2 { residual 3 }",
     "input 3x8x8\n"
     "residual1.conv1 = conv 3 3x3 padding=same; residual1.relu1 = relu\n"
     "residual1.conv2 = conv 3 3x3 padding=same\n"
     "residual1.add1 = add(., image); residual1.relu2 = relu\n"
     "residual2.conv1 = conv 3 3x3 padding=same; residual2.relu1 = relu\n"
     "residual2.conv2 = conv 3 3x3 padding=same\n"
     "residual2.add1 = add(., residual1.relu2); residual2.relu2 = relu"},
    /* Parameters: in order, by name, by default; arithmetic. */
    {"define f c k=3 stride=1 { conv $c $(k)x$k stride=$stride }\n"
     "input 3x9x9; a = f 4; b = f 5 stride=2; f k=1 c=$(2 * (1+3) - 9 % 2 / 1)",
     "input 3x9x9; a.conv1 = conv 4 3x3 stride=1\n"
     "b.conv1 = conv 5 3x3 stride=2; f1.conv1 = conv 7 1x1 stride=1"},
    {"define f c { conv $(-(-c)*4/3) 1 }; input 3x9x9; f 8",
     "input 3x9x9; f1.conv1 = conv 10 1"},
    {"define f p { avg_pool 2x2 stride=2 padding=$p }; input 3x9x9; f same",
     "input 3x9x9; f1.avg_pool1 = avg_pool 2x2 stride=2 padding=same"},
    {"define n times { repeat $times { relu } }; input 3; n 2",
     "input 3; n1.relu1 = relu; n1.relu2 = relu"},
    /* Several values; blocks in blocks; what a use is called. */
    {"define both(a, b) { add(b, a) }\n"
     "define twice(x) { y = relu(x); both(x, y); both(., y) }\n"
     "input 3x4x4; t = twice; both(t, image); add(t, both1)",
     "input 3x4x4; t.y = relu; t.both1.add1 = add(t.y, image)\n"
     "t.both2.add1 = add(t.y, t.both1.add1)\n"
     "both1.add1 = add(image, t.both2.add1); add(t.both2.add1, both1.add1)"},
    {"define f { relu }; f1 = input 3; f; tanh",
     "f1 = input 3; f2.relu1 = relu; tanh"},
    {"define nothing { }; input 3; nothing; relu", "input 3; relu"},
    {"define shared(x, w) { conv(x, w) padding=same }\n"
     "input 1x5x5; w = parameter 1x1x3x3; shared(image, w); shared(., w)",
     "input 1x5x5; w = parameter 1x1x3x3; shared1.conv1 = conv(image, w) "
     "padding=same; shared2.conv1 = conv(., w) padding=same"},
    {"define own { w = parameter 3x3 init=he; linear(., w) }; input 3; a = own",
     "input 3; a.w = parameter 3x3 init=he; a.linear1 = linear(., a.w)"},
    {"define head(x, label) name weight {\n"
     "  linear(x) 2; cross_entropy(., label); loss $name weight=$weight\n"
     "}\ninput 3; label; head(image, label) side 0.3; linear(image) 2; output",
     "input 3; label; head1.linear1 = linear(image) 2\n"
     "head1.cross_entropy1 = cross_entropy(., label); loss side weight=0.3\n"
     "linear(image) 2; output"},
    /* Signs that are no braces; names that are no words of the language. */
    {"define f { \"}\\\"{\" = relu # }\n tanh }; input 3; f",
     "input 3; \"f1.}\\\"{\" = relu; f1.tanh1 = tanh"},
    {"input 3; define = relu; repeat = tanh(define); add(repeat, define)",
     "input 3; a = relu; b = tanh; c = add(b, a)"},
};

/* The written form has the names, so the last pair compares without them. */
static char *written(const char *text) {
  sv_graph *graph;
  char *out;
  if (sv_network_parse(&graph, NULL, text) != SV_OK)
    fail_msg("%s in\n%s", sv_error(), text);
  assert_int_equal(sv_network_write(&out, graph), SV_OK);
  sv_graph_free(graph);
  return out;
}

static void test_meanings(void **state) {
  (void)state;
  size_t count = sizeof meanings / sizeof meanings[0];
  for (size_t i = 0; i + 1 < count; i++) {
    char *a = written(meanings[i].text), *b = written(meanings[i].same);
    assert_string_equal(a, b);
    sv_network_text_free(a);
    sv_network_text_free(b);
  }
  char *words = written(meanings[count - 1].text);
  assert_non_null(strstr(words, "define = relu\nrepeat = tanh\n"));
  char *again = written(words);
  assert_string_equal(words, again);
  sv_network_text_free(words);
  sv_network_text_free(again);
}

/* ---- Faults, with their places ---- */

static const struct {
  const char *text, *message;
} faults[] = {
    {"define", "network:1:1: unknown operator"},
    {"define ", "network:1:8: the name of a block is missing"},
    {"define f", "network:1:9: expected '{'"},
    {"define f c", "network:1:11: expected '{'"},
    {"define f {", "network:1:10: '{' is not closed"},
    {"define f { relu \"}", "network:1:10: '{' is not closed"},
    {"define f { } relu", "network:1:14: expected a new line or ; after '}'"},
    {"define conv { }", "network:1:8: 'conv' is an operator"},
    {"define repeat { }", "network:1:8: 'repeat' is a statement"},
    {"define f { }; define f { }", "network:1:22: 'f' is another block"},
    {"define f(x, x) { }", "network:1:13: two values are named 'x'"},
    {"define f(x y) { }",
     "network:1:12: expected , or ) after the name of a value"},
    {"define f() { }",
     "network:1:10: unexpected ')', expected the name of a value"},
    {"define f a a { }", "network:1:12: two parameters are named 'a'"},
    {"define f 3 { }",
     "network:1:10: unexpected '3', expected the name of a parameter"},
    {"define f a.b { }", "network:1:10: unexpected 'a.b', expected the name"},
    {"define f { define g { } }; input 3; f",
     "network:1:12: define is not allowed inside { } (in f at 1:37)"},
    {"define f { f }; input 3; f", "network:1:12: unknown operator 'f'"},
    {"define f { g }; define g { f }; input 3; g",
     "network:1:12: unknown operator 'g'"},
    {"define f { input 3 }; input 3; f",
     "network:1:12: input is not allowed inside { } (in f at 1:32)"},
    {"define f { relu }; f", "network:1:20: no value precedes f"},
    {"define f c { relu }; input 3; f", "network:1:31: f needs c"},
    {"define f c { relu }; input 3; f 1 2", "network:1:35: f: unexpected '2'"},
    {"define f c { relu }; input 3; f 1 c=2",
     "network:1:35: f: c is given twice"},
    {"define f c { relu }; input 3; f d=2",
     "network:1:33: f has no 'd'; it has c"},
    {"define f { relu }; input 3; f d=2",
     "network:1:31: f has no 'd'; it has no parameters"},
    {"define f(a, b) { relu }; input 3; f",
     "network:1:35: f takes 2 values, 1 given"},
    {"define f { relu }; input 3; f()", "network:1:29: f takes 1 value, 0"},
    {"define f { relu }; input 3; a, b = f",
     "network:1:32: f produces one value"},
    {"define f { relu(image) }; input 3; f",
     "network:1:17: unknown value 'image' in f (in f at 1:36)"},
    {"define f(x) { x = relu }; input 3; f",
     "network:1:15: two values are named 'x'"},
    {"define f { relu }; input 3; a = f; a = relu",
     "network:1:36: two values are named 'a'"},
    {"define f { relu }; input 3; a = relu; a = f",
     "network:1:39: two values are named 'a'"},
    {"define f { relu }; input 3; a = f; a = f",
     "network:1:36: two values are named 'a'"},
    {"define f c {\n  relu\n  conv $d 3\n}\ninput 3x8x8\nf 2",
     "network:3:9: f has no parameter 'd' (in f at 6:1)"},
    {"define f { conv $( 3 }; input 3; f",
     "network:1:22: expected one of + - * / % )"},
    {"define f c { conv $(c) 1 }; input 3x8x8; f x",
     "network:1:21: c is not an integer: 'x'"},
    {"define f c { conv $(c / 0) 1 }; input 3x8x8; f 2",
     "network:1:23: division by zero"},
    {"define f c { conv $(c*c) 1 }; input 3x8x8; f 4000000000",
     "network:1:22: the number is too large"},
    {"define f { conv $(99999999999999999999) 1 }; input 3x8x8; f",
     "network:1:19: 9999"},
    {"define f { conv $ 1 }; input 3x8x8; f",
     "network:1:18: expected a parameter or ( after $"},
    {"input 3; repeat { relu }",
     "network:1:17: unexpected '{': it follows only"},
    {"input 3; repeat two { relu }", "network:1:17: repeat needs a count"},
    {"input 3; repeat -1 { relu }", "network:1:17: repeat needs a count"},
    {"input 3; repeat 2", "network:1:18: expected '{'"},
    {"input 3; repeat 2 relu", "network:1:19: expected '{'"},
    {"input 3; repeat 2 { relu", "network:1:19: '{' is not closed"},
    {"input 3; repeat(image, image) 2 { }", "network:1:10: repeat takes one"},
    {"input 3; a, b = repeat 2 { relu }", "network:1:13: repeat produces one"},
    {"input 3; repeat 2 { a = relu }",
     "network:1:25: two values are named 'a' (in iteration 2 of the repeat at "
     "1:10)"},
    {"input 3x9x9\nrepeat 9 {\n  conv 3 3\n}",
     "network:3:3: conv5: kernel 3x3 does not fit the 1x1 input (in iteration "
     "5 of "
     "the repeat at 2:1)"},
};

static void test_faults(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    sv_graph *graph;
    if (sv_network_parse(&graph, NULL, faults[i].text) == SV_OK)
      fail_msg("'%s' is read", faults[i].text);
    size_t length = strlen(faults[i].message);
    if (strncmp(sv_error(), faults[i].message, length) != 0)
      fail_msg("'%s': '%s', not '%s'", faults[i].text, sv_error(),
               faults[i].message);
  }
}

/* ---- Too much ---- */

static void refuse(const char *text, const char *message) {
  sv_graph *graph;
  assert_int_equal(sv_network_parse(&graph, NULL, text), SV_INVALID);
  if (!strstr(sv_error(), message))
    fail_msg("'%s', not '%s'", sv_error(), message);
}

static void test_too_much(void **state) {
  (void)state;
  static char many[5 * 5000] = "input 3x2x2; concat(image";
  for (int i = 0; i < 4095; i++) strcat(many, ", .");
  char *text = written(strcat(many, ")"));
  sv_network_text_free(text);
  many[strlen(many) - 1] = '\0';
  refuse(strcat(many, ", .)"), "more than 4096 values");
  refuse("input 3; repeat 2000000000 { }", "more than 64 MiB");
  refuse("input 3; repeat 2000000000 { relu }", "more than 32768 layers");
  refuse(
      "define a { repeat 99999 { } }; define b { repeat 99999 { a } }\n"
      "input 3; b",
      "more than 64 MiB");
  refuse(
      "define f(x) { s = shape; reshape(x, s) }\n"
      "input 1x4x4; repeat 30000 { f }",
      "too many computed sizes in a network of");
  strcpy(many, "define f");
  for (int i = 0; i < 257; i++) sprintf(many + strlen(many), " p%d", i);
  refuse(strcat(many, " { relu }; input 3; f"), "more than 256 parameters");
  char deep[1024] = "input 3; ";
  for (int i = 0; i < 40; i++) strcat(deep, "repeat 1 { ");
  strcat(deep, "relu");
  for (int i = 0; i < 40; i++) strcat(deep, " }");
  refuse(deep, "{ } nested more than 32 deep");
  strcpy(deep, "define f { conv $");
  for (int i = 0; i < 200; i++) strcat(deep, "(");
  strcat(deep, " }; input 3x8x8; f");
  refuse(deep, "brackets nested more than 32 deep");
  strcpy(deep, "define f c { conv ");
  for (int i = 0; i < 120; i++) strcat(deep, "$c");
  strcat(deep, " 3 }; input 3x8x8; f 123456");
  refuse(deep, "a word is longer than 240 letters");
}

/* Characters changed: read or refused, nothing else. */
static void test_any_text(void **state) {
  (void)state;
  static const char original[] =
      "define f(x, y) c k=3 { a = conv(x) $c $k padding=same # }\n"
      "  add(a, y) }\n"
      "input 3x8x8; r = repeat 2 { f(., .) $(1+2) }; \"b\" = f(r, r.0.f1.a) 3";
  sv_graph *graph;
  assert_ok(sv_network_parse(&graph, NULL, original));
  sv_graph_free(graph);
  spoil_text(original, "=();,#\"x.- \n09?{}$*", 5000, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_meanings),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_too_much),
      cmocka_unit_test(test_any_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
