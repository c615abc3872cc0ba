/* The contract of a kernel and of a backend. The plan asks the backends of an
 * operator's line in ops.def in order, each with candidate 0, 1, ... until it
 * answers SV_UNSUPPORTED, and the reference last. */
#ifndef SV_OPS_BACKEND_H
#define SV_OPS_BACKEND_H

#include "ops/op.h"

/* A tensor as the plan offers or a kernel wants it. */
typedef struct sv_spec {
  bool present; /* diff_in: this gradient is wanted */
  sv_dtype dtype;
  sv_shape shape;
  sv_layout layout;
} sv_spec;

typedef struct sv_kernel sv_kernel;

/* Where a kernel would run. Layouts are those in which the tensors lie now:
 * taking them as they are spares a reorder. Those of `out` (forward) and
 * `diff_in` are plain, and of no meaning yet. */
typedef struct sv_site {
  const sv_node *node;
  sv_pass pass;
  int candidate;
  bool training; /* dropout drops, batches are normalised by themselves */
  bool backward; /* a backward pass will follow */
  bool exact;    /* no algorithm that trades accuracy for speed */
  int threads;
  const sv_spec *in, *out;           /* node->in_count, node->out_count */
  const sv_spec *diff_in, *diff_out; /* backward passes only */
  const sv_kernel *forward;          /* backward: what the forward pass chose */
} sv_site;

typedef struct sv_place {
  bool used;        /* this pass reads or writes it; else it is NULL in args */
  sv_layout layout; /* as the kernel wants to read it or will write it */
  int over; /* out, diff_in: it may lie over `in` / `diff_out` of this number
             * when nobody needs that any more; -1: never */
  int view; /* out, diff_in: it IS in / diff_out of this number; -1: no. A
             * kernel whose outputs are all views is never run */
} sv_place;

/* What the kernel needs. The plan fills it with the site's layouts, `used` for
 * what a pass must have (forward: in and out; backward: diff_out and the
 * wanted diff_in), over and view -1, and the kernel changes what differs. */
typedef struct sv_need {
  sv_place *in, *out, *diff_in, *diff_out;
  size_t workspace; /* bytes from this forward pass to the backward passes */
  size_t scratch;   /* bytes during the call */
  bool both;        /* BACKWARD_DATA: this run gives the parameters' gradients
                     * too; BACKWARD_PARAMS is not planned then */
  char name[48];    /* for --explain-plan: "jit:avx2", "ref" */
} sv_need;

struct sv_kernel {
  /* SV_UNSUPPORTED (no message needed): not this candidate. Any other failure
   * ends the compilation. *impl belongs to the plan, freed by destroy. */
  sv_status (*plan)(const sv_site *site, sv_need *need, void **impl);
  /* Overwrites what it gives. Allocates nothing. */
  sv_status (*run)(void *impl, const sv_args *args);
  void (*destroy)(void *impl); /* takes NULL; NULL: nothing to free */
};

typedef struct sv_backend {
  const char *name;
  const char *(*version)(void); /* NULL: it is part of this build */
  /* The instruction set in use; those that this machine runs, the default last
   * and NULL after it; the environment variable that chooses another one. NULL:
   * there is no choice. */
  const char *(*isa)(void);
  const char *const *(*isas)(void);
  const char *isa_variable;
  /* Floats in a vector, where kernels divide the work by it; NULL: they do not.
   */
  int (*width)(void);
  /* Ready to run: asked before a plan is compiled. NULL: always. */
  sv_status (*check)(void);
  /* in[0] to out[0], same shape and type, both layouts fixed by the site. */
  sv_kernel reorder;
} sv_backend;

/* The reference as a kernel: site->node->op->ref (f32 or f64 by the site). */
extern const sv_kernel sv_ref_kernel;
/* Copies between any two layouts that are not opaque. */
extern const sv_kernel sv_ref_reorder;

#endif
