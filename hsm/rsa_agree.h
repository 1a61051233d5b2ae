/* Whether an RSA private key belongs to its public key, at the cost of a few multiplications. */
#ifndef SUBCA_HSM_RSA_AGREE_H
#define SUBCA_HSM_RSA_AGREE_H

#include <stdbool.h>

#include <openssl/evp.h>

/*
 * n = p q, e dP = 1 (mod p - 1), e dQ = 1 (mod q - 1), q qInv = 1 (mod p) (RFC 8017 3.2): then what
 * it signs with the Chinese remainder theorem, as OpenSSL does, verifies under n and e, provided
 * that n itself is an honest product of two primes. False for any other key, for one without
 * these parts or with more than two primes, and on failure.
 */
bool rsa_parts_agree(const EVP_PKEY *key);

#endif
