/*
 * A request while it is read: what was found of it, and the rules that it is held against. Private to
 * csr/request*.c.
 */
#ifndef SUBCA_CSR_REQUEST_INTERNAL_H
#define SUBCA_CSR_REQUEST_INTERNAL_H

#include "base/der.h"
#include "csr/request.h"

/* CertificationRequestInfo (RFC 2986 4.1) with its parts left as the bytes that came in. */
typedef struct request_info {
	ASN1_INTEGER *version;
	ASN1_TYPE *subject;
	ASN1_TYPE *spki;
	STACK_OF(X509_ATTRIBUTE) *attributes;
} REQUEST_INFO;

struct csr_request {
	char *origin;
	struct bytes der;
	DER_SIGNED *envelope;
	REQUEST_INFO *info;
	X509_NAME *name;
	EVP_PKEY *key; /* NULL where it cannot be used */
	STACK_OF(X509_EXTENSION) *extensions;
};

enum request_rule {
	REQUEST_MALFORMED,
	REQUEST_NOT_DER,
	REQUEST_VERSION,
	REQUEST_KEY_UNREADABLE,
	REQUEST_SIGNATURE_ALGORITHM,
	REQUEST_SIGNATURE_DIGEST,
	REQUEST_SIGNATURE,
	REQUEST_EXTENSIONS_TWICE,
	REQUEST_EXTENSIONS_MALFORMED,
	REQUEST_EXTENSION_DUPLICATE,
	REQUEST_EXTENSION_MALFORMED,
	REQUEST_RULES
};

/* One reading. The first failure of the machine sticks, so that a check need not look. */
struct request_reading {
	struct csr_request *r;
	struct findings *findings;
	struct error *error;
	enum status status;
};

/* A finding of a rule; it is said at most once, so that no request says thousands. */
void request_say(struct request_reading *x, enum request_rule rule, const char *where,
		 const char *format, ...) PRINTF_LIKE(4, 5);

/* The octets of a SEQUENCE, header included; empty for anything else. */
struct span request_sequence(const ASN1_TYPE *value);

/*
 * csr/request_check.c. The first three need r->envelope and r->info, the next r->key as well, the
 * last fills r->extensions.
 */
void request_check_version(struct request_reading *x);
void request_check_der(struct request_reading *x);
/* Whether OpenSSL can verify a signature of this kind at all. */
bool request_check_algorithm(struct request_reading *x);
void request_check_signature(struct request_reading *x);
/* csr/request_extensions.c */
void request_read_extensions(struct request_reading *x);

#endif
