/* Between PKCS#11's ways to write a public key and OpenSSL's: private to hsm/token*.c. */
#ifndef SUBCA_HSM_TOKEN_KEY_H
#define SUBCA_HSM_TOKEN_KEY_H

#include <openssl/evp.h>

#include "base/bytes.h"

/* All give a key of the caller's, freed with EVP_PKEY_free(); STATUS_KEY for what is none. */

/* CKA_MODULUS, CKA_PUBLIC_EXPONENT: big-endian magnitudes. */
MUST_CHECK enum status token_key_from_rsa(struct span modulus, struct span exponent, EVP_PKEY **out,
					  struct error *e);
/*
 * CKA_EC_PARAMS: the curve's OBJECT IDENTIFIER, or its name as PrintableString (PKCS#11 v3.0);
 * CKA_EC_POINT: an OCTET STRING around the point, or, from some tokens, the bare point.
 */
MUST_CHECK enum status token_key_from_point(struct span parameters, struct span point,
					    EVP_PKEY **out, struct error *e);
MUST_CHECK enum status token_key_from_spki(struct span der, EVP_PKEY **out, struct error *e);
MUST_CHECK enum status token_key_from_certificate(struct span der, EVP_PKEY **out, struct error *e);

/* CKA_EC_PARAMS for "P-256", "P-384" and "ED25519". Freed with bytes_free(). */
MUST_CHECK enum status token_curve_parameters(const char *curve, struct bytes *out,
					      struct error *e);

#endif
