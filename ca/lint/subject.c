#include "ca/lint/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/datetime.h"

static const struct {
	int nid;
	const char *name;
} known_extensions[LINT_KNOWN_COUNT] = {
	[LINT_BASIC_CONSTRAINTS] = {NID_basic_constraints, "basicConstraints"},
	[LINT_KEY_USAGE] = {NID_key_usage, "keyUsage"},
	[LINT_EXTENDED_KEY_USAGE] = {NID_ext_key_usage, "extendedKeyUsage"},
	[LINT_SKI] = {NID_subject_key_identifier, "subjectKeyIdentifier"},
	[LINT_AKI] = {NID_authority_key_identifier, "authorityKeyIdentifier"},
	[LINT_SUBJECT_ALT_NAME] = {NID_subject_alt_name, "subjectAltName"},
	[LINT_ISSUER_ALT_NAME] = {NID_issuer_alt_name, "issuerAltName"},
	[LINT_NAME_CONSTRAINTS] = {NID_name_constraints, "nameConstraints"},
	[LINT_POLICIES] = {NID_certificate_policies, "certificatePolicies"},
	[LINT_POLICY_MAPPINGS] = {NID_policy_mappings, "policyMappings"},
	[LINT_POLICY_CONSTRAINTS] = {NID_policy_constraints, "policyConstraints"},
	[LINT_INHIBIT_ANY_POLICY] = {NID_inhibit_any_policy, "inhibitAnyPolicy"},
	[LINT_CRL_DISTRIBUTION] = {NID_crl_distribution_points, "cRLDistributionPoints"},
	[LINT_FRESHEST_CRL] = {NID_freshest_crl, "freshestCRL"},
	[LINT_AIA] = {NID_info_access, "authorityInfoAccess"},
	[LINT_SIA] = {NID_sinfo_access, "subjectInfoAccess"},
};

const char *lint_known_name(enum lint_known known)
{
	return known < LINT_KNOWN_COUNT ? known_extensions[known].name : NULL;
}

enum lint_known lint_known_find(const ASN1_OBJECT *type)
{
	int nid = OBJ_obj2nid(type);

	for (unsigned i = 0; i < LINT_KNOWN_COUNT; i++)
		if (known_extensions[i].nid == nid)
			return (enum lint_known)i;
	return LINT_KNOWN_COUNT;
}

