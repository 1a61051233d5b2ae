/*
 * Certificates where they stand in a text, for who wants to change one of them and nothing else.
 */
#ifndef SUBCA_TRUST_PEM_BLOCK_H
#define SUBCA_TRUST_PEM_BLOCK_H

#include <openssl/x509.h>

#include "base/bytes.h"

struct pem_block {
	struct span text;  /* from "-----BEGIN" to after "-----END CERTIFICATE-----" */
	X509 *certificate; /* to be freed; NULL: it cannot be read */
};

/* The next block at or after *at, which moves behind it; false where there is none. */
bool pem_block_next(struct span text, size_t *at, struct pem_block *out);

#endif
