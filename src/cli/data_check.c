/* svertka data check: everything in a data set is read, and counted. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/data.h"

static const char about[] =
    "Reads and decodes every image of DATA and reports the number of images "
    "and\n"
    "their sizes, the classes, and what is wrong:\n"
    "  unreadable   each file that cannot be read, with the reason\n"
    "  duplicates   images with the same pixels: in one part of the data, in\n"
    "               several (the result on the test images is then too good), "
    "or\n"
    "               with different labels\n"
    "  near         images of the validation and the test set that look like "
    "one\n"
    "               of another part: resized, compressed again, slightly "
    "changed\n"
    "Exit status 1 if an image cannot be read.\n";

static const char examples[] =
    "svertka data check photos\n"
    "svertka data check 'photos-{000..146}.tar' --json\n";

enum { SHOWN = 10, LONG_TABLE = 30 };

static const char *const parts[] = {"train", "val", "test"};

/* ---- As JSON ---- */

static json_t *image_json(const sv_check *c, const sv_check_image *image) {
  return json_pack("{s:o, s:s, s:o}", "file", cli_json_text(image->source),
                   "part", parts[image->part], "class",
                   cli_json_text(c->names[image->label]));
}

static json_t *groups_json(const sv_check *c, const sv_check_group *groups,
                           int64_t count) {
  json_t *array = json_array();
  for (int64_t i = 0; i < count; i++) {
    const sv_check_group *g = &groups[i];
    json_t *images = json_array();
    for (int64_t k = 0; k < g->count; k++)
      json_array_append_new(images, image_json(c, &g->images[k]));
    json_array_append_new(
        array, json_pack("{s:b, s:b, s:o}", "across_parts", g->across,
                         "label_conflict", g->conflict, "images", images));
  }
  return array;
}

static json_t *sides_json(const int side[3]) {
  return json_pack("{s:i, s:i, s:i}", "min", side[0], "median", side[1], "max",
                   side[2]);
}

static json_t *classes_json(const sv_check *c) {
  json_t *array = json_array();
  for (int i = 0; i < c->classes; i++) {
    json_t *row = json_pack("{s:o}", "name", cli_json_text(c->names[i]));
    for (int p = 0; p < SV_CHECK_PARTS; p++)
      json_object_set_new(row, parts[p],
                          json_integer(c->of_class[i * SV_CHECK_PARTS + p]));
    json_array_append_new(array, row);
  }
  return array;
}

static json_t *bad_json(const sv_check *c) {
  json_t *array = json_array();
  for (int64_t i = 0; i < c->bad_count; i++) {
    json_t *row = image_json(c, &c->bad[i].image);
    json_object_set_new(row, "reason", cli_json_text(c->bad[i].reason));
    json_array_append_new(array, row);
  }
  return array;
}

static json_t *counts_json(const int64_t counts[SV_CHECK_PARTS]) {
  return json_pack("{s:I, s:I, s:I}", parts[0], (json_int_t)counts[0], parts[1],
                   (json_int_t)counts[1], parts[2], (json_int_t)counts[2]);
}

static void print_json(const sv_check *c) {
  json_t *object = json_pack(
      "{s:o, s:o, s:I, s:I, s:o, s:o, s:o}", "samples", counts_json(c->samples),
      "unreadable", counts_json(c->unreadable), "grey", (json_int_t)c->grey,
      "colour", (json_int_t)c->colour, "width", sides_json(c->width), "height",
      sides_json(c->height), "classes", classes_json(c));
  json_object_set_new(object, "unreadable_files", bad_json(c));
  json_object_set_new(object, "duplicates",
                      groups_json(c, c->same, c->same_count));
  json_object_set_new(object, "near_duplicates",
                      groups_json(c, c->near, c->near_count));
  cli_print_json(object);
}

/* ---- As text ---- */

static void print_counts(const sv_check *c) {
  char number[CLI_NUMBER_TEXT];
  int64_t all = 0, readable = c->grey + c->colour;
  for (int p = 0; p < SV_CHECK_PARTS; p++) all += c->samples[p];
  printf("%s images in %d classes:", cli_number(all, number), c->classes);
  for (int p = 0; p < SV_CHECK_PARTS; p++)
    if (c->samples[p])
      printf(" %s %s", cli_number(c->samples[p], number), parts[p]);
  printf("\n");
  if (c->no_test) printf("no test set: %s\n", c->no_test);
  if (!readable) return;
  printf("%s in colour", cli_number(c->colour, number));
  printf(", %s grey; ", cli_number(c->grey, number));
  if (c->width[0] == c->width[2] && c->height[0] == c->height[2])
    printf("all of %dx%d pixels\n", c->width[0], c->height[0]);
  else
    printf("width %d to %d (median %d), height %d to %d (median %d)\n",
           c->width[0], c->width[2], c->width[1], c->height[0], c->height[2],
           c->height[1]);
}

static int64_t size_of(const sv_check *c, int i) {
  int64_t sum = 0;
  for (int p = 0; p < SV_CHECK_PARTS; p++)
    sum += c->of_class[i * SV_CHECK_PARTS + p];
  return sum;
}

