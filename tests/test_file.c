/* Writing files: wholly or not at all, through links, into pipes, and never in
 * the place of what is no file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dirent.h>
#include <pthread.h>

#include <cmocka.h>

#include "asserts.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

/* Each test runs in an empty folder of its own. */
static int enter(void **state) {
  const char *top = getenv("TMPDIR");
  char folder[512];
  snprintf(folder, sizeof folder, "%s/svertka.XXXXXX", top ? top : "/tmp");
  if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
  *state = strdup(folder);
  return *state ? 0 : -1;
}

static int leave(void **state) {
  char command[600];
  snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
  int failed = chdir("/") != 0 || system(command) != 0;
  free(*state);
  return failed;
}

static void put(const char *path, const char *text) {
  assert_ok(sv_file_write(path, text, strlen(text)));
}

static void assert_holds(const char *path, const char *text) {
  unsigned char *bytes;
  size_t size;
  assert_ok(sv_file_read(path, 0, &bytes, &size));
  assert_string_equal((char *)bytes, text);
  sv_free(bytes);
}

static void assert_refused(const char *path, const char *words) {
  assert_int_equal(sv_file_write(path, "new", 3), SV_IO);
  if (!strstr(sv_error(), words)) fail_msg("%s", sv_error());
}

static void assert_entries(int expected) {
  int count = 0;
  DIR *folder = opendir(".");
  assert_non_null(folder);
  for (const struct dirent *e; (e = readdir(folder));)
    count += e->d_name[0] != '.';
  closedir(folder);
  assert_int_equal(count, expected);
}

static unsigned mode_of(const char *path) {
  struct stat info;
  assert_int_equal(lstat(path, &info), 0);
  return info.st_mode;
}

static void replaces_and_keeps_the_mode(void **state) {
  (void)state;
  mode_t before = umask(022);
  put("file", "old");
  assert_int_equal(mode_of("file") & 0777, 0644);
  assert_int_equal(chmod("file", 0620), 0);
  put("file", "new");
  umask(before);
  assert_int_equal(mode_of("file") & 0777, 0620);
  assert_holds("file", "new");
  assert_entries(1);
}

static void abandons(void **state) {
  (void)state;
  sv_writer *writer;
  put("file", "old");
  assert_ok(sv_writer_open(&writer, "file"));
  assert_ok(sv_writer_put(writer, "new", 3));
  assert_holds("file", "old");
  sv_writer_abandon(writer);
  assert_holds("file", "old");
  assert_entries(1);
  sv_writer_abandon(NULL);
}

/* What a killed process left goes; a living writer's file, others' files and
 * what only looks alike stay. */
static void sweeps(void **state) {
  (void)state;
  static const char *const stay[] = {"file",         "file.tmp",
                                     "file.1-.tmp",  "file.1-2.tmp.bak",
                                     "file.a-2.tmp", "filename.1-2.tmp"};
  enum { STAY = sizeof stay / sizeof stay[0] };
  sv_writer *writer;
  for (int i = 0; i < STAY; i++) put(stay[i], stay[i]);
  assert_ok(sv_folder_make("file.1-2.tmp"));
  assert_int_equal(symlink("file", "file.1-3.tmp"), 0);
  assert_int_equal(mkfifo("file.1-4.tmp", 0600), 0);
  assert_ok(sv_writer_open(&writer, "file"));
  assert_ok(sv_writer_put(writer, "new", 3));
  put("file.1-5.tmp", "left");
  put("file.4711-123.tmp", "left");
  assert_entries(STAY + 6);
  sv_writer_sweep("file");
  assert_entries(STAY + 4);
  for (int i = 0; i < STAY; i++) assert_holds(stay[i], stay[i]);
  assert_ok(sv_writer_commit(writer));
  assert_holds("file", "new");
  sv_writer_sweep("nowhere/file");
}

/* Neither writes into the other's temporary file. */
static void two_writers(void **state) {
  (void)state;
  sv_writer *first, *second;
  assert_ok(sv_writer_open(&first, "file"));
  assert_ok(sv_writer_open(&second, "file"));
  assert_ok(sv_writer_put(first, "first", 5));
  assert_ok(sv_writer_put(second, "2nd", 3));
  assert_ok(sv_writer_commit(first));
  assert_holds("file", "first");
  assert_ok(sv_writer_commit(second));
  assert_holds("file", "2nd");
  assert_entries(1);
}

