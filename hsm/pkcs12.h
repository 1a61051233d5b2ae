/*
 * A key with its certificates in one PKCS#12 file (RFC 7292), for a tool that takes nothing else.
 */
#ifndef SUBCA_HSM_PKCS12_H
#define SUBCA_HSM_PKCS12_H

#include <openssl/x509.h>

#include "base/file.h"
#include "base/secret.h"

/*
 * PBKDF2 for the key and for the certificates, and the derivation of the MAC, each: whoever guesses
 * passwords takes the cheapest of the three. Some readers refuse more than 300 000.
 */
#define PKCS12_ITERATIONS 300000

/* All borrowed. */
struct pkcs12_content {
	EVP_PKEY *key;
	X509 *certificate; /* of that key */
	X509 *const *above;
	size_t above_count;
	const char *name; /* friendlyName */
};

/*
 * Encrypted with AES-256 (PBES2, PBKDF2-HMAC-SHA256), MAC with SHA-256; mode 0600. Read back with the
 * password before it is published. Errors as file_publish(); STATUS_KEY where key and certificate do
 * not belong together.
 */
MUST_CHECK enum status pkcs12_write(const char *path, const struct pkcs12_content *content,
				    const struct secret *password, enum file_existing existing,
				    struct error *e);

#endif
