/*
 * Moduli that can be factored from the public key alone, for a reason in how they were made.
 */
#ifndef SUBCA_CSR_RSA_WEAK_H
#define SUBCA_CSR_RSA_WEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gmp.h>

#include "base/bytes.h"

/* OpenSSL verifies under no larger one (OPENSSL_RSA_MAX_MODULUS_BITS). */
#define RSA_MODULUS_BITS_MOST 16384
#define RSA_LIMBS_MOST (RSA_MODULUS_BITS_MOST / 64)
#define ROOT_LIMBS_MOST (RSA_LIMBS_MOST / 2)

/* The least limb first. */
struct rsa_modulus {
	size_t bits, count;
	mp_limb_t limbs[RSA_LIMBS_MOST];
};

/* The bits of a number that begins with no zero octet. */
size_t rsa_bits(struct span octets);

/* From its octets, the highest first. False, with its bits, where no program takes so many. */
bool rsa_modulus_read(struct span octets, struct rsa_modulus *out);

/*
 * The least prime below 4096 that divides n; 0 where none does. NIST SP 800-89 5.3.3 asks for those
 * below 752; of random odd numbers these find 86 in 100.
 */
unsigned rsa_small_factor(const struct rsa_modulus *n);

/*
 * The primes 3 … 167: the affected generator's primes are k * M + (65537^a mod M), and these are
 * M's odd primes for the least keys.
 */
#define ROCA_PRIMES 38

/* n modulo each of them. */
struct rsa_residues {
	uint16_t of[ROCA_PRIMES];
};

/*
 * The mark of Infineon's prime generator (CVE-2017-15361): n is a power of 65537 modulo the product
 * of the primes 3 … 167, which chance makes so for about one modulus in 2^150.
 */
bool rsa_has_roca_mark(const struct rsa_modulus *n);
/* The same of n's residues. */
bool rsa_is_roca_mark(const struct rsa_residues *residues);

/* Fermat's method factors n within its first hundred steps (CVE-2022-26320). */
bool rsa_has_close_primes(const struct rsa_modulus *n);

#endif
