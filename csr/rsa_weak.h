/*
 * Moduli that can be factored from the public key alone, for a reason in how they were made.
 */
#ifndef SUBCA_CSR_RSA_WEAK_H
#define SUBCA_CSR_RSA_WEAK_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/bn.h>

#include "base/error.h"

/* The odd primes below 1024; NIST SP 800-89 5.3.3 asks for those below 752. */
#define RSA_PRIMES 171

/* n modulo each of them, computed once for the two tests below. */
struct rsa_residues {
	uint16_t of[RSA_PRIMES];
};

MUST_CHECK enum status rsa_residues(const BIGNUM *n, struct rsa_residues *residues,
				    struct error *e);

/* The least of the primes that divides n; 0 where none does. */
unsigned rsa_small_factor(const struct rsa_residues *residues);

/*
 * The mark of Infineon's prime generator (CVE-2017-15361): n is a power of 65537 modulo the product
 * of the primes 3 … 167, which chance makes so for about one modulus in 2^150.
 */
bool rsa_has_roca_mark(const struct rsa_residues *residues);

/* Fermat's method factors n within its first hundred steps (CVE-2022-26320). */
MUST_CHECK enum status rsa_has_close_primes(const BIGNUM *n, bool *close, struct error *e);

#endif