struct span lint_string(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

int lint_extension_count(const struct lint_subject *s)
{
	return s->cert->extensions ? sk_LINT_EXTENSION_num(s->cert->extensions) : 0;
}

const LINT_EXTENSION *lint_extension_at(const struct lint_subject *s, int at)
{
	return sk_LINT_EXTENSION_value(s->cert->extensions, at);
}

/* A value of an ASN.1 type that fills its bytes exactly; NULL otherwise, OpenSSL's queue as it was. */
static void *decode(struct span der, const ASN1_ITEM *item)
{
	const unsigned char *at = der.data;
	ASN1_VALUE *value = NULL;

	if (der.len == 0 || der.len > INT_MAX)
		return NULL;
	ERR_set_mark();
	value = ASN1_item_d2i(NULL, &at, (long)der.len, item);
	ERR_pop_to_mark();
	if (value && at != der.data + der.len) {
		ASN1_item_free(value, item);
		return NULL;
	}
	return value;
}

static const ASN1_ITEM *known_item(enum lint_known known)
{
	return ASN1_ITEM_ptr(X509V3_EXT_get_nid(known_extensions[known].nid)->it);
}

static void read_extensions(struct lint_subject *s)
{
	for (int i = 0; i < lint_extension_count(s); i++) {
		const LINT_EXTENSION *x = lint_extension_at(s, i);
		enum lint_known known = lint_known_find(x->type);

		if (known == LINT_KNOWN_COUNT || s->known[known].raw)
			continue;
		s->known[known].raw = x;
		s->known[known].value = decode(lint_string(x->value), known_item(known));
	}
}

static bool read_digits(const unsigned char *at, int pairs, int out[])
{
	for (int i = 0; i < pairs; i++, at += 2) {
		if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
			return false;
		out[i] = (at[0] - '0') * 10 + at[1] - '0';
	}
	return true;
}

/* RFC 5280 4.1.2.5: Z, seconds, no fraction; UTCTime through 2049, GeneralizedTime from 2050. */
static struct lint_time read_time(const ASN1_TYPE *t)
{
	struct lint_time out = {0, LINT_TIME_FORM};
	bool utc = t->type == V_ASN1_UTCTIME;
	struct civil_time c;
	struct span text;
	int f[7] = {0};

	if (!utc && t->type != V_ASN1_GENERALIZEDTIME)
		return (struct lint_time){0, LINT_TIME_TYPE};
	text = lint_string(t->value.asn1_string);
	if (text.len != (utc ? 13 : 15) || text.data[text.len - 1] != 'Z' ||
	    !read_digits(text.data, utc ? 6 : 7, utc ? f + 1 : f))
		return out;
	if (utc)
		f[0] = f[1] >= 50 ? 19 : 20;
	c = (struct civil_time){f[0] * 100 + f[1], f[2], f[3], f[4], f[5], f[6]};
	if (civil_to_seconds(&c, &out.seconds) != 0)
		return out;
	out.fault = !utc && c.year < 2050 ? LINT_TIME_UTC_EXPECTED : LINT_TIME_OK;
	return out;
}

static struct span sequence_of(const ASN1_TYPE *t)
{
	return t->type == V_ASN1_SEQUENCE ? lint_string(t->value.sequence) : (struct span){NULL, 0};
}

static bool unreadable(struct lint_subject *s, const char *what)
{
	snprintf(s->unreadable, sizeof s->unreadable, "%s", what);
	LINT_TBS_free(s->cert);
	s->cert = NULL;
	s->kind = LINT_UNREADABLE;
	return false;
}

static bool read_tbs(struct lint_subject *s)
{
	s->cert = decode(s->tbs, ASN1_ITEM_rptr(LINT_TBS));
	if (!s->cert)
		return unreadable(s, "the part under the signature is no TBSCertificate");
	s->issuer_der = sequence_of(s->cert->issuer);
	s->subject_der = sequence_of(s->cert->subject);
	s->spki_der = sequence_of(s->cert->spki);
	s->issuer_name = decode(s->issuer_der, ASN1_ITEM_rptr(LINT_NAME));
	s->subject_name = decode(s->subject_der, ASN1_ITEM_rptr(LINT_NAME));
	s->spki = decode(s->spki_der, ASN1_ITEM_rptr(DER_SPKI));
	if (!s->issuer_name)
		return unreadable(s, "the issuer is no Name");
	if (!s->subject_name)
		return unreadable(s, "the subject is no Name");
	if (!s->spki)
		return unreadable(s, "the public key is no SubjectPublicKeyInfo");
	return true;
}

static void read_parts(struct lint_subject *s)
{
	const BASIC_CONSTRAINTS *basic;

	s->not_before = read_time(s->cert->validity->not_before);
	s->not_after = read_time(s->cert->validity->not_after);
	s->key_nid = OBJ_obj2nid(s->spki->algorithm->algorithm);
	if (s->key_nid == NID_rsaEncryption || s->key_nid == NID_rsassaPss)
		s->rsa = decode(lint_string(s->spki->key), ASN1_ITEM_rptr(LINT_RSA));
	read_extensions(s);
	basic = s->known[LINT_BASIC_CONSTRAINTS].value;
	s->is_ca = basic && basic->ca;
	s->self_issued = span_equal(s->issuer_der, s->subject_der);
	if (!s->is_ca)
		s->kind = LINT_LEAF;
	else
		s->kind = s->self_issued ? LINT_ROOT : LINT_INTERMEDIATE;
}

static enum status read_one(struct span der, struct lint_subject **out, struct error *e)
{
	struct lint_subject *s = calloc(1, sizeof *s);

	if (!s)
		return error_memory(e);
	s->der = der;
	if (der_signed_parse(der, &s->envelope, e) != STATUS_OK) {
		lint_subject_free(s);
		return error_status(e);
	}
	s->tbs = der_to_be_signed(s->envelope);
	if (s->tbs.len == 0) {
		lint_subject_free(s);
		return error_set(e, STATUS_INPUT, NULL, NULL,
				 "has no SEQUENCE under its signature");
	}
	s->der_fault = der_canonical(der, &s->der_offset);
	if (read_tbs(s))
		read_parts(s);
	*out = s;
	return STATUS_OK;
}

enum status lint_subject_read(struct span der, struct span issuer, struct lint_subject **out,
			      struct error *e)
{
	struct lint_subject *s = NULL;

	if (read_one(der, &s, e) != STATUS_OK)
		return error_status(e);
	if (issuer.len && !span_equal(issuer, der)) {
		if (read_one(issuer, &s->issuer_owned, e) != STATUS_OK) {
			lint_subject_free(s);
			error_at(e, "issuer certificate");
			return error_status(e);
		}
		s->issuer = s->issuer_owned->cert ? s->issuer_owned : NULL;
		if (s->kind == LINT_ROOT)
			s->kind = LINT_INTERMEDIATE;
	} else if (s->cert && s->self_issued) {
		s->issuer = s;
	}
	*out = s;
	return STATUS_OK;
}

void lint_subject_free(struct lint_subject *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < LINT_KNOWN_COUNT; i++)
		if (s->known[i].value)
			ASN1_item_free(s->known[i].value, known_item((enum lint_known)i));
	ASN1_item_free((ASN1_VALUE *)s->issuer_name, ASN1_ITEM_rptr(LINT_NAME));
	ASN1_item_free((ASN1_VALUE *)s->subject_name, ASN1_ITEM_rptr(LINT_NAME));
	DER_SPKI_free(s->spki);
	LINT_RSA_free(s->rsa);
	LINT_TBS_free(s->cert);
	DER_SIGNED_free(s->envelope);
	lint_subject_free(s->issuer_owned);
	free(s);
}
