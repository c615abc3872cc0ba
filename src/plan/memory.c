/* Liveness, the arena, and the binding of pointers.
 *
 * A buffer is live from its first step to its last. Two buffers may share
 * memory if they are never live together; offsets are found greedily in
 * several orders, of which the tightest is kept. The bound below which no
 * packing can go is the largest sum of bytes live at one step. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "plan/plan.h"

static int root_of(const sv_program *p, int buffer) {
  while (p->buffers[buffer].same_as >= 0) buffer = p->buffers[buffer].same_as;
  return buffer;
}

static void live_at(sv_program *p, int buffer, int step) {
  if (buffer < 0) return;
  sv_buffer *b = &p->buffers[root_of(p, buffer)];
  if (b->first < 0) b->first = step;
  if (step < b->first) b->first = step;
  if (step > b->last) b->last = step;
}

static int cells_of(const sv_step *step) {
  int ports = step->in_count + step->out_count;
  return 2 * ports;
}

static void find_lives(sv_program *p) {
  for (int s = 0; s < p->step_count; s++) {
    const sv_step *step = &p->steps[s];
    for (int i = 0; i < cells_of(step); i++)
      if (step->cells[i] >= 0) live_at(p, p->cells[step->cells[i]].buffer, s);
    live_at(p, step->workspace, s);
    live_at(p, step->scratch, s);
  }
  /* What the caller may read stays to the end. */
  for (int v = 0; v < p->graph->value_count; v++) {
    if (p->value_plain[v] >= 0)
      live_at(p, p->cells[p->value_plain[v]].buffer, p->step_count);
    if (p->gradient[v] >= 0)
      live_at(p, p->cells[p->gradient[v]].buffer, p->step_count);
  }
}

/* The whole is live as long as its parts. */
static void widen_wholes(sv_program *p) {
  for (int s = 0; s < p->step_count; s++) {
    const sv_step *step = &p->steps[s];
    for (int i = 0; step->inside && i < step->in_count; i++) {
      if (step->cells[i] < 0) continue;
      const sv_buffer *part = &p->buffers[p->cells[step->cells[i]].buffer];
      int whole = p->cells[step->cells[step->in_count]].buffer;
      if (part->part_of != whole || part->first < 0) continue;
      live_at(p, whole, part->first);
      live_at(p, whole, part->last);
    }
  }
}

static void keep_fixed(sv_program *p, int cell) {
  if (cell >= 0 && p->cells[cell].once) {
    sv_buffer *b = &p->buffers[p->cells[cell].buffer];
    if (b->where == SV_ARENA) b->where = SV_FIXED;
  }
}

/* ---- Writing over what nobody needs any more ---- */

static bool used_elsewhere(const sv_program *p, const sv_step *step, int root,
                           int except) {
  for (int i = 0; i < cells_of(step); i++) {
    if (i == except || step->cells[i] < 0) continue;
    if (root_of(p, p->cells[step->cells[i]].buffer) == root) return true;
  }
  return false;
}

static void merge(sv_program *p, const sv_step *step, int s, int i) {
  int under = step->over[i];
  if (step->cells[i] < 0 || under < 0 || step->cells[under] < 0) return;
  int above = p->cells[step->cells[i]].buffer;
  int below = root_of(p, p->cells[step->cells[under]].buffer);
  sv_buffer *a = &p->buffers[above], *b = &p->buffers[below];
  if (a->part_of >= 0 || b->part_of >= 0 || a->same_as >= 0 || above == below ||
      a->where != SV_ARENA || b->where != SV_ARENA || a->first != s ||
      b->last != s || b->bytes < a->bytes ||
      used_elsewhere(p, step, below, under))
    return;
  a->same_as = below;
  b->last = a->last;
}

static void merge_all(sv_program *p) {
  for (int s = 0; s < p->step_count; s++)
    for (int i = 0; i < cells_of(&p->steps[s]); i++)
      merge(p, &p->steps[s], s, i);
}

/* ---- Packing ---- */

typedef struct item {
  int buffer, first, last;
  size_t bytes;  /* aligned */
  size_t offset; /* found */
  double key;    /* order: largest first */
} item;

