/*
 * "Did you mean …": the word of a list that is nearest to one nobody knows.
 */
#ifndef SUBCA_BASE_SUGGEST_H
#define SUBCA_BASE_SUGGEST_H

#include <stddef.h>

/*
 * Nearest by the Damerau-Levenshtein distance (letters added, dropped, changed, or swapped with
 * their neighbour; case does not count), or begun by word. NULL when nothing is near: more than a
 * third of the word is wrong. Candidates that are NULL are skipped. Borrowed from candidates.
 */
const char *suggest(const char *word, const char *const *candidates, size_t count);

#endif
