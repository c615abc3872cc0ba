#include "base/number.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

double sv_number_read(const char *text, char **end) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  double number = strtod_l(text, end, plain);
  freelocale(plain);
  return number;
}

const char *sv_number_text(double number, char text[SV_NUMBER_TEXT]) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  locale_t before = uselocale(plain);
  snprintf(text, SV_NUMBER_TEXT, "%.15g", number);
  if (strtod(text, NULL) != number)
    snprintf(text, SV_NUMBER_TEXT, "%.17g", number);
  uselocale(before);
  freelocale(plain);
  return text;
}