static int by_key(const void *a, const void *b) {
  const item *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? 1 : -1;
  return x->buffer - y->buffer;
}

static int by_offset(const void *a, const void *b) {
  const item *x = *(const item *const *)a, *y = *(const item *const *)b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  return x->buffer - y->buffer;
}

/* The lowest gap, among the placed items live together with this one, in which
 * it fits. `near` has room for all items. */
static size_t lowest_gap(const item *items, int placed, const item *it,
                         const item **near) {
  int count = 0;
  for (int i = 0; i < placed; i++)
    if (items[i].first <= it->last && it->first <= items[i].last)
      near[count++] = &items[i];
  qsort(near, (size_t)count, sizeof *near, by_offset);
  size_t end = 0;
  for (int i = 0; i < count; i++) {
    if (near[i]->offset >= end + it->bytes) break;
    size_t after = near[i]->offset + near[i]->bytes;
    if (after > end) end = after;
  }
  return end;
}

static size_t place_all(item *items, int count, const item **near) {
  size_t arena = 0;
  qsort(items, (size_t)count, sizeof *items, by_key);
  for (int i = 0; i < count; i++) {
    items[i].offset = lowest_gap(items, i, &items[i], near);
    size_t end = items[i].offset + items[i].bytes;
    if (end > arena) arena = end;
  }
  return arena;
}

enum order { BY_SIZE, BY_AREA, BY_START, BY_END, BY_LENGTH, ORDER_COUNT };

static double key_of(const item *it, enum order order) {
  double length = it->last - it->first + 1;
  switch (order) {
    case BY_SIZE: return (double)it->bytes;
    case BY_AREA: return (double)it->bytes * length;
    case BY_START: return -it->first;
    case BY_END: return it->last;
    default: return length;
  }
}

static void keep_offsets(sv_program *p, const item *items, int count) {
  for (int i = 0; i < count; i++)
    p->buffers[items[i].buffer].offset = items[i].offset;
}

static void pack(sv_program *p, item *items, int count, const item **near) {
  p->memory.arena = SIZE_MAX;
  for (int order = 0; order < ORDER_COUNT; order++) {
    for (int i = 0; i < count; i++)
      items[i].key = key_of(&items[i], (enum order)order);
    size_t arena = place_all(items, count, near);
    if (arena >= p->memory.arena) continue;
    p->memory.arena = arena;
    keep_offsets(p, items, count);
    if (arena == p->memory.peak) return;
  }
}

static size_t live_peak(const sv_program *p, const item *items, int count) {
  size_t peak = 0;
  for (int s = 0; s <= p->step_count; s++) {
    size_t sum = 0;
    for (int i = 0; i < count; i++)
      if (items[i].first <= s && s <= items[i].last) sum += items[i].bytes;
    if (sum > peak) peak = sum;
  }
  return peak;
}

static sv_status pack_arena(sv_program *p) {
  item *items;
  const item **near;
  size_t most = (size_t)p->buffer_count;
  SV_TRY(sv_alloc_array(&items, most, sizeof *items));
  sv_status status = sv_alloc_array(&near, most, sizeof *near);
  if (status != SV_OK) {
    sv_free(items);
    return status;
  }
  int count = 0;
  for (int i = 0; i < p->buffer_count; i++) {
    const sv_buffer *b = &p->buffers[i];
    if (b->where != SV_ARENA || b->same_as >= 0 || b->part_of >= 0 ||
        b->first < 0)
      continue;
    items[count++] = (item){.buffer = i,
                            .first = b->first,
                            .last = b->last,
                            .bytes = sv_align_up(b->bytes)};
    p->memory.total += sv_align_up(b->bytes);
  }
  p->memory.peak = live_peak(p, items, count);
  pack(p, items, count, near);
  sv_free(items);
  sv_free(near);
  return SV_OK;
}

/* One after the other: FIXED in order of making, GRADIENT in the order in
 * which backward makes them, which is the reverse of the graph's. */
