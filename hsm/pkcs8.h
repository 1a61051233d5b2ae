/*
 * PKCS#8: a private key, plain or sealed with a passphrase (RFC 5208 5 and 6, PBES2 of RFC 8018).
 */
#ifndef SUBCA_HSM_PKCS8_H
#define SUBCA_HSM_PKCS8_H

#include <openssl/evp.h>

#include "base/secret.h"

/* passphrase is for a sealed one. STATUS_KEY; the key is freed with EVP_PKEY_free(). */
MUST_CHECK enum status pkcs8_decode(struct span der, bool sealed, const struct secret *passphrase,
				    EVP_PKEY **out, struct error *e);

/* What every file with a private key is refused with: STATUS_KEY. */
MUST_CHECK enum status pkcs8_damaged(struct error *e);
MUST_CHECK enum status pkcs8_wrong_passphrase(struct error *e);

#endif
