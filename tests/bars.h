/* What tests of trainings share: a small data set that can be learned, a
 * network for it, a run that is stopped, files compared. */
#ifndef SV_TESTS_BARS_H
#define SV_TESTS_BARS_H

#include <stdbool.h>
#include <svertka/svertka.h>

#include "data_files.h"

static inline sv_model *model_of(const char *network, uint64_t seed) {
  sv_graph *graph;
  sv_model *model;
  assert_ok(sv_network_parse(&graph, NULL, network));
  assert_ok(sv_model_new(&model, graph, seed));
  return model;
}

enum { SIDE = 8, TRAIN = 60, TEST = 20, KINDS = 3 };

/* A bright bar in the row or column that the class says, over noise. */
static inline void draw(uint8_t *image, int i, int label, unsigned salt) {
  for (int p = 0; p < SIDE * SIDE; p++) {
    unsigned noise = ((unsigned)(i * 97 + p * 31) + salt * 7919) * 2654435761u;
    int at = label == 0 ? p / SIDE : label == 1 ? p % SIDE : p / SIDE - 4;
    image[p] = (uint8_t)((noise >> 25) + (at == 1 + i % 3 ? 90 : 0));
  }
}

static inline void write_split(const char *name, const char *split, int count,
                               unsigned salt) {
  static uint8_t images[16 + TRAIN * SIDE * SIDE];
  uint8_t labels[8 + TRAIN] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)count};
  const uint8_t header[16] = {0, 0, 8, 3,    0, 0, 0, (uint8_t)count,
                              0, 0, 0, SIDE, 0, 0, 0, SIDE};
  char path[128];
  memcpy(images, header, 16);
  for (int i = 0; i < count; i++) {
    labels[8 + i] = (uint8_t)(i % KINDS);
    draw(images + 16 + i * SIDE * SIDE, i, i % KINDS, salt);
  }
  snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", name, split);
  write_plain(path, images, 16 + (size_t)count * SIDE * SIDE);
  snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", name, split);
  write_plain(path, labels, 8 + (size_t)count);
}

static inline sv_dataset *open_bars(const char *name, unsigned salt,
                                    sv_split split) {
  sv_dataset *d;
  if (mkdir(in_folder(name), 0777) == 0) {
    write_split(name, "train", TRAIN, salt);
    write_split(name, "t10k", TEST, salt + 1);
  }
  assert_ok(sv_dataset_open(&d, in_folder(name), split));
  return d;
}

static const char network[] =
    "input 1x8x8; conv 4 3x3; tanh; max_pool 2x2 stride=2; flatten; linear 3";

/* 48 images to train on: batches of 13, 13, 13, 9. */
static inline sv_fit_options quick(const char *run) {
  sv_fit_options o = sv_fit_default();
  o.epochs = 3;
  o.batch = 13;
  o.validation = 12;
  o.threads = 1;
  o.run = run;
  return o;
}

typedef struct watcher {
  int64_t stop_at; /* calls after which it stops; 0: never */
  int64_t calls, epochs;
} watcher;

static inline bool watch(void *context, const sv_fit_progress *p) {
  watcher *w = context;
  w->epochs += p->validated;
  assert_true(p->epoch >= 1 && p->epoch <= p->epochs);
  assert_true(p->step >= 1 && p->step <= p->steps);
  return ++w->calls != w->stop_at;
}

static inline uint8_t *bytes_of(const char *run, const char *file,
                                size_t *size) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", run, file);
  return file_bytes(path, size);
}

static inline void check_same_file(const char *a, const char *b,
                                   const char *file) {
  char a_path[600], b_path[600];
  snprintf(a_path, sizeof a_path, "%s/%s", a, file);
  snprintf(b_path, sizeof b_path, "%s/%s", b, file);
  assert_same_files(a_path, b_path);
}

#endif
