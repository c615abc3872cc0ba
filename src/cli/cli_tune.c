/* The cache of kernels that --tune found fastest. It may be deleted at any
 * time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/cli.h"

/* $XDG_CACHE_HOME/svertka, or ~/.cache/svertka; NULL: neither is set. */
static sv_status cache_folder(char **folder) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  char *parent = NULL;
  *folder = NULL;
  if (cache && *cache) {
    SV_TRY(sv_copy_text(&parent, cache));
  } else {
    if (!home || !*home) return SV_OK;
    SV_TRY(sv_path_join(&parent, home, ".cache"));
  }
  sv_status status = sv_folder_make(parent);
  if (status == SV_OK) status = sv_path_join(folder, parent, "svertka");
  sv_free(parent);
  if (status == SV_OK) status = sv_folder_make(*folder);
  return status;
}

/* A file for each processor and version. */
static sv_status cache_file(char **path) {
  sv_choices *none;
  char *folder, *heading = NULL, name[40];
  SV_TRY(cache_folder(&folder));
  *path = NULL;
  if (!folder) return SV_OK;
  sv_status status = sv_choices_new(&none);
  if (status == SV_OK) status = sv_choices_print(none, &heading);
  sv_choices_free(none);
  if (status == SV_OK) {
    snprintf(name, sizeof name, "kernels-%016llx.txt",
             (unsigned long long)sv_hash_text(heading));
    status = sv_path_join(path, folder, name);
  }
  sv_plan_text_free(heading);
  sv_free(folder);
  return status;
}

static sv_status read_cache(cli_tuning *t) {
  enum { LARGEST = 64 << 20 };
  unsigned char *bytes;
  size_t size;
  SV_TRY(cache_file(&t->path));
  if (!t->path || !sv_path_exists(t->path)) return sv_choices_new(&t->choices);
  SV_TRY(sv_file_read(t->path, LARGEST, &bytes, &size));
  sv_status status = sv_choices_parse(&t->choices, (const char *)bytes);
  sv_free(bytes);
  return status;
}

sv_status cli_tune_begin(cli_tuning *t) {
  *t = (cli_tuning){.tune = t->tune};
  if (!t->tune) return SV_OK;
  if (read_cache(t) != SV_OK) {
    cli_say("%s; its kernels are timed again", sv_error());
    SV_TRY(sv_choices_new(&t->choices));
  }
  t->known = sv_choices_count(t->choices);
  return SV_OK;
}

void cli_tune_end(cli_tuning *t) {
  char *text;
  int count = t->choices ? sv_choices_count(t->choices) : 0;
  if (t->path && count > t->known &&
      sv_choices_print(t->choices, &text) == SV_OK) {
    if (sv_file_write(t->path, text, strlen(text)) != SV_OK)
      cli_say("the timed kernels are not kept: %s", sv_error());
    sv_plan_text_free(text);
  }
  sv_choices_free(t->choices);
  sv_free(t->path);
  *t = (cli_tuning){.tune = t->tune};
}
