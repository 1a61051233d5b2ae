/*
 * Making and deleting keys on a token: private to hsm/. The key pair is made by C_GenerateKeyPair
 * with every attribute that matters said, read back and compared; libp11 0.4.12's generator makes RSA
 * when asked for EC, adds decrypt, unwrap, encrypt and wrap, and leaves EXTRACTABLE to the token.
 *
 * A key that was made for nothing is deleted again; where that fails too, the error says that it
 * stays, and how to delete it.
 */
#ifndef SUBCA_HSM_TOKEN_MAKE_H
#define SUBCA_HSM_TOKEN_MAKE_H

#include <openssl/evp.h>

#include "base/secret.h"

/*
 * name with a random CKA_ID where it has none, so that a key that is made under it is told from
 * any other. STATUS_USAGE where name has no object=LABEL. Freed with free().
 */
MUST_CHECK enum status token_name_new(const char *name, char **out, struct error *e);

/* As signer_name_with_module(). */
MUST_CHECK enum status token_name_with_module(const char *name, const char *module, char **out,
					      struct error *e);

/* As signer_create(). STATUS_EXISTS where an object has the label or the CKA_ID of name. */
MUST_CHECK enum status token_key_create(const char *name, const char *type,
					const struct secret *pin, struct error *e);
/*
 * Puts a private key from software onto the token, under the same rules but those of its birth:
 * the token will say that it was not made there, and could once be read.
 */
MUST_CHECK enum status token_key_import(const char *name, EVP_PKEY *key, const struct secret *pin,
					struct error *e);
/* Whether the token has a private key of that name. */
MUST_CHECK enum status token_key_exists(const char *name, const struct secret *pin, bool *there,
					struct error *e);
/*
 * Deletes the one private key of that name with the public key of its CKA_ID, or, where that was
 * half done, the one public key of that name. STATUS_NOT_FOUND.
 */
MUST_CHECK enum status token_key_delete(const char *name, const struct secret *pin,
					struct error *e);

#endif
