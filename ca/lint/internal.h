/*
 * What the rules of lint share: a certificate parsed once, and a report to speak into. Private to
 * ca/lint/.
 */
#ifndef SUBCA_CA_LINT_INTERNAL_H
#define SUBCA_CA_LINT_INTERNAL_H

#include <stdint.h>

#include <openssl/x509v3.h>

#include "base/der.h"
#include "base/der_canonical.h"
#include "base/finding.h"
#include "ca/lint.h"
#include "ca/lint/asn1.h"
#include "ca/lint/report.h"

/* The extensions that lint decodes; the rest are only counted and held against criticality. */
enum lint_known {
	LINT_BASIC_CONSTRAINTS,
	LINT_KEY_USAGE,
	LINT_EXTENDED_KEY_USAGE,
	LINT_SKI,
	LINT_AKI,
	LINT_SUBJECT_ALT_NAME,
	LINT_ISSUER_ALT_NAME,
	LINT_NAME_CONSTRAINTS,
	LINT_POLICIES,
	LINT_POLICY_MAPPINGS,
	LINT_POLICY_CONSTRAINTS,
	LINT_INHIBIT_ANY_POLICY,
	LINT_CRL_DISTRIBUTION,
	LINT_FRESHEST_CRL,
	LINT_AIA,
	LINT_SIA,
	LINT_KNOWN_COUNT,
};

/* The first extension of a kind; all NULL where the certificate has none. */
struct lint_decoded {
	const LINT_EXTENSION *raw;
	void *value; /* OpenSSL's type for it; NULL also where it does not decode */
};

enum lint_time_fault {
	LINT_TIME_OK,
	LINT_TIME_TYPE, /* neither UTCTime nor GeneralizedTime */
	LINT_TIME_FORM, /* not (YY)YYMMDDHHMMSSZ, or no such moment */
	LINT_TIME_UTC_EXPECTED,
};

struct lint_time {
	int64_t seconds; /* meaningful unless the fault is TYPE or FORM */
	enum lint_time_fault fault;
};

/* Everything that rules look at. Borrows the DER it was read from. */
struct lint_subject {
	struct span der, tbs;
	DER_SIGNED *envelope;
	enum der_fault der_fault;
	size_t der_offset;

	LINT_TBS *cert; /* NULL: unreadable; then nothing below means anything */
	char unreadable[128];
	unsigned kind; /* one bit of enum lint_applies */
	bool is_ca, self_issued;
	struct span issuer_der, subject_der, spki_der;
	LINT_NAME *issuer_name, *subject_name;
	struct lint_time not_before, not_after;
	DER_SPKI *spki;
	LINT_RSA *rsa; /* NULL unless the key is RSA and reads as such */
	int key_nid;
	struct lint_decoded known[LINT_KNOWN_COUNT];

	/* Who signed it: NULL where unknown, the subject itself where self-signed. */
	const struct lint_subject *issuer;
	struct lint_subject *issuer_owned;
};

typedef void lint_check(const struct lint_subject *s, struct lint_report *report);

/* der must stay as long as *out. STATUS_INPUT where it is no SIGNED SEQUENCE. */
MUST_CHECK enum status lint_subject_read(struct span der, struct span issuer,
					 struct lint_subject **out, struct error *e);
void lint_subject_free(struct lint_subject *s);

/* NULL for an extension that is none of the known. */
const char *lint_known_name(enum lint_known known);
enum lint_known lint_known_find(const ASN1_OBJECT *type); /* LINT_KNOWN_COUNT: none */
int lint_extension_count(const struct lint_subject *s);
const LINT_EXTENSION *lint_extension_at(const struct lint_subject *s, int at);
struct span lint_string(const ASN1_STRING *s);
/* Whether the seconds of a time can be used. */
bool lint_time_known(const struct lint_time *t);

static inline const LINT_EXTENSION *lint_raw(const struct lint_subject *s, enum lint_known known)
{
	return s->known[known].raw;
}

/* The decoded value; NULL where the extension is absent or does not decode. */
static inline const void *lint_value(const struct lint_subject *s, enum lint_known known)
{
	return s->known[known].value;
}

/* KU_* of <openssl/x509v3.h>; 0 where there is none. */
unsigned lint_key_usage(const struct lint_subject *s);
bool lint_has_purpose(const struct lint_subject *s, int nid);
/* A signature algorithm's digest and key, NID_undef where it has none or is not known. */
void lint_signature_parts(const X509_ALGOR *algorithm, int *digest, int *key);

/* ca/lint/text.c: the next character of an ASN.1 string type; false where it is malformed. */
bool lint_next_character(int type, struct span *rest, uint32_t *point);
/* RFC 1034 3.5 with RFC 1123 2.1: labels of letters, digits and hyphens. */
bool lint_is_host(struct span s);
/* As above; the first label may be "*". */
bool lint_is_dns_name(struct span s);
/* RFC 3986 3: scheme, colon, the rest in allowed characters, and a sound host after "//". */
bool lint_is_uri(struct span s);
/* Whether a URI has this scheme ("http"), in either case. */
bool lint_has_scheme(struct span s, const char *scheme);

/* Each rule: ca/lint/rules.h. */
#define RULE(id, severity, applies, reference, why, todo) lint_check lint_##id;
#include "ca/lint/rules.h"
#undef RULE

#endif
