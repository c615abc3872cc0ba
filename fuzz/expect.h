/* What holds whatever the bytes are, or the fuzzer stops. */
#ifndef SV_FUZZ_EXPECT_H
#define SV_FUZZ_EXPECT_H

#include <svertka/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

/* Says which of them, before the fuzzer says where. */
#define expect(holds)                                               \
  do {                                                              \
    if (holds) break;                                               \
    fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #holds, \
            sv_error());                                            \
    abort();                                                        \
  } while (0)

/* An error: one line that begins so and goes on. */
static inline void expect_error(const char *beginning) {
  size_t length = strlen(beginning);
  expect(strncmp(sv_error(), beginning, length) == 0 && sv_error()[length]);
  expect(!strchr(sv_error(), '\n'));
}

/* Where writing costs little. */
static inline const char *scratch_path(const char *ending) {
  static char path[64];
  const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(path, sizeof path, "%s/svertka-fuzz-%ld.%s", folder, (long)getpid(),
           ending);
  return path;
}

#endif
