/* A verb's --help, from the table of its options. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_spellings.h"

enum { WIDTH = 80, HELP_COLUMN = 26 };

/* The default as --help shows it; "" for none. */
static const char *show_default(const cli_option *o, char *text, size_t size) {
  double number = 0;
  text[0] = '\0';
  switch (o->type) {
    case CLI_FLAG:
    case CLI_TEXTS: return text;
    case CLI_TEXT: {
      const char *value = *(const char *const *)o->target;
      if (value) snprintf(text, size, "%s", value);
      return text;
    }
    case CLI_CHOICE: {
      int at = *(const int *)o->target;
      for (int i = 0; o->choices[i]; i++)
        if (i == at) snprintf(text, size, "%s", o->choices[i]);
      return text;
    }
    case CLI_SIZE: {
      const sv_ints *s = o->target;
      for (int i = 0; i < s->count; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%lld",
                 i ? "x" : "", (long long)s->at[i]);
      return text;
    }
    case CLI_SEED:
      snprintf(text, size, "%llu",
               (unsigned long long)*(const uint64_t *)o->target);
      return text;
    case CLI_INT: number = *(const int *)o->target; break;
    case CLI_LONG: number = (double)*(const int64_t *)o->target; break;
    case CLI_FLOAT: number = *(const float *)o->target; break;
    case CLI_REAL: number = *(const double *)o->target; break;
  }
  if (cli_in_bounds(o, number))
    snprintf(text, size, o->type == CLI_FLOAT ? "%.7g" : "%.15g", number);
  return text;
}

/* Words broken at WIDTH, lines after the first indented by HELP_COLUMN. */
static void print_wrapped(const char *text, int column) {
  while (*text) {
    int length = (int)strcspn(text, " ");
    if (column + length > WIDTH && column > HELP_COLUMN) {
      printf("\n%*s", HELP_COLUMN, "");
      column = HELP_COLUMN;
    }
    printf("%.*s", length, text);
    column += length;
    text += length;
    if (*text == ' ') {
      text++;
      if (column + 1 + (int)strcspn(text, " ") <= WIDTH) {
        putchar(' ');
        column++;
      } else {
        column = WIDTH;
      }
    }
  }
  putchar('\n');
}

static void print_option(const cli_option *o) {
  char left[120], value[160], text[1024];
  char letter[8] = "    ";
  if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
  const char *argument = o->argument ? o->argument : "";
  int length = snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name,
                        *argument ? " " : "", argument);
  if (length < HELP_COLUMN - 1)
    printf("%-*s", HELP_COLUMN, left);
  else
    printf("%s\n%*s", left, HELP_COLUMN, "");
  snprintf(text, sizeof text, "%s", o->help);
  if (o->type == CLI_CHOICE) {
    snprintf(text + strlen(text), sizeof text - strlen(text), ":");
    for (int i = 0; o->choices[i]; i++)
      snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s",
               i ? "," : "", o->choices[i]);
  }
  if (*show_default(o, value, sizeof value))
    snprintf(text + strlen(text), sizeof text - strlen(text), " (%s)", value);
  for (int i = 0; cli_spelling(o->name, i); i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s --%s",
             i ? "," : "; also", cli_spelling(o->name, i));
  print_wrapped(text, HELP_COLUMN);
}

void cli_print_version(void) { printf("svertka %s\n", sv_version()); }

void cli_print_help(const cli_page *page) {
  printf("Usage: svertka %s %s\n\n%s", page->verb->name, page->verb->usage,
         page->about);
  printf("\nOptions (defaults in brackets):\n");
  for (const cli_option *o = page->options; o->name; o++) print_option(o);
  const cli_option help = {.name = "help",
                           .letter = 'h',
                           .type = CLI_FLAG,
                           .help = "print this and exit"};
  print_option(&help);
  if (!page->examples) return;
  printf("\nExamples:\n");
  for (const char *line = page->examples; *line;) {
    int length = (int)strcspn(line, "\n");
    printf("  %.*s\n", length, line);
    line += length + (line[length] == '\n');
  }
}
