#include "audit/product.h"

#include <stdlib.h>

mpz_t *numbers_new(size_t count)
{
	mpz_t *numbers = calloc(count, sizeof *numbers);

	for (size_t i = 0; numbers && i < count; i++)
		mpz_init(numbers[i]);
	return numbers;
}

void numbers_free(mpz_t *numbers, size_t count)
{
	for (size_t i = 0; numbers && i < count; i++)
		mpz_clear(numbers[i]);
	free(numbers);
}

/* --- up --------------------------------------------------------------------------------------- */

static void multiply_pairs(mpz_t *out, const mpz_t *in, size_t count)
{
	for (size_t i = 0; i < (count + 1) / 2; i++) {
		if (2 * i + 1 < count)
			mpz_mul(out[i], in[2 * i], in[2 * i + 1]);
		else
			mpz_set(out[i], in[2 * i]);
	}
}

bool product_tree_build(struct product_tree *t, mpz_t *leaves, size_t count)
{
	*t = (struct product_tree){.level = {leaves}, .count = {count}, .height = 1};
	while (t->count[t->height - 1] > 1) {
		size_t below = t->count[t->height - 1], above = (below + 1) / 2;

		t->level[t->height] = numbers_new(above);
		if (!t->level[t->height]) {
			product_tree_free(t);
			return false;
		}
		t->count[t->height] = above;
		multiply_pairs(t->level[t->height], (const mpz_t *)t->level[t->height - 1], below);
		t->height++;
	}
	return true;
}

void product_tree_free(struct product_tree *t)
{
	for (unsigned k = 0; k < t->height; k++)
		numbers_free(t->level[k], t->count[k]);
	*t = (struct product_tree){0};
}

const mpz_t *product_tree_root(const struct product_tree *t)
{
	return (const mpz_t *)&t->level[t->height - 1][0];
}

/* (a / n + b / m) * nm = am + bn */
static void add_pairs(mpz_t *out, const mpz_t *in, const mpz_t *n, size_t count)
{
	for (size_t i = 0; i < (count + 1) / 2; i++) {
		if (2 * i + 1 < count) {
			mpz_mul(out[i], in[2 * i], n[2 * i + 1]);
			mpz_addmul(out[i], in[2 * i + 1], n[2 * i]);
		} else {
			mpz_set(out[i], in[2 * i]);
		}
	}
}

bool product_tree_sum(const struct product_tree *t, mpz_t *shares, mpz_t sum)
{
	for (unsigned k = 0; k + 1 < t->height; k++) {
		mpz_t *above = numbers_new(t->count[k + 1]);

		if (above)
			add_pairs(above, (const mpz_t *)shares, (const mpz_t *)t->level[k],
				  t->count[k]);
		numbers_free(shares, t->count[k]);
		shares = above;
		if (!above)
			return false;
	}
	mpz_swap(sum, shares[0]);
	numbers_free(shares, 1);
	return true;
}

/* --- down ------------------------------------------------------------------------------------- */

static mp_bitcnt_t bits_of(const mpz_t n)
{
	return mpz_sizeinbase(n, 2) + FRACTION_GUARD;
}

void fraction_of(mpz_t fraction, const mpz_t number, const mpz_t n)
{
	mpz_mul_2exp(fraction, number, bits_of(n));
	mpz_fdiv_q(fraction, fraction, n);
}

void fraction_number(mpz_t number, const mpz_t fraction, const mpz_t n)
{
	mpz_t half;

	mpz_init(half);
	mpz_setbit(half, bits_of(n) - 1);
	mpz_mul(number, fraction, n);
	mpz_add(number, number, half);
	mpz_fdiv_q_2exp(number, number, bits_of(n));
	mpz_clear(half);
}

struct descent {
	const struct product_tree *t;
	fraction_visit *visit;
	void *context;
};

/* From the fraction by n to the one by n / sibling. */
static void take_branch(mpz_t out, const mpz_t fraction, const mpz_t n, const mpz_t sibling,
			const mpz_t child)
{
	mpz_mul(out, fraction, sibling);
	mpz_fdiv_r_2exp(out, out, bits_of(n));
	mpz_fdiv_q_2exp(out, out, bits_of(n) - bits_of(child));
}

/* Depth first, so that of each level one fraction is held. No deeper than PRODUCT_LEVELS. */
static bool descend(const struct descent *d, unsigned level, size_t i, const mpz_t fraction)
{
	const mpz_t *below;
	size_t left = 2 * i, right = 2 * i + 1;
	mpz_t next;
	bool good;

	if (level == 0)
		return d->visit(d->context, i, fraction);
	below = (const mpz_t *)d->t->level[level - 1];
	if (right >= d->t->count[level - 1])
		return descend(d, level - 1, left, fraction);
	mpz_init(next);
	take_branch(next, fraction, d->t->level[level][i], below[right], below[left]);
	good = descend(d, level - 1, left, next);
	if (good) {
		take_branch(next, fraction, d->t->level[level][i], below[left], below[right]);
		good = descend(d, level - 1, right, next);
	}
	mpz_clear(next);
	return good;
}

bool product_tree_descend(const struct product_tree *t, const mpz_t fraction, fraction_visit *visit,
			  void *context)
{
	const struct descent d = {t, visit, context};

	return descend(&d, t->height - 1, 0, fraction);
}
