/* Attributes as nobody should write them: each that an operator has in ONNX, at
 * each opset that changed the operator, spoilt in every way that
 * opcheck_spoil.c knows, and two of them at a time. What ONNX requires and what
 * is beyond its row's bounds is refused by one line; what may be computed loads
 * though nobody knows it yet; whatever loads takes every way out of a model
 * (fuzz/try.h). */
#include <signal.h>

#include "../fuzz/try.h"
#include "onnx/attrs.h"
#include "opcheck_file.h"

/* What is under way, for a crash to say. */
static char under_way[2 * OC_TEXT];

static void tell(int number) {
  ssize_t done = write(STDERR_FILENO, under_way, strlen(under_way));
  (void)done;
  signal(number, SIG_DFL);
  raise(number);
}

typedef struct check {
  oc_tally *tally;
  const oc_run *run;
  int64_t opset;
  int files;     /* tried */
  bool loaded;   /* the last one */
  int64_t first; /* opset at which the case was loaded; 0: none */
} check;

static void describe(const check *c, const oc_spoil *s, int count) {
  char text[OC_TEXT];
  int length = snprintf(under_way, OC_TEXT, "%s at opset %d",
                        c->run->node.op->name, (int)c->opset);
  for (int i = 0; i < count; i++)
    length += snprintf(under_way + length, OC_TEXT / 2, ", %s",
                       oc_spoil_text(&s[i], text));
  snprintf(under_way + length, OC_TEXT / 2, "\n");
}

static sv_status make_file(const check *c, const oc_spoil *s, int count,
                           unsigned char **bytes, size_t *size) {
  oc_file f = {0};
  sv_status status =
      oc_file_start(&f, c->run, c->opset, (oc_open)(c->files % 3));
  for (int i = 0; i < count && status == SV_OK; i++)
    status = oc_spoil_file(&f, c->run, &s[i]);
  if (status == SV_OK) status = oc_file_pack(&f, bytes, size);
  oc_file_free(&f);
  return status;
}

/* SV_UNSUPPORTED: this opset cannot say the case. */
static sv_status try_file(check *c, const oc_spoil *s, int count) {
  unsigned char *bytes;
  size_t size;
  sv_model *model;
  describe(c, s, count);
  SV_TRY(make_file(c, s, count, &bytes, &size));
  c->loaded = sv_onnx_load_memory(&model, "f", bytes, size, NULL) == SV_OK;
  sv_free(bytes);
  if (c->loaded) {
    try_model(model, false, c->files % 4 != 0);
    sv_model_free(model);
  } else {
    expect_error("f: ");
  }
  c->files++;
  return SV_OK;
}

/* ---- One case at one opset ---- */

static sv_status spoil_row(check *c, const sv_attr *row) {
  const sv_op *op = c->run->node.op;
  oc_spoil s;
  for (int k = 0; oc_spoil_at(op, row, k, &s); k++) {
    SV_TRY(try_file(c, &s, 1));
    bool refused = oc_spoil_refused(op, &s);
    bool wrong = c->loaded ? refused : s.computed && !refused;
    *(wrong ? &c->tally->failed : &c->tally->passed) += 1;
    if (wrong && !oc_quiet)
      printf("FAIL is %s: %s", c->loaded ? "loaded" : "refused", under_way);
  }
  return SV_OK;
}

static bool is_spoilt(const check *c, const sv_attr *row) {
  return row->onnx && sv_onnx_valid(row, c->opset);
}

/* One of the ways to spoil one of the rows. */
static bool draw_spoil(const check *c, const sv_random *key, uint64_t *thrown,
                       oc_spoil *s) {
  const sv_op *op = c->run->node.op;
  uint64_t rows = 0, ways = 0;
  while (op->attrs[rows].name) rows++;
  const sv_attr *row = &op->attrs[sv_random_below(key, (*thrown)++, rows)];
  if (!is_spoilt(c, row)) return false;
  while (oc_spoil_at(op, row, (int)ways, s)) ways++;
  return oc_spoil_at(op, row, (int)sv_random_below(key, (*thrown)++, ways), s);
}

