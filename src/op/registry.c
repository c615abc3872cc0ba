#include "op/registry.h"

#include <stdio.h>
#include <string.h>

#include "base/near.h"

/* backends.def, made by the build, has a line SV_BACKEND(fast) for each backend
 * of the build, and turns SV_USE_fast(conv) into SV_KERNEL(fast, conv) for
 * these and into nothing for the others. So SV_OPERATOR(conv, fast, other) is
 * read here as FIRST: conv, and USE: SV_USE_fast(conv) SV_USE_other(conv). */
#define FIRST(...) FIRST_(__VA_ARGS__, 0)
#define FIRST_(op, ...) op
#define USE(...) USE_(__VA_ARGS__, USE3, USE2, USE1, USE0, 0)(__VA_ARGS__)
#define USE_(op, a, b, c, use, ...) use
#define USE0(op)
#define USE1(op, a) SV_USE_##a(op)
#define USE2(op, a, b) SV_USE_##a(op) SV_USE_##b(op)
#define USE3(op, a, b, c) SV_USE_##a(op) SV_USE_##b(op) SV_USE_##c(op)

/* What there is. */
#define SV_BACKEND(name) extern const sv_backend sv_##name##_backend;
#define SV_KERNEL(backend, op) extern const sv_kernel sv_##backend##_##op;
#define DECLARE(op) extern const sv_op sv_op_##op, sv_op_##op##_f64;
#define DECLARE_(op) DECLARE(op)
#define SV_OPERATOR(...) DECLARE_(FIRST(__VA_ARGS__)) USE(__VA_ARGS__)
#include "backends.def"
#include "ops/ops.def"
#undef SV_BACKEND
#undef SV_KERNEL
#undef SV_OPERATOR

/* The same as tables. */
#define SV_KERNEL(backend, op) {#backend, &sv_##backend##_##op},
#define BOTH(name) .op = &sv_op_##name, .op_f64 = &sv_op_##name##_f64
#define BOTH_(op) BOTH(op)
#define SV_OPERATOR(...) \
  {BOTH_(FIRST(__VA_ARGS__)), .fast = {USE(__VA_ARGS__){NULL, NULL}}},
static const sv_entry entries[] = {
#include "ops/ops.def"
};

#define SV_BACKEND(name) &sv_##name##_backend,
static const sv_backend *const backends[] = {
#include "backends.def"
    NULL};

int sv_registry_count(void) {
  return (int)(sizeof entries / sizeof entries[0]);
}

const sv_entry *sv_registry_at(int i) { return &entries[i]; }

const sv_entry *sv_registry_find(const char *name) {
  for (int i = 0; i < sv_registry_count(); i++)
    if (strcmp(entries[i].op->name, name) == 0) return &entries[i];
  return NULL;
}

sv_status sv_registry_require(const sv_entry **entry, const char *name) {
  *entry = sv_registry_find(name);
  if (*entry) return SV_OK;
  char near[256] = "";
  size_t at = 0;
  int least = -1; /* of many that are near the nearest */
  for (int i = 0; i < sv_registry_count(); i++) {
    int wrong = sv_wrong_letters(name, entries[i].op->name);
    if (wrong >= 0 && (least < 0 || wrong < least)) least = wrong;
  }
  for (int i = 0; i < sv_registry_count() && least >= 0; i++) {
    const char *other = entries[i].op->name;
    if (sv_wrong_letters(name, other) != least ||
        at + strlen(other) + 8 > sizeof near)
      continue;
    at += (size_t)snprintf(near + at, sizeof near - at, "%s%s",
                           at ? " or " : "; did you mean ", other);
  }
  return sv_fail(SV_INVALID, "unknown operator '%.64s'%s%s", name, near,
                 at ? "?" : "");
}

const sv_entry *sv_registry_of(const sv_op *op) {
  for (int i = 0; i < sv_registry_count(); i++)
    if (entries[i].op == op || entries[i].op_f64 == op) return &entries[i];
  return NULL;
}

const sv_op *sv_registry_onnx(const char *type, int64_t opset) {
  for (int i = 0; i < sv_registry_count(); i++) {
    const sv_onnx_name *name = entries[i].op->onnx;
    for (; name && name->type; name++)
      if (strcmp(name->type, type) == 0 && opset >= name->since &&
          (!name->until || opset <= name->until))
        return entries[i].op;
  }
  return NULL;
}

int sv_backend_count(void) {
  return (int)(sizeof backends / sizeof backends[0]) - 1;
}

const sv_backend *sv_backend_at(int i) { return backends[i]; }

const sv_backend *sv_backend_find(const char *name) {
  for (int i = 0; i < sv_backend_count(); i++)
    if (strcmp(backends[i]->name, name) == 0) return backends[i];
  return NULL;
}

sv_status sv_backend_check(void) {
  for (int i = 0; i < sv_backend_count(); i++)
    if (backends[i]->check) SV_TRY(backends[i]->check());
  return SV_OK;
}
