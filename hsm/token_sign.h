/* One signature by a key on a token: private to hsm/token*.c. */
#ifndef SUBCA_HSM_TOKEN_SIGN_H
#define SUBCA_HSM_TOKEN_SIGN_H

#include <openssl/evp.h>

#include "hsm/token.h"

#define TOKEN_SIGNATURE_MAX 2048 /* octets: RSA of 16384 bits */
#define TOKEN_INPUT_MAX 128	 /* a DigestInfo of SHA-512 needs 83 */

/* What goes to C_Sign, and what comes back; holds no pointer, so that it can be left behind. */
struct token_signature {
	CK_MECHANISM_TYPE mechanism;
	struct bytes input; /* owned: a digest, a DigestInfo, or for EdDSA the message */
	unsigned char output[TOKEN_SIGNATURE_MAX];
	CK_ULONG output_len;
};

/* digest NULL for Ed25519. The digest is made here: the token gets as little as it can. */
MUST_CHECK enum status token_signature_prepare(struct token_signature *s, EVP_PKEY *key,
					       const EVP_MD *digest, struct span message,
					       struct error *e);
/*
 * C_SignInit, the login that a key with CKA_ALWAYS_AUTHENTICATE wants in between, C_Sign. *rv is the
 * last answer.
 */
MUST_CHECK enum status token_signature_make(struct token *t, CK_SESSION_HANDLE session,
					    CK_OBJECT_HANDLE key, bool always_authenticate,
					    struct token_signature *s, CK_RV *rv, struct error *e);
/* As X.509 wants it: r and s of ECDSA in a SEQUENCE (RFC 3279 2.2.3). */
MUST_CHECK enum status token_signature_finish(const struct token_signature *s, EVP_PKEY *key,
					      struct bytes *out, struct error *e);
void token_signature_free(struct token_signature *s);

#endif
