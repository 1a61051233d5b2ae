/*
 * A list of words as a program is given it: its command line or its environment.
 */
#ifndef SUBCA_TRUST_WORDS_H
#define SUBCA_TRUST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Owns its words. Starts as all zero. */
struct words {
	char **list; /* ends with NULL; NULL as long as there is none */
	size_t count, room;
};

/* Adds a copy. */
MUST_CHECK enum status words_add(struct words *w, const char *word, struct error *e);
bool words_have(const struct words *w, const char *word);
/* Whether one of them begins with what setting ("NAME=VALUE") has up to and with its "=". */
bool words_have_variable(const struct words *w, const char *setting);
/* As posix_spawn() wants it; valid until the next word. */
const char *const *words_get(const struct words *w);
void words_free(struct words *w);

/* Appends a word as a shell is to be given it: in quotes where it says anything to one. */
void words_quote(const char *word, struct text *out);

#endif
