/* How random cases are drawn. A file tests/cases/<operator>.txt says what an
 * operator needs to be drawn sensibly, as a list of
 *
 *     draw [SHARE] [inference] [spreads] [BACKEND=PERCENT[:vectors]]   or: time
 *     set NAME=VALUE ...              attributes
 *     in PORT DIMS [below N] [from A..B] [maybe]
 *     out PORT                        an optional one that is asked for
 *
 * In values and dimensions 1..5 is a number of that range, a capital is a
 * variable: G:1..4 gives it its value, G*1..5 uses it; same|valid is one of
 * the two. An attribute that is not named is drawn from its row in the table,
 * or left alone: NAME=- always leaves it alone. Parameters have the shape that
 * the operator wants. A case that the operator refuses is drawn again. A
 * backend that the build has must take PERCENT of the cases in each pass, or in
 * the forward pass alone; with `:vectors`, of those cases whose batch is a
 * multiple of the floats in one of its vectors (sv_backend.width), so that the
 * same cases are right for every instruction set. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "opcheck.h"

static sv_status read_head(oc_draw *draw, char *rest) {
  int count = 0, length = 0;
  for (const char *word; (word = oc_word(&rest));) {
    if (sscanf(word, "%d", &draw->share) == 1) continue;
    if (strcmp(word, "forward") == 0) {
      draw->forward_only = true;
      continue;
    }
    if (strcmp(word, "spreads") == 0) {
      draw->spreads = true;
      continue;
    }
    if (strcmp(word, "inference") == 0) {
      draw->inference = true;
      continue;
    }
    if (count == SV_MAX_BACKENDS ||
        sscanf(word, "%31[a-z0-9_]=%d%n", draw->shares[count].backend,
               &draw->shares[count].percent, &length) != 2)
      return sv_fail(SV_FORMAT, "unknown word '%s'", word);
    draw->shares[count].vectors = strcmp(word + length, ":vectors") == 0;
    if (word[length] && !draw->shares[count].vectors)
      return sv_fail(SV_FORMAT,
                     "'%s': BACKEND=PERCENT or "
                     "BACKEND=PERCENT:vectors is expected",
                     word);
    count++;
  }
  return SV_OK;
}

static sv_status read_in(oc_draw *draw, char *rest) {
  int i = 0;
  while (i < OC_PORTS && draw->in[i].port[0]) i++;
  const char *port = oc_word(&rest), *dims = oc_word(&rest);
  if (i == OC_PORTS || !port || !dims)
    return sv_fail(SV_FORMAT, "in needs a port and dimensions");
  snprintf(draw->in[i].port, sizeof draw->in[i].port, "%s", port);
  snprintf(draw->in[i].dims, sizeof draw->in[i].dims, "%s", dims);
  for (const char *word; (word = oc_word(&rest));) {
    bool below = strcmp(word, "below") == 0, from = strcmp(word, "from") == 0;
    const char *value = below || from ? oc_word(&rest) : NULL;
    if (strcmp(word, "maybe") == 0)
      draw->in[i].maybe = true;
    else if (value)
      snprintf(below ? draw->in[i].below : draw->in[i].from,
               sizeof draw->in[i].below, "%s", value);
    else
      return sv_fail(SV_FORMAT, "unknown word '%s'", word);
  }
  return SV_OK;
}

static sv_status read_out(oc_draw *draw, char *rest) {
  int i = 0;
  while (i < OC_PORTS && draw->out[i][0]) i++;
  const char *port = oc_word(&rest);
  if (i == OC_PORTS || !port) return sv_fail(SV_FORMAT, "out needs a port");
  snprintf(draw->out[i], sizeof draw->out[i], "%s", port);
  return SV_OK;
}

static sv_status read_draw_line(oc_draws *draws, int number, char *line) {
  line[strcspn(line, "#\r")] = '\0';
  const char *word = oc_word(&line);
  if (!word) return SV_OK;
  bool timed = strcmp(word, "time") == 0;
  if (timed || strcmp(word, "draw") == 0) {
    if (draws->count == OC_DRAWS)
      return sv_fail(SV_FORMAT, "more than %d draws", OC_DRAWS);
    oc_draw *draw = &draws->at[draws->count++];
    *draw = (oc_draw){.line = number, .share = timed ? 0 : 1, .timed = timed};
    return read_head(draw, line);
  }
  if (draws->count == 0) return sv_fail(SV_FORMAT, "'draw' is expected first");
  oc_draw *draw = &draws->at[draws->count - 1];
  if (strcmp(word, "in") == 0) return read_in(draw, line);
  if (strcmp(word, "out") == 0) return read_out(draw, line);
  if (strcmp(word, "set") != 0)
    return sv_fail(SV_FORMAT, "unknown word '%s'", word);
  size_t length = strlen(draw->set);
  snprintf(draw->set + length, sizeof draw->set - length, "%s ", line);
  return SV_OK;
}

sv_status oc_read_draws(const char *folder, const sv_op *op, oc_draws *draws) {
  char name[OC_TEXT], *path;
  unsigned char *bytes = NULL;
  size_t size;
  *draws = (oc_draws){.count = 1};
  draws->at[0].share = 1;
  snprintf(name, sizeof name, "%s.txt", op->name);
  SV_TRY(sv_path_join(&path, folder, name));
  sv_status status = SV_OK;
  if (sv_path_exists(path)) {
    draws->count = 0;
    status = sv_file_read(path, 0, &bytes, &size);
  }
  int number = 0;
  char *line = (char *)bytes;
  while (status == SV_OK && line && *line) {
    size_t length = strcspn(line, "\n");
    bool last = line[length] == '\0';
    line[length] = '\0';
    status = read_draw_line(draws, ++number, line);
    if (status != SV_OK) status = sv_fail_in(status, "%s:%d", path, number);
    line += length + !last;
  }
  sv_free(bytes);
  sv_free(path);
  return status;
}

const oc_draw *oc_draw_at(const oc_draws *draws, int index) {
  int total = 0;
  for (int i = 0; i < draws->count; i++) total += draws->at[i].share;
  if (total == 0) return NULL;
  index %= total;
  int i = 0;
  while (index >= draws->at[i].share) index -= draws->at[i++].share;
  return &draws->at[i];
}
