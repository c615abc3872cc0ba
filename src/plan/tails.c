/* Tails: the nodes after a node that one kernel may compute with it, at
 * inference. Each reads the result of the one before, and nothing else does. */
#include <string.h>

#include "plan/plan.h"

/* ---- Readers ---- */

void sv_count_readers(const sv_graph *graph, const int *kept, int count,
                      sv_reading *readers) {
  for (int v = 0; v < graph->value_count; v++)
    readers[v] = (sv_reading){.node = -1};
  for (int i = 0; i < graph->node_count; i++)
    for (int k = 0; k < graph->nodes[i].in_count; k++) {
      sv_reading *r = &readers[graph->nodes[i].in[k]];
      r->count++;
      r->node = i;
    }
  for (int i = 0; i < count; i++) {
    readers[kept[i]].count++;
    readers[kept[i]].asked = true;
  }
}

void sv_program_has_read(sv_program *p, const sv_node *node) {
  for (int k = 0; k < node->in_count; k++) p->readers[node->in[k]].done++;
}

/* ---- Memory that a kernel may write over ---- */

/* True if only this reader is left, and no other living value has its memory.
 */
static bool is_last_read(const sv_program *p, int value) {
  const sv_reading *r = &p->readers[value];
  int cell = p->value_cell[value];
  if (r->done != r->count - 1) return false;
  int buffer = p->cells[cell].buffer;
  if (p->buffers[buffer].where != SV_ARENA) return false;
  for (int c = 0; c < p->cell_count; c++) {
    bool own = false;
    for (int k = cell; k >= 0; k = p->cells[k].next) own = own || k == c;
    if (!own && p->cells[c].buffer == buffer && !p->cells[c].over) return false;
  }
  return true;
}

void sv_program_write_over(sv_program *p, int cell) {
  int buffer = p->cells[cell].buffer;
  for (int c = 0; c < p->cell_count; c++)
    if (p->cells[c].buffer == buffer) p->cells[c].over = true;
}

/* ---- The tail ---- */

static bool alike(const sv_info *a, const sv_info *b) {
  return a->dtype == SV_F32 && b->dtype == SV_F32 &&
         sv_shape_equal(&a->shape, &b->shape);
}

/* The reader of `value` as the next node of the tail. */
static bool find_next(const sv_program *p, int value, sv_tail *next) {
  const sv_reading *r = &p->readers[value];
  if (r->count != 1 || r->node < 0) return false;
  const sv_node *node = &p->graph->nodes[r->node];
  if (node->out_count < 1 || !node->out[0]) return false;
  for (int k = 1; k < node->out_count; k++)
    if (node->out[k]) return false;
  *next = (sv_tail){.node = node, .port = -1, .extra = -1};
  for (int k = 0, others = 0; k < node->in_count; k++) {
    int in = node->in[k];
    if (in == value)
      next->port = k;
    else if (in && (others++ || p->value_cell[in] < 0 ||
                    !alike(&p->infos[in], &p->infos[value])))
      return false;
    else if (in)
      next->extra = in;
  }
  int result = node->out[0];
  next->output = p->readers[result].asked;
  return alike(&p->infos[result], &p->infos[value]);
}

void sv_program_tail(const sv_program *p, const sv_node *node,
                     sv_tails *tails) {
  tails->count = tails->extra_count = 0;
  if (!p->rewrites || node->out_count < 1 || !node->out[0]) return;
  for (int k = 1; k < node->out_count; k++)
    if (node->out[k]) return;
  int value = node->out[0];
  sv_tail next;
  while (tails->count < SV_LONGEST_TAIL && find_next(p, value, &next)) {
    if (next.extra >= 0) {
      int extra = next.extra;
      next.last = is_last_read(p, extra);
      next.extra = node->in_count + tails->extra_count;
      tails->extra[tails->extra_count++] = extra;
    }
    tails->at[tails->count++] = next;
    value = next.node->out[0];
  }
}
