#include "base/near.h"

#include <string.h>

enum { LONGEST = 32 };

static int least(int a, int b) { return a < b ? a : b; }

/* Damerau and Levenshtein's distance, row by row of the usual table. */
static int distance(const char *a, int a_length, const char *b, int b_length) {
  int rows[3][LONGEST + 1];
  int *before = rows[0], *above = rows[1], *row = rows[2];
  for (int j = 0; j <= b_length; j++) above[j] = j;
  for (int i = 1; i <= a_length; i++) {
    row[0] = i;
    for (int j = 1; j <= b_length; j++) {
      row[j] = least(above[j], row[j - 1]) + 1;
      row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = least(row[j], before[j - 2] + 1);
    }
    int *oldest = before;
    before = above;
    above = row;
    row = oldest;
  }
  return above[b_length];
}

int sv_wrong_letters(const char *word, const char *other) {
  size_t a = strlen(word), b = strlen(other);
  if (a > LONGEST || b > LONGEST || !a || !b) return -1;
  int wrong = distance(word, (int)a, other, (int)b);
  return wrong <= 2 && 2 * wrong <= (int)(a < b ? a : b) ? wrong : -1;
}

bool sv_is_near(const char *word, const char *other) {
  return sv_wrong_letters(word, other) >= 0;
}
