/* opcheck: every operator of the registry against numbers made elsewhere,
 * against finite differences, and every backend against the reference. Nothing
 * here knows an operator: a new one adds files with cases, no code.
 *
 *   opcheck.c           the command line, one line of result per operator
 *   opcheck_fixtures.c  cases with their results, read from files
 *   opcheck_hints.c     how random cases are drawn, read from files
 *   opcheck_draw.c      random cases, from that and the tables
 *   opcheck_run.c       one case through the reference
 *   opcheck_kernel.c    one case through a backend's kernel
 *   opcheck_reorder.c   the backends' reorders
 *   opcheck_plan.c      one case as a network of one node
 *   opcheck_checks.c    what is compared with what, and how closely
 *   opcheck_nan.c       NaN through the backends' kernels
 *   opcheck_file.c      one case as an ONNX file
 *   opcheck_spoil.c     ways to spoil an attribute in it
 *   opcheck_attrs.c     such files through the whole of the library
 *   opcheck_time.c      the same cases timed */
#ifndef OPCHECK_H
#define OPCHECK_H

#include "base/random.h"
#include "op/registry.h"

enum { OC_PORTS = 8, OC_TEXT = 512 };

/* ---- A case: an operator, its attributes, tensors ---- */

/* Real tensors are f64 here, whole numbers i64; NULL where absent (in) or not
 * known (the others). */
typedef struct oc_case {
  const sv_entry *entry;
  char where[OC_TEXT]; /* "conv.txt:12", "seed 1, case 17 (conv.txt:3)" */
  char attrs[OC_TEXT];
  sv_tensor *in[OC_PORTS];
  sv_tensor *out[OC_PORTS], *seed[OC_PORTS], *diff[OC_PORTS];
  bool wanted[OC_PORTS]; /* optional outputs that no fixture gives */
  bool inference;        /* else as in training */
} oc_case;

void oc_case_clear(oc_case *c);

typedef struct oc_cases {
  oc_case *at;
  int count, capacity;
} oc_cases;

/* Every case of every file folder/<name>.txt. */
sv_status oc_read_fixtures(const char *folder, oc_cases *cases) SV_CHECKED;
void oc_cases_clear(oc_cases *cases);

/* The next word of a line, NULL at its end; *at moves behind it. */
char *oc_word(char **at);

/* ---- Draws ---- */

/* How random cases of an operator are drawn. */
typedef struct oc_draw {
  int line;          /* in its file; 0: there is no file */
  int share;         /* of the random cases */
  bool timed;        /* for --time alone */
  bool forward_only; /* the backends need not take backward passes */
  bool inference;
  bool spreads; /* NaN may spread: a kernel keeps running sums */
  /* Percent of the cases that a backend must take in each pass; of those alone
   * whose batch fills its vectors, if `vectors`. */
  struct {
    char backend[32];
    int percent;
    bool vectors;
  } shares[SV_MAX_BACKENDS];
  char set[OC_TEXT]; /* attributes */
  struct {
    char port[32], dims[OC_TEXT];
    char below[32], from[32]; /* whole numbers 0.. below; reals of a range */
    bool maybe;               /* present in every other case */
  } in[OC_PORTS];
  char out[OC_PORTS][32]; /* optional outputs that are asked for */
} oc_draw;

enum { OC_DRAWS = 16 };
typedef struct oc_draws {
  int count;
  oc_draw at[OC_DRAWS];
} oc_draws;

/* folder/<operator>.txt; without that file everything comes from the tables. */
sv_status oc_read_draws(const char *folder, const sv_op *op,
                        oc_draws *draws) SV_CHECKED;

/* The draw whose turn case `index` is. */
const oc_draw *oc_draw_at(const oc_draws *draws, int index);

/* Case `index` of a seed: the same on every machine. */
sv_status oc_draw_case(const sv_entry *entry, const oc_draw *draw,
                       uint64_t seed, int index, oc_case *c) SV_CHECKED;

/* ---- Running ---- */

/* A case ready to run in one precision. */
typedef struct oc_run {
  sv_dtype real;
  bool training;
  sv_node node;
  int ids[2 * OC_PORTS];
  sv_info in_info[OC_PORTS], out_info[OC_PORTS];
  sv_tensor *in[OC_PORTS], *seed[OC_PORTS];
  sv_tensor *out[OC_PORTS], *diff[OC_PORTS]; /* made by oc_forward, _backward */
} oc_run;

/* The node of a case: its attributes and the shapes of its inputs, settled. */
sv_status oc_node(oc_run *run, const oc_case *c, sv_dtype real) SV_CHECKED;

/* The whole; where the case has no seeds they are drawn. */
sv_status oc_run_new(oc_run **run, const oc_case *c, sv_dtype real) SV_CHECKED;
void oc_run_free(oc_run *run);

