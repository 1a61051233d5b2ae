/*
 * Keys in files: PKCS#8 PEM, encrypted with PBES2 (PBKDF2-HMAC-SHA256, AES-256-CBC) unless asked
 * otherwise, mode 0600, never overwritten, not read where others could have.
 */
#ifndef SUBCA_HSM_KEYFILE_H
#define SUBCA_HSM_KEYFILE_H

#include "base/secret.h"
#include "hsm/signer.h"

/* OWASP's figure for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet, 2023). */
#define KEYFILE_ITERATIONS 600000

/*
 * Generates a key. type: "rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384", "ed25519".
 * STATUS_USAGE with the list for any other. Freed with EVP_PKEY_free().
 */
MUST_CHECK enum status key_generate(const char *type, EVP_PKEY **out, struct error *e);
/* The type in the same words, "rsa:4096", into out. Other kinds: OpenSSL's name of them. */
void key_type_name(EVP_PKEY *key, char *out, size_t size);

/* passphrase NULL writes it unencrypted. STATUS_EXISTS where a file is there. */
MUST_CHECK enum status keyfile_write(const char *path, EVP_PKEY *key,
				     const struct secret *passphrase, struct error *e);
/* True in *encrypted when a passphrase will be needed. Reads nothing secret out. */
MUST_CHECK enum status keyfile_is_encrypted(const char *path, bool *encrypted, struct error *e);
/* passphrase NULL for an unencrypted file. STATUS_KEY: wrong passphrase, unsafe mode, not a key. */
MUST_CHECK enum status keyfile_open(const char *path, const struct secret *passphrase,
				    struct signer **out, struct error *e);
/* The key itself, for what puts it elsewhere. Errors as keyfile_open(); EVP_PKEY_free(). */
MUST_CHECK enum status keyfile_read(const char *path, const struct secret *passphrase,
				    EVP_PKEY **out, struct error *e);
/* The same for bytes that were read already, whoever may have read the file. */
MUST_CHECK enum status keyfile_decode(struct span content, const struct secret *passphrase,
				      EVP_PKEY **out, struct error *e);

#endif
