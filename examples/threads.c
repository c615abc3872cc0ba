/* One model, several threads, each with its own classifier:
 *
 *     threads model.onnx image.png...
 *
 * The model is only read; a classifier is used by one thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <svertka/svertka.h>

enum { THREADS = 4 };

static const sv_model *model;
static char **paths;
static int path_count;
static atomic_int next_path, failures;

/* Error messages are per thread, so each thread prints its own. */
static sv_status classify(sv_classifier *classifier, const char *path) {
  const float *p;
  int best;
  sv_image image;
  sv_status status = sv_image_read(&image, path);
  if (status) return status;
  status = sv_classify_image(classifier, &image, &p);
  sv_image_free(&image);
  if (status) return status;
  sv_classifier_top(classifier, 1, &best);
  printf("%s: %s %.1f%%\n", path, sv_classifier_label(classifier, best),
         100 * p[best]);
  return SV_OK;
}

static void *work(void *unused) {
  sv_classifier *classifier;
  if (sv_classifier_new(&classifier, model, 1) != SV_OK) {
    fprintf(stderr, "%s\n", sv_error());
    failures++;
    return unused;
  }
  for (int i; (i = next_path++) < path_count;)
    if (classify(classifier, paths[i]) != SV_OK) {
      fprintf(stderr, "%s\n", sv_error());
      failures++;
    }
  sv_classifier_free(classifier);
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "threads MODEL IMAGE...\n"), 2;
  sv_model *loaded;
  if (sv_model_load(&loaded, argv[1]) != SV_OK)
    return fprintf(stderr, "%s\n", sv_error()), 1;
  model = loaded;
  paths = argv + 2;
  path_count = argc - 2;
  pthread_t threads[THREADS];
  int started = 0;
  while (started < THREADS &&
         pthread_create(&threads[started], NULL, work, NULL) == 0)
    started++;
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  sv_model_free(loaded);
  return failures > 0 || started == 0;
}
