/* Layers in groups by their names, repeats folded. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/summary.h"

enum {
  LEAST_GROUP = 4, /* layers that are worth a head of their own */
  LEAST_FOLD = 4,  /* layers that are worth hiding */
  DEEPEST = 16,
  LONGEST = 256, /* bytes of names that are looked at */
  LONGEST_PERIOD = 64
};

typedef struct grouper {
  const sv_analysis *analysis;
  summary_rows *rows;
  bool all;
} grouper;

static const char *name_of(const grouper *g, int layer) {
  return sv_node_name(sv_analysis_layer(g->analysis, layer)->node);
}

/* ---- Layers that do the same ---- */

/* What an input is to a stretch of layers that begins at `first`: a layer of
 * the stretch, something before it, a parameter, nothing. */
static int source(const grouper *g, int value, int first) {
  enum { NOTHING = -1, PARAMETER = -2, OUTSIDE = -3 };
  const sv_value_desc info = summary_value(g->analysis, value);
  if (!value) return NOTHING;
  if (info.kind == SV_VALUE_STATE) return PARAMETER;
  if (info.producer < first) return OUTSIDE;
  return info.producer - first;
}

static bool same_sources(const grouper *g, const sv_node *n, int a,
                         const sv_node *o, int b) {
  int count = sv_node_input_count(n);
  if (count != sv_node_input_count(o)) return false;
  for (int k = 0; k < count; k++)
    if (source(g, sv_node_input(n, k).id, a) !=
        source(g, sv_node_input(o, k).id, b))
      return false;
  return true;
}

/* Every column but the receptive field's size and centre. */
static bool same_columns(const sv_layer *l, const sv_layer *m) {
  return sv_shape_equal(&l->input, &m->input) &&
         sv_shape_equal(&l->output, &m->output) &&
         l->parameters == m->parameters && l->neurons == m->neurons &&
         l->macs == m->macs && l->bytes == m->bytes &&
         l->connected == m->connected && l->weighted == m->weighted;
}

/* Receptive fields grow from one repeat to the next, by the same in all of its
 * layers: the fold's own row has that of the last. */
static bool same_growth(const sv_layer *l, const sv_layer *m,
                        const sv_layer *first, const sv_layer *repeat) {
  const sv_field *f = &l->field, *o = &m->field;
  if (f->none != o->none || f->whole != o->whole) return false;
  for (int d = 0; d < 2 && !f->none && !f->whole; d++) {
    const sv_receptive *x = &f->axis[d], *y = &o->axis[d];
    if (x->step != y->step || x->per != y->per ||
        y->size - x->size !=
            repeat->field.axis[d].size - first->field.axis[d].size)
      return false;
  }
  return true;
}

static bool alike(const grouper *g, int a, int b, int count) {
  for (int i = 0; i < count; i++) {
    const sv_layer *l = sv_analysis_layer(g->analysis, a + i);
    const sv_layer *m = sv_analysis_layer(g->analysis, b + i);
    if (!sv_node_same(l->node, m->node) || !same_columns(l, m) ||
        !same_sources(g, l->node, a, m->node, b) ||
        !same_growth(l, m, sv_analysis_layer(g->analysis, a),
                     sv_analysis_layer(g->analysis, b)))
      return false;
  }
  return true;
}

/* ---- Groups ---- */

typedef struct item {
  int first, count;
  int prefix; /* a group: bytes that its names have in common; else 0 */
} item;

/* Layers from `first` on whose names begin alike, up to the next mark. */
static item find_group(const grouper *g, int first, int end, int skip) {
  const char *name = name_of(g, first);
  size_t part = strcspn(name + skip, "./");
  int prefix = skip + (int)part + 1;
  item single = {first, 1, 0};
  if (name[prefix - 1] == '\0') return single;
  int last = first + 1;
  while (prefix < LONGEST && last < end &&
         strncmp(name_of(g, last), name, (size_t)prefix) == 0)
    last++;
  if (last - first < LEAST_GROUP) return single;
  /* What holds nothing but another group is one with it: layer1.0. */
  item inner = find_group(g, first, last, prefix);
  if (part && inner.count == last - first) return inner;
  return (item){first, last - first, prefix};
}

static sv_status add_row(grouper *g, const summary_row *row) {
  SV_TRY(sv_grow(&g->rows->at, g->rows->count, &g->rows->capacity,
                 sizeof *g->rows->at));
  g->rows->at[g->rows->count++] = *row;
  return SV_OK;
}

static sv_status add_range(grouper *g, int first, int count, int skip,
                           int depth);

static sv_status add_item(grouper *g, const item *it, int skip, int depth) {
  summary_row row = {.kind = it->prefix ? ROW_GROUP : ROW_LAYER,
                     .first = it->first,
                     .count = it->count,
                     .depth = depth,
                     .skip = skip,
                     .prefix = it->prefix};
  SV_TRY(add_row(g, &row));
  if (!it->prefix) return SV_OK;
  return add_range(g, it->first, it->count, it->prefix, depth + 1);
}

