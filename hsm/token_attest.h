/*
 * Certificates by which a token's maker attests that a key was made on it: private to hsm/.
 *
 * PKCS#11 has no word for that. A token that has some shows each as a certificate with a label that
 * says so, "X.509 Certificate for PIV Attestation 9c" (YubiKey), which carries the public key of the
 * key that it is about.
 */
#ifndef SUBCA_HSM_TOKEN_ATTEST_H
#define SUBCA_HSM_TOKEN_ATTEST_H

#include "hsm/token.h"
#include "hsm/token_report.h"

/*
 * Fills r->attestations with what attests to one of keys (those of r->keys, NULL where unknown), then
 * with what these are signed by, and sets attested. Nothing is held against the maker's root, which
 * nobody has here.
 */
MUST_CHECK enum status token_attestations(struct token *t, EVP_PKEY *const *keys,
					  struct token_report *r, struct error *e);

#endif
