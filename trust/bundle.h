/*
 * A bundle of trust anchors: public roots and ours, for tools whose setting replaces their own. Read
 * with tolerance (a text between the certificates, a damaged block), judged, written in one order.
 */
#ifndef SUBCA_TRUST_BUNDLE_H
#define SUBCA_TRUST_BUNDLE_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/finding.h"

#define BUNDLE_INPUT_MAX (4 * 1024 * 1024)
#define BUNDLE_MAX 1024 /* certificates */
/* What the JDK's own trust store has; a trust store keeps nothing secret. */
#define BUNDLE_STORE_PASSWORD "changeit"

struct bundle_item {
	X509 *certificate;
	struct bytes der;
	char *subject; /* for people: RFC 4514, escaped */
	unsigned char sha256[SHA256_SIZE];
	bool ours;
};

/* Owns its items. Starts as all zero. */
struct bundle {
	struct bundle_item *items;
	size_t count;
	size_t dropped; /* bundle_judge(): given twice, or expired */
};

void bundle_free(struct bundle *b);

/* Where this machine keeps its public roots as one file; NULL: nowhere. */
const char *bundle_system_file(void);

/*
 * Adds the certificates of input, PEM or DER. What is no certificate, and what is damaged, is left
 * out and is a finding at origin. STATUS_INPUT where none is in it, or too many are.
 */
MUST_CHECK enum status bundle_read(struct bundle *b, struct span input, const char *origin,
				   bool ours, struct findings *findings, struct error *e);

/*
 * Takes out what is there twice and what expired, and sorts: ours first, then by subject. Findings:
 * expired, not yet valid, and among ours what is no root: an intermediate, a weekly CA, an end
 * entity, a key of the public ones. STATUS_REFUSED when none of ours is left.
 */
MUST_CHECK enum status bundle_judge(struct bundle *b, int64_t now, struct findings *findings,
				    struct error *e);

/* Whether it is called as the CAs are that a service edge replaces every week. */
bool bundle_is_weekly(const X509 *x);

/* PEM; with comments each is preceded by its subject, end and SHA-256 fingerprint. */
MUST_CHECK enum status bundle_pem(const struct bundle *b, bool comments, struct text *out,
				  struct error *e);
/* A PKCS#12 trust store that Java takes: password BUNDLE_STORE_PASSWORD. */
MUST_CHECK enum status bundle_pkcs12(const struct bundle *b, struct bytes *out, struct error *e);

/* Rules of this module: bundle_junk, bundle_private_key, bundle_expired, bundle_not_yet_valid,
   bundle_duplicate, bundle_intermediate, bundle_weekly_ca, bundle_not_a_ca. */

#endif
