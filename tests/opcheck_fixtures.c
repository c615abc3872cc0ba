/* Cases with their results, made elsewhere. A file is a list of
 *
 *     case OPERATOR ATTRIBUTES     as `svertka op` takes them
 *     inference                    else as in training
 *     in PORT SHAPE [i64]          then its numbers, on any number of lines
 *     out PORT SHAPE               what must come out
 *     seed PORT SHAPE              dL/dout
 *     diff PORT SHAPE              what dL/din must be
 *
 * where the in of a variadic port repeats, and # begins a comment. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "opcheck.h"

void oc_case_clear(oc_case *c) {
  for (int i = 0; i < OC_PORTS; i++) {
    sv_tensor_free(c->in[i]);
    sv_tensor_free(c->out[i]);
    sv_tensor_free(c->seed[i]);
    sv_tensor_free(c->diff[i]);
  }
  *c = (oc_case){0};
}

void oc_cases_clear(oc_cases *cases) {
  for (int i = 0; i < cases->count; i++) oc_case_clear(&cases->at[i]);
  sv_free(cases->at);
  *cases = (oc_cases){0};
}

char *oc_word(char **at) {
  char *word = *at + strspn(*at, " \t");
  if (!*word) return NULL;
  *at = word + strcspn(word, " \t");
  if (**at) *(*at)++ = '\0';
  return word;
}

/* ---- One file ---- */

typedef struct reader {
  const char *name;
  int line;
  oc_cases *cases;
  sv_tensor *tensor; /* whose numbers come now */
  int64_t filled;
} reader;

static oc_case *current(const reader *r) {
  return &r->cases->at[r->cases->count - 1];
}

static bool is_whole(const reader *r) {
  return !r->tensor || r->filled == sv_shape_count(&r->tensor->shape);
}

static sv_status start_case(reader *r, char *rest) {
  oc_cases *cases = r->cases;
  const char *op = oc_word(&rest);
  if (!op) return sv_fail(SV_FORMAT, "a case without an operator");
  SV_TRY(
      sv_grow(&cases->at, cases->count, &cases->capacity, sizeof *cases->at));
  oc_case *c = &cases->at[cases->count];
  *c = (oc_case){0};
  SV_TRY(sv_registry_require(&c->entry, op));
  snprintf(c->where, sizeof c->where, "%s:%d", r->name, r->line);
  snprintf(c->attrs, sizeof c->attrs, "%s", rest);
  cases->count++;
  return SV_OK;
}

static int find_port(const sv_port *ports, const char *name) {
  for (int i = 0; ports[i].name && i < OC_PORTS; i++)
    if (strcmp(ports[i].name, name) == 0) return i;
  return -1;
}

/* The place of a tensor by its keyword and port. */
static sv_tensor **slot_of(oc_case *c, const char *word, const char *port) {
  const sv_op *op = c->entry->op;
  bool out = strcmp(word, "out") == 0 || strcmp(word, "seed") == 0;
  int i = find_port(out ? op->out : op->in, port);
  sv_tensor **slots = strcmp(word, "in") == 0     ? c->in
                      : strcmp(word, "out") == 0  ? c->out
                      : strcmp(word, "seed") == 0 ? c->seed
                                                  : c->diff;
  if (i < 0) return NULL;
  if (out ? op->out[i].variadic : op->in[i].variadic)
    while (i < OC_PORTS - 1 && slots[i]) i++;
  return &slots[i];
}

static sv_status read_shape(const char *text, sv_shape *shape) {
  *shape = (sv_shape){0};
  if (strcmp(text, "scalar") == 0) return SV_OK;
  while (shape->rank < SV_MAX_RANK) {
    char *end;
    int64_t dim = strtoll(text, &end, 10);
    if (end == text || dim < 0 || (*end && *end != 'x')) break;
    shape->dim[shape->rank++] = dim;
    if (!*end) return SV_OK;
    text = end + 1;
  }
  return sv_fail(SV_FORMAT, "a shape is expected, not '%s'", text);
}

