/* Choices: the kernels that timing found fastest, by site. */
#ifndef SV_PLAN_CHOICES_H
#define SV_PLAN_CHOICES_H

#include <svertka/plan.h>

#include "base/text.h"
#include "op/backend.h"

/* One kernel of a site: the backend's name ("ref": the reference), the number
 * of the candidate, the name it gave itself. */
typedef struct sv_chosen {
  char *site, *backend, *kernel;
  int candidate;
} sv_chosen;

struct sv_choices {
  sv_chosen *at;
  int count, capacity;
};

/* The site as text: operator, attributes, tail, pass, mode, threads, and the
 * types, shapes and layouts of all tensors. Clear it after use. */
void sv_site_text(sv_text *text, const sv_site *site);

/* NULL if the table has no such site. */
const sv_chosen *sv_choices_find(const sv_choices *choices, const char *site);

/* Adds a row; all texts are copied. */
sv_status sv_choices_add(sv_choices *choices, const char *site,
                         const char *backend, int candidate,
                         const char *kernel) SV_CHECKED;

#endif
