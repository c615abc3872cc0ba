/* Eight floats by what every processor has: to test this width anywhere. */
#define WIDTH 8
#define ROWS 2
#define LOOPS sv_winograd_base8
#include "winograd/loops_code.h"
