#include "train/digest.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "data/reader.h"
#include "op/attrs.h"

static void write_digest(uint64_t hash, char text[SV_DIGEST_TEXT]) {
  snprintf(text, SV_DIGEST_TEXT, "%016llx", (unsigned long long)hash);
}

static void add_value(sv_text *text, const sv_value_info *value) {
  char shape[SV_SHAPE_TEXT];
  sv_text_add(text, "%s %s %s %s\n", value->name, sv_dtype_name(value->dtype),
              sv_shape_text(&value->shape, shape),
              value->init ? value->init : "");
}

static void add_node(sv_text *text, const sv_graph *graph,
                     const sv_node *node) {
  sv_text_add(text, "%s", node->op->name);
  for (const sv_attr *row = node->op->attrs; row && row->name; row++) {
    if (sv_attr_find(node->op, row->name) != row) continue;
    sv_text_add(text, " %s=", row->name);
    sv_attr_print(text, row, node->attrs);
  }
  for (int i = 0; i < node->in_count; i++)
    sv_text_add(text, " %s",
                node->in[i] ? graph->values[node->in[i]].name : "-");
  sv_text_add(text, "\n");
}

sv_status sv_digest_network(const sv_graph *graph, char text[SV_DIGEST_TEXT]) {
  sv_text all = {0};
  char *taken;
  for (int i = 1; i < graph->value_count; i++)
    if (graph->values[i].kind != SV_VALUE_NODE)
      add_value(&all, &graph->values[i]);
  for (int i = 0; i < graph->node_count; i++)
    add_node(&all, graph, &graph->nodes[i]);
  SV_TRY(sv_text_take(&all, &taken));
  write_digest(sv_hash_text(taken), text);
  sv_free(taken);
  return SV_OK;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < size; i++) hash = (hash ^ at[i]) * 0x100000001B3u;
  return hash;
}

static uint64_t mix_image(uint64_t hash, const sv_image *image) {
  size_t row = (size_t)image->width * (size_t)image->channels;
  ptrdiff_t stride = image->stride ? image->stride : (ptrdiff_t)row;
  for (int y = 0; y < image->height; y++)
    hash = mix(hash, image->pixels + y * stride, row);
  return hash;
}

/* The number of images whose pixels are hashed, spread evenly. */
static int64_t compared(const sv_dataset *dataset) {
  enum { FEW = 16 };
  int64_t count = sv_dataset_count(dataset);
  return dataset->reader->in_memory || count < FEW ? count : FEW;
}

sv_status sv_digest_data(const sv_dataset *dataset, char text[SV_DIGEST_TEXT]) {
  int64_t count = sv_dataset_count(dataset), images = compared(dataset);
  uint64_t hash = sv_hash_text("");
  for (int64_t i = 0; i < count; i++) {
    int32_t label = sv_dataset_label(dataset, i);
    hash = mix(hash, &label, sizeof label);
  }
  for (int64_t k = 0; k < images; k++) {
    int64_t at = count * k / images;
    sv_image image;
    SV_TRY(sv_dataset_image(dataset, at, &image));
    hash = mix_image(hash, &image);
    sv_image_free(&image);
    if (!sv_dataset_has_masks(dataset)) continue;
    SV_TRY(sv_dataset_mask(dataset, at, &image));
    hash = mix_image(hash, &image);
    sv_image_free(&image);
  }
  write_digest(hash, text);
  return SV_OK;
}

static bool is_same(const sv_model *run, const char *key, const char *digest) {
  const char *before = sv_model_meta(run, key);
  return before && strcmp(before, digest) == 0;
}

sv_status sv_digest_check_network(const sv_model *run, const sv_graph *graph) {
  char digest[SV_DIGEST_TEXT];
  SV_TRY(sv_digest_network(graph, digest));
  if (is_same(run, SV_DIGEST_NETWORK_KEY, digest)) return SV_OK;
  return sv_fail(SV_INVALID, "the run was started with another network");
}

sv_status sv_digest_check_data(const sv_model *run, const sv_dataset *dataset) {
  char digest[SV_DIGEST_TEXT];
  SV_TRY(sv_digest_data(dataset, digest));
  if (is_same(run, SV_DIGEST_DATA_KEY, digest)) return SV_OK;
  return sv_fail(SV_INVALID,
                 "%s: not the data of the run (compared: all labels and the "
                 "pixels of %lld of %lld images)",
                 sv_dataset_path(dataset), (long long)compared(dataset),
                 (long long)sv_dataset_count(dataset));
}
