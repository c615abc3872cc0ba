/* Four floats: what every x86-64 and arm64 processor has. */
#define WIDTH 4
#define NAME "base"
#define LOOPS sv_loops_base
#include "simd/loops_code.h"
