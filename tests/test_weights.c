/* Weights of torchvision: names, files, import and export. */
#include "data_files.h"

#include <math.h>
#include <svertka/zoo.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "zoo/safetensors.h"
#include "zoo/weights.h"

/* ---- Names ---- */

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a network's tensors in torchvision, sorted; their hash. */
static uint64_t hash_names(const char *network, int *count) {
  sv_zoo_choice choice;
  sv_graph *graph;
  sv_state *state;
  char **names, *all;
  sv_text text = {0};
  assert_ok(sv_torch_choose(&choice, network));
  assert_ok(sv_zoo_build_choice(&graph, &choice));
  assert_ok(sv_state_new(&state, graph, SV_F32));
  *count = 0;
  names = calloc((size_t)sv_state_count(state), sizeof *names);
  for (int i = 0; i < sv_state_count(state); i++)
    if (sv_is_learned(state, i))
      assert_ok(sv_torch_tensor(&names[(*count)++], &choice,
                                sv_state_name(state, i)));
  qsort(names, (size_t)*count, sizeof *names, compare_texts);
  for (int i = 0; i < *count; i++) {
    sv_text_add(&text, "%s\n", names[i]);
    sv_free(names[i]);
  }
  assert_ok(sv_text_take(&text, &all));
  uint64_t hash = sv_hash_text(all);
  sv_free(all);
  free(names);
  sv_state_free(state);
  sv_graph_free(graph);
  sv_free(choice.values);
  return hash;
}

/* Those of every network that torchvision has, as it lists them. Linear layers
 * of thousands of neurons are made small: their names stay. */
static void test_names(void **state) {
  (void)state;
  char path[512], line[128], network[64], name[96];
  const char *source = getenv("SOURCE_DIR");
  snprintf(path, sizeof path, "%s/tests/fixtures/torch_names.txt",
           source ? source : ".");
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  int networks = 0, wanted, count;
  unsigned long long hash;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%60s %d %llx", network, &wanted, &hash) != 3) continue;
    bool large =
        strncmp(network, "vgg", 3) == 0 || strcmp(network, "alexnet") == 0;
    snprintf(name, sizeof name, "%s%s", network, large ? ":hidden=8" : "");
    uint64_t found = hash_names(name, &count);
    if (count != wanted || found != hash) print_error("%s\n", network);
    assert_int_equal(count, wanted);
    assert_true(found == hash);
    networks++;
  }
  fclose(file);
  assert_int_equal(networks, 42);
}

/* ---- Files ---- */

static void write_file(const char *name, const char *header, const void *data,
                       size_t size) {
  unsigned char bytes[4096] = {0};
  size_t length = strlen(header);
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(length >> (8 * i));
  memcpy(bytes + 8, header, length);
  memcpy(bytes + 8 + length, data, size);
  write_plain(name, bytes, 8 + length + size);
}

static sv_status try_header(const char *header, size_t size) {
  static const unsigned char data[64];
  sv_safetensors *file;
  write_file("try.safetensors", header, data, size);
  sv_status status = sv_safetensors_open(&file, in_folder("try.safetensors"));
  if (status == SV_OK) sv_safetensors_close(file);
  return status;
}

#define ENTRY(dtype, shape, begin, end)              \
  "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape \
  ",\"data_offsets\":[" begin "," end "]}}"

static void test_damaged(void **state) {
  (void)state;
  static const struct {
    const char *header, *error;
  } cases[] = {
      {"[]", "the header is not an object"},
      {"{\"a\":", "damaged header"},
      {"{\"a\":1}", "a: dtype missing"},
      {ENTRY("F32", "[2]", "0", "4"), "a: 4 bytes for 2 values of type F32"},
      {ENTRY("F32", "[2]", "4", "12"), "a: truncated: bytes 4 to 12"},
      {ENTRY("F32", "[2]", "8", "0"), "a: truncated: bytes 8 to 0"},
      {ENTRY("F32", "[2]", "-8", "0"), "a: truncated: bytes -8"},
      {ENTRY("F32", "[-1]", "0", "4"), "a: dimension 0 is not a whole number"},
      {ENTRY("F32", "[4611686018427387904,4]", "0", "0"), "its size overflows"},
      {ENTRY("F32", "[4611686018427387904]", "0", "0"), "0 bytes for 4611"},
      {ENTRY("F32", "2", "0", "8"), "a: no shape"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "a: no data_offsets"},
  };
  assert_ok(try_header(ENTRY("F32", "[2]", "0", "8"), 8));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_error(SV_FORMAT, cases[i].error, try_header(cases[i].header, 8));
  assert_error(SV_UNSUPPORTED, "a: dtype F8",
               try_header(ENTRY("F8", "[2]", "0", "2"), 8));
  assert_error(SV_UNSUPPORTED, "a: 9 dimensions",
               try_header(ENTRY("F32", "[1,1,1,1,1,1,1,1,1]", "0", "4"), 8));
  sv_safetensors *file;
  write_plain("short.safetensors", "\3\0\0\0\0\0\0\0{}", 10);
  assert_error(SV_FORMAT, "not a safetensors file, or truncated",
               sv_safetensors_open(&file, in_folder("short.safetensors")));
  write_plain("short.safetensors", "\377\377\377\377\377\377\377\377{}", 10);
  assert_error(SV_FORMAT, "not a safetensors file, or truncated",
               sv_safetensors_open(&file, in_folder("short.safetensors")));
}