static size_t line_up(sv_program *p, sv_where where) {
  size_t end = 0;
  for (int i = 0; i < p->buffer_count; i++) {
    sv_buffer *b = &p->buffers[i];
    if (b->where != where || b->same_as >= 0) continue;
    b->offset = end;
    end += sv_align_up(b->bytes);
  }
  return end;
}

/* Constants that only other constants are made of (a folded weight that is then
 * packed) need no memory of their own. */
static void share_steps_between(sv_program *p) {
  for (int i = 0; i < p->buffer_count; i++)
    if (p->buffers[i].where == SV_FIXED) p->buffers[i].where = SV_ARENA;
  for (int s = 0; s < p->step_count; s++)
    for (int i = 0; i < cells_of(&p->steps[s]) && !p->steps[s].once; i++)
      keep_fixed(p, p->steps[s].cells[i]);
  for (int v = 0; v < p->graph->value_count; v++)
    keep_fixed(p, p->value_plain[v]);
}

sv_status sv_pass_memory(sv_plan *plan, sv_program *p) {
  (void)plan;
  share_steps_between(p);
  find_lives(p);
  widen_wholes(p);
  merge_all(p);
  SV_TRY(pack_arena(p));
  p->memory.constant = line_up(p, SV_FIXED);
  p->memory.gradient = line_up(p, SV_GRADIENT);
  SV_TRY(sv_alloc(&p->arena, p->memory.arena));
  SV_TRY(sv_alloc(&p->fixed, p->memory.constant));
  return sv_alloc(&p->gradients, p->memory.gradient);
}

/* ---- Letting go ---- */

/* Of whole pages; they are zeros when they are used again, as they were at
 * first. */
static void let_go(char *memory, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)memory + bytes) / page * page;
  if (memory && begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void sv_plan_idle(sv_plan *plan) {
  sv_program *p = plan->program;
  let_go(p->arena, p->memory.arena);
  let_go(p->gradients, p->memory.gradient);
  let_go(p->fixed, p->memory.constant);
  p->stale = true;
}

/* ---- Binding ---- */

static void *buffer_memory(const sv_plan *plan, sv_program *p, int buffer) {
  sv_buffer *b = &p->buffers[root_of(p, buffer)];
  if (b->part_of >= 0)
    return (char *)buffer_memory(plan, p, b->part_of) + b->offset;
  switch (b->where) {
    case SV_ARENA: return p->arena + b->offset;
    case SV_FIXED: return p->fixed + b->offset;
    case SV_GRADIENT: return p->gradients + b->offset;
    case SV_STATE: return plan->state->slots[b->slot].tensor.data;
    case SV_OWN: return plan->own[b->own].tensor.data;
    case SV_SCALAR: return &b->seed;
    case SV_KNOWN: return b->known;
  }
  return NULL;
}

static sv_tensor *tensor_of(sv_program *p, int cell) {
  return cell < 0 ? NULL : &p->cells[cell].tensor;
}

static void bind_step(const sv_plan *plan, sv_program *p, sv_step *step) {
  for (int i = 0; i < cells_of(step); i++)
    step->tensors[i] = tensor_of(p, step->cells[i]);
  sv_tensor **out = step->tensors + step->in_count;
  sv_tensor **diff_in = out + step->out_count;
  sv_tensor **diff_out = diff_in + step->in_count;
  step->args = (sv_args){
      .node = step->node,
      .pass = step->pass,
      .training = step->training,
      .in = (const sv_tensor *const *)step->tensors,
      .out = out,
      .diff_out = (const sv_tensor *const *)diff_out,
      .diff_in = diff_in,
      .random = {.seed = plan->options.seed,
                 .stream = sv_hash_text(step->node->name)},
  };
  if (step->workspace >= 0)
    step->args.workspace = buffer_memory(plan, p, step->workspace);
  if (step->scratch >= 0)
    step->args.scratch = buffer_memory(plan, p, step->scratch);
}

void sv_program_bind(const sv_plan *plan, sv_program *p) {
  for (int i = 0; i < p->cell_count; i++) {
    sv_cell *cell = &p->cells[i];
    cell->tensor.data = buffer_memory(plan, p, cell->buffer);
  }
  for (int i = 0; i < p->step_count; i++) bind_step(plan, p, &p->steps[i]);
}
