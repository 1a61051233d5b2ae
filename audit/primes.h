/*
 * Primes that RSA moduli share: a product tree and a remainder tree find them among n moduli in
 * about n log² n steps (Bernstein, "How to find smooth parts of integers", 2004; Heninger et al.
 * 2012). GMP, for OpenSSL divides in quadratic time and its gcd is built not to leak, not to be fast.
 */
#ifndef SUBCA_AUDIT_PRIMES_H
#define SUBCA_AUDIT_PRIMES_H

#include "base/bytes.h"

/* More take longer than everything else of an audit, and their products more memory than all of it. */
#define PRIMES_MODULI_MAX 16384

struct prime_modulus {
	struct bytes n;	 /* big-endian; owned by the caller */
	unsigned record; /* the caller's */
	size_t partner;	 /* out: another one that shares a prime; its own place: none */
};

/* Moduli that are equal are one key, and are taken once. */
MUST_CHECK enum status primes_find_shared(struct prime_modulus *moduli, size_t count,
					  struct error *e);

#endif
