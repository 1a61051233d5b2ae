/*
 * Completion scripts, made from the tables that the parser reads. Each prints to standard output.
 */
#ifndef SUBCA_CMD_COMPLETION_H
#define SUBCA_CMD_COMPLETION_H

void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

/* text inside single quotes of a shell, with a backslash before each of specials. */
void completion_quote(const char *text, const char *specials);
/* Words with a separator between them; nothing for NULL. */
void completion_words(const char *const *words, const char *separator);

#endif
