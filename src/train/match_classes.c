#include "train/match_classes.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/reader.h"

/* A class called by its number has no name. */
static bool is_named(const sv_dataset *d, int i) {
  char number[16];
  snprintf(number, sizeof number, "%d", i);
  return strcmp(d->names[i], number) != 0;
}

/* The model's class of this name; -1: none; -2: several. */
static int find_name(const sv_preprocess *p, const char *name) {
  int found = -1;
  for (int i = 0; i < p->classes; i++)
    if (strcmp(p->names[i], name) == 0) found = found == -1 ? i : -2;
  return found;
}

/* The model's class of class i of the data. */
static sv_status match_class(const sv_dataset *d, const sv_preprocess *p, int i,
                             int *class) {
  *class = i;
  if (!p->classes || !is_named(d, i)) return SV_OK;
  if (i < p->classes && strcmp(p->names[i], d->names[i]) == 0) return SV_OK;
  *class = find_name(p, d->names[i]);
  if (*class >= 0) return SV_OK;
  if (*class == -2)
    return sv_fail(SV_INVALID, "%s: the model has several classes '%s'",
                   d->path, d->names[i]);
  return sv_fail(SV_INVALID,
                 "%s: its class '%s' is none of the model's %d classes ('%s', "
                 "...)",
                 d->path, d->names[i], p->classes, p->names[0]);
}

sv_status sv_match_classes(int **class_of, const sv_dataset *d,
                           const sv_preprocess *p) {
  int *class = NULL, *user,
      last = p->classes > d->classes ? p->classes : d->classes;
  bool same = true;
  *class_of = NULL;
  SV_TRY(sv_alloc_array(&user, (size_t)last, sizeof *user));
  sv_status status = sv_alloc_array(&class, (size_t)d->classes, sizeof *class);
  for (int i = 0; i < d->classes && status == SV_OK; i++) {
    status = match_class(d, p, i, &class[i]);
    if (status != SV_OK) break;
    int *first = &user[class[i]];
    if (*first)
      status = sv_fail(SV_INVALID,
                       "%s: its classes '%s' and '%s' are the same class of "
                       "the model",
                       d->path, d->names[*first - 1], d->names[i]);
    *first = i + 1;
    same &= class[i] == i;
  }
  sv_free(user);
  if (status == SV_OK && !same)
    *class_of = class;
  else
    sv_free(class);
  return status;
}
