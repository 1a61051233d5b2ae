#include "ca/lint/internal.h"

#include <limits.h>

#include <openssl/err.h>

/* NULL where the issuer is not known, or is the certificate itself. */
static const struct lint_subject *other_issuer(const struct lint_subject *s)
{
	return s->issuer == s ? NULL : s->issuer;
}

static X509_NAME *read_name(struct span der)
{
	const unsigned char *at = der.data;
	X509_NAME *name;

	ERR_set_mark();
	name = d2i_X509_NAME(NULL, &at, (long)der.len);
	ERR_pop_to_mark();
	return name;
}

/* RFC 5280 7.1, which OpenSSL's canonical form follows. */
static bool names_match(struct span a, struct span b)
{
	X509_NAME *x = read_name(a), *y = read_name(b);
	bool match = x && y && X509_NAME_cmp(x, y) == 0;

	X509_NAME_free(x);
	X509_NAME_free(y);
	return match;
}

void lint_issuer_name_differs(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && !span_equal(s->issuer_der, issuer->subject_der) &&
	    !names_match(s->issuer_der, issuer->subject_der))
		lint_say(report, "issuer", "is not the subject of the issuer's certificate");
}

void lint_issuer_name_encoding(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && !span_equal(s->issuer_der, issuer->subject_der) &&
	    names_match(s->issuer_der, issuer->subject_der))
		lint_say(report, "issuer", "is the issuer's subject in other octets");
}

void lint_issuer_not_ca(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && !issuer->is_ca)
		lint_say(report, "issuer", "is no CA");
}

void lint_issuer_key_usage(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && lint_raw(issuer, LINT_KEY_USAGE) &&
	    !(lint_key_usage(issuer) & KU_KEY_CERT_SIGN))
		lint_say(report, "issuer", "may not sign certificates");
}

/* LONG_MAX where there is no limit. */
static long path_length(const struct lint_subject *s)
{
	const BASIC_CONSTRAINTS *basic = lint_value(s, LINT_BASIC_CONSTRAINTS);
	int64_t length = 0;

	if (!basic || !basic->pathlen || !ASN1_INTEGER_get_int64(&length, basic->pathlen) ||
	    length > INT_MAX)
		return LONG_MAX;
	return (long)length;
}

/* Self-issued certificates do not count (RFC 5280 4.2.1.9). */
void lint_issuer_path_length(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && !s->self_issued && path_length(issuer) <= 0)
		lint_say(report, "extension basicConstraints",
			 "makes a CA below a CA with path length 0");
}

void lint_path_length_beyond_issuer(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);
	long own = path_length(s), granted = issuer ? path_length(issuer) : LONG_MAX;

	if (own != LONG_MAX && !s->self_issued && granted > 0 && granted <= own)
		lint_say(report, "extension basicConstraints",
			 "has path length %ld under an issuer with %ld", own, granted);
}

void lint_validity_before_issuer(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && lint_time_known(&s->not_before) && lint_time_known(&issuer->not_before) &&
	    s->not_before.seconds < issuer->not_before.seconds)
		lint_say(report, "notBefore", "comes before the issuer's");
}

void lint_validity_after_issuer(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && lint_time_known(&s->not_after) && lint_time_known(&issuer->not_after) &&
	    s->not_after.seconds > issuer->not_after.seconds)
		lint_say(report, "notAfter", "comes after the issuer's");
}

/*
 * "openssl x509 -req -signkey root.key" makes a self-issued certificate that carries the root's
 * key. A root renewed under its key is one too, and is no intermediate: it is its own issuer.
 */
void lint_issuer_key_reused(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);

	if (issuer && span_equal(s->spki_der, issuer->spki_der))
		lint_say(report, "subjectPublicKeyInfo",
			 s->self_issued
				 ? "is the issuer's own key, in a certificate issued to itself"
				 : "is the issuer's own key");
}

void lint_issuer_algorithm(const struct lint_subject *s, struct lint_report *report)
{
	int digest, key, actual = s->issuer ? s->issuer->key_nid : NID_undef;

	lint_signature_parts(s->signature, &digest, &key);
	if (OBJ_obj2nid(s->signature->algorithm) == NID_rsassaPss)
		key = actual == NID_rsassaPss ? NID_rsassaPss : NID_rsaEncryption;
	if (actual != NID_undef && key != NID_undef && key != actual)
		lint_say(report, "signatureAlgorithm", "needs a key for %s, and the issuer's is %s",
			 OBJ_nid2ln(key), OBJ_nid2ln(actual));
}

void lint_issuer_name_constraints(const struct lint_subject *s, struct lint_report *report)
{
	const struct lint_subject *issuer = other_issuer(s);
	const unsigned char *at = s->der.data;
	X509 *x = NULL;
	int verdict;

	if (!issuer || !lint_value(issuer, LINT_NAME_CONSTRAINTS))
		return;
	ERR_set_mark();
	x = d2i_X509(NULL, &at, (long)s->der.len);
	if (x) {
		/* The check looks at alternative names that only this call unpacks. */
		(void)X509_check_purpose(x, -1, 0);
		verdict = NAME_CONSTRAINTS_check(x, issuer->known[LINT_NAME_CONSTRAINTS].value);
		if (verdict != X509_V_OK)
			lint_say(report, "subject",
				 "is refused by the issuer's name constraints: %s",
				 X509_verify_cert_error_string(verdict));
	}
	ERR_pop_to_mark();
	X509_free(x);
}
