/*
 * Reads whatever holds requests, certificates or CRLs (PEM, DER, bundles, p7b), and says how the
 * things found belong together and what is wrong with them. Nothing here needs a CA.
 */
#ifndef SUBCA_CA_INSPECT_H
#define SUBCA_CA_INSPECT_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/finding.h"
#include "csr/weak_keys.h"

/* A bundle of all public roots has about 250 KiB and 150 certificates. */
#define INSPECT_INPUT_MAX (4 * 1024 * 1024)
#define INSPECT_OBJECTS_MAX 1024
#define INSPECT_NONE SIZE_MAX

enum inspect_kind { INSPECT_REQUEST, INSPECT_CERTIFICATE, INSPECT_CRL };

struct inspect_object {
	enum inspect_kind kind;
	size_t file; /* what inspect_read() was told */
	bool in_p7b;
	struct bytes der;
	X509_REQ *request; /* the one of its kind; the other two are NULL */
	X509 *certificate;
	X509_CRL *crl;
	size_t signer; /* the certificate whose key verifies it, its own place for a self-signed
			  one, INSPECT_NONE where it is not among them */
	struct findings findings;
};

/* Owns its items. Starts as all zero. */
struct inspection {
	struct inspect_object *items;
	size_t count;
	const struct weak_keys *weak_keys; /* borrowed; NULL: there is no list */
};

/*
 * Adds what input holds, in its order. STATUS_INPUT, and nothing added, where it holds none, more
 * than INSPECT_OBJECTS_MAX in all, or something damaged. A private key beside others is not read
 * and is a finding; alone it is refused.
 */
MUST_CHECK enum status inspect_read(struct inspection *in, struct span input, size_t file,
				    struct error *e);

/* Fills signer and findings, once everything is read. now: for what has expired. */
MUST_CHECK enum status inspect_judge(struct inspection *in, int64_t now, struct error *e);

void inspection_free(struct inspection *in);

/* "request", "certificate", "CRL". */
const char *inspect_kind_name(enum inspect_kind kind);
/* Seconds since 1970; false where t is malformed or NULL. */
bool inspect_time(const ASN1_TIME *t, int64_t *out);

/* The rules of this module alone, for certificates, CRLs and what lies beside them. */
enum inspect_rule {
	INSPECT_PRIVATE_KEY,
	INSPECT_SELF_ISSUED_CA_KEY,
	INSPECT_SIGNATURE_FAILED,
	INSPECT_EXPIRED,
	INSPECT_NOT_YET_VALID,
	INSPECT_CRL_OUTDATED,
	INSPECT_CHAIN_ORDER,
	INSPECT_DUPLICATE,
	INSPECT_WEEKLY_CA,
	INSPECT_RULES
};
/* In that order. */
const struct rule *inspect_rules(size_t *count);

#endif