/* Input i is real and its port differentiable. */
bool oc_has_gradient(const oc_run *run, int i);
/* The pass that gives it. */
sv_pass oc_pass_of(const oc_run *run, int i);
bool oc_has_pass(const oc_run *run, sv_pass pass);
const char *oc_pass_name(sv_pass pass);

/* Through the reference. It is shown nothing but what its table says that it
 * reads. */
sv_status oc_forward(oc_run *run) SV_CHECKED;
sv_status oc_backward(oc_run *run) SV_CHECKED;
/* The same with out[0] over in[0], diff_in[0] over diff_out[0], where the table
 * allows that: *error against the usual way. */
sv_status oc_in_place(oc_run *run, double *error) SV_CHECKED;

/* max|a - b| / max|b|; infinite where only one of the two is NaN or an
 * infinity. `least` is taken for max|b| where that is smaller: a sum may come
 * out near zero by chance. */
double oc_error(const sv_tensor *got, const sv_tensor *expected, double least);

/* All that it computed is. */
bool oc_is_finite(const oc_run *run);

/* A plain copy, the reals as `real`. */
sv_status oc_convert(sv_tensor **copy, const sv_tensor *tensor,
                     sv_dtype real) SV_CHECKED;

/* The gradient that oc_backward falsifies by one per cent: --self-test. */
extern const sv_op *oc_falsified;
extern int oc_falsified_port;

/* ---- A kernel beside the reference ---- */

/* How the tensors lie that the kernel is offered. */
typedef enum oc_offer {
  OC_OFFER_PLAIN,
  OC_OFFER_CHANNELS_LAST,
  OC_OFFER_WANTED /* as it asked for when it was offered plain ones */
} oc_offer;

typedef struct oc_trial {
  const char *backend;
  const sv_kernel *kernel;
  sv_pass pass;
  int candidate;
  oc_offer offer;
  bool exact;
  bool frozen;     /* no parameter's gradient is wanted with the data's */
  bool may_spread; /* results may be NaN where the reference has numbers */
  int repeat;      /* > 0: seconds is the least of so many runs */
  /* Results. */
  bool taken; /* else it declined, and the rest means nothing */
  char name[48];
  double error;
  double seconds;
} oc_trial;

/* `run` holds the reference's results in f32. A failure is a fault. */
sv_status oc_try(const oc_run *run, oc_trial *trial) SV_CHECKED;

/* src to dst by a backend's reorder; SV_UNSUPPORTED if it declines. */
sv_status oc_reorder(const sv_kernel *kernel, const sv_tensor *src,
                     sv_tensor *dst) SV_CHECKED;

/* The case as a network of one node, compiled with this backend (NULL: all);
 * *error is the worst of all that `c` knows. */
sv_status oc_try_plan(const oc_case *c, const char *backend,
                      double *error) SV_CHECKED;

/* ---- Checks ---- */

typedef struct oc_options {
  const char *fixtures, *cases; /* folders */
  const char *op, *backend;     /* NULL: all */
  bool check_fixtures, check_fd, check_attrs, self_test, time, isas;
  int random; /* cases of each operator */
  uint64_t seed;
} oc_options;

typedef struct oc_tally {
  int passed, failed;
  double worst; /* error of those that passed */
} oc_tally;

extern bool oc_quiet; /* failures are counted but not printed */

void oc_fail(oc_tally *tally, const oc_case *c, const char *format, ...)
    SV_PRINTF(3, 4);
/* `what` is right where its error is at most `most`. */
void oc_judge(oc_tally *tally, const oc_case *c, const char *what, double error,
              double most);

void oc_check_fixtures(const oc_options *options, const sv_entry *entry,
                       const oc_cases *cases, oc_tally *tally);
void oc_check_fd(const oc_options *options, const sv_entry *entry,
                 const oc_draws *draws, oc_tally *tally);
void oc_check_random(const oc_options *options, const sv_entry *entry,
                     const oc_draws *draws, oc_tally *tally);
void oc_check_nan(const oc_options *options, const sv_entry *entry,
                  const oc_draws *draws, oc_tally *tally);
/* Spoilt attributes in files of ONNX, made from its fixtures. */
void oc_check_attrs(const oc_options *options, const sv_entry *entry,
                    const oc_cases *cases, oc_tally *tally);
void oc_check_reorders(const oc_options *options, oc_tally *tally);
/* A falsified gradient fails both of the first two checks. */
void oc_check_falsified(const oc_options *options, const sv_entry *entry,
                        const oc_cases *cases, const oc_draws *draws,
                        oc_tally *tally);
void oc_time(const oc_options *options, const sv_entry *entry,
             const oc_draws *draws);

#endif
