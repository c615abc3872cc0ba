/* Eight floats by what every processor has: to test this width anywhere. */
#define WIDTH 8
#define NAME "base8"
#define LOOPS sv_loops_base8
#include "simd/loops_code.h"
