/* Names of the options in other programs. */
#ifndef SV_CLI_CLI_SPELLINGS_H
#define SV_CLI_CLI_SPELLINGS_H

/* The i-th alternative name of an option, such as "lr" for "rate"; NULL: no
 * more. */
const char *cli_spelling(const char *option, int i);

/* Advice for an option `word` of another program; NULL: unknown. */
const char *cli_instead_of(const char *word);

#endif
