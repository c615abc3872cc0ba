#include "plan/choices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "op/attrs.h"
#include "op/registry.h"
#include "tensor/tensor.h"

/* ---- Sites ---- */

static void add_specs(sv_text *text, const char *what, const sv_spec *specs,
                      int count) {
  char shape[SV_SHAPE_TEXT], layout[SV_LAYOUT_TEXT];
  for (int i = 0; specs && i < count; i++) {
    const sv_spec *s = &specs[i];
    if (!s->present) {
      sv_text_add(text, " %s -", what);
      continue;
    }
    sv_text_add(text, " %s %s:%s", what, sv_dtype_name(s->dtype),
                sv_shape_text(&s->shape, shape));
    bool plain = sv_layout_is_plain(&s->layout, &s->shape);
    if (!plain && s->layout.kind == SV_OPAQUE)
      sv_text_add(text, ":opaque%zu", s->layout.bytes);
    else if (!plain)
      sv_text_add(text, ":%s",
                  sv_layout_text(&s->layout, s->shape.rank, layout));
  }
}

static void add_attrs(sv_text *text, const sv_node *node) {
  for (const sv_attr *row = node->op->attrs; row && row->name; row++) {
    if (!sv_attr_is_first(node->op, row) ||
        sv_attr_is_default(node->op, row, node->attrs))
      continue;
    sv_text_add(text, " %s=", row->name);
    sv_attr_print(text, row, node->attrs);
  }
}

void sv_site_text(sv_text *text, const sv_site *site) {
  static const char *const passes[] = {"forward", "backward-data",
                                       "backward-params"};
  const sv_node *node = site->node;
  sv_text_add(text, "%s", node->op->name);
  add_attrs(text, node);
  for (int i = 0; i < site->tail_count; i++)
    sv_text_add(text, " +%s%s%s", site->tail[i].node->op->name,
                site->tail[i].last ? "!" : "", site->tail[i].output ? "." : "");
  sv_text_add(text, " %s%s%s%s threads=%d", passes[site->pass],
              site->training ? " training" : "",
              site->backward ? " differentiated" : "",
              site->exact ? " exact" : "", site->threads);
  add_specs(text, "in", site->in, node->in_count + site->extra_count);
  if (site->pass == SV_FORWARD) return;
  add_specs(text, "diff_in", site->diff_in, node->in_count);
  add_specs(text, "diff_out", site->diff_out, node->out_count);
}

/* ---- The table ---- */

sv_status sv_choices_new(sv_choices **choices) {
  return sv_alloc(choices, sizeof **choices);
}

void sv_choices_free(sv_choices *choices) {
  if (!choices) return;
  for (int i = 0; i < choices->count; i++) {
    sv_free(choices->at[i].site);
    sv_free(choices->at[i].backend);
    sv_free(choices->at[i].kernel);
  }
  sv_free(choices->at);
  sv_free(choices);
}

int sv_choices_count(const sv_choices *choices) { return choices->count; }

const sv_chosen *sv_choices_find(const sv_choices *choices, const char *site) {
  for (int i = 0; i < choices->count; i++)
    if (strcmp(choices->at[i].site, site) == 0) return &choices->at[i];
  return NULL;
}

sv_status sv_choices_add(sv_choices *choices, const char *site,
                         const char *backend, int candidate,
                         const char *kernel) {
  SV_TRY(sv_grow(&choices->at, choices->count, &choices->capacity,
                 sizeof *choices->at));
  sv_chosen *row = &choices->at[choices->count++];
  *row = (sv_chosen){.candidate = candidate};
  SV_TRY(sv_copy_text(&row->site, site));
  SV_TRY(sv_copy_text(&row->backend, backend));
  return sv_copy_text(&row->kernel, kernel);
}

/* ---- As text ---- */

/* What a choice depends on besides its site: the versions and instruction sets
 * of the backends, and the processor's model. */
static void add_heading(sv_text *text) {
  char line[256], model[128] = "unknown processor";
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file && fgets(line, sizeof line, file)) {
    const char *value = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !value) continue;
    snprintf(model, sizeof model, "%.*s", (int)strcspn(value + 2, "\n"),
             value + 2);
    break;
  }
  if (file) fclose(file);
  sv_text_add(text, "svertka choices 1, %s, %s", SV_VERSION, model);
  for (int i = 0; i < sv_backend_count(); i++) {
    const sv_backend *b = sv_backend_at(i);
    sv_text_add(text, ", %s %s %s", b->name, b->version ? b->version() : "",
                b->isa ? b->isa() : "");
  }
  sv_text_add(text, "\n");
}

sv_status sv_choices_print(const sv_choices *choices, char **text) {
  sv_text t = {0};
  add_heading(&t);
  for (int i = 0; i < choices->count; i++) {
    const sv_chosen *row = &choices->at[i];
    sv_text_add(&t, "%s %d %s\t%s\n", row->backend, row->candidate, row->kernel,
                row->site);
  }
  return sv_text_take(&t, text);
}

/* BACKEND CANDIDATE KERNEL <tab> SITE */
static sv_status add_line(sv_choices *choices, char *line, int number) {
  char *tab = strchr(line, '\t'), *space = strchr(line, ' '), *end;
  long candidate = space ? strtol(space + 1, &end, 10) : -1;
  if (!tab || !space || space > tab || candidate < 0 ||
      candidate >= SV_MOST_CANDIDATES || *end != ' ')
    return sv_fail(SV_FORMAT,
                   "line %d of the kernel choices: expected BACKEND NUMBER "
                   "KERNEL, a tab and a site",
                   number);
  *tab = *space = '\0';
  return sv_choices_add(choices, tab + 1, line, (int)candidate, end + 1);
}

static sv_status read_lines(sv_choices *choices, char *at) {
  for (int number = 2; *at; number++) {
    char *end = at + strcspn(at, "\n");
    bool last = !*end;
    *end = '\0';
    if (*at) SV_TRY(add_line(choices, at, number));
    at = last ? end : end + 1;
  }
  return SV_OK;
}

sv_status sv_choices_parse(sv_choices **choices, const char *text) {
  sv_text heading = {0};
  char *expected = NULL, *copy = NULL;
  SV_TRY(sv_choices_new(choices));
  add_heading(&heading);
  sv_status status = sv_text_take(&heading, &expected);
  bool here = status == SV_OK && strncmp(text, expected, strlen(expected)) == 0;
  if (here) status = sv_copy_text(&copy, text + strlen(expected));
  if (here && status == SV_OK) status = read_lines(*choices, copy);
  sv_free(copy);
  sv_free(expected);
  if (status == SV_OK) return SV_OK;
  sv_choices_free(*choices);
  *choices = NULL;
  return status;
}
