/* Tensors that lie in other files: read below the model's folder only, and
 * only if that is allowed. */
#include "onnx_files.h"

#include "graph/model.h"

/* The toy's weights w at byte 100 of a file, its biases b behind them. */
typedef struct elsewhere {
  toy toy;
  Onnx__StringStringEntryProto entry[6], *entries[6];
} elsewhere;

static void write_bytes(const char *name, const void *bytes, size_t size) {
  FILE *file = fopen(in_folder(name), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static void move_tensor(elsewhere *e, int i, char *location, char *offset,
                        char *length) {
  char *texts[] = {"location", location, "offset", offset, "length", length};
  Onnx__TensorProto *t = &e->toy.tensor[i];
  for (int k = 0; k < 3; k++) {
    Onnx__StringStringEntryProto *entry = &e->entry[3 * i + k];
    onnx__string_string_entry_proto__init(entry);
    e->entries[3 * i + k] = entry;
    entry->key = texts[2 * k];
    entry->value = texts[2 * k + 1];
  }
  t->has_data_location = 1;
  t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  t->n_external_data = 3;
  t->external_data = &e->entries[3 * i];
  t->has_raw_data = 0;
  t->n_float_data = 0;
}

/* net.onnx and, beside it, what `location` says. */
static void init(elsewhere *e, char *location) {
  char bytes[100 + 96 + 12] = {0};
  toy_init(&e->toy);
  memcpy(bytes + 100, e->toy.w, 96);
  memcpy(bytes + 196, e->toy.b, 12);
  assert_true(mkdir(in_folder("sub"), 0700) == 0 ||
              access(in_folder("sub"), 0) == 0);
  write_bytes("sub/weights", bytes, sizeof bytes);
  move_tensor(e, 0, location, "100", "96");
  move_tensor(e, 1, location, "196", "12");
}

static sv_status try(const elsewhere *e, bool allowed, sv_model **model) {
  size_t size;
  uint8_t *bytes = toy_pack(&e->toy, &size);
  write_bytes("net.onnx", bytes, size);
  free(bytes);
  return allowed ? sv_model_load_external(model, in_folder("net.onnx"))
                 : sv_model_load(model, in_folder("net.onnx"));
}

static void check_numbers(const elsewhere *e, const sv_model *model) {
  int found = 0;
  for (int i = 0; i < model->state->count; i++) {
    const sv_slot *slot = &model->state->slots[i];
    bool weights = strcmp(slot->name, "w") == 0;
    const float *expected = weights ? e->toy.w : e->toy.b;
    assert_memory_equal(slot->tensor.data, expected, weights ? 96 : 12);
    found++;
  }
  assert_int_equal(found, 2);
}

static void test_allowed(void **state) {
  (void)state;
  elsewhere e;
  sv_model *model;
  init(&e, "sub/weights");
  assert_error(SV_UNSUPPORTED, "tensor 'w': its data are in another file",
               try(&e, false, &model));
  assert_null(model);
  assert_ok(try(&e, true, &model));
  check_numbers(&e, model);
  sv_model_free(model);
}

/* A length that is not said is what the tensor needs; a location may begin
 * with, and have, "this folder". */
static void test_left_out(void **state) {
  (void)state;
  static char *const locations[] = {"sub/weights", "./sub/weights",
                                    "././sub/./weights"};
  for (size_t i = 0; i < sizeof locations / sizeof locations[0]; i++) {
    elsewhere e;
    sv_model *model;
    init(&e, locations[i]);
    for (int k = 0; k < 2; k++) e.toy.tensor[k].n_external_data = 2;
    assert_ok(try(&e, true, &model));
    check_numbers(&e, model);
    sv_model_free(model);
  }
  elsewhere e;
  init(&e, "sub/weights");
  e.toy.tensor[0].n_external_data = 2;
  e.entry[1].value = "150"; /* too little behind it */
  sv_model *model;
  assert_error(SV_FORMAT, "tensor 'w': 58 bytes of data",
               try(&e, true, &model));
}

/* In memory there is no folder. */
static void test_memory(void **state) {
  (void)state;
  elsewhere e;
  sv_model *model;
  size_t size;
  init(&e, "sub/weights");
  uint8_t *bytes = toy_pack(&e.toy, &size);
  sv_onnx_load_options options = {.external_data = true};
  assert_error(SV_UNSUPPORTED, "toy: tensor 'w': its data are in another file",
               sv_onnx_load_memory(&model, "toy", bytes, size, &options));
  free(bytes);
}

static void refuse(elsewhere *e, sv_status status, const char *words) {
  sv_model *model;
  assert_error(status, words, try(e, true, &model));
  assert_null(model);
  assert_non_null(strstr(sv_error(), "net.onnx: tensor 'w': "));
  assert_null(strchr(sv_error(), '\n'));
}

static void test_paths(void **state) {
  (void)state;
  elsewhere e;
  char absolute[600], name[64];
  snprintf(absolute, sizeof absolute, "%s", in_folder("sub/weights"));
  const char *base = strrchr(folder, '/') + 1;
  snprintf(name, sizeof name, "../%s/sub/weights", base);
  char *outside[] = {absolute, name, "sub/../sub/weights", "..",
                     ".",      "",   "./../sub/weights",   "sub//weights"};
  for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
    init(&e, outside[i]);
    refuse(&e, SV_FORMAT, "not a path below the model's folder");
  }
  init(&e, "nothing");
  refuse(&e, SV_IO, "nothing: cannot open");
  init(&e, "sub");
  refuse(&e, SV_IO, "sub: not a regular file");
}

static void test_links(void **state) {
  (void)state;
  elsewhere e;
  init(&e, "sub/soft");
  assert_int_equal(symlink("weights", in_folder("sub/soft")), 0);
  refuse(&e, SV_FORMAT, "sub/soft: is a symbolic link");
  init(&e, "way/weights");
  assert_int_equal(symlink("sub", in_folder("way")), 0);
  refuse(&e, SV_FORMAT, "way/weights: is a symbolic link");
  init(&e, "sub/hard");
  assert_int_equal(link(in_folder("sub/weights"), in_folder("sub/hard")), 0);
  refuse(&e, SV_FORMAT, "sub/hard: is a hard link: it has 2 names");
  assert_int_equal(unlink(in_folder("sub/hard")), 0);
  assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
  init(&e, "pipe");
  refuse(&e, SV_IO, "pipe: not a regular file");
}

static void test_places(void **state) {
  (void)state;
  elsewhere e;
  static const struct {
    char *offset, *length, *words;
  } places[] = {
      {"209", "96", "96 bytes from byte 209 on exceed the file 'sub/weights'"},
      {"200", "96", "96 bytes from byte 200 on exceed the file 'sub/weights'"},
      {"18446744073709551615", "96", "exceed the file 'sub/weights'"},
      {"100", "18446744073709551614", "exceed the file 'sub/weights'"},
      {"99999999999999999999", "96", "'99999999999999999999' is not a number"},
      {"-1", "96", "'-1' is not a number"},
      {"1x", "96", "'1x' is not a number"},
      {"100", "92", "92 bytes of data, but its shape 3x2x2x2 of f32 needs 96"},
  };
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    init(&e, "sub/weights");
    move_tensor(&e, 0, "sub/weights", places[i].offset, places[i].length);
    refuse(&e, SV_FORMAT, places[i].words);
  }
  init(&e, "sub/weights");
  e.entry[1].key = "colour";
  refuse(&e, SV_UNSUPPORTED, "external data: 'colour' is unknown");
  init(&e, "sub/weights");
  e.entry[0].key = "checksum";
  refuse(&e, SV_FORMAT, "external data: no file is named");
  init(&e, "sub/weights");
  e.entry[2].key = "location";
  refuse(&e, SV_FORMAT, "external data: 'location' is given twice");
}

