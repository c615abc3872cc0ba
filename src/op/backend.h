/* The interface of a kernel and of a backend. The plan asks the backends of an
 * operator's line in ops.def in order, each for candidates 0, 1, ... until it
 * returns SV_UNSUPPORTED, and the reference last. */
#ifndef SV_OP_BACKEND_H
#define SV_OP_BACKEND_H

#include "op/op.h"

/* A tensor as offered by the plan or requested by a kernel. */
typedef struct sv_spec {
  bool present; /* diff_in: this gradient is needed */
  sv_dtype dtype;
  sv_dtype stored; /* as it lies now: f32 values may be stored as bf16; only of
                    * tensors that exist already */
  sv_shape shape;
  sv_layout layout; /* its bytes are those of dtype */
} sv_spec;

typedef struct sv_kernel sv_kernel;

/* No kernel has more candidates for one site. */
enum { SV_MOST_CANDIDATES = 64 };

/* A node of a site's tail: it reads the result of the site's node, or of the
 * tail's previous node, and alone does so. All their results have the same
 * shape. */
typedef struct sv_tail {
  const sv_node *node;
  int port;    /* its input that is the previous result */
  int extra;   /* index in site->in of its other input, a tensor of the same
                * shape; -1: it has no other */
  bool output; /* the caller may read its result */
  bool last;   /* nothing else will read the other input: the output may take
                * its memory (sv_place.onto) */
} sv_tail;
enum { SV_LONGEST_TAIL = 4 };

/* The context of a kernel. Layouts are the current layouts of the tensors:
 * accepting them avoids a reorder. Those of `out` (forward) and `diff_in` are
 * plain and have no meaning yet. */
typedef struct sv_site {
  const sv_node *node;
  sv_pass pass;
  int candidate;
  bool training; /* training mode of dropout and batch normalisation */
  bool backward; /* a backward pass will follow */
  bool exact;    /* no algorithm that trades accuracy for speed */
  int threads;
  /* The nodes that follow (forward, at inference), which the kernel may
   * compute, too; their other inputs come after the node's own in `in`. */
  const sv_tail *tail;
  int tail_count, extra_count;
  const sv_spec *in, *out;           /* node->in_count + extra_count,
                                      * node->out_count */
  const sv_spec *diff_in, *diff_out; /* backward passes only */
  size_t workspace;         /* backward: bytes that the forward pass left */
  const sv_kernel *forward; /* backward: the kernel of the forward
                             * pass */
} sv_site;

typedef struct sv_place {
  bool used;        /* this pass reads or writes it; else it is NULL in args */
  sv_dtype dtype;   /* the type in which the kernel reads or writes it, by
                     * default the value's own: another one saves a cast if that
                     * is how it is stored */
  sv_layout layout; /* the layout in which the kernel reads or writes it, with
                     * bytes of that type */
  int over; /* out, diff_in: it may overwrite this `in` / `diff_out` if that is
             * not needed any more; -1: never */
  int view; /* out, diff_in: it is the same memory as this in / diff_out; -1:
             * no. A kernel whose outputs are all views is never run */
  bool inside; /* in: it may lie inside out 0, at this offset in bytes: the
                * kernel then finds it there and need not copy it. A kernel all
                * of whose inputs do is not run */
  size_t offset;
  int onto; /* out: before the run it holds this extra input, whose memory it
             * takes (sv_tail.last); -1: no */
} sv_place;

/* What the kernel needs. The plan sets the current layouts, `used` for the
 * tensors that a pass needs (forward: in and out; backward: diff_out and the
 * needed diff_in), and over, view and onto to -1; the kernel changes what
 * differs. */
typedef struct sv_need {
  sv_place *in, *out, *diff_in, *diff_out;
  size_t workspace; /* bytes from this forward pass to the backward passes */
  size_t scratch;   /* bytes during the call */
  int tail;      /* the number of nodes of the tail that it computes: out[0] is
                  * the result of the last of them */
  bool both;     /* BACKWARD_DATA: this run computes the parameters'
                  * gradients, too; BACKWARD_PARAMS is not planned then */
  char name[48]; /* for --explain-plan: "jit:avx2", "ref" */
} sv_need;

struct sv_kernel {
  /* SV_UNSUPPORTED (no message needed): this candidate does not apply. Any
   * other failure ends the compilation. *impl is owned by the plan and freed by
   * destroy. */
  sv_status (*plan)(const sv_site *site, sv_need *need, void **impl);
  /* Overwrites its results. Does not allocate. */
  sv_status (*run)(void *impl, const sv_args *args);
  void (*destroy)(void *impl); /* accepts NULL; NULL: nothing to free */
};

typedef struct sv_backend {
  const char *name;
  const char *(*version)(void); /* NULL: part of this build */
  /* The instruction set in use; those that this machine supports, the default
   * last, ending with NULL; the environment variable that selects another.
   * NULL: no choice. */
  const char *(*isa)(void);
  const char *const *(*isas)(void);
  const char *isa_variable;
  /* Floats per vector, if kernels divide the work by it; NULL: they do not. */
  int (*width)(void);
  /* Checks that the backend is ready; called before a plan is compiled. NULL:
   * always. */
  sv_status (*check)(void);
  /* Copies in[0] to out[0], same shape and type, both layouts given by the
   * site. */
  sv_kernel reorder;
} sv_backend;

/* The reference as a kernel: site->node->op->ref (f32 or f64 by the site). */
extern const sv_kernel sv_ref_kernel;
/* Copies between any two layouts except OPAQUE. */
extern const sv_kernel sv_ref_reorder;

#endif
