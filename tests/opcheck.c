#include "opcheck.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"

static const char usage[] =
    "usage: opcheck [OPTION]...\n"
    "Checks every operator. Without --fixtures, --fd, --random, --attributes,\n"
    "--self-test, --time or --isas: the first four.\n"
    "  --fixtures DIR   against numbers made elsewhere (tests/fixtures/ops)\n"
    "  --fd             the reference's gradients against finite differences\n"
    "  --random N       the backends against the reference on N random cases\n"
    "                   of each operator (200)\n"
    "  --attributes     spoilt ones in files of ONNX, made of the fixtures\n"
    "  --self-test      each gradient falsified by 1 %: fixtures and finite\n"
    "                   differences must see it\n"
    "  --time           how long the reference and the backends take\n"
    "  --isas           only list the instruction sets that each backend has\n"
    "                   here: backend, environment variable, value\n"
    "  --op NAME        this operator alone\n"
    "  --backend B      this backend alone\n"
    "  --seed S         of the random cases (1)\n"
    "  --cases DIR      how random cases are drawn (tests/cases)\n";

typedef struct check {
  const char *name;
  oc_tally tally;
} check;

static bool parse(int argc, char **argv, oc_options *o) {
  static const struct option options[] = {
      {"fixtures", required_argument, NULL, 'f'},
      {"fd", no_argument, NULL, 'd'},
      {"attributes", no_argument, NULL, 'a'},
      {"random", required_argument, NULL, 'r'},
      {"self-test", no_argument, NULL, 't'},
      {"time", no_argument, NULL, 'm'},
      {"isas", no_argument, NULL, 'i'},
      {"op", required_argument, NULL, 'o'},
      {"backend", required_argument, NULL, 'b'},
      {"seed", required_argument, NULL, 's'},
      {"cases", required_argument, NULL, 'c'},
      {NULL, 0, NULL, 0}};
  *o = (oc_options){
      .fixtures = "tests/fixtures/ops", .cases = "tests/cases", .seed = 1};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    char *end = "";
    switch (c) {
      case 'f': o->check_fixtures = (o->fixtures = optarg) != NULL; break;
      case 'd': o->check_fd = true; break;
      case 'a': o->check_attrs = true; break;
      case 'r': o->random = (int)strtol(optarg, &end, 10); break;
      case 't': o->self_test = true; break;
      case 'm': o->time = true; break;
      case 'i': o->isas = true; break;
      case 'o': o->op = optarg; break;
      case 'b': o->backend = optarg; break;
      case 's': o->seed = strtoull(optarg, &end, 10); break;
      case 'c': o->cases = optarg; break;
      default: return false;
    }
    if (*end || o->random < 0) return false;
  }
  if (!o->check_fixtures && !o->check_fd && !o->random && !o->check_attrs &&
      !o->self_test && !o->time) {
    o->check_fixtures = o->check_fd = o->check_attrs = true;
    o->random = 200;
  }
  return optind == argc;
}

static void print_check(const check *c) {
  int count = c->tally.passed + c->tally.failed;
  if (count == 0) return;
  printf("  %s %d/%d", c->name, c->tally.passed, count);
  if (c->tally.worst > 0) printf(" (%.1e)", c->tally.worst);
}

/* All the checks of one operator and its line. */
static sv_status check_operator(const oc_options *o, const sv_entry *entry,
                                const oc_cases *cases, oc_tally *total) {
  static oc_draws draws;
  check checks[] = {{.name = "fixtures"},
                    {.name = "differences"},
                    {.name = "random"},
                    {.name = "NaN"},
                    {.name = "attributes"},
                    {.name = "self-test"}};
  SV_TRY(oc_read_draws(o->cases, entry->op, &draws));
  if (o->time) {
    oc_time(o, entry, &draws);
    return SV_OK;
  }
  /* A self-test needs what it tests. */
  if (o->self_test)
    oc_check_falsified(o, entry, cases, &draws, &checks[5].tally);
  else if (o->check_fixtures)
    oc_check_fixtures(o, entry, cases, &checks[0].tally);
  if (o->check_fd && !o->self_test)
    oc_check_fd(o, entry, &draws, &checks[1].tally);
  if (o->random) oc_check_random(o, entry, &draws, &checks[2].tally);
  if (o->random) oc_check_nan(o, entry, &draws, &checks[3].tally);
  if (o->check_attrs) oc_check_attrs(o, entry, cases, &checks[4].tally);
  printf("%-18s", entry->op->name);
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    print_check(&checks[i]);
    total->passed += checks[i].tally.passed;
    total->failed += checks[i].tally.failed;
  }
  printf("\n");
  return SV_OK;
}

static void print_isas(void) {
  for (int b = 0; b < sv_backend_count(); b++) {
    const sv_backend *backend = sv_backend_at(b);
    const char *const *isa = backend->isas ? backend->isas() : NULL;
    for (; isa && *isa; isa++)
      printf("%s %s %s\n", backend->name, backend->isa_variable, *isa);
  }
}

/* Every backend with its version and instruction set. */
static void print_backends(void) {
  for (int b = 0; b < sv_backend_count(); b++) {
    const sv_backend *backend = sv_backend_at(b);
    printf("backend %s", backend->name);
    if (backend->version) printf(" %s", backend->version());
    if (backend->isa) printf(" %s", backend->isa());
    printf("\n");
  }
}

static sv_status check_all(const oc_options *o, oc_cases *cases,
                           oc_tally *total) {
  const sv_entry *only = NULL;
  SV_TRY(sv_backend_check());
  if (o->isas) {
    print_isas();
    return SV_OK;
  }
  if (o->op) SV_TRY(sv_registry_require(&only, o->op));
  if (o->backend && strcmp(o->backend, "ref") != 0 &&
      !sv_backend_find(o->backend))
    return sv_fail(SV_INVALID, "this build has no backend '%s'", o->backend);
  print_backends();
  if (o->check_fixtures || o->check_attrs || o->self_test)
    SV_TRY(oc_read_fixtures(o->fixtures, cases));
  if (o->random || o->check_fd)
    printf("seed %llu\n", (unsigned long long)o->seed);
  if (o->random && !o->op) {
    oc_tally reorders = {0};
    oc_check_reorders(o, &reorders);
    printf("%-18s  random %d/%d\n", "(reorders)", reorders.passed,
           reorders.passed + reorders.failed);
    total->passed += reorders.passed;
    total->failed += reorders.failed;
  }
  for (int i = 0; i < sv_registry_count(); i++) {
    const sv_entry *entry = sv_registry_at(i);
    if (!only || only == entry) SV_TRY(check_operator(o, entry, cases, total));
  }
  return SV_OK;
}

int main(int argc, char **argv) {
  oc_options options;
  oc_cases cases = {0};
  oc_tally total = {0};
  if (!parse(argc, argv, &options)) {
    fputs(usage, stderr);
    return 2;
  }
  sv_team outer;
  sv_team_begin(&outer, sv_team_size(2));
  sv_status status = check_all(&options, &cases, &total);
  oc_cases_clear(&cases);
  if (status != SV_OK) {
    fprintf(stderr, "opcheck: %s\n", sv_error());
    return 1;
  }
  if (!options.time && !options.isas)
    printf("%d passed, %d failed\n", total.passed, total.failed);
  return total.failed != 0;
}
