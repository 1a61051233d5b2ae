/*
 * A signer: a private key that signs and never shows itself. Key files and PKCS#11 tokens stand
 * behind the same few functions; nothing outside hsm/ knows which.
 */
#ifndef SUBCA_HSM_SIGNER_H
#define SUBCA_HSM_SIGNER_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/secret.h"

/*
 * signer_sign() may be called from several threads at once: a key file's key is only read, and a
 * token's gives each call a session of its own. All else belongs to one thread, and nothing of it
 * to the child of a fork.
 */
struct signer;

/* A backend: self is what it keeps; sign gets the bytes to be signed, not their digest. */
struct signer_ops {
	enum status (*sign)(void *self, const EVP_MD *digest, struct span message,
			    struct bytes *signature, struct error *e);
	/* Optional: true where arithmetic shows that the private key belongs to the public one. */
	bool (*proves_itself)(const void *self);
	/* Optional: STATUS_OK as long as there is a chance that sign will work. */
	enum status (*ready)(void *self, struct error *e);
	void (*free)(void *self);
};

/*
 * True once a token's module did not come back from a call: then main() leaves by _exit(), for the
 * module's exit handlers would wait for it, or find what it still uses taken away.
 */
bool signer_abandoned(void);

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
 * Asked before each serial is reserved: a token that was removed or hangs, or a person who
 * interrupts, ends a run here and costs no further serial. Sends nothing to the token.
 */
MUST_CHECK enum status signer_ready(struct signer *s, struct error *e);

/*
 * Before the first serial is spent: the key is the expected one and can sign. Where the backend
 * cannot show it by arithmetic, one trial signature over fixed bytes does, verified with expected.
 */
MUST_CHECK enum status signer_prove(struct signer *s, EVP_PKEY *expected, struct error *e);

/*
 * Keys by name. A name is the path of a key file or an RFC 7512 URI, "pkcs11:token=Root%20CA;…";
 * it is all that the other rooms know of where a key lives.
 */

/* Whether name is a URI and not a path: no folder is put before it. */
bool signer_name_is_uri(const char *name);

/* What opening a key takes from a person. */
enum signer_secret { SIGNER_SECRET_NONE, SIGNER_SECRET_PASSPHRASE, SIGNER_SECRET_PIN };

struct signer_need {
	enum signer_secret secret;
	bool has_source; /* the name itself says where the secret is (pin-source): NULL will do */
	char what[128];	 /* "passphrase of the CA key", "PIN of token 'Root CA'" */
};

/* Errors as keyfile_is_encrypted() and token_open(). */
MUST_CHECK enum status signer_needs(const char *name, struct signer_need *need, struct error *e);
/*
 * secret NULL where none is needed. In a token the key is found by expected, the public key of the
 * CA's certificate, among those that name describes; NULL: name must describe exactly one.
 */
MUST_CHECK enum status signer_open(const char *name, const struct secret *secret,
				   EVP_PKEY *expected, struct signer **out, struct error *e);
/* Generates a key of a type that key_generate() knows, protected with secret unless it is NULL. */
MUST_CHECK enum status signer_create(const char *name, const char *type,
				     const struct secret *secret, struct error *e);

/*
 * The whole name of a key that is to be made: a URI gets a CKA_ID of its own, by which a run that is
 * resumed knows the key as its own. Freed with free().
 */
MUST_CHECK enum status signer_name_new(const char *name, char **out, struct error *e);
/* A URI with the path of its PKCS#11 module in it, unless it has one. Freed with free(). */
MUST_CHECK enum status signer_name_with_module(const char *uri, const char *module, char **out,
					       struct error *e);
MUST_CHECK enum status signer_exists(const char *name, const struct secret *secret, bool *there,
				     struct error *e);
/* Deletes a key that was made for nothing. No error where a key file is not there. */
MUST_CHECK enum status signer_delete(const char *name, const struct secret *secret,
				     struct error *e);
/* Where that failed: e says as what to do that the key stays, and how to delete it. */
void signer_stays(const char *name, struct error *e);

/*
 * Keys that another tool made, in its file: PEM in any form, PKCS#8 or traditional DER, PKCS#12.
 * They come in as bytes and leave only as a key file of ours.
 */
struct foreign_key;

/* Whether content is a key at all, and whether it takes a passphrase to open. */
bool foreign_key_seen(struct span content, bool *locked);
/* STATUS_KEY: the passphrase is wrong or missing, or the key is not of a kind that signs here. */
MUST_CHECK enum status foreign_key_open(struct span content, const struct secret *passphrase,
					struct foreign_key **out, struct error *e);
void foreign_key_free(struct foreign_key *k);
/* Borrowed. NULL where a PKCS#12 file holds certificates only. */
EVP_PKEY *foreign_key_public(const struct foreign_key *k);
/* The certificates of a PKCS#12 file; borrowed, may be NULL. */
const STACK_OF(X509) *foreign_key_certificates(const struct foreign_key *k);
/* As signer_create() leaves it. */
MUST_CHECK enum status foreign_key_write(const struct foreign_key *k, const char *path,
					 const struct secret *passphrase, struct error *e);

#endif