/* Whether `layers` layers from the first item on end where an item ends. */
static bool ends_an_item(const item *items, int left, int layers) {
  int end = items[0].first + layers;
  for (int i = 0; i < left; i++)
    if (items[i].first + items[i].count == end) return true;
  return false;
}

/* How often the layers of the next `period` items come again, and how many
 * layers they are. */
static int repeats(const grouper *g, const item *items, int left, int period,
                   int *layers) {
  const item *last = &items[period - 1];
  int first = items[0].first, times = 0;
  *layers = last->first + last->count - first;
  int end = items[left - 1].first + items[left - 1].count;
  while (first + (times + 2) * *layers <= end &&
         alike(g, first, first + (times + 1) * *layers, *layers))
    times++;
  while (times && !ends_an_item(items, left, (times + 1) * *layers)) times--;
  bool group = period == 1 && items[0].prefix;
  bool worth = *layers >= 2 && times * *layers >= LEAST_FOLD;
  return group || worth ? times : 0;
}

/* Whether an item goes on with what the one before began: branch1.conv,
 * branch1.bn. */
static bool goes_on(const grouper *g, const item *it, int skip) {
  const char *name = name_of(g, it->first), *before = name_of(g, it[-1].first);
  size_t unit = strlen(name);
  while (unit > (size_t)skip && !strchr("./", name[unit - 1])) unit--;
  return !it->prefix && !it[-1].prefix && unit > (size_t)skip &&
         strncmp(name, before, unit) == 0;
}

static summary_part part(const item *it) {
  return (summary_part){it->first, it->prefix};
}

static sv_status add_items(grouper *g, const item *items, int count, int skip,
                           int depth) {
  for (int i = 0; i < count;) {
    int times = 0, layers = 0, period = 1;
    bool within = g->all || (i > 0 && goes_on(g, &items[i], skip));
    for (; !within && period <= LONGEST_PERIOD && 2 * period <= count - i;
         period++) {
      if (goes_on(g, &items[i + period], skip)) continue;
      times = repeats(g, items + i, count - i, period, &layers);
      if (times) break;
    }
    if (!times) period = 1;
    for (int k = 0; k < period; k++)
      SV_TRY(add_item(g, &items[i + k], skip, depth));
    const item *original = &items[i];
    i += period;
    if (!times) continue;
    int hidden = i, end = original->first + (times + 1) * layers;
    while (i < count && items[i].first < end) i++;
    summary_row fold = {.kind = ROW_FOLD,
                        .first = original->first + layers,
                        .count = times * layers,
                        .depth = depth,
                        .skip = skip,
                        .times = times,
                        .like = {part(original), part(original + period - 1)},
                        .ends = {part(&items[hidden]), part(&items[i - 1])}};
    SV_TRY(add_row(g, &fold));
  }
  return SV_OK;
}

static sv_status add_range(grouper *g, int first, int count, int skip,
                           int depth) {
  item *items;
  int found = 0, end = first + count;
  SV_TRY(sv_alloc_array(&items, (size_t)count, sizeof *items));
  for (int at = first; at < end; at += items[found++].count) {
    item next = {at, 1, 0};
    if (depth < DEEPEST) next = find_group(g, at, end, skip);
    /* "/conv1", "/relu1": ONNX's exporters begin all names so. */
    while (next.count == count && next.prefix == skip + 1) {
      skip = next.prefix;
      next = find_group(g, at, end, skip);
    }
    items[found] = next;
  }
  sv_status status = add_items(g, items, found, skip, depth);
  sv_free(items);
  return status;
}

sv_status summary_group(summary_rows *rows, const sv_analysis *analysis,
                        bool all) {
  grouper g = {analysis, rows, all};
  return add_range(&g, 0, sv_analysis_count(analysis), 0, 0);
}

void summary_rows_free(summary_rows *rows) {
  sv_free(rows->at);
  *rows = (summary_rows){0};
}

/* A number says more behind the part before it. */
static int begin_of(const char *name, int skip, int end) {
  if (skip < 2 || (int)strspn(name + skip, "0123456789") != end - skip)
    return skip;
  int begin = skip - 1;
  while (begin > 0 && !strchr("./", name[begin - 1])) begin--;
  return begin;
}

const char *summary_label(const sv_analysis *analysis, summary_part part,
                          int skip, char text[LABEL]) {
  const char *name =
      sv_node_name(sv_analysis_layer(analysis, part.first)->node);
  int end = part.prefix ? part.prefix - 1 : (int)strlen(name);
  int begin = begin_of(name, skip, end);
  snprintf(text, LABEL, "%.*s", end - begin, name + begin);
  return text;
}
