/* Architectures by name: "lenet5:classes=10,activation=relu". */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "op/attrs.h"
#include "zoo/architecture.h"

#define SV_ARCHITECTURE(name) &sv_zoo_##name,
static const sv_architecture *const architectures[] = {
#include "zoo/zoo.def"
};
#undef SV_ARCHITECTURE

int sv_zoo_count(void) {
  return (int)(sizeof architectures / sizeof architectures[0]);
}

const sv_architecture *sv_architecture_at(int i) { return architectures[i]; }

/* Case and what stands between the parts of a name do not count: ResNet-50 is
 * resnet50. */
static bool is_called(const char *name, const char *word) {
  static const char between[] = "-_. ";
  for (;; name++, word++) {
    name += strspn(name, between);
    word += strspn(word, between);
    if (tolower((unsigned char)*name) != tolower((unsigned char)*word))
      return false;
    if (!*name) return true;
  }
}

const sv_zoo_alias *sv_architecture_alias(const sv_architecture *a,
                                          const char *name) {
  for (const sv_zoo_alias *alias = a->aliases; alias && alias->name; alias++)
    if (is_called(name, alias->name)) return alias;
  return NULL;
}

const sv_architecture *sv_architecture_find(const char *name) {
  for (int i = 0; i < sv_zoo_count(); i++) {
    const sv_architecture *a = architectures[i];
    if (is_called(name, a->table.name) || sv_architecture_alias(a, name))
      return a;
  }
  return NULL;
}

const char *sv_zoo_name(int i) { return architectures[i]->table.name; }

const char *sv_zoo_summary(int i) { return architectures[i]->table.summary; }

int sv_zoo_find(const char *name) {
  const sv_architecture *a = sv_architecture_find(name);
  for (int i = 0; a && i < sv_zoo_count(); i++)
    if (architectures[i] == a) return i;
  return -1;
}

const char *sv_zoo_source(int i) { return architectures[i]->source; }

const sv_op *sv_zoo_parameters(int i) { return &architectures[i]->table; }

static const sv_zoo_alias *alias_at(int i, int k) {
  const sv_zoo_alias *alias = architectures[i]->aliases;
  for (; alias && alias->name && k > 0; k--) alias++;
  return alias && alias->name ? alias : NULL;
}

const char *sv_zoo_alias_name(int i, int k) {
  const sv_zoo_alias *alias = alias_at(i, k);
  return alias ? alias->name : NULL;
}

const char *sv_zoo_alias_parameters(int i, int k) {
  const sv_zoo_alias *alias = alias_at(i, k);
  return alias ? alias->parameters : NULL;
}

bool sv_zoo_has(const char *name) { return sv_architecture_find(name) != NULL; }

const sv_zoo_recipe *sv_zoo_recipe_of(const char *text) {
  char name[64];
  size_t length = strcspn(text, ":");
  if (length >= sizeof name) return NULL;
  memcpy(name, text, length);
  name[length] = '\0';
  const sv_architecture *a = sv_architecture_find(name);
  if (!a || !a->needs_recipe) return a ? a->recipe : NULL;
  sv_zoo_choice choice;
  if (sv_zoo_choose(&choice, text, NULL) != SV_OK) return NULL;
  bool needed = a->needs_recipe(choice.values);
  sv_free(choice.values);
  return needed ? a->recipe : NULL;
}

/* ---- Errors that list what there is ---- */

static sv_status fail_listing(sv_text *text) {
  char *message;
  SV_TRY(sv_text_take(text, &message));
  sv_status status = sv_fail_as(SV_INVALID, message);
  sv_free(message);
  return status;
}

static sv_status unknown_name(const char *name) {
  sv_text text = {0};
  sv_text_add(&text, "unknown architecture '%.64s'; expected one of", name);
  for (int i = 0; i < sv_zoo_count(); i++)
    sv_text_add(&text, "%s %s", i ? "," : "", sv_zoo_name(i));
  return fail_listing(&text);
}

