#include "base/suggest.h"

#include <string.h>
#include <strings.h>

/* No command, option or profile is longer; a longer word is not a slip of the hand. */
#define WORD_MAX 48

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: three rows of the matrix are enough for swaps of neighbours. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *above2 = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		row[j] = above[j] = above2[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		spare = above2;
		above2 = above;
		above = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = least(above[j] + 1, row[j - 1] + 1);
			row[j] = least(row[j], above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return row[b_len];
}

/* The nearest of all; *best holds the first distance that is too far, then the one found. */
static const char *find_nearest(const char *word, const char *const *candidates, size_t count,
				size_t *best)
{
	size_t len = strlen(word);
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t candidate_len = candidates[i] ? strlen(candidates[i]) : 0;
		size_t d;

		if (candidate_len == 0 || candidate_len > WORD_MAX)
			continue;
		d = distance(word, len, candidates[i], candidate_len);
		/* With every letter changed, "ls" would be as near to "cd" as to "list". */
		if (d < *best && d < candidate_len && d < len) {
			*best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}

static const char *find_begun(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < count && len >= 2; i++)
		if (candidates[i] && strncasecmp(candidates[i], word, len) == 0)
			return candidates[i];
	return NULL;
}

const char *suggest(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strlen(word);
	size_t best = (len + 2) / 3 + 1;
	const char *nearest, *begun;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	nearest = find_nearest(word, candidates, count, &best);
	begun = find_begun(word, candidates, count);
	return nearest && (best <= 1 || !begun) ? nearest : begun;
}
