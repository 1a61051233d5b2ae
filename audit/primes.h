/*
 * Primes that RSA moduli share, found among n moduli in about n log² n steps by trees of products and of
 * remainders (Bernstein, "Fast multiplication and its applications", 2004; Heninger et al. 2012), in
 * blocks that fit into little memory. GMP, for OpenSSL divides in quadratic time and its gcd is built not to
 * leak, not to be fast.
 */
#ifndef SUBCA_AUDIT_PRIMES_H
#define SUBCA_AUDIT_PRIMES_H

#include "audit/moduli.h"

/* Among more it takes minutes, and an audit looks only when it is asked to. */
#define PRIMES_MODULI_MAX 131072

struct primes_order {
	/* Steps done of all; may be NULL. */
	void (*tell)(void *context, uint64_t done, uint64_t all);
	/* The modulus of one record shares a prime with that of another. */
	enum status (*found)(void *context, uint32_t record, uint32_t other, struct error *e);
	void *context;
	size_t block; /* bits of moduli in a block; 0: as many as are good */
};

/* m is left with distinct moduli. STATUS_SYSTEM where a temporary file cannot be had. */
MUST_CHECK enum status primes_find_shared(struct moduli *m, const struct primes_order *order,
					  struct error *e);

#endif