static sv_status unknown_parameter(const sv_architecture *a, const char *name) {
  sv_text text = {0};
  sv_text_add(&text, "%s has no parameter '%.64s'; its parameters are",
              a->table.name, name);
  for (const sv_attr *row = a->table.attrs; row && row->name; row++)
    sv_text_add(&text, "%s %s", row == a->table.attrs ? "" : ",", row->name);
  return fail_listing(&text);
}

/* ---- Parameters ---- */

/* What the data asks for, where the architecture has a parameter for it. */
static void follow_data(const sv_architecture *a, void *parameters,
                        const sv_zoo_data *data) {
  const struct {
    const char *name;
    int64_t value;
  } known[] = {{"classes", data->classes}, {"channels", data->channels}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    const sv_attr *row = sv_attr_find(&a->table, known[i].name);
    if (row && known[i].value > 0)
      *(int64_t *)((char *)parameters + row->offset) = known[i].value;
  }
  const sv_attr *size = sv_attr_find(&a->table, "size");
  if (size && !a->own_size && data->height > 0 && data->width > 0)
    *(sv_ints *)((char *)parameters + size->offset) =
        sv_pair(data->height, data->width);
}

/* One "key=value"; `pair` is cut at the '='. */
static sv_status read_pair(const sv_architecture *a, void *parameters,
                           char *pair, const sv_attr **row) {
  char *equals = strchr(pair, '=');
  if (!equals)
    return sv_fail(SV_INVALID,
                   "%s: unexpected '%.64s', expected parameter=value",
                   a->table.name, pair);
  *equals = '\0';
  *row = sv_attr_find(&a->table, pair);
  if (!*row) return unknown_parameter(a, pair);
  if (!equals[1])
    return sv_fail(SV_INVALID, "%s: %s has no value", a->table.name, pair);
  return sv_attr_parse(&a->table, parameters, *row, equals + 1);
}

enum { MOST_PARAMETERS = 64 };

/* Cuts `text` into pairs. */
static sv_status read_parameters(const sv_architecture *a, void *parameters,
                                 char *text) {
  bool given[MOST_PARAMETERS] = {false};
  while (text && *text) {
    char *next = strchr(text, ',');
    if (next) *next++ = '\0';
    const sv_attr *row = NULL;
    SV_TRY(read_pair(a, parameters, text, &row));
    ptrdiff_t at = row - a->table.attrs;
    if (at < MOST_PARAMETERS && given[at])
      return sv_fail(SV_INVALID, "%s: %s is given twice", a->table.name,
                     row->name);
    if (at < MOST_PARAMETERS) given[at] = true;
    text = next;
  }
  return sv_attrs_check(&a->table, parameters);
}

/* The parameters that an alias stands for; those given explicitly override
 * them. */
static sv_status read_alias(const sv_architecture *a, void *parameters,
                            const sv_zoo_alias *alias) {
  if (!alias) return SV_OK;
  char *copy;
  SV_TRY(sv_copy_text(&copy, alias->parameters));
  sv_status status = read_parameters(a, parameters, copy);
  sv_free(copy);
  return status;
}

/* The training's own initialiser overrides this. */
static void prefer(sv_graph *g, const char *init) {
  char text[64];
  snprintf(text, sizeof text, "prefer %s", init);
  sv_init_weights(g, text);
}

static sv_status write_down(sv_graph **graph, const sv_architecture *a,
                            const char *name, const void *values) {
  SV_TRY(sv_graph_new(graph, name));
  if (a->init) prefer(*graph, a->init);
  a->build(*graph, values);
  sv_status status = sv_graph_check(*graph);
  if (status == SV_OK) return SV_OK;
  sv_graph_free(*graph);
  *graph = NULL;
  return sv_fail_in(status, "%s", name);
}

/* ---- Images that are too small ---- */

enum { LARGEST_TRIED = 1024 };

static bool fits(const sv_architecture *a, const void *values, sv_ints *size,
                 int64_t side) {
  sv_graph *graph;
  *size = (sv_ints){1, {side}};
  bool fitting = write_down(&graph, a, a->table.name, values) == SV_OK;
  if (fitting) sv_graph_free(graph);
  return fitting;
}

