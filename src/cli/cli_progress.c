/* Time, progress and Ctrl-C. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

double cli_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *cli_duration(double seconds, char text[CLI_TIME_TEXT]) {
  long long s = seconds < 0 ? 0 : seconds > 1e9 ? 1000000000 : seconds + 0.5;
  if (s >= 3600)
    snprintf(text, CLI_TIME_TEXT, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60,
             s % 60);
  else
    snprintf(text, CLI_TIME_TEXT, "%lld:%02lld", s / 60, s % 60);
  return text;
}

/* ---- Progress ---- */

static const double redraw = 0.1, plain_line = 10; /* seconds */

void cli_progress_start(cli_progress *p, const char *label, const char *unit,
                        int64_t total) {
  *p = (cli_progress){.label = label, .unit = unit, .total = total};
  p->started = p->shown = cli_clock();
  p->terminal = isatty(STDERR_FILENO) == 1;
}

static void draw_bar(double share, int width) {
  fputs(cli_color(STDERR_FILENO, CLI_GREEN), stderr);
  int full = (int)(share * width);
  for (int i = 0; i < width; i++) {
    if (i == full) fputs(cli_color(STDERR_FILENO, CLI_DIM), stderr);
    fputc(i < full ? '=' : '-', stderr);
  }
  fputs(cli_color(STDERR_FILENO, CLI_PLAIN), stderr);
}

static void show(cli_progress *p, double now, const char *note) {
  char line[256], left[CLI_TIME_TEXT];
  double spent = now - p->started;
  double share = p->total > 0 ? (double)p->done / (double)p->total : 0;
  double rate = spent > 0 ? (double)p->done / spent : 0;
  int length = snprintf(line, sizeof line, "%3.0f%%", 100 * share);
  if (rate > 0)
    length += snprintf(line + length, sizeof line - (size_t)length,
                       "  %.*f %s/s  %s left", rate < 10 ? 1 : 0, rate, p->unit,
                       cli_duration((double)(p->total - p->done) / rate, left));
  if (note)
    length +=
        snprintf(line + length, sizeof line - (size_t)length, "  %s", note);
  if (!p->terminal) {
    fprintf(stderr, "%s: %s\n", p->label, line);
    return;
  }
  int room = cli_width(STDERR_FILENO) - length - (int)strlen(p->label) - 6;
  fprintf(stderr, "\r%s ", p->label);
  if (room >= 10) {
    draw_bar(share, room < 30 ? room : 30);
    fputc(' ', stderr);
  }
  fprintf(stderr, "%s\033[K", line);
  fflush(stderr);
  p->drawn = true;
}

void cli_progress_at(cli_progress *p, int64_t done, const char *note) {
  double now = cli_clock();
  p->done = done;
  if (now - p->shown < (p->terminal ? redraw : plain_line)) return;
  p->shown = now;
  show(p, now, note);
}

void cli_progress_end(cli_progress *p) {
  if (p->drawn) fputs("\r\033[K", stderr);
  p->drawn = false;
}

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t interrupted;

/* Said by the handler, which may call little more than write: a step can take
 * a minute, and the first progress is due after it. */
static char stopping[128];

static void on_signal(int number) {
  (void)number;
  int fault = errno;
  interrupted = 1;
  ssize_t written = write(STDERR_FILENO, stopping, strlen(stopping));
  (void)written;
  errno = fault;
}

/* What was ignored when the program began stays so: nohup and shells that run a
 * job in the background have it so. */
static void catch (int number, const struct sigaction *action) {
  struct sigaction before;
  if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction(number, action, NULL);
}

void cli_catch_interrupt(void) {
  snprintf(stopping, sizeof stopping,
           "%ssvertka: stopping after this step; press Ctrl-C again to quit at "
           "once\n",
           isatty(STDERR_FILENO) == 1 ? "\n" : "");
  /* A stack of the signal's own: oneDNN's matrix product for AVX2 lets the
   * stack pointer wander through a block of the heap, and what the kernel puts
   * below it for a handler would land among other blocks. */
  static char room[64 << 10];
  const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
  sigaltstack(&stack, NULL);
  /* SA_RESETHAND: the second one does what it would have done without us. */
  struct sigaction action = {
      .sa_handler = on_signal,
      .sa_flags = SA_RESETHAND | SA_RESTART | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  catch (SIGINT, &action);
  catch (SIGTERM, &action);
  catch (SIGHUP, &action);
}

bool cli_interrupted(void) { return interrupted; }