/* A small file cannot mean any amount of memory. */
static void test_shared(void **state) {
  (void)state;
  enum { COUNT = 9 }; /* of 96 bytes, in 208 */
  Onnx__TensorProto copies[COUNT], *tensors[COUNT + 2];
  char names[COUNT][8];
  elsewhere e;
  sv_model *model;
  init(&e, "sub/weights");
  tensors[0] = &e.toy.tensor[1];
  tensors[1] = &e.toy.tensor[0];
  for (int i = 0; i < COUNT; i++) {
    copies[i] = e.toy.tensor[0];
    snprintf(names[i], sizeof names[i], "w%d", i);
    copies[i].name = names[i];
    tensors[i + 2] = &copies[i];
  }
  e.toy.graph.initializer = tensors;
  e.toy.graph.n_initializer = 8;
  assert_ok(try(&e, true, &model));
  sv_model_free(model);
  e.toy.graph.n_initializer = COUNT + 2;
  assert_error(SV_FORMAT,
               "the tensors in 'sub/weights' need 876 bytes, more than 4 times "
               "its 208",
               try(&e, true, &model));
}

/* x -conv w-> a -conv v-> y, v an Identity of w, which is too large for a copy
 * to be part of what net.onnx alone would be allowed. */
static void test_copies(void **state) {
  (void)state;
  enum { SIDE = 2048 };
  static char *first[] = {"x", "w"}, *second[] = {"a", "v"};
  static char *w[] = {"w"}, *v[] = {"v"}, *y[] = {"y"};
  elsewhere e;
  toy *t = &e.toy;
  sv_model *model;
  init(&e, "sub/weights");
  assert_int_equal(truncate(in_folder("sub/weights"), 4 * SIDE * SIDE), 0);
  move_tensor(&e, 0, "sub/weights", "0", "16777216");
  t->w_dims[0] = t->w_dims[1] = SIDE;
  t->w_dims[2] = t->w_dims[3] = t->kernel[0] = t->kernel[1] = 1;
  t->graph.n_initializer = 1;
  t->graph.n_node = 3;
  t->node[0].n_input = 2;
  t->node[2] = t->node[0];
  t->node[2].name = "second";
  t->node[0].input = first;
  t->node[2].input = second;
  t->node[2].output = y;
  t->node[1].op_type = "Identity";
  t->node[1].name = "same";
  t->node[1].n_attribute = 0;
  t->node[1].input = w;
  t->node[1].output = v;
  assert_ok(try(&e, true, &model));
  assert_int_equal(model->state->count, 2);
  sv_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_allowed), cmocka_unit_test(test_left_out),
      cmocka_unit_test(test_memory),  cmocka_unit_test(test_paths),
      cmocka_unit_test(test_links),   cmocka_unit_test(test_places),
      cmocka_unit_test(test_shared),  cmocka_unit_test(test_copies),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
