/* Finds the folders and lists of ImageNet's layout. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/image.h"
#include "data/imagenet.h"

enum { PROBED = 16 };

void sv_imagenet_places_free(sv_imagenet_places *p) {
  sv_free(p->base);
  sv_free(p->names);
  sv_free(p->labels);
  sv_free(p->ids);
  *p = (sv_imagenet_places){0};
}

/* *path = folder/inner/name; NULL if that does not exist. */
static sv_status find(char **path, const char *folder, const char *inner,
                      const char *name) {
  sv_text text = {0};
  sv_text_add(&text, "%s/%s%s%s", folder, inner, inner[0] ? "/" : "", name);
  SV_TRY(sv_text_take(&text, path));
  if (sv_path_exists(*path)) return SV_OK;
  sv_free(*path);
  *path = NULL;
  return SV_OK;
}

/* The first of these files that lies in one of the usual places. */
static sv_status find_list(char **path, const char *root,
                           const char *const *names) {
  static const char *const inner[] = {"",
                                      "ILSVRC2012_devkit_t12/data",
                                      "ILSVRC2014_devkit/data",
                                      "devkit/data",
                                      "ILSVRC/ImageSets/CLS-LOC",
                                      "val",
                                      NULL};
  *path = NULL;
  for (; *names && !*path; names++)
    for (int i = 0; inner[i] && !*path; i++)
      SV_TRY(find(path, root, inner[i], *names));
  return SV_OK;
}

static bool is_synset(const char *name) {
  return name[0] == 'n' && strlen(name) == 9 &&
         strspn(name + 1, "0123456789") == 8;
}

/* The class folders in train. */
static sv_status look_at_train(sv_imagenet_places *p) {
  char *path;
  sv_listing folders = {0};
  SV_TRY(sv_path_join(&path, p->base, "train"));
  sv_status status =
      sv_path_is_folder(path) ? sv_list_folders(&folders, path) : SV_OK;
  p->has_train = folders.count > 0;
  p->synsets = p->has_train && is_synset(sv_listing_name(&folders, 0));
  sv_listing_free(&folders);
  sv_free(path);
  return status;
}

/* The class folders in val, or the images. */
static sv_status look_into_val(sv_imagenet_places *p, const char *path) {
  sv_listing inner;
  SV_TRY(sv_list_folders(&inner, path));
  p->has_val = inner.count > 0;
  sv_listing_free(&inner);
  if (p->has_val) return SV_OK;
  SV_TRY(sv_list_files(&inner, path));
  for (int64_t i = 0; !p->has_val && i < inner.count && i < PROBED; i++)
    p->has_val = p->val_is_flat = sv_image_is_named(sv_listing_name(&inner, i));
  sv_listing_free(&inner);
  return SV_OK;
}

static sv_status look_at_val(sv_imagenet_places *p) {
  char *path;
  SV_TRY(sv_path_join(&path, p->base, "val"));
  sv_status status = sv_path_is_folder(path) ? look_into_val(p, path) : SV_OK;
  sv_free(path);
  return status;
}

sv_status sv_imagenet_find(sv_imagenet_places *p, const char *path) {
  static const char *const bases[] = {"", "ILSVRC/Data/CLS-LOC",
                                      "Data/CLS-LOC"};
  static const char *const names[] = {"LOC_synset_mapping.txt",
                                      "synset_words.txt", "words.txt", NULL};
  static const char *const labels[] = {"LOC_val_solution.csv", "val.txt",
                                       "ILSVRC2012_validation_ground_truth.txt",
                                       NULL};
  static const char *const ids[] = {"map_clsloc.txt", NULL};
  *p = (sv_imagenet_places){0};
  sv_status status = SV_OK;
  for (int i = 0; i < 3 && !p->has_train && status == SV_OK; i++) {
    sv_free(p->base);
    status = sv_path_join(&p->base, path, bases[i]);
    if (status == SV_OK) status = look_at_train(p);
  }
  if (status == SV_OK) status = look_at_val(p);
  if (status == SV_OK) status = find_list(&p->names, path, names);
  if (status == SV_OK) status = find_list(&p->labels, path, labels);
  if (status == SV_OK) status = find_list(&p->ids, path, ids);
  if (status != SV_OK) sv_imagenet_places_free(p);
  return status;
}
