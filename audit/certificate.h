/*
 * A certificate as an audit reads it: OpenSSL's templates with names and SubjectPublicKeyInfo left
 * as the bytes they came in. d2i_X509() decodes the key eagerly, which costs six times as much as
 * the verification of an RSA-2048 signature.
 */
#ifndef SUBCA_AUDIT_CERTIFICATE_H
#define SUBCA_AUDIT_CERTIFICATE_H

#include <stdint.h>

#include "base/der.h"
#include "ca/lint/asn1.h"

#define PATH_LENGTH_NONE (-1)

/* Borrows the DER that it was read from. */
struct audit_certificate {
	struct span der, tbs;
	struct span serial;		   /* as encoded: two's complement, DER */
	struct span issuer, subject, spki; /* DER */
	struct span ski, authority_key;	   /* key identifiers; empty where there is none */
	int64_t not_before, not_after;
	bool is_ca, self_issued;
	int path_length;
	DER_SIGNED *envelope;
	LINT_TBS *fields;
	ASN1_OCTET_STRING *ski_owned, *authority_key_owned;
};

/* STATUS_INPUT where der is no certificate. What was read is freed with audit_certificate_free(). */
MUST_CHECK enum status audit_certificate_read(struct span der, struct audit_certificate *out,
					      struct error *e);
void audit_certificate_free(struct audit_certificate *c);

/* Subject or issuer for people, RFC 4514 with the most specific part first; hostile text escaped. */
MUST_CHECK enum status audit_name_text(struct span name, struct text *out, struct error *e);
/* The key in words: "RSA 2048", "P-256". */
void audit_key_text(struct span spki, char *out, size_t size);

#endif
