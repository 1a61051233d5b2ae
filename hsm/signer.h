/*
 * A signer: a private key that signs and never shows itself. Key files and PKCS#11 tokens stand
 * behind the same few functions; nothing outside hsm/ knows which.
 */
#ifndef SUBCA_HSM_SIGNER_H
#define SUBCA_HSM_SIGNER_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/secret.h"

struct signer;

/* A backend: self is what it keeps; sign gets the bytes to be signed, not their digest. */
struct signer_ops {
	enum status (*sign)(void *self, const EVP_MD *digest, struct span message,
			    struct bytes *signature, struct error *e);
	/* Optional: true where arithmetic shows that the private key belongs to the public one. */
	bool (*proves_itself)(const void *self);
	void (*free)(void *self);
};

/* Takes over self (freed with ops->free, also on failure) and a reference to the public key. */
MUST_CHECK enum status signer_new(const struct signer_ops *ops, void *self, EVP_PKEY *public_key,
				  const char *description, struct signer **out, struct error *e);
void signer_free(struct signer *s);

/* "key file private/ca.key", "token 'Root CA', object 'root-2026'". */
const char *signer_description(const struct signer *s);
EVP_PKEY *signer_public_key(const struct signer *s);

/*
 * The AlgorithmIdentifier a key of this kind signs with, as RFC 4055, 5758 and 8410 want its
 * parameters: NULL for RSA, absent for EC and Ed25519. digest: "sha256", "sha384", "sha512"; NULL
 * chooses: SHA-256 for RSA and P-256, SHA-384 for P-384; Ed25519 has none. Needs no signer, so
 * that a plan can be made without the private key. Freed with X509_ALGOR_free().
 */
MUST_CHECK enum status signature_algorithm_for(EVP_PKEY *public_key, const char *digest,
					       X509_ALGOR **out, struct error *e);

/*
 * Signs message under algorithm (as signature_algorithm_for() made it) and verifies the result
 * with the public key before it is handed out. STATUS_KEY when the key or the token fails.
 */
MUST_CHECK enum status signer_sign(struct signer *s, const X509_ALGOR *algorithm,
				   struct span message, struct bytes *signature, struct error *e);

/*
 * Before the first serial is spent: the key is the expected one and can sign. Where the backend
 * cannot show it by arithmetic, one trial signature over fixed bytes does, verified with expected.
 */
MUST_CHECK enum status signer_prove(struct signer *s, EVP_PKEY *expected, struct error *e);

/*
 * Keys by name. A name is the path of a key file; where it is named is all that the other rooms
 * know of where a key lives.
 */

/* Whether opening it takes a secret. Errors as keyfile_is_encrypted(). */
MUST_CHECK enum status signer_needs_secret(const char *name, bool *needed, struct error *e);
/* secret NULL where none is needed. Errors as keyfile_open(). */
MUST_CHECK enum status signer_open(const char *name, const struct secret *secret,
				   struct signer **out, struct error *e);
/* Generates a key of a type that key_generate() knows, protected with secret unless it is NULL. */
MUST_CHECK enum status signer_create(const char *name, const char *type,
				     const struct secret *secret, struct error *e);

#endif
