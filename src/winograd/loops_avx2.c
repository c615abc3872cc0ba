/* Eight floats with fused multiply-add: x86-64 since 2013. */
#ifdef __AVX2__
#define WIDTH 8
#define ROWS 6
#define LOOPS sv_winograd_avx2
#include "winograd/loops_code.h"
#else
typedef int sv_no_avx2;
#endif
