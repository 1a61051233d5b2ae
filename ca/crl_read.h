/*
 * A CRL in its file, read without decoding it whole: a million entries cost no memory.
 */
#ifndef SUBCA_CA_CRL_READ_H
#define SUBCA_CA_CRL_READ_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "base/file_stream.h"
#include "ca/store.h"

#define CRL_FILE_MAX ((size_t)1 << 30)

/* An entry of revokedCertificates, RFC 5280 5.1; as OpenSSL's own, which cannot be reused. */
typedef struct crl_entry {
	ASN1_INTEGER *serial;
	ASN1_TIME *date;
	STACK_OF(X509_EXTENSION) *extensions;
} CRL_ENTRY;
DECLARE_ASN1_FUNCTIONS(CRL_ENTRY)

/* Spans borrow from the content that was read. */
struct crl_view {
	struct span der, to_be_signed;
	struct span algorithm, signature; /* outer AlgorithmIdentifier; BIT STRING, whole */
	struct span issuer;
	struct span entries;  /* the content of revokedCertificates; empty where it is absent */
	int64_t number, base; /* STORE_NO_CRL where the extension is absent */
	int64_t this_update, next_update; /* 0 where absent */
};

/* DER. STATUS_INPUT where it is no version 2 CRL, or its number does not fit 63 bits. */
MUST_CHECK enum status crl_view(struct span der, struct crl_view *out, struct error *e);

/* Whether key signed it. STATUS_REFUSED otherwise. */
MUST_CHECK enum status crl_verify(const struct crl_view *v, EVP_PKEY *key, struct error *e);

/* One entry as the store would tell it; serial borrows from *entry. */
typedef enum status crl_entry_visit(void *context, const struct store_revoked *r, struct error *e);
/* STATUS_INPUT, with its number, for an entry that cannot be read. */
MUST_CHECK enum status crl_each_entry(const struct crl_view *v, crl_entry_visit *visit,
				      void *context, struct error *e);

/*
 * PEM or DER from a file; where it is PEM, owned holds the DER, to be freed with bytes_free(). The
 * map stays open as long as view is used.
 */
MUST_CHECK enum status crl_open(const char *path, struct file_map *map, struct bytes *owned,
				struct crl_view *out, struct error *e);

#endif
