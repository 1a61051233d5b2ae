/*
 * A certificate as an audit reads it: in place where it is of the usual form, else by OpenSSL's
 * templates with names and SubjectPublicKeyInfo left as the bytes they came in. d2i_X509() decodes the
 * key eagerly, which costs six times as much as the verification of an RSA-2048 signature.
 */
#ifndef SUBCA_AUDIT_CERTIFICATE_H
#define SUBCA_AUDIT_CERTIFICATE_H

#include <stdint.h>

#include "base/der.h"
#include "ca/lint/asn1.h"
#include "ca/plain.h"

#define PATH_LENGTH_NONE (-1)

struct audit_extension {
	bool critical;
	struct span value;
};

/* Borrows the DER that it was read from. */
struct audit_certificate {
	struct span der, tbs;
	struct span serial;		   /* octets, without a sign octet */
	struct span issuer, subject, spki; /* DER */
	struct span ski, authority_key;	   /* key identifiers; empty where there is none */
	struct span signature;
	int algorithm; /* of the signature, NID_… */
	int64_t not_before, not_after;
	bool is_ca, self_issued;
	int path_length;
	unsigned char spki_digest[SHA256_SIZE];
	bool has_spki_digest, is_plain;
	struct plain_certificate plain; /* where it is */
	DER_SIGNED *envelope;		/* where it is not */
	LINT_TBS *fields;
	ASN1_OCTET_STRING *ski_owned, *authority_key_owned;
};

/* STATUS_INPUT where der is no certificate. What was read is freed with audit_certificate_free(). */
MUST_CHECK enum status audit_certificate_read(struct span der, struct audit_certificate *out,
					      struct error *e);
void audit_certificate_free(struct audit_certificate *c);
/* SHA-256 of spki, made when it is first asked for; zero where there is no memory for it. */
const unsigned char *audit_certificate_spki_digest(struct audit_certificate *c);
/* The first of a kind (NID_…); false where there is none. */
bool audit_certificate_extension(const struct audit_certificate *c, int nid,
				 struct audit_extension *out);

/* Subject or issuer for people, RFC 4514 with the most specific part first; hostile text escaped. */
MUST_CHECK enum status audit_name_text(struct span name, struct text *out, struct error *e);
/* The key in words: "RSA 2048", "P-256". */
void audit_key_text(struct span spki, char *out, size_t size);

#endif
