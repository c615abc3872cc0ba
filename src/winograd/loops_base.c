/* Four floats: what every x86-64 and arm64 processor has. NEON has registers
 * for twice as many sums as SSE. */
#define WIDTH 4
#ifdef __aarch64__
#define ROWS 12
#else
#define ROWS 6
#endif
#define LOOPS sv_winograd_base
#include "winograd/loops_code.h"
