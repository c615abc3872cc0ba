/* Sixteen floats by what every processor has: to test this width anywhere. */
#define WIDTH 16
#define NAME "base16"
#define LOOPS sv_loops_base16
#include "simd/loops_code.h"
