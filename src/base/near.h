/* Suggestions for misspelt words. */
#ifndef SV_BASE_NEAR_H
#define SV_BASE_NEAR_H

#include <stdbool.h>

/* True if at most two letters are wrong, missing, superfluous or swapped with
 * their neighbour, and at least half of the word is right. */
bool sv_is_near(const char *word, const char *other);
/* The number of such errors; -1: the words are not similar. */
int sv_wrong_letters(const char *word, const char *other);

#endif
