/*
 * Whether a public key is fit to stand in a certificate. Everything here follows from the public
 * key alone, and costs little beside the verification of one signature.
 */
#ifndef SUBCA_CSR_KEY_H
#define SUBCA_CSR_KEY_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "csr/weak_keys.h"

/*
 * Adds what is wrong with the key; adds nothing where nothing is. Only a machine that fails
 * (memory) makes the status differ from STATUS_OK. Rules: csr_key_type, csr_key_rsa_small,
 * csr_key_rsa_size, csr_key_rsa_exponent, csr_key_rsa_factor, csr_key_rsa_roca,
 * csr_key_rsa_close_primes, csr_key_ec_explicit, csr_key_ec_curve, csr_key_ec_point,
 * csr_key_ed25519_point.
 *
 * Certificates carry the same keys: an audit asks the same of them.
 */
MUST_CHECK enum status csr_key_check(EVP_PKEY *key, struct findings *findings, struct error *e);

/*
 * Adds csr_key_listed where the list has the key: one that anybody may hold. list may be NULL. Not
 * STATUS_OK as above.
 */
MUST_CHECK enum status csr_key_check_listed(EVP_PKEY *key, const struct weak_keys *list,
					    struct findings *findings, struct error *e);

/* The same of an RSA modulus alone, the highest octet first. */
MUST_CHECK enum status csr_key_check_listed_rsa(struct span modulus, const struct weak_keys *list,
						struct findings *findings, struct error *e);

/*
 * The same of an RSA key by the octets of its numbers alone, the highest first: decoding a key costs
 * several times the judgement.
 */
MUST_CHECK enum status csr_key_check_rsa(struct span modulus, struct span exponent,
					 struct findings *findings, struct error *e);

/* The rules above, in that order. */
const struct rule *csr_key_rules(size_t *count);

#endif
