/* The lists beside ImageNet's images:
 *
 *   LOC_synset_mapping.txt, synset_words.txt, words.txt    n01440764 tench, ...
 *   LOC_val_solution.csv      ILSVRC2012_val_00000001,n01751748 111 108 ...
 *   val.txt                   ILSVRC2012_val_00000001.JPEG 65
 *   ILSVRC2012_validation_ground_truth.txt   an ID in each line, in the order
 * of the images' names; IDs are those of map_clsloc.txt            n02119789 1
 * kit_fox
 *
 * Sources: the development kit of ILSVRC2012 (readme.txt) and of ILSVRC2014,
 * Kaggle's "ImageNet Object Localization Challenge", Caffe's lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "data/imagenet.h"

enum { LARGEST = 1 << 26 };

/* ---- Pairs ---- */

void sv_pairs_free(sv_pairs *p) {
  sv_names_free(&p->index);
  sv_listing_free(&p->keys);
  sv_listing_free(&p->values);
  *p = (sv_pairs){0};
}

const char *sv_pairs_get(const sv_pairs *p, const char *key) {
  int at = sv_names_get(&p->index, key);
  return at < 0 ? NULL : sv_listing_name(&p->values, at);
}

static sv_status add(sv_pairs *p, const char *key, const char *value) {
  SV_TRY(sv_listing_add(&p->keys, key));
  return sv_listing_add(&p->values, value);
}

/* Once all are there: keys do not move any more. */
static sv_status make_index(sv_pairs *p) {
  for (int i = 0; i < p->keys.count; i++)
    SV_TRY(sv_names_put(&p->index, sv_listing_name(&p->keys, i), i));
  return SV_OK;
}

/* ---- Lines of words ---- */

/* Takes the next line, without its end, as a key and the rest, separated by
 * blanks; false at the end of the text. Empty lines are skipped. */
static bool next_pair(char **text, int *line, char **key, char **rest) {
  while (**text) {
    char *at = *text;
    size_t length = strcspn(at, "\n");
    *text = at + length + (at[length] == '\n');
    at[length] = '\0';
    while (length && strchr(" \t\r", at[length - 1])) at[--length] = '\0';
    at += strspn(at, " \t");
    ++*line;
    if (!*at) continue;
    size_t word = strcspn(at, " \t");
    *key = at;
    *rest = at + word + strspn(at + word, " \t");
    at[word] = '\0';
    return true;
  }
  return false;
}

static sv_status read_pairs(sv_pairs *p, const char *path,
                            const char *expected) {
  char *text, *key, *value;
  SV_TRY(sv_text_read(&text, path, LARGEST, expected));
  char *rest = text;
  sv_status status = SV_OK;
  for (int line = 0; status == SV_OK && next_pair(&rest, &line, &key, &value);)
    status = *value ? add(p, key, value)
                    : sv_fail(SV_FORMAT, "%s: line %d: \"%s\", expected %s",
                              path, line, key, expected);
  sv_free(text);
  return status == SV_OK ? make_index(p) : status;
}

sv_status sv_imagenet_read_names(sv_pairs *names, const char *path) {
  *names = (sv_pairs){0};
  sv_status status =
      read_pairs(names, path, "a synset and its words in each line");
  if (status != SV_OK) sv_pairs_free(names);
  return status;
}

/* ---- Labels ---- */

sv_status sv_imagenet_stem(char **stem, const char *name) {
  const char *slash = strrchr(name, '/');
  SV_TRY(sv_copy_text(stem, slash ? slash + 1 : name));
  char *dot = strrchr(*stem, '.');
  if (dot) *dot = '\0';
  return SV_OK;
}

static sv_status add_stem(sv_pairs *labels, const char *name,
                          const char *value) {
  char *stem;
  SV_TRY(sv_imagenet_stem(&stem, name));
  sv_status status = add(labels, stem, value);
  sv_free(stem);
  return status;
}

