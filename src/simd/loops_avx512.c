/* Sixteen floats: x86-64 servers since 2017. */
#ifdef __AVX512F__
#define WIDTH 16
#define NAME "avx512"
#define LOOPS sv_loops_avx512
#include "simd/loops_code.h"
#else
typedef int sv_no_avx512;
#endif