static void test_types(void **state) {
  (void)state;
  /* 1, -2.5, 2^-24, infinity */
  static const unsigned char half[] = {0, 0x3C, 0, 0xC1, 1, 0, 0, 0x7C},
                             brain[] = {0x80, 0x3F, 0x20, 0xC0,
                                        0x80, 0x33, 0x80, 0x7F};
  const double wide[] = {1, -2.5, ldexp(1, -24), INFINITY};
  static const float wanted[] = {1, -2.5f, 5.9604645e-8f, INFINITY};
  unsigned char data[48];
  float values[4];
  sv_safetensors *file;
  memcpy(data, half, 8);
  memcpy(data + 8, brain, 8);
  memcpy(data + 16, wide, 32);
  write_file(
      "types.safetensors",
      "{\"__metadata__\":{\"format\":\"pt\"},"
      "\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]},"
      "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[8,16]},"
      "\"d\":{\"dtype\":\"F64\",\"shape\":[4],\"data_offsets\":[16,48]},"
      "\"i\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
      data, sizeof data);
  assert_ok(sv_safetensors_open(&file, in_folder("types.safetensors")));
  assert_int_equal(sv_safetensors_count(file), 4);
  for (int i = 0; i < 3; i++) {
    int at = sv_safetensors_find(file, (const char *[]){"h", "b", "d"}[i]);
    assert_ok(sv_saved_read(sv_safetensors_at(file, at), values));
    for (int k = 0; k < 4; k++) assert_true(values[k] == wanted[k]);
  }
  assert_error(
      SV_UNSUPPORTED, "i: type I32",
      sv_saved_read(sv_safetensors_at(file, sv_safetensors_find(file, "i")),
                    values));
  assert_int_equal(sv_safetensors_find(file, "x"), -1);
  sv_safetensors_close(file);
}

/* ---- In and out ---- */

static const char network[] = "squeezenet1_1:classes=3,size=64";

static sv_model *make_model(uint64_t seed) {
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_zoo_build(&graph, network, NULL));
  assert_ok(sv_model_new(&model, graph, seed));
  return model;
}

static void assert_same(const sv_model *a, const sv_model *b) {
  const sv_state *s = sv_model_state(a);
  for (int i = 0; i < sv_state_count(s); i++) {
    sv_tensor *x, *y;
    if (!sv_is_learned(s, i)) continue;
    assert_ok(sv_state_get(s, sv_state_name(s, i), &x));
    assert_ok(sv_state_get(sv_model_state(b), sv_state_name(s, i), &y));
    assert_int_equal(x->layout.bytes, y->layout.bytes);
    assert_memory_equal(x->data, y->data, x->layout.bytes);
    sv_tensor_free(x);
    sv_tensor_free(y);
  }
}

static void test_round_trip(void **state) {
  (void)state;
  sv_model *model = make_model(7), *back;
  const char *path = in_folder("net.safetensors");
  assert_error(SV_INVALID, "does not say which network",
               sv_zoo_export(model, NULL, path));
  assert_error(SV_INVALID, "torchvision does not have this network",
               sv_zoo_export(model, "nin", path));
  assert_error(SV_INVALID, "the model has the tensor 'conv1.weight', but",
               sv_zoo_export(model, "googlenet", path));
  assert_ok(sv_zoo_export(model, network, path));
  assert_ok(sv_zoo_import(&back, network, path));
  assert_same(model, back);
  assert_false(sv_model_is_random(back, NULL));
  assert_string_equal(sv_model_meta(back, SV_ZOO_KEY), network);
  assert_string_equal(sv_model_meta(back, "svertka.image.mean"),
                      "0.485,0.456,0.406");
  assert_string_equal(sv_model_meta(back, "svertka.image.resize"),
                      "crop 0.875");
  sv_model_free(back);
  assert_error(SV_INVALID, "classifier.1.weight is 3x512x1x1, but",
               sv_zoo_import(&back, "squeezenet1_1", path));
  assert_error(SV_INVALID, "features.0.weight is 64x3x3x3",
               sv_zoo_import(&back, "squeezenet1_0:classes=3", path));
  assert_error(SV_INVALID, "no tensor 'conv1.weight', which resnet18 needs",
               sv_zoo_import(&back, "resnet18", path));
  assert_error(SV_INVALID, "torchvision does not have",
               sv_zoo_import(&back, "lenet5", path));
  sv_model_free(model);
}

/* A file with a tensor too many: the header begins with it. */
static void test_left_over(void **state) {
  (void)state;
  sv_model *model = make_model(3), *back;
  const char *path = in_folder("more.safetensors");
  assert_ok(sv_zoo_export(model, network, path));
  sv_model_free(model);
  FILE *file = fopen(path, "rb+");
  assert_non_null(file);
  char name[] = "\"features.0.bias\"", found[sizeof name] = {0};
  fseek(file, 8, SEEK_SET); /* another name for the same tensor */
  long at = 8;
  while (strcmp(found, name) != 0) {
    fseek(file, at++, SEEK_SET);
    assert_int_equal(fread(found, 1, sizeof name - 1, file), sizeof name - 1);
  }
  fseek(file, at - 1, SEEK_SET);
  fputs("\"features.0.bios\"", file);
  fclose(file);
  assert_error(SV_INVALID, "no tensor 'features.0.bias'",
               sv_zoo_import(&back, network, path));
  static const float value[3] = {1, 2, 3};
  const sv_to_save one[] = {
      {"features.0.bias", {1, {3}}, value},
      {"features.0.num_batches_tracked", {0}, NULL},
  };
  assert_ok(sv_safetensors_write(path, one, 2));
  sv_safetensors *read;
  assert_ok(sv_safetensors_open(&read, path));
  assert_string_equal(sv_safetensors_at(read, 1)->dtype, "I64");
  assert_int_equal(sv_safetensors_at(read, 1)->count, 1);
  float values[3];
  assert_ok(sv_saved_read(sv_safetensors_at(read, 0), values));
  assert_memory_equal(values, value, sizeof value);
  sv_safetensors_close(read);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),     cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_types),     cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_left_over),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