/* "name,n01751748 111 108 431 194": the first word counts. */
static sv_status take_solution(sv_pairs *labels, sv_csv *csv) {
  SV_TRY(sv_csv_next(csv)); /* the header */
  for (;;) {
    SV_TRY(sv_csv_next(csv));
    if (csv->count == 0) return SV_OK;
    if (csv->count != 2 || !csv->fields[1][strspn(csv->fields[1], " ")])
      return sv_fail(SV_FORMAT,
                     "%s: line %d: expected the name of an image, a comma and "
                     "its synset",
                     csv->name, csv->first_line);
    char *value = csv->fields[1] + strspn(csv->fields[1], " ");
    value[strcspn(value, " ")] = '\0';
    SV_TRY(add(labels, csv->fields[0], value));
  }
}

static sv_status read_solution(sv_pairs *labels, const char *path) {
  char *text;
  SV_TRY(sv_text_read(&text, path, LARGEST, "a CSV file"));
  sv_csv csv = {.name = path, .at = text};
  sv_status status = take_solution(labels, &csv);
  sv_free(text);
  return status;
}

static sv_status read_list(sv_pairs *labels, const char *path) {
  sv_pairs lines = {0};
  sv_status status = read_pairs(
      &lines, path, "the name of an image and its class in each line");
  for (int64_t i = 0; i < lines.keys.count && status == SV_OK; i++)
    status = add_stem(labels, sv_listing_name(&lines.keys, i),
                      sv_listing_name(&lines.values, i));
  sv_pairs_free(&lines);
  return status;
}

/* From an ID to its synset: map_clsloc.txt has synset, ID, word. */
static sv_status read_ids(sv_pairs *ids, const char *path) {
  sv_pairs lines = {0};
  char id[16];
  sv_status status =
      read_pairs(&lines, path, "a synset, its ID and a word in each line");
  for (int64_t i = 0; i < lines.keys.count && status == SV_OK; i++) {
    const char *value = sv_listing_name(&lines.values, i);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(value, " \t"), value);
    status = add(ids, id, sv_listing_name(&lines.keys, i));
  }
  sv_pairs_free(&lines);
  return status == SV_OK ? make_index(ids) : status;
}

/* Line i is the ID of file i. */
static sv_status take_ground_truth(sv_pairs *labels, const char *path,
                                   char *text, const sv_pairs *ids,
                                   const sv_listing *files) {
  char *id, *rest;
  int64_t count = 0;
  for (int line = 0; next_pair(&text, &line, &id, &rest); count++) {
    const char *synset = sv_pairs_get(ids, id);
    if (!synset || *rest)
      return sv_fail(SV_FORMAT, "%s: line %d: '%s' is not an ID of ILSVRC2012",
                     path, line, id);
    if (count < files->count)
      SV_TRY(add_stem(labels, sv_listing_name(files, count), synset));
  }
  if (count == files->count) return SV_OK;
  return sv_fail(SV_FORMAT, "%s: %lld labels for %lld validation images", path,
                 (long long)count, (long long)files->count);
}

static sv_status read_ground_truth(sv_pairs *labels,
                                   const sv_imagenet_places *places,
                                   const sv_listing *files) {
  sv_pairs ids = {0};
  char *text = NULL;
  if (!places->ids)
    return sv_fail(SV_FORMAT,
                   "%s: needs map_clsloc.txt beside it, which says what the "
                   "IDs are",
                   places->labels);
  sv_status status = read_ids(&ids, places->ids);
  if (status == SV_OK)
    status = sv_text_read(&text, places->labels, LARGEST, "an ID in each line");
  if (status == SV_OK)
    status = take_ground_truth(labels, places->labels, text, &ids, files);
  sv_free(text);
  sv_pairs_free(&ids);
  return status;
}

static bool ends(const char *text, const char *ending) {
  size_t length = strlen(text), tail = strlen(ending);
  return length >= tail && strcmp(text + length - tail, ending) == 0;
}

sv_status sv_imagenet_read_labels(sv_pairs *labels,
                                  const sv_imagenet_places *places,
                                  const sv_listing *files) {
  *labels = (sv_pairs){0};
  sv_status status = ends(places->labels, ".csv")
                         ? read_solution(labels, places->labels)
                     : ends(places->labels, "ground_truth.txt")
                         ? read_ground_truth(labels, places, files)
                         : read_list(labels, places->labels);
  if (status == SV_OK) status = make_index(labels);
  if (status != SV_OK) sv_pairs_free(labels);
  return status;
}
