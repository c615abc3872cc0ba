/* Which of oneDNN's functions let NaN through. Minimum and maximum
 * instructions, with which it bounds the argument of an exponential, give one
 * operand or the other for NaN: that differs with the function, the instruction
 * set and the version, so each is tried, once in the life of the process. */
#include <math.h>
#include <pthread.h>

#include "dnnl/eltwise.h"

enum { ROW = 67, MOST = 64 }; /* whole vectors and a rest */

static bool run_on(dnnl_primitive_desc_t pd, bool forward, bool reads_x,
                   float *value, float *slope, float *result) {
  dnnl_exec_arg_t args[3];
  float *data[] = {value, result, slope};
  int kinds[] = {forward || reads_x ? DNNL_ARG_SRC : DNNL_ARG_DST,
                 forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST};
  int count = 0, wanted = forward ? 2 : 3;
  dnnl_primitive_t primitive = NULL;
  dnnl_stream_t stream = NULL;
  bool done = dnnl_primitive_create(&primitive, pd) == dnnl_success &&
              dnnl_stream_create(&stream, sv_dnnl_engine(),
                                 dnnl_stream_default_flags) == dnnl_success;
  for (; done && count < wanted; count += done) {
    sv_const_md md =
        dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, kinds[count]);
    args[count].arg = kinds[count];
    done = !sv_md_absent(md) &&
           dnnl_memory_create(&args[count].memory, md, sv_dnnl_engine(),
                              data[count]) == dnnl_success;
  }
  done =
      done &&
      dnnl_primitive_execute(primitive, stream, count, args) == dnnl_success &&
      dnnl_stream_wait(stream) == dnnl_success;
  while (count > 0) dnnl_memory_destroy(args[--count].memory);
  if (stream) dnnl_stream_destroy(stream);
  if (primitive) dnnl_primitive_destroy(primitive);
  return done;
}

/* A row of NaN has to give a row of NaN. */
static bool try_row(const sv_dnnl_activation *f, bool forward) {
  const sv_shape shape = {.rank = 1, .dim = {ROW}};
  dnnl_primitive_desc_t hint = NULL, pd = NULL;
  sv_md md = NULL;
  float value[ROW], slope[ROW], result[ROW];
  for (int i = 0; i < ROW; i++) {
    value[i] = NAN;
    slope[i] = 1;
    result[i] = 0;
  }
  sv_status status = sv_md_rows(&md, &shape, sv_form_same);
  if (status == SV_OK)
    status =
        sv_pd_eltwise(&hint, dnnl_forward_training, &f->function, md, NULL);
  if (status == SV_OK && !forward)
    status = sv_pd_eltwise(&pd, dnnl_backward_data, &f->function, md, hint);
  bool shown = status == SV_OK && run_on(forward ? hint : pd, forward,
                                         f->reads_x, value, slope, result);
  for (int i = 0; i < ROW; i++) shown = shown && isnan(result[i]);
  if (pd) dnnl_primitive_desc_destroy(pd);
  if (hint) dnnl_primitive_desc_destroy(hint);
  sv_md_free(md);
  return shown;
}

bool sv_dnnl_shows_nan(const sv_dnnl_activation *f, bool forward) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static struct {
    dnnl_alg_kind_t alg;
    bool forward, shown;
  } known[MOST];
  static int count;
  pthread_mutex_lock(&lock);
  int i = 0;
  while (i < count &&
         (known[i].alg != f->function.alg || known[i].forward != forward))
    i++;
  bool shown = i < count ? known[i].shown : try_row(f, forward);
  if (i == count && count < MOST) {
    known[count].alg = f->function.alg;
    known[count].forward = forward;
    known[count++].shown = shown;
  }
  pthread_mutex_unlock(&lock);
  return shown;
}
