/* Which tar files are the shards of a data set, and what they belong to. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/kind.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/shards.h"

enum { MOST_SHARDS = 1 << 20, LARGEST_LIST = 1 << 26 };

/* The names of a range "photos-{000..146}.tar", with as many digits as the
 * first number has. */
typedef struct range {
  int prefix;         /* bytes before the brace */
  const char *suffix; /* what follows the brace */
  int64_t first, count;
  int digits; /* of a number, at least */
} range;

static bool parse_range(range *r, const char *text) {
  const char *brace = strchr(text, '{');
  long long first, last;
  int begin = 0, middle = 0, end = 0;
  if (!brace || brace - text > 4096 || strchr(brace + 1, '{')) return false;
  if (sscanf(brace, "{%n%9lld%n..%9lld}%n", &begin, &first, &middle, &last,
             &end) != 2 ||
      !end || first < 0 || last < first)
    return false;
  *r = (range){.prefix = (int)(brace - text),
               .suffix = brace + end,
               .first = first,
               .count = last - first + 1,
               .digits = middle - begin};
  return true;
}

static bool is_tar(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && strcasecmp(dot, ".tar") == 0;
}

/* A range of tar files, or a tar file, or a folder of some. */
bool sv_shards_probe(const char *path) {
  range numbers;
  sv_listing files;
  if (is_tar(path))
    return sv_path_exists(path) ? !sv_path_is_folder(path)
                                : parse_range(&numbers, path);
  if (!sv_path_is_folder(path) || sv_list_files(&files, path) != SV_OK)
    return false;
  bool found = false;
  for (int64_t i = 0; i < files.count && !found; i++)
    found = is_tar(sv_listing_name(&files, i));
  sv_listing_free(&files);
  return found;
}

static sv_status list_range(sv_listing *shards, const char *path,
                            const range *numbers) {
  if (numbers->count > MOST_SHARDS)
    return sv_fail(SV_INVALID, "%s: %lld shards, at most %d are supported",
                   path, (long long)numbers->count, MOST_SHARDS);
  for (int64_t i = 0; i < numbers->count; i++) {
    sv_text text = {0};
    char *shard;
    sv_text_add(&text, "%.*s%0*lld%s", numbers->prefix, path, numbers->digits,
                (long long)(numbers->first + i), numbers->suffix);
    SV_TRY(sv_text_take(&text, &shard));
    sv_status status = sv_listing_add(shards, shard);
    sv_free(shard);
    SV_TRY(status);
  }
  return SV_OK;
}

static sv_status list_folder(sv_listing *shards, const char *path) {
  sv_listing files;
  SV_TRY(sv_list_files(&files, path));
  sv_status status = SV_OK;
  for (int64_t i = 0; i < files.count && status == SV_OK; i++) {
    char *shard;
    if (!is_tar(sv_listing_name(&files, i))) continue;
    status = sv_path_join(&shard, path, sv_listing_name(&files, i));
    if (status != SV_OK) break;
    status = sv_listing_add(shards, shard);
    sv_free(shard);
  }
  sv_listing_free(&files);
  return status;
}

sv_status sv_shards_list(sv_listing *shards, const sv_dataset *d) {
  range numbers;
  if (sv_path_is_folder(d->path)) return list_folder(shards, d->path);
  if (!sv_path_exists(d->path) && parse_range(&numbers, d->path))
    return list_range(shards, d->path, &numbers);
  return sv_listing_add(shards, d->path);
}

/* ---- The part of a shard ---- */

static sv_part part_of_word(const char *word, size_t length) {
  for (sv_part part = SV_PART_TRAIN; part <= SV_PART_TEST; part++)
    for (const char *const *name = sv_part_names(part); *name; name++)
      if (strlen(*name) == length && strncasecmp(*name, word, length) == 0)
        return part;
  return SV_PART_OPEN;
}

/* That of the last word of its path in the folder that is the name of a part.
 */
static sv_part part_of_shard(const char *name) {
  sv_part part = SV_PART_OPEN;
  while (*name) {
    size_t length = strcspn(name, "/-_.");
    sv_part found = part_of_word(name, length);
    if (found) part = found;
    name += length;
    name += *name != '\0';
  }
  return part;
}

sv_status sv_shards_part(sv_part *part, const sv_dataset *d,
                         const sv_listing *shards, int shard) {
  *part = SV_PART_OPEN;
  if (!sv_path_is_folder(d->path)) return SV_OK;
  const char *path = sv_listing_name(shards, shard);
  size_t root = strlen(d->path);
  *part = part_of_shard(path + root);
  bool first = part_of_shard(sv_listing_name(shards, 0) + root) != 0;
  if ((*part != SV_PART_OPEN) == first) return SV_OK;
  return sv_fail(SV_FORMAT,
                 "%s: %s shard has train, val or test in its name, expected "
                 "all or none",
                 first ? path : sv_listing_name(shards, 0),
                 first ? "only another" : "only this");
}

/* ---- Names of numbered classes ---- */

/* classes.txt in the folder of the first shard, or in the data set's own. */
static sv_status names_path(const sv_dataset *d, char **path) {
  if (sv_path_is_folder(d->path))
    return sv_path_join(path, d->path, "classes.txt");
  char *folder;
  SV_TRY(sv_copy_text(&folder, d->path));
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder] = '\0';
  sv_status status = sv_path_join(path, slash ? folder : ".", "classes.txt");
  sv_free(folder);
  return status;
}

static sv_status take_names(sv_dataset *d, const char *path, char *text) {
  int count = 0;
  for (const char *c = text; *c; c++) count += *c == '\n';
  count += text[0] && text[strlen(text) - 1] != '\n';
  if (count < d->classes || count > SV_MOST_CLASSES)
    return sv_fail(SV_FORMAT, "%s: %d names, but the highest label is %d", path,
                   count, d->classes - 1);
  SV_TRY(sv_alloc_array(&d->names, (size_t)count, sizeof *d->names));
  d->classes = count;
  for (int i = 0; i < count; i++) {
    size_t length = strcspn(text, "\n");
    char *next = text + length + (text[length] == '\n');
    text[length] = '\0';
    if (length && text[length - 1] == '\r') text[length - 1] = '\0';
    SV_TRY(sv_copy_text(&d->names[i], text));
    text = next;
  }
  return SV_OK;
}

sv_status sv_shards_names(sv_dataset *d) {
  char *path, *text = NULL;
  if (d->names) return SV_OK;
  SV_TRY(names_path(d, &path));
  sv_status status = SV_OK;
  if (sv_path_exists(path)) {
    status = sv_text_read(&text, path, LARGEST_LIST,
                          "a text file with one name per line");
    if (status == SV_OK) status = take_names(d, path, text);
  }
  sv_free(text);
  sv_free(path);
  return status;
}
