/* Numbers as text, the same in every locale. */
#ifndef SV_BASE_NUMBER_H
#define SV_BASE_NUMBER_H

/* As strtod, but a decimal point is a point. */
double sv_number_read(const char *text, char **end);

/* The shortest of %.15g and %.17g that reads back the same; returns text. */
enum { SV_NUMBER_TEXT = 32 };
const char *sv_number_text(double number, char text[SV_NUMBER_TEXT]);

#endif