static void follows_links(void **state) {
  (void)state;
  assert_ok(sv_folder_make("real"));
  put("real/file", "old");
  assert_int_equal(symlink("real/file", "link"), 0);
  assert_int_equal(symlink("link", "second"), 0);
  put("second", "new");
  assert_true(S_ISLNK(mode_of("link")) && S_ISLNK(mode_of("second")));
  assert_true(S_ISREG(mode_of("real/file")));
  assert_holds("real/file", "new");
  assert_int_equal(symlink("nowhere", "broken"), 0);
  assert_refused("broken", "broken: cannot follow the link: No such file");
  assert_true(S_ISLNK(mode_of("broken")));
  assert_int_equal(symlink("ring", "ring"), 0);
  assert_refused("ring", "ring: cannot write");
}

static void *drain(void *got) {
  FILE *pipe = fopen("pipe", "r");
  if (!pipe) return NULL;
  size_t size = fread(got, 1, 15, pipe);
  fclose(pipe);
  ((char *)got)[size] = '\0';
  return got;
}

static void writes_into_pipes(void **state) {
  (void)state;
  char got[16] = "";
  pthread_t reader;
  assert_int_equal(mkfifo("pipe", 0600), 0);
  assert_int_equal(pthread_create(&reader, NULL, drain, got), 0);
  put("pipe", "through");
  assert_int_equal(pthread_join(reader, NULL), 0);
  assert_string_equal(got, "through");
  assert_true(S_ISFIFO(mode_of("pipe")));
  assert_entries(1);
}

static void refuses_what_is_no_file(void **state) {
  (void)state;
  assert_ok(sv_folder_make("folder"));
  assert_refused("folder", "folder: not a regular file");
  assert_refused("nowhere/file", "nowhere/file: cannot write: No such file");
  put("file", "old");
  assert_refused("file/below", "file/below: cannot write: Not a directory");
  assert_int_equal(sv_folder_make("file/below"), SV_IO);
  assert_entries(2);
}

/* In a process that may not write: root may everywhere. */
static bool says_why(void) {
  if (geteuid() == 0 && setuid(65534) != 0) return false;
  return sv_file_write("closed/file", "new", 3) == SV_IO &&
         strstr(sv_error(), "closed/file: cannot write: Permission denied") &&
         sv_folder_make("closed/a/b") == SV_IO &&
         strstr(sv_error(), "closed/a: cannot make the folder: Permission") &&
         sv_folder_make("closed") == SV_OK;
}

static void read_only_folder(void **state) {
  (void)state;
  assert_ok(sv_folder_make("closed"));
  put("closed/file", "old");
  assert_int_equal(chmod("closed", 0555), 0);
  assert_int_equal(chmod(".", 0755), 0);
  pid_t child = fork();
  if (child == 0) {
    bool right = says_why();
    if (!right) fprintf(stderr, "%s\n", sv_error());
    _exit(right ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_holds("closed/file", "old");
  assert_int_equal(chmod("closed", 0755), 0);
}

static void makes_folders(void **state) {
  (void)state;
  assert_ok(sv_folder_make("a/b//c/"));
  assert_true(sv_path_is_folder("a/b/c"));
  assert_ok(sv_folder_make("a/b/c"));
}

/* Also what UTF-8 has beyond ASCII, and what is no UTF-8; letters stay. */
static void escapes_names(void **state) {
  (void)state;
  char text[64], few[8];
  sv_escape(text, sizeof text, "a\033[2J\n\x7f\xc2\x9b\xc3\xa9");
  assert_string_equal(text, "a\\x1b[2J\\n\\x7f\\u009b\xc3\xa9");
  sv_escape(text, sizeof text,
            "\xff\xc3 \xe2\x80\xae<\xef\xbb\xbf \xf0\x9f\x90\xb1");
  assert_string_equal(text, "\\xff\\xc3 \\u202e<\\ufeff \xf0\x9f\x90\xb1");
  sv_escape(few, sizeof few, "1234567890");
  assert_string_equal(few, "1234567");
  sv_escape(few, sizeof few, "12345\n\033");
  assert_string_equal(few, "12345\\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(replaces_and_keeps_the_mode),
      TEST(abandons),
      TEST(sweeps),
      TEST(two_writers),
      TEST(follows_links),
      TEST(writes_into_pipes),
      TEST(refuses_what_is_no_file),
      TEST(read_only_folder),
      TEST(makes_folders),
      TEST(escapes_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
