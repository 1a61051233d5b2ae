/*
 * Keys that nobody should have, made as the mistakes and attacks make them. Every function ends the
 * test where the arithmetic fails; a BIGNUM handed in is taken over unless it is const.
 */
#ifndef SUBCA_TESTS_UNIT_ODD_KEYS_H
#define SUBCA_TESTS_UNIT_ODD_KEYS_H

#include <stdbool.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

/* A public RSA key of any two numbers; nothing asks whether it is one. */
EVP_PKEY *rsa_of(BIGNUM *n, BIGNUM *exponent);

BIGNUM *word(unsigned long value);
BIGNUM *prime(int bits);
BIGNUM *product(BIGNUM *a, BIGNUM *b);
/* Of two chance primes. */
BIGNUM *modulus(int bits);

/* Of 2048 bits: 2^2047 plus what is missing to a multiple of factor, an odd one but for 2. */
BIGNUM *multiple_of(unsigned long factor);

/*
 * As the flawed generator of CVE-2017-15361 did: k * M + (65537^a mod M), M = 2 * 3 * 5 * … * 167,
 * for chance k and a until it is prime. Modulo each prime of M it is a power of 65537, and so is
 * the product of two of them.
 */
BIGNUM *roca_prime(int bits);

/* The next prime: with p a modulus that Fermat's method factors in its first step. */
BIGNUM *prime_after(const BIGNUM *p);

/*
 * n = a² - b² = (a - b)(a + b) with a = 2s² and b = 20s ± 1, s of so many bits. The root of n lies
 * below a by about b²/2a, which is 100 ∓ 10/s: so Fermat's method, which counts up from the root,
 * takes 100 steps for b = 20s - 1, and 101 (late) for b = 20s + 1.
 */
BIGNUM *fermat_modulus(int bits, bool late);

/* On a curve that is given by its numbers instead of its name, as it comes out of a request. */
EVP_PKEY *explicit_key(const char *group);
/* On P-256, of an encoded point (SEC 1 2.3.3: one zero octet is infinity); NULL for no point. */
EVP_PKEY *p256_of(const unsigned char *point, size_t len);
EVP_PKEY *ed25519_of(const unsigned char point[32]);

/* Of any kind that OpenSSL generates without being told more. */
EVP_PKEY *key_generated(const char *algorithm);
/* No group of a safe DSA key; only its kind is looked at. */
EVP_PKEY *dsa_of_small_numbers(void);

#endif
