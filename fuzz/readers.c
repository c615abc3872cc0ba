/* Any bytes as a file of data: the first says which kind, the rest are its
 * content. 'c' CSV, 'd' a data set of it, 't' a tar shard, 'j' a label in JSON,
 * 's' safetensors. tests/test_fuzz_data.c replays the corpus. */
#include "expect.h"

#include <svertka/data.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/shards.h"
#include "zoo/safetensors.h"

enum { MOST_VALUES = 1 << 16 };

static void try_csv(char *text, size_t size) {
  sv_csv csv = {.name = "c", .at = text};
  size_t rows = 0;
  for (;;) {
    if (sv_csv_next(&csv) != SV_OK) {
      expect_error("c: line ");
      return;
    }
    if (csv.count == 0) return;
    expect(++rows <= size && csv.at <= text + size);
    expect(csv.count > 0 && csv.count <= SV_CSV_FIELDS);
    for (int i = 0; i < csv.count; i++)
      expect(csv.fields[i] >= text &&
             csv.fields[i] + strlen(csv.fields[i]) <= text + size);
  }
}

/* Both splits, and each image. */
static void try_dataset(const char *path) {
  for (int split = 0; split < 2; split++) {
    sv_dataset *d;
    if (sv_dataset_open(&d, path, (sv_split)split) != SV_OK) {
      expect(!d && sv_error()[0] && !strchr(sv_error(), '\n'));
      continue;
    }
    for (int64_t i = 0; i < sv_dataset_count(d); i++) {
      sv_image image;
      int label = sv_dataset_label(d, i);
      expect(label >= 0 && label < sv_dataset_classes(d));
      if (sv_dataset_image(d, i, &image) == SV_OK) sv_image_free(&image);
    }
    sv_dataset_free(d);
  }
}

static void try_label(const char *text, size_t size) {
  char *label;
  if (sv_label_from_json(&label, "j", text, size) == SV_OK)
    expect(!label || label[0]);
  else
    expect_error("j:");
  sv_free(label);
}

static void try_weights(const char *path) {
  static float values[MOST_VALUES];
  sv_safetensors *file;
  if (sv_safetensors_open(&file, path) != SV_OK) {
    expect(!file);
    expect_error(path);
    return;
  }
  for (int i = 0; i < sv_safetensors_count(file); i++) {
    const sv_saved *saved = sv_safetensors_at(file, i);
    expect(sv_safetensors_find(file, saved->name) == i);
    if (saved->count <= MOST_VALUES) (void)!sv_saved_read(saved, values);
  }
  sv_safetensors_close(file);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
  if (size == 0) return 0;
  const char *path = scratch_path(bytes[0] == 't'   ? "tar"
                                  : bytes[0] == 'd' ? "csv"
                                                    : "bin");
  char *text = malloc(size);
  expect(text != NULL);
  memcpy(text, bytes + 1, size - 1);
  text[size - 1] = '\0';
  bool is_file = strchr("dts", bytes[0]) && bytes[0];
  if (is_file) expect(sv_file_write(path, text, size - 1) == SV_OK);
  switch (bytes[0]) {
    case 'c': try_csv(text, size - 1); break;
    case 'd':
    case 't': try_dataset(path); break;
    case 'j': try_label(text, size - 1); break;
    case 's': try_weights(path); break;
  }
  if (is_file) unlink(path);
  free(text);
  return 0;
}
