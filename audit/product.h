/*
 * A tree of products, and what it takes to reduce one number modulo all its leaves at once.
 */
#ifndef SUBCA_AUDIT_PRODUCT_H
#define SUBCA_AUDIT_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include <gmp.h>

#define PRODUCT_LEVELS 24

/* Each level has the products of two of the one below it; the last has one number. */
struct product_tree {
	mpz_t *level[PRODUCT_LEVELS];
	size_t count[PRODUCT_LEVELS];
	unsigned height; /* levels */
};

/* NULL without memory. */
mpz_t *numbers_new(size_t count);
void numbers_free(mpz_t *numbers, size_t count);

/* Takes over leaves, of which there is one at least; false without memory. */
bool product_tree_build(struct product_tree *t, mpz_t *leaves, size_t count);
void product_tree_free(struct product_tree *t);
const mpz_t *product_tree_root(const struct product_tree *t);

/*
 * Sums the other leaves' products: of leaves n and shares s the sum of s[i] * root / n[i]. Takes shares
 * over, one for each leaf. False without memory.
 */
bool product_tree_sum(const struct product_tree *t, mpz_t *shares, mpz_t sum);

/*
 * Of a number below n, its quotient by n: a fraction of as many bits as n has and these more. What is
 * lost on the way down to a leaf is far below them.
 */
#define FRACTION_GUARD 64

void fraction_of(mpz_t fraction, const mpz_t number, const mpz_t n);
/* Rounded: the number again. */
void fraction_number(mpz_t number, const mpz_t fraction, const mpz_t n);

/*
 * Takes the fraction of a number by the root down to its fraction by each leaf: the fraction that is
 * left of it times the root over the leaf (Bernstein, "Scaled remainder trees", 2004).
 */
typedef bool fraction_visit(void *context, size_t leaf, const mpz_t fraction);
bool product_tree_descend(const struct product_tree *t, const mpz_t fraction, fraction_visit *visit,
			  void *context);

#endif
