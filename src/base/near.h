/* Words that were probably meant. */
#ifndef SV_BASE_NEAR_H
#define SV_BASE_NEAR_H

#include <stdbool.h>

/* At most two letters are wrong, missing, too many or swapped with their
 * neighbour, and at least half of the word is right. */
bool sv_is_near(const char *word, const char *other);
/* How many; -1: the words are not near. */
int sv_wrong_letters(const char *word, const char *other);

#endif
