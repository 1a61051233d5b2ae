/*
 * Digests. OpenSSL 3 searches its providers for an algorithm whenever it is named: here each is
 * fetched once, and a thread keeps its contexts.
 */
#ifndef SUBCA_BASE_DIGEST_H
#define SUBCA_BASE_DIGEST_H

#include <openssl/types.h>

#include "base/bytes.h"

enum digest { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGESTS };

#define DIGEST_SIZE_MOST 64

/*
 * The digest of a and b, one after the other, into out, which has room for it. False, with the reason
 * in OpenSSL's queue, where it cannot be had. Any thread may call it.
 */
bool digest_of(enum digest digest, struct span a, struct span b, unsigned char *out);

/* As OpenSSL names it (NID_sha256, …); DIGESTS: none of these. */
enum digest digest_find(int nid);
size_t digest_size(enum digest digest);
/* For OpenSSL's calls; NULL where it cannot be had. */
const EVP_MD *digest_method(enum digest digest);

#endif
