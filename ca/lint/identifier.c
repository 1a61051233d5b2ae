#include "ca/lint/internal.h"

#include <string.h>

#include "base/digest.h"

#define AKI_WHERE "extension authorityKeyIdentifier"

void lint_ski_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!lint_raw(s, LINT_SKI))
		lint_say(report, NULL, "has no subjectKeyIdentifier");
}

void lint_aki_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!lint_raw(s, LINT_AKI) && s->issuer != s)
		lint_say(report, NULL, "has no authorityKeyIdentifier");
}

void lint_aki_not_issuer_ski(const struct lint_subject *s, struct lint_report *report)
{
	const AUTHORITY_KEYID *aki = s->known[LINT_AKI].value;
	const ASN1_OCTET_STRING *ski = s->issuer ? s->issuer->known[LINT_SKI].value : NULL;

	if (aki && aki->keyid && ski && !span_equal(lint_string(aki->keyid), lint_string(ski)))
		lint_say(report, AKI_WHERE, "is not the issuer's subjectKeyIdentifier");
}

void lint_ski_missing_leaf(const struct lint_subject *s, struct lint_report *report)
{
	lint_ski_missing(s, report);
}

void lint_ski_empty(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_OCTET_STRING *ski = lint_value(s, LINT_SKI);

	if (ski && ASN1_STRING_length(ski) == 0)
		lint_say(report, "extension subjectKeyIdentifier", "is empty");
}

void lint_aki_no_key_id(const struct lint_subject *s, struct lint_report *report)
{
	const AUTHORITY_KEYID *aki = lint_value(s, LINT_AKI);

	if (aki && !aki->keyid)
		lint_say(report, AKI_WHERE, "has no key identifier");
}

void lint_aki_serial_pair(const struct lint_subject *s, struct lint_report *report)
{
	const AUTHORITY_KEYID *aki = lint_value(s, LINT_AKI);

	if (aki && !aki->issuer != !aki->serial)
		lint_say(report, AKI_WHERE, "has only one of issuer and serial number");
}

/* Whether one of the names is the Name that der holds. */
static bool names_hold(const GENERAL_NAMES *names, struct span der)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const unsigned char *at = NULL;
		size_t len = 0;

		if (name->type == GEN_DIRNAME &&
		    X509_NAME_get0_der(name->d.directoryName, &at, &len) &&
		    span_equal((struct span){at, len}, der))
			return true;
	}
	return false;
}

void lint_aki_issuer_serial(const struct lint_subject *s, struct lint_report *report)
{
	const AUTHORITY_KEYID *aki = lint_value(s, LINT_AKI);

	if (!aki || !aki->issuer || !aki->serial || !s->issuer)
		return;
	if (ASN1_INTEGER_cmp(aki->serial, s->issuer->cert->serial) != 0)
		lint_say(report, AKI_WHERE, "has another serial number than the issuer's");
	else if (!names_hold(aki->issuer, s->issuer->issuer_der))
		lint_say(report, AKI_WHERE, "does not name the issuer's issuer");
}

static const struct span none = {NULL, 0};

/* RFC 7093 2: a hash that is cut off has 160 bits. */
#define LEAST 20

/* RFC 5280 4.2.1.2 (2): 0100 and the last 60 bits of the SHA-1. */
static bool is_short_form(struct span ski, const unsigned char digest[static 20])
{
	return ski.len == 8 && ski.data[0] == (0x40 | (digest[12] & 0x0F)) &&
	       memcmp(ski.data + 1, digest + 13, 7) == 0;
}

static bool is_hash_of(struct span ski, struct span key, enum digest digest)
{
	unsigned char hash[DIGEST_SIZE_MOST];

	return ski.len >= LEAST && ski.len <= digest_size(digest) &&
	       digest_of(digest, key, none, hash) && memcmp(ski.data, hash, ski.len) == 0;
}

/* RFC 5280's two methods and those of RFC 7093: a hash of the key's bits, or of the whole field. */
static bool follows_from_key(const struct lint_subject *s, struct span ski)
{
	struct span bits = lint_string(s->spki->key);
	unsigned char sha1[DIGEST_SIZE_MOST];

	for (unsigned i = 0; i < DIGESTS; i++)
		if (is_hash_of(ski, bits, (enum digest)i) ||
		    is_hash_of(ski, s->spki_der, (enum digest)i))
			return true;
	return digest_of(DIGEST_SHA1, bits, none, sha1) && is_short_form(ski, sha1);
}

/* An empty one has a rule of its own. */
void lint_ski_method(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_OCTET_STRING *ski = lint_value(s, LINT_SKI);

	if (ski && ASN1_STRING_length(ski) > 0 && !follows_from_key(s, lint_string(ski)))
		lint_say(report, "extension subjectKeyIdentifier",
			 "is no hash of the key by a known method");
}
