/*
 * Moduli that can be factored from the public key alone, for a reason in how they were made.
 */
#ifndef SUBCA_CSR_RSA_WEAK_H
#define SUBCA_CSR_RSA_WEAK_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/bn.h>

#include "base/error.h"

/* OpenSSL verifies under no larger one (OPENSSL_RSA_MAX_MODULUS_BITS). */
#define RSA_MODULUS_BITS_MOST 16384

/*
 * The least prime below 4096 that divides n; 0 where none does, or n has too many bits. NIST
 * SP 800-89 5.3.3 asks for those below 752; of random odd numbers these find 86 in 100.
 */
unsigned rsa_small_factor(const BIGNUM *n);

/*
 * The primes 3 … 167: the affected generator's primes are k * M + (65537^a mod M), and these are
 * M's odd primes for the least keys.
 */
#define ROCA_PRIMES 38

/* n modulo each of them. */
struct rsa_residues {
	uint16_t of[ROCA_PRIMES];
};

MUST_CHECK enum status rsa_residues(const BIGNUM *n, struct rsa_residues *residues,
				    struct error *e);

/*
 * The mark of Infineon's prime generator (CVE-2017-15361): n is a power of 65537 modulo the product
 * of the primes 3 … 167, which chance makes so for about one modulus in 2^150.
 */
bool rsa_has_roca_mark(const struct rsa_residues *residues);

/* Fermat's method factors n within its first hundred steps (CVE-2022-26320). */
MUST_CHECK enum status rsa_has_close_primes(const BIGNUM *n, bool *close, struct error *e);

#endif
