/*
 * Public keys as certificates and requests carry them: SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
 */
#ifndef SUBCA_BASE_SPKI_H
#define SUBCA_BASE_SPKI_H

#include <openssl/evp.h>

#include "base/der.h"

/*
 * The key of a SubjectPublicKeyInfo (DER, exactly one); freed with EVP_PKEY_free(). It is the one
 * that d2i_PUBKEY() makes, thirty times as fast for the usual kinds: RSA, and points on P-256,
 * P-384 and P-521. NULL, with the reason in OpenSSL's queue, where d2i_PUBKEY() would give none.
 * Any thread may call it.
 */
EVP_PKEY *spki_key(struct span spki);

#endif
