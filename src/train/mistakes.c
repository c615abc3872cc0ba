/* The most confident mistakes: a short list, always in order. */
#include <svertka/train.h>

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "task/metrics.h"

sv_status sv_mistakes_new(sv_mistakes *mistakes, int most) {
  *mistakes = (sv_mistakes){.most = most};
  if (most < 0) return sv_fail(SV_INVALID, "a list of %d mistakes", most);
  return most
             ? sv_alloc_array(&mistakes->at, (size_t)most, sizeof *mistakes->at)
             : SV_OK;
}

void sv_mistakes_free(sv_mistakes *mistakes) {
  sv_free(mistakes->at);
  *mistakes = (sv_mistakes){0};
}

void sv_mistakes_add(sv_mistakes *m, const sv_verdict *verdict) {
  int place = m->count;
  if (verdict->predicted == verdict->label) return;
  while (place > 0 && m->at[place - 1].probability < verdict->probability)
    place--;
  if (place == m->most) return;
  if (m->count < m->most) m->count++;
  memmove(&m->at[place + 1], &m->at[place],
          (size_t)(m->count - 1 - place) * sizeof *m->at);
  m->at[place] = *verdict;
}