static sv_status spoil_two(check *c, uint64_t seed) {
  enum { PAIRS = 40 };
  const sv_random key = {.seed = seed,
                         .stream = sv_hash_text(c->run->node.op->name),
                         .step = (uint64_t)c->opset};
  uint64_t thrown = 0;
  oc_spoil s[2];
  for (int i = 0; i < PAIRS; i++) {
    int count = 0;
    for (int k = 0; k < 2; k++)
      count += draw_spoil(c, &key, &thrown, &s[count]);
    if (count) SV_TRY(try_file(c, s, count));
    c->tally->passed += count > 0;
  }
  return SV_OK;
}

/* What was tried at an older opset is not tried again, but at the newest. */
static bool is_new(const check *c, const sv_attr *row) {
  return c->opset == c->first || c->opset == row->since ||
         c->opset == SV_ONNX_NEWEST_OPSET;
}

static sv_status spoil_case(check *c, uint64_t seed) {
  const sv_op *op = c->run->node.op;
  c->files = 0;
  SV_TRY(try_file(c, NULL, 0));
  if (!c->loaded) return SV_OK; /* another version has it otherwise */
  if (!c->first) c->first = c->opset;
  for (const sv_attr *row = op->attrs; row->name; row++)
    if (is_spoilt(c, row) && is_new(c, row)) SV_TRY(spoil_row(c, row));
  return spoil_two(c, seed);
}

/* ---- All of an operator ---- */

/* The operator, or one of its attributes, begins or ends to be as it is. */
static bool is_change(const sv_op *op, int64_t opset) {
  bool change = opset == SV_ONNX_NEWEST_OPSET;
  for (const sv_onnx_name *row = op->onnx; row->type; row++)
    change |= opset == (row->since ? row->since : 1);
  for (const sv_attr *row = op->attrs; row->name; row++)
    change |= opset == row->since;
  return change;
}

static bool is_small(const oc_case *c) {
  int64_t numbers = 0;
  for (int i = 0; i < OC_PORTS; i++)
    numbers += c->in[i] ? sv_shape_count(&c->in[i]->shape) : 0;
  return numbers < MOST_NUMBERS / 8;
}

static sv_status spoil_opsets(const oc_options *options, const oc_case *c,
                              oc_tally *tally, bool *said) {
  oc_run *run;
  SV_TRY(oc_run_new(&run, c, SV_F32));
  check k = {.tally = tally, .run = run};
  sv_status status = SV_OK;
  for (k.opset = 1; k.opset <= SV_ONNX_NEWEST_OPSET && status == SV_OK;
       k.opset++) {
    if (!is_change(c->entry->op, k.opset)) continue;
    status = spoil_case(&k, options->seed);
    if (status == SV_UNSUPPORTED) status = SV_OK;
  }
  *said = k.first > 0;
  oc_run_free(run);
  return status;
}

/* The small case with most words, fewer than another one. */
static const oc_case *find_case(const sv_entry *entry, const oc_cases *cases,
                                const oc_case *before) {
  const oc_case *best = NULL;
  for (int i = 0; i < cases->count; i++) {
    const oc_case *c = &cases->at[i];
    if (c->entry != entry || !is_small(c)) continue;
    if (before && strlen(c->attrs) >= strlen(before->attrs)) continue;
    if (!best || strlen(c->attrs) > strlen(best->attrs)) best = c;
  }
  return best;
}

void oc_check_attrs(const oc_options *options, const sv_entry *entry,
                    const oc_cases *cases, oc_tally *tally) {
  const sv_op *op = entry->op;
  const oc_case *c = NULL;
  sv_status status = SV_OK;
  bool said = false;
  if (!op->onnx || !op->attrs) return;
  signal(SIGFPE, tell);
  signal(SIGSEGV, tell);
  signal(SIGABRT, tell);
  while (status == SV_OK && !said && (c = find_case(entry, cases, c)))
    status = spoil_opsets(options, c, tally, &said);
  if (status == SV_OK && said) return;
  printf("FAIL %s: %s\n", op->name,
         status == SV_OK ? "no fixture of it loads as a file of ONNX"
                         : sv_error());
  tally->failed++;
}