/* Of many classes the smallest and the largest; in the order of classes. */
static void print_classes(const sv_check *c) {
  char name[CLI_NAME_TEXT];
  int least = 0, most = 0;
  for (int i = 0; i < c->classes; i++) {
    if (size_of(c, i) < size_of(c, least)) least = i;
    if (size_of(c, i) > size_of(c, most)) most = i;
  }
  if (c->classes <= LONG_TABLE) {
    cli_table *table = cli_table_new("Class|train|val|test");
    for (int i = 0; i < c->classes; i++) {
      cli_cell(table, "%s", cli_name(c->names[i], name));
      for (int p = 0; p < SV_CHECK_PARTS; p++)
        cli_cell(table, "%lld", (long long)c->of_class[i * SV_CHECK_PARTS + p]);
    }
    cli_table_print(table);
  }
  printf("largest class: %s, %lld images; ", cli_name(c->names[most], name),
         (long long)size_of(c, most));
  printf("smallest: %s, %lld", cli_name(c->names[least], name),
         (long long)size_of(c, least));
  if (size_of(c, least) > 0)
    printf(" (ratio %.1f)",
           (double)size_of(c, most) / (double)size_of(c, least));
  printf("\n");
}

static void print_image(const sv_check *c, const sv_check_image *image) {
  char name[CLI_NAME_TEXT];
  printf("    %s", cli_name(image->source, name));
  printf(" (%s, %s)\n", parts[image->part],
         cli_name(c->names[image->label], name));
}

/* The groups of one kind: a title and some of them. */
static void print_groups(const sv_check *c, const char *title,
                         const sv_check_group *groups, int64_t count,
                         bool (*wanted)(const sv_check_group *group)) {
  int64_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    const sv_check_group *g = &groups[i];
    if (!wanted(g)) continue;
    if (found++ == 0) printf("%s:\n", title);
    if (found > SHOWN) continue;
    for (int64_t k = 0; k < g->count && k < SHOWN; k++)
      print_image(c, &g->images[k]);
    if (g->count > SHOWN)
      printf("    and %lld more\n", (long long)(g->count - SHOWN));
    printf("\n");
  }
  if (found > SHOWN)
    printf("  %lld of %lld shown; --json lists all\n", (long long)SHOWN,
           (long long)found);
}

static bool in_conflict(const sv_check_group *g) { return g->conflict; }
static bool only_across(const sv_check_group *g) {
  return g->across && !g->conflict;
}
static bool within(const sv_check_group *g) {
  return !g->across && !g->conflict;
}
static bool any(const sv_check_group *g) { return g->count > 0; }

static void print_bad(const sv_check *c) {
  if (!c->bad_count) return;
  printf("unreadable:\n");
  for (int64_t i = 0; i < c->bad_count; i++)
    printf("    %s (%s)\n", c->bad[i].reason, parts[c->bad[i].image.part]);
}

static void print_verdict(const sv_check *c) {
  int64_t across = 0, conflicts = 0, extra = 0;
  for (int64_t i = 0; i < c->same_count; i++) {
    across += c->same[i].across;
    conflicts += c->same[i].conflict;
    extra += c->same[i].count - 1;
  }
  printf(
      "%lld unreadable; %lld duplicates in %lld groups, of which %lld are in "
      "several parts and %lld have different labels; %lld near duplicates "
      "across parts\n",
      (long long)c->bad_count, (long long)extra, (long long)c->same_count,
      (long long)across, (long long)conflicts, (long long)c->near_count);
}

static void print_text(const sv_check *c) {
  print_counts(c);
  print_classes(c);
  print_groups(c, "the same image with different labels", c->same,
               c->same_count, in_conflict);
  print_groups(c, "the same image in several parts", c->same, c->same_count,
               only_across);
  print_groups(c, "the same image in one part", c->same, c->same_count, within);
  print_groups(c, "nearly the same image in several parts", c->near,
               c->near_count, any);
  print_bad(c);
  print_verdict(c);
}

/* ---- The command ---- */

static bool on_progress(void *context, int64_t done, int64_t total) {
  cli_progress *bar = context;
  bar->total = total;
  cli_progress_at(bar, done, NULL);
  return !cli_interrupted();
}

int data_check(const cli_verb *verb, int argc, char **argv) {
  cli_progress bar;
  sv_check check;
  sv_survey survey = {.report = on_progress, .context = &bar};
  bool json = false;
  const cli_option options[] = {
      CLI_THREADS_OPTION(&survey.threads), CLI_JSON_OPTION(&json), {0}};
  const cli_page page = {verb, 1, 1, options, about, examples};
  int exit_status;
  char **operands;
  if (!cli_parse(&page, argc, argv, &operands, NULL, &exit_status))
    return exit_status;
  cli_catch_interrupt();
  cli_progress_start(&bar, "check", "images", 0);
  sv_status status = sv_dataset_check(&check, operands[0], &survey);
  cli_progress_end(&bar);
  if (status != SV_OK) return cli_fail(status);
  if (json)
    print_json(&check);
  else
    print_text(&check);
  exit_status = check.bad_count ? CLI_FAILED : CLI_DONE;
  sv_check_free(&check);
  return exit_status;
}