static sv_status start_tensor(reader *r, const char *word, char *rest) {
  const char *port = oc_word(&rest), *dims = oc_word(&rest);
  const char *type = oc_word(&rest);
  if (r->cases->count == 0 || !port || !dims)
    return sv_fail(SV_FORMAT, "%s needs a case, a port and a shape", word);
  sv_tensor **slot = slot_of(current(r), word, port);
  if (!slot || *slot)
    return sv_fail(SV_FORMAT, "%s has no port '%s', or it is here twice",
                   current(r)->entry->op->name, port);
  sv_shape shape;
  SV_TRY(read_shape(dims, &shape));
  SV_TRY(sv_tensor_new(slot, type ? SV_I64 : SV_F64, &shape));
  r->tensor = *slot;
  r->filled = 0;
  return SV_OK;
}

static sv_status read_numbers(reader *r, char *line) {
  for (const char *word; (word = oc_word(&line)); r->filled++) {
    char *end;
    double number = strtod(word, &end);
    if (*end || is_whole(r))
      return sv_fail(SV_FORMAT, "'%s' where nothing is expected", word);
    if (r->tensor->dtype == SV_I64)
      ((int64_t *)r->tensor->data)[r->filled] = (int64_t)number;
    else
      ((double *)r->tensor->data)[r->filled] = number;
  }
  return SV_OK;
}

/* "nan" and "inf" are numbers, "in" and "inference" are not. */
static bool starts_with_number(const char *line) {
  char *end;
  strtod(line, &end);
  return end != line && (*end == '\0' || strchr(" \t", *end));
}

static sv_status read_line(reader *r, char *line) {
  line[strcspn(line, "#\r")] = '\0';
  line += strspn(line, " \t");
  if (!*line) return SV_OK;
  if (*line < 'a' || *line > 'z' || starts_with_number(line))
    return read_numbers(r, line);
  if (!is_whole(r)) return sv_fail(SV_FORMAT, "numbers are missing above");
  const char *word = oc_word(&line);
  r->tensor = NULL;
  if (strcmp(word, "case") == 0) return start_case(r, line);
  if (strcmp(word, "inference") == 0 && r->cases->count) {
    current(r)->inference = true;
    return SV_OK;
  }
  if (strcmp(word, "in") && strcmp(word, "out") && strcmp(word, "seed") &&
      strcmp(word, "diff"))
    return sv_fail(SV_FORMAT, "unknown word '%s'", word);
  return start_tensor(r, word, line);
}

static sv_status read_file(const char *folder, const char *name,
                           oc_cases *cases) {
  char *path;
  unsigned char *bytes = NULL;
  size_t size;
  reader r = {.name = name, .cases = cases};
  SV_TRY(sv_path_join(&path, folder, name));
  sv_status status = sv_file_read(path, 0, &bytes, &size);
  char *line = (char *)bytes;
  while (status == SV_OK && line && *line) {
    size_t length = strcspn(line, "\n");
    bool last = line[length] == '\0';
    line[length] = '\0';
    r.line++;
    status = read_line(&r, line);
    line += length + !last;
  }
  if (status == SV_OK && !is_whole(&r))
    status = sv_fail(SV_FORMAT, "numbers are missing at the end");
  if (status != SV_OK && bytes)
    status = sv_fail_in(status, "%s:%d", path, r.line);
  sv_free(bytes);
  sv_free(path);
  return status;
}

static int is_text(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot && strcmp(dot, ".txt") == 0;
}

sv_status oc_read_fixtures(const char *folder, oc_cases *cases) {
  struct dirent **names;
  int count = scandir(folder, &names, is_text, alphasort);
  if (count < 0) return sv_fail(SV_IO, "%s: cannot read the folder", folder);
  sv_status status = SV_OK;
  for (int i = 0; i < count; i++) {
    if (status == SV_OK) status = read_file(folder, names[i]->d_name, cases);
    free(names[i]);
  }
  free(names);
  return status;
}
