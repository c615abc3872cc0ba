/* How other programs call the options. */
#ifndef SV_CLI_CLI_SPELLINGS_H
#define SV_CLI_CLI_SPELLINGS_H

/* The i-th further spelling of an option, "lr" of "rate"; NULL: no more. */
const char *cli_spelling(const char *option, int i);

/* What to do where another program has the option `word`; NULL: not known. */
const char *cli_instead_of(const char *word);

#endif
