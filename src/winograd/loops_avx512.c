/* Sixteen floats: x86-64 servers since 2017. */
#ifdef __AVX512F__
#define WIDTH 16
#define ROWS 12
#define LOOPS sv_winograd_avx512
#include "winograd/loops_code.h"
#else
typedef int sv_no_avx512;
#endif