/* The least side on which the network can be written down; 0: no such one. */
static int64_t least_side(const sv_architecture *a, void *values,
                          sv_ints *size) {
  sv_ints asked = *size;
  int64_t low = asked.at[0], high = LARGEST_TRIED;
  if (asked.count > 1 && asked.at[1] < low) low = asked.at[1];
  if (low < 1 || low >= high || !fits(a, values, size, high)) high = 0;
  while (high - low > 1) {
    int64_t middle = (low + high) / 2;
    if (fits(a, values, size, middle))
      high = middle;
    else
      low = middle;
  }
  *size = asked;
  return high;
}

/* What would do without the auxiliary classifiers, which ask for more. */
static void advise_without(sv_text *text, const sv_architecture *a,
                           void *values, sv_ints *size, int64_t least) {
  const sv_attr *row = sv_attr_find(&a->table, "auxiliary");
  bool *auxiliary = row ? (bool *)((char *)values + row->offset) : NULL;
  if (!auxiliary || !*auxiliary) return;
  sv_graph *graph;
  *auxiliary = false;
  bool fitting = write_down(&graph, a, a->table.name, values) == SV_OK;
  if (fitting) sv_graph_free(graph);
  int64_t less = fitting ? 0 : least_side(a, values, size);
  *auxiliary = true;
  if (fitting)
    sv_text_add(text, "%s",
                least ? ", or auxiliary=false" : "; or use auxiliary=false");
  else if (less && less < least)
    sv_text_add(text, ", %lld with auxiliary=false", (long long)less);
}

/* The message names the layer; this is what to do. */
static sv_status advise(sv_status status, const sv_architecture *a,
                        void *values) {
  const sv_attr *row = sv_attr_find(&a->table, "size");
  sv_ints *size = row ? (sv_ints *)((char *)values + row->offset) : NULL;
  if (!size || size->count < 1 || size->count > 2 || status != SV_INVALID)
    return status;
  char *message;
  SV_TRY(sv_copy_text(&message, sv_error()));
  sv_text text = {0};
  int64_t least = least_side(a, values, size);
  sv_text_add(&text, "%s", message);
  if (least > 0)
    sv_text_add(&text, "; the image is too small, expected size=%lld or more",
                (long long)least);
  advise_without(&text, a, values, size, least);
  sv_free(message);
  return fail_listing(&text);
}

static sv_status read_values(sv_zoo_choice *c, const char *name,
                             char *parameters, const sv_zoo_data *data) {
  const sv_architecture *a = c->architecture;
  SV_TRY(sv_alloc(&c->values, a->table.attrs_size));
  sv_attrs_default(&a->table, c->values);
  const sv_zoo_alias *alias = sv_architecture_alias(a, name);
  c->name = alias ? alias->name : a->table.name;
  SV_TRY(read_alias(a, c->values, alias));
  if (data) follow_data(a, c->values, data);
  return read_parameters(a, c->values, parameters);
}

sv_status sv_zoo_choose(sv_zoo_choice *choice, const char *text,
                        const sv_zoo_data *data) {
  char *copy;
  *choice = (sv_zoo_choice){0};
  SV_TRY(sv_copy_text(&copy, text));
  char *parameters = strchr(copy, ':');
  if (parameters) *parameters++ = '\0';
  choice->architecture = sv_architecture_find(copy);
  sv_status status = choice->architecture
                         ? read_values(choice, copy, parameters, data)
                         : unknown_name(copy);
  sv_free(copy);
  if (status == SV_OK) return SV_OK;
  sv_free(choice->values);
  choice->values = NULL;
  return status;
}

/* What an alias names is called so. */
sv_status sv_zoo_build_choice(sv_graph **graph, const sv_zoo_choice *c) {
  *graph = NULL;
  sv_status status = write_down(graph, c->architecture, c->name, c->values);
  return status == SV_OK ? SV_OK : advise(status, c->architecture, c->values);
}

sv_status sv_zoo_build(sv_graph **graph, const char *text,
                       const sv_zoo_data *data) {
  sv_zoo_choice choice;
  *graph = NULL;
  SV_TRY(sv_zoo_choose(&choice, text, data));
  sv_status status = sv_zoo_build_choice(graph, &choice);
  sv_free(choice.values);
  return status;
}
