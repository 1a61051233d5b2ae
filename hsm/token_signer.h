/*
 * Keys on PKCS#11 tokens, for hsm/key_name.c. Names are RFC 7512 URIs (hsm/token_uri.h).
 *
 * Errors, besides those of the URI: STATUS_NOT_FOUND for no such module, token or key; STATUS_KEY
 * with the function and CKR_… name for what the token refuses or fails at, for a call that does
 * not come back, and for an interruption.
 */
#ifndef SUBCA_HSM_TOKEN_SIGNER_H
#define SUBCA_HSM_TOKEN_SIGNER_H

#include "base/secret.h"
#include "hsm/signer.h"

MUST_CHECK enum status token_needs(const char *name, struct signer_need *need, struct error *e);
/* As signer_open(). pin NULL: from the URI's pin-source, or typed at the token. */
MUST_CHECK enum status token_signer_open(const char *name, const struct secret *pin,
					 EVP_PKEY *expected, struct signer **out, struct error *e);

#endif
