/* The operators and the backends of this build. */
#ifndef SV_OP_REGISTRY_H
#define SV_OP_REGISTRY_H

#include "op/backend.h"

enum { SV_MAX_BACKENDS = 4 };

typedef struct sv_entry {
  const sv_op *op;
  const sv_op *op_f64; /* the same file compiled for double */
  /* The fast kernels in order of preference; ends with {NULL}. */
  struct {
    const char *backend;
    const sv_kernel *kernel;
  } fast[SV_MAX_BACKENDS];
} sv_entry;

int sv_registry_count(void);
const sv_entry *sv_registry_at(int i);

/* NULL if there is none; sv_registry_require fails and suggests similar
 * names. */
const sv_entry *sv_registry_find(const char *name);
sv_status sv_registry_require(const sv_entry **entry,
                              const char *name) SV_CHECKED;
const sv_entry *sv_registry_of(const sv_op *op);

/* The operator for the ONNX operator `type` in this opset; NULL if none. */
const sv_op *sv_registry_onnx(const char *type, int64_t opset);

int sv_backend_count(void);
const sv_backend *sv_backend_at(int i);
const sv_backend *sv_backend_find(const char *name);
/* Checks that every backend of the build is ready. */
sv_status sv_backend_check(void) SV_CHECKED;

#endif
