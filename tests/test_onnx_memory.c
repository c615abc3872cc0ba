/* How much memory files take: a refused one 4 times its size and 16 MB, and
 * what its nodes and tensors may become, 128 times its size but at most 512 MB;
 * a large one little more than what is made of it. And that what is written can
 * be read.
 */
#include "onnx_files.h"

#include <sys/wait.h>

/* Sanitizers keep what is freed and watch every byte. */
#if defined(__SANITIZE_ADDRESS__)
enum { MEASURED = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { MEASURED = 0 };
#else
enum { MEASURED = 1 };
#endif
#else
enum { MEASURED = 1 };
#endif

static const size_t MB = 1 << 20;

/* A line of /proc/self/status, in bytes. */
static size_t memory_of(const char *key) {
  char line[256];
  size_t kb = 0, length = strlen(key);
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, key, length) == 0) kb = strtoul(line + length, NULL, 10);
  if (file) fclose(file);
  return kb << 10;
}

/* Runs `work` in a process of its own; the most memory it ever had beyond what
 * there was before: of addresses ("VmPeak:", "VmSize:") or of pages ("VmHWM:",
 * "VmRSS:"). */
static size_t measure(bool (*work)(const char *path), const char *path,
                      const char *peak, const char *now) {
  int ends[2];
  size_t used = 0;
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    size_t before = memory_of(now);
    bool done = work(path);
    used = memory_of(peak) - before;
    if (!done) print_error("%s: %s\n", path, sv_error());
    if (write(ends[1], &used, sizeof used) != sizeof used) done = false;
    _exit(done ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_equal(read(ends[0], &used, sizeof used), sizeof used);
  close(ends[0]);
  close(ends[1]);
  return used;
}

static bool is_refused(const char *path) {
  sv_model *model;
  sv_status status = sv_model_load(&model, path);
  if (status == SV_OK) sv_model_free(model);
  return status != SV_OK && status != SV_IO;
}

/* Loaded, and refused when the shapes are looked at. */
static bool is_refused_later(const char *path) {
  sv_model *model;
  sv_plan *plan;
  sv_plan_options options = sv_plan_default();
  if (sv_model_load(&model, path) != SV_OK) return false;
  sv_status status = sv_plan_new(&plan, sv_model_graph(model),
                                 sv_model_state(model), &options);
  sv_model_free(model);
  return status == SV_INVALID || status == SV_UNSUPPORTED;
}

static bool is_loaded(const char *path) {
  sv_model *model;
  if (sv_model_load(&model, path) != SV_OK) return false;
  sv_model_free(model);
  return true;
}

/* ---- Bombs ---- */

/* A model's bytes, written from the back to the front. */
enum { ROOM = 12 << 20 };
static uint8_t bytes[ROOM];
static size_t size;

static void put(const void *what, size_t count) {
  assert_true(size + count <= ROOM);
  size += count;
  memcpy(bytes + ROOM - size, what, count);
}

/* What was put since `before`, as field `number` of its message. */
static void wrap(unsigned number, size_t before) {
  uint8_t head[12];
  size_t n = 0, left = size - before;
  head[n++] = (uint8_t)(number << 3 | 2);
  if (number >= 16) { /* a varint of two bytes */
    head[0] |= 128;
    head[n++] = (uint8_t)(number >> 4);
  }
  for (; left >= 128; left >>= 7) head[n++] = (uint8_t)(left | 128);
  head[n++] = (uint8_t)left;
  put(head, n);
}

static void text(unsigned number, const char *words) {
  size_t before = size;
  put(words, strlen(words));
  wrap(number, before);
}

/* Fields of ONNX's messages. */
enum { NODE = 1, INITIALISER = 5, INPUT = 11, OUTPUT = 12, GRAPH = 7 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { NODE_DOMAIN = 7, METADATA = 14, FUNCTION = 25, FUNCTION_NODE = 7 };

static void empty_nodes(void) {
  for (int i = 0; i < 1 << 20; i++) wrap(NODE, size);
}
static void empty_attributes(void) {
  size_t before = size;
  for (int i = 0; i < 1 << 20; i++) wrap(NODE_ATTRIBUTE, size);
  wrap(NODE, before);
}
static void empty_tensors(void) {
  for (int i = 0; i < 1 << 20; i++) wrap(INITIALISER, size);
}
static void empty_inputs(void) {
  for (int i = 0; i < 1 << 20; i++) wrap(INPUT, size);
}
static void long_name(void) {
  size_t before = size;
  size += 8 * MB;
  memset(bytes + ROOM - size, 'x', 8 * MB);
  wrap(8, before); /* a tensor's name */
  wrap(INITIALISER, before);
}
static void long_type(void) {
  size_t before = size;
  size += 8 * MB;
  memset(bytes + ROOM - size, 'x', 8 * MB);
  wrap(NODE_TYPE, before);
  text(NODE_OUTPUT, "y");
  wrap(NODE, before);
}

/* So many nodes, each of the one before: small in the file, larger here. */
static void chain(int count, const char *last) {
  char name[16];
  for (int i = count; i > 0; i--) {
    size_t before = size;
    text(NODE_TYPE, i == count ? last : "Relu");
    snprintf(name, sizeof name, i == count ? "y" : "%x", i);
    text(NODE_OUTPUT, name);
    snprintf(name, sizeof name, "%x", i - 1);
    text(NODE_INPUT, name);
    wrap(NODE, before);
  }
}
static void long_chain(void) { chain(30000, "Frobnicate"); }
static void longer_chain(void) { chain(200000, "Relu"); }
static void endless_chain(void) { chain(30000, "Relu"); } /* "0" is nowhere */

/* A node with so many inputs, all the same. */
static void many_inputs(void) {
  size_t before = size;
  text(NODE_TYPE, "Concat");
  text(NODE_OUTPUT, "y");
  for (int i = 0; i < 1 << 20; i++) text(NODE_INPUT, "x");
  wrap(NODE, before);
}
static void many_outputs(void) {
  size_t before = size;
  char name[16];
  text(NODE_TYPE, "Split");
  for (int i = 0; i < 100000; i++) {
    snprintf(name, sizeof name, i ? "%x" : "y", i);
    text(NODE_OUTPUT, name);
  }
  wrap(NODE, before);
}

/* x, a tensor of one number. */
static void input_x(void) {
  static const uint8_t type[] = {0x12, 8, 10, 6, 8, 1, 18, 2, 10, 0};
  size_t before = size;
  put(type, sizeof type);
  text(1, "x");
  wrap(INPUT, before);
}

/* Nodes that take much more memory than bytes, all of them right but the last.
 */
static void late(int count) {
  char name[16];
  size_t last = size;
  text(NODE_TYPE, "Relu");
  text(NODE_OUTPUT, "y");
  text(NODE_INPUT, "1");
  size_t attribute = size;
  text(1, "flavour");
  wrap(NODE_ATTRIBUTE, attribute);
  wrap(NODE, last);
  for (int i = count; i > 0; i--) {
    size_t before = size;
    text(NODE_TYPE, "Resize");
    snprintf(name, sizeof name, "%x", i);
    text(NODE_OUTPUT, name);
    snprintf(name, sizeof name, "%x", i + 1);
    text(NODE_INPUT, i == count ? "x" : name);
    wrap(NODE, before);
  }
  input_x();
}
static void late_chain(void) { late(30000); }
static void shorter_chain(void) { late(3000); }

/* One with a great many inputs, which are there. */
static void many_real_inputs(void) {
  many_inputs();
  input_x();
}

/* A node of one or two inputs. */
static void small_node(const char *type, const char *out, const char *a,
                       const char *b) {
  size_t before = size;
  text(NODE_TYPE, type);
  text(NODE_OUTPUT, out);
  if (b) text(NODE_INPUT, b);
  text(NODE_INPUT, a);
  wrap(NODE, before);
}

/* What is put behind the graph; NULL: nothing. */
static void (*outside)(void);

static void put_metadata(void) {
  for (int i = 0; i < 1 << 18; i++) {
    char key[16];
    size_t before = size;
    snprintf(key, sizeof key, "%x", i);
    text(1, key);
    wrap(METADATA, before);
  }
}
static void many_metadata(void) {
  small_node("Relu", "y", "x", NULL);
  input_x();
  outside = put_metadata;
}

/* Calls of a function of so many nodes with so many inputs each. */
static int function_nodes, function_inputs;
static void put_function(void) {
  size_t function = size;
  text(10, "d");
  char name[16];
  for (int i = 0; i < function_nodes; i++) {
    size_t before = size;
    text(NODE_TYPE, "Relu");
    snprintf(name, sizeof name, "%x", i);
    text(NODE_OUTPUT, name);
    for (int k = 0; k < function_inputs; k++) text(NODE_INPUT, "u");
    wrap(FUNCTION_NODE, before);
  }
  text(5, "v");
  text(4, "u");
  text(1, "F");
  wrap(FUNCTION, function);
}
static void calls(int nodes, int inputs) {
  char name[16];
  for (int i = 0; i < 1000; i++) {
    size_t before = size;
    text(NODE_DOMAIN, "d");
    text(NODE_TYPE, "F");
    snprintf(name, sizeof name, "%x", i);
    text(NODE_OUTPUT, name);
    text(NODE_INPUT, "x");
    wrap(NODE, before);
  }
  input_x();
  function_nodes = nodes;
  function_inputs = inputs;
  outside = put_function;
}
static void long_function(void) { calls(1000, 1); }
static void wide_function(void) { calls(1, 100000); }

/* Shapes are computed from shapes, 250 numbers at a time, and divided by zero
 * in the end. */
static void wide_shapes(void) {
  static const uint8_t axis[] = {0x18, 0, 0xa0, 1, 2}; /* i 0, type INT */
  char name[16], next[16];
  small_node("Reshape", "y", "x", "q");
  small_node("Div", "q", "0", "z");
  small_node("Sub", "z", "0", "0");
  for (int i = 0; i < 3000; i++) {
    snprintf(name, sizeof name, "%x", i);
    snprintf(next, sizeof next, "%x", i + 1);
    small_node("Add", name, next, next);
  }
  size_t before = size, attribute = size;
  put(axis, sizeof axis);
  text(1, "axis");
  wrap(NODE_ATTRIBUTE, attribute);
  text(NODE_TYPE, "Concat");
  text(NODE_OUTPUT, "bb8"); /* 3000 */
  for (int i = 0; i < 250; i++) text(NODE_INPUT, "s");
  wrap(NODE, before);
  small_node("Shape", "s", "x", NULL);
  input_x();
}

static const char *write_bomb(void (*bomb)(void)) {
  static const uint8_t opset[] = {0x42, 2, 0x10, 17, 0x08, 8};
  static const uint8_t type[] = {0x12, 4, 10, 2, 8, 1}; /* floats */
  size = 0;
  outside = NULL;
  put(type, sizeof type); /* an output, at the end of the graph */
  text(1, "y");
  wrap(OUTPUT, 0);
  bomb();
  wrap(GRAPH, 0);
  if (outside) outside();
  put(opset, sizeof opset);
  FILE *file = fopen(in_folder("bomb.onnx"), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes + ROOM - size, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
  return in_folder("bomb.onnx");
}

static size_t allowed(void) {
  size_t structure = 128 * size;
  if (structure > 512 * MB) structure = 512 * MB;
  return 4 * size + 16 * MB + structure;
}

static void test_bombs(void **state) {
  (void)state;
  static void (*const bombs[])(void) = {
      empty_nodes,   empty_attributes, empty_tensors,    empty_inputs,
      long_name,     long_type,        long_chain,       longer_chain,
      endless_chain, many_inputs,      many_outputs,     late_chain,
      shorter_chain, many_metadata,    many_real_inputs, long_function,
      wide_function};
  for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
    const char *path = write_bomb(bombs[i]);
    size_t used = measure(is_refused, path, "VmPeak:", "VmSize:");
    if (MEASURED && used >= allowed())
      fail_msg("bomb %zu of %zu bytes: %zu bytes of memory", i, size, used);
  }
}

/* What a plan finds wrong costs no more on top of the model. */
static void test_shapes(void **state) {
  (void)state;
  const char *path = write_bomb(wide_shapes);
  size_t model = measure(is_loaded, path, "VmPeak:", "VmSize:");
  size_t used = measure(is_refused_later, path, "VmPeak:", "VmSize:");
  if (MEASURED && used >= model + 4 * size + 16 * MB)
    fail_msg("%zu bytes: %zu of memory for the model, %zu for its plan", size,
             model, used);
}

/* ---- Deep models ---- */

/* So many of these layers. */
static sv_model *deep_model(const char *layer, int count) {
  sv_graph *graph;
  sv_model *model;
  char *words = malloc(32 + (strlen(layer) + 2) * (size_t)count);
  size_t length = (size_t)sprintf(words, "input 1x4x4");
  for (int i = 0; i < count; i++)
    length += (size_t)sprintf(words + length, "; %s", layer);
  assert_ok(sv_network_parse(&graph, "net", words));
  assert_ok(sv_model_new(&model, graph, 1));
  free(words);
  return model;
}

/* Small layers, of which few bytes tell. */
static void test_deep(void **state) {
  (void)state;
  static const char *const layers[] = {"conv 1 1x1", "batch_norm", "relu"};
  for (int i = 0; i < 3; i++) {
    sv_model *model = deep_model(layers[i], i == 2 ? 9000 : 3000);
    sv_model *again;
    assert_ok(sv_model_save(model, in_folder("deep.onnx")));
    assert_ok(sv_model_load(&again, in_folder("deep.onnx")));
    assert_int_equal(sv_state_count(again->state),
                     sv_state_count(model->state));
    sv_model_free(again);
    sv_model_free(model);
  }
}

/* A layer that ONNX has in pieces: too many nodes to be read again. */
static void test_deepest(void **state) {
  (void)state;
  sv_model *model = deep_model("gelu", 6600);
  assert_error(SV_UNSUPPORTED, "nodes in one file, at most 32768",
               sv_model_save(model, in_folder("deepest.onnx")));
  assert_int_equal(access(in_folder("deepest.onnx"), F_OK), -1);
  sv_model_free(model);
}

/* ---- A large model ---- */

static void test_large(void **state) {
  (void)state;
  sv_graph *graph;
  sv_model *model;
  struct stat info;
  assert_ok(sv_network_parse(&graph, "net", "input 4096; linear 4096; relu"));
  assert_ok(sv_model_new(&model, graph, 1));
  assert_ok(sv_model_save(model, in_folder("large.onnx")));
  sv_model_free(model);
  assert_int_equal(stat(in_folder("large.onnx"), &info), 0);
  size_t file = (size_t)info.st_size;
  assert_true(file > 64 * MB);
  size_t used = measure(is_loaded, in_folder("large.onnx"), "VmHWM:", "VmRSS:");
  if (MEASURED && used > file + file / 8)
    fail_msg("%zu bytes of memory for a file of %zu", used, file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bombs), cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_deep),  cmocka_unit_test(test_deepest),
      cmocka_unit_test(test_large),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
