#include "audit/primes.h"

#include <stdlib.h>
#include <string.h>

#include <gmp.h>

struct level {
	mpz_t *items;
	size_t count;
};

#define LEVELS 20 /* of 2^19 moduli */

static int by_bytes(const void *a, const void *b)
{
	const struct prime_modulus *x = *(struct prime_modulus *const *)a,
				   *y = *(struct prime_modulus *const *)b;

	if (x->n.len != y->n.len)
		return x->n.len < y->n.len ? -1 : 1;
	return memcmp(x->n.data, y->n.data, x->n.len);
}

static mpz_t *numbers_new(size_t count)
{
	mpz_t *items = calloc(count, sizeof *items);

	for (size_t i = 0; items && i < count; i++)
		mpz_init(items[i]);
	return items;
}

static void numbers_free(struct level *l)
{
	for (size_t i = 0; l->items && i < l->count; i++)
		mpz_clear(l->items[i]);
	free(l->items);
	*l = (struct level){0};
}

/* Each level has the products of two of the one below it; the last has one number. */
static bool multiply_up(struct level *levels, size_t *height)
{
	for (*height = 1; levels[*height - 1].count > 1; ++*height) {
		const struct level *below = &levels[*height - 1];
		struct level *l = &levels[*height];

		l->count = (below->count + 1) / 2;
		l->items = numbers_new(l->count);
		if (!l->items)
			return false;
		for (size_t i = 0; i < l->count; i++) {
			if (2 * i + 1 < below->count)
				mpz_mul(l->items[i], below->items[2 * i], below->items[2 * i + 1]);
			else
				mpz_set(l->items[i], below->items[2 * i]);
		}
	}
	return true;
}

/* Down again: the product of all modulo the square of each; a level is left as it is passed. */
static bool divide_down(struct level *levels, size_t height, struct level *remainders)
{
	struct level last = {numbers_new(1), 1}, next;
	mpz_t square;

	if (!last.items)
		return false;
	mpz_init(square);
	mpz_set(last.items[0], levels[height - 1].items[0]);
	for (size_t k = height - 1; k-- > 0; last = next) {
		next = (struct level){numbers_new(levels[k].count), levels[k].count};
		for (size_t i = 0; next.items && i < next.count; i++) {
			mpz_mul(square, levels[k].items[i], levels[k].items[i]);
			mpz_mod(next.items[i], last.items[i / 2], square);
		}
		numbers_free(&last);
		if (!next.items)
			break;
		if (k > 0)
			numbers_free(&levels[k + 1]);
	}
	mpz_clear(square);
	*remainders = last;
	return last.items != NULL;
}

/* In an honest estate those that share something are few, and each is held against each. */
#define PAIRS_MOST 200000

static void pair(struct prime_modulus **sharing, const mpz_t *numbers, const size_t *places,
		 size_t count, struct prime_modulus *moduli)
{
	size_t left = PAIRS_MOST;
	mpz_t common;

	mpz_init(common);
	for (size_t i = 0; i < count; i++) {
		/* It stands for the one that was not looked for any more. */
		sharing[i]->partner = (size_t)(sharing[i == 0] - moduli);
		for (size_t k = 0; k < count && left; k++) {
			if (i == k)
				continue;
			left--;
			mpz_gcd(common, numbers[places[i]], numbers[places[k]]);
			if (mpz_cmp_ui(common, 1) == 0)
				continue;
			sharing[i]->partner = (size_t)(sharing[k] - moduli);
			break;
		}
	}
	mpz_clear(common);
}

/* gcd(n, (P mod n²) / n) is not 1 where n shares a prime with the product of the others. */
static enum status collect(struct prime_modulus **distinct, const struct level *leaves,
			   const struct level *remainders, struct prime_modulus *moduli,
			   struct error *e)
{
	struct prime_modulus **sharing = calloc(leaves->count, sizeof(struct prime_modulus *));
	size_t *places = calloc(leaves->count, sizeof *places), count = 0;
	mpz_t rest;

	if (sharing && places) {
		mpz_init(rest);
		for (size_t i = 0; i < leaves->count; i++) {
			mpz_divexact(rest, remainders->items[i], leaves->items[i]);
			mpz_gcd(rest, rest, leaves->items[i]);
			if (mpz_cmp_ui(rest, 1) == 0)
				continue;
			sharing[count] = distinct[i];
			places[count++] = i;
		}
		mpz_clear(rest);
		pair(sharing, leaves->items, places, count, moduli);
	}
	count = sharing && places;
	free(sharing);
	free(places);
	return count ? STATUS_OK : error_memory(e);
}

static enum status find_shared(struct prime_modulus **distinct, size_t count,
			       struct prime_modulus *moduli, struct error *e)
{
	struct level levels[LEVELS] = {{0}}, remainders = {0};
	size_t height = 0;
	enum status s = STATUS_OK;

	levels[0] = (struct level){numbers_new(count), count};
	for (size_t i = 0; levels[0].items && i < count; i++)
		mpz_import(levels[0].items[i], distinct[i]->n.len, 1, 1, 0, 0, distinct[i]->n.data);
	if (!levels[0].items || !multiply_up(levels, &height) ||
	    !divide_down(levels, height, &remainders))
		s = error_memory(e);
	if (s == STATUS_OK)
		s = collect(distinct, &levels[0], &remainders, moduli, e);
	numbers_free(&remainders);
	for (size_t i = 0; i < LEVELS; i++)
		numbers_free(&levels[i]);
	return s;
}

static bool is_zero(const struct bytes *n)
{
	for (size_t i = 0; i < n->len; i++)
		if (n->data[i])
			return false;
	return true;
}

enum status primes_find_shared(struct prime_modulus *moduli, size_t count, struct error *e)
{
	struct prime_modulus **distinct = calloc(count + 1, sizeof(struct prime_modulus *));
	size_t kept = 0, all = 0;
	enum status s = STATUS_OK;

	if (!distinct)
		return error_memory(e);
	for (size_t i = 0; i < count; i++) {
		moduli[i].partner = i;
		if (!is_zero(&moduli[i].n))
			distinct[all++] = &moduli[i];
	}
	if (all)
		qsort(distinct, all, sizeof(struct prime_modulus *), by_bytes);
	for (size_t i = 0; i < all; i++)
		if (kept == 0 || by_bytes(&distinct[kept - 1], &distinct[i]) != 0)
			distinct[kept++] = distinct[i];
	if (kept > 1)
		s = find_shared(distinct, kept, moduli, e);
	free(distinct);
	return s;
}
