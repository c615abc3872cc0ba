#include "cli/cli_program.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

extern char **environ;

enum { IN, OUT, ERR, STREAMS };

/* Files instead of pipes: nobody waits for anybody. */
static sv_status open_streams(FILE *files[STREAMS], const void *input,
                              size_t size) {
  for (int i = 0; i < STREAMS; i++) {
    files[i] = tmpfile();
    if (!files[i])
      return sv_fail(SV_IO, "cannot make a temporary file: %s",
                     strerror(errno));
  }
  if (fwrite(input, 1, size, files[IN]) != size || fflush(files[IN]) != 0 ||
      fseek(files[IN], 0, SEEK_SET) != 0)
    return sv_fail(SV_IO, "cannot write a temporary file: %s", strerror(errno));
  return SV_OK;
}

static int spawn(const char *const *command, FILE *files[STREAMS], pid_t *pid) {
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  for (int i = 0; i < STREAMS && !error; i++)
    error = posix_spawn_file_actions_adddup2(&actions, fileno(files[i]), i);
  /* The list is not written to. */
  if (!error)
    error = posix_spawnp(pid, command[0], &actions, NULL,
                         (char *const *)(const void *)command, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

static sv_status read_back(FILE *file, unsigned char **bytes, size_t *size) {
  long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  if (end < 0 || fseek(file, 0, SEEK_SET) != 0)
    return sv_fail(SV_IO, "cannot read a temporary file: %s", strerror(errno));
  SV_TRY(sv_alloc(bytes, (size_t)end + 1));
  *size = fread(*bytes, 1, (size_t)end, file);
  return SV_OK;
}

static sv_status complain(const char *name, FILE *file) {
  unsigned char *text;
  size_t size;
  SV_TRY(read_back(file, &text, &size));
  sv_status status = sv_fail(SV_IO, "%s failed: %.*s", name,
                             (int)strcspn((char *)text, "\n"), (char *)text);
  sv_free(text);
  return status;
}

static sv_status run(const char *const *command, FILE *files[STREAMS],
                     unsigned char **output, size_t *size) {
  pid_t pid;
  int error = spawn(command, files, &pid), result;
  if (error == ENOENT)
    return sv_fail(SV_UNSUPPORTED, "program '%s' not found", command[0]);
  if (error)
    return sv_fail(SV_IO, "cannot start %s: %s", command[0], strerror(error));
  while (waitpid(pid, &result, 0) < 0)
    if (errno != EINTR)
      return sv_fail(SV_IO, "cannot wait for %s: %s", command[0],
                     strerror(errno));
  if (!WIFEXITED(result) || WEXITSTATUS(result) == 127) {
    if (WIFEXITED(result))
      return sv_fail(SV_UNSUPPORTED, "program '%s' not found", command[0]);
    return sv_fail(SV_IO, "%s was killed by a signal", command[0]);
  }
  if (WEXITSTATUS(result) != 0) return complain(command[0], files[ERR]);
  return read_back(files[OUT], output, size);
}

sv_status cli_program(const char *const *command, const void *input,
                      size_t input_size, unsigned char **output, size_t *size) {
  FILE *files[STREAMS] = {NULL};
  sv_status status = open_streams(files, input, input_size);
  if (status == SV_OK) status = run(command, files, output, size);
  for (int i = 0; i < STREAMS; i++)
    if (files[i]) fclose(files[i]);
  return status;
}
