/* Sixteen floats by what every processor has: to test this width anywhere. */
#define WIDTH 16
#define ROWS 2
#define LOOPS sv_winograd_base16
#include "winograd/loops_code.h"
