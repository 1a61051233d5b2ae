#include "ca/preflight/internal.h"

#include <string.h>

#include "ca/name.h"

#define COMMON_NAME_MAX 59

static bool is_self_issued(const struct preflight_subject *s)
{
	return X509_NAME_cmp(X509_get_subject_name(s->certificate),
			     X509_get_issuer_name(s->certificate)) == 0;
}

static bool has_request_key(const struct preflight_subject *s)
{
	return EVP_PKEY_eq(X509_get0_pubkey(s->certificate), csr_request_key(s->request)) == 1;
}

/* Self-issued with the requested key is a self-signed certificate: no mistake with -signkey. */
void preflight_portal_signed_with_root_key(const struct preflight_subject *s,
					   struct lint_report *report)
{
	if (s->certificate && is_self_issued(s) && (!s->request || !has_request_key(s)))
		lint_say(report, "certificate",
			 "is issued to itself: its key is the CA's, not the portal's");
}

void preflight_portal_key_differs(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && s->request && !has_request_key(s) && !is_self_issued(s))
		lint_say(report, "certificate", "has another key than the request");
}

void preflight_portal_subject_differs(const struct preflight_subject *s, struct lint_report *report)
{
	struct text has = {0}, wants = {0};

	if (!s->certificate || !s->request || is_self_issued(s) ||
	    X509_NAME_cmp(X509_get_subject_name(s->certificate), csr_request_name(s->request)) == 0)
		return;
	name_show(X509_get_subject_name(s->certificate), &has);
	name_show(csr_request_name(s->request), &wants);
	lint_say(report, "subject", "is %.200s, and the request has %.200s", text_get(&has),
		 text_get(&wants));
	text_free(&has);
	text_free(&wants);
}

static bool attribute_is(const X509_NAME *name, int nid, const char *text)
{
	const ASN1_STRING *value = name_find(name, nid);

	return value && (size_t)ASN1_STRING_length(value) == strlen(text) &&
	       memcmp(ASN1_STRING_get0_data(value), text, strlen(text)) == 0;
}

/* What ZPA writes into its requests. */
static bool is_zpa_name(const X509_NAME *name)
{
	return attribute_is(name, NID_organizationName, "Zscaler") &&
	       attribute_is(name, NID_organizationalUnitName, "Private Access");
}

void preflight_portal_other_portal(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && s->input->portal != PORTAL_ZPA &&
	    is_zpa_name(X509_get_subject_name(s->certificate)))
		lint_say(report, "subject", "is that of a ZPA enrollment CA");
}

/* With its request the subject is held against that. */
void preflight_portal_not_zpa(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && !s->request && !is_self_issued(s) &&
	    !is_zpa_name(X509_get_subject_name(s->certificate)))
		lint_say(report, "subject", "is not what ZPA asks for");
}

void preflight_portal_common_name_long(const struct preflight_subject *s,
				       struct lint_report *report)
{
	unsigned char *text = NULL;
	const ASN1_STRING *value;
	int len, count = 0;

	value = s->certificate ? name_find(X509_get_subject_name(s->certificate), NID_commonName)
			       : NULL;
	len = value ? ASN1_STRING_to_UTF8(&text, value) : 0;
	for (int i = 0; i < len; i++)
		count += (text[i] & 0xC0) != 0x80;
	OPENSSL_free(text);
	if (count > COMMON_NAME_MAX)
		lint_say(report, "subject.CN", "has %d characters, more than %d", count,
			 COMMON_NAME_MAX);
}

void preflight_portal_not_ca(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && !(X509_get_extension_flags(s->certificate) & EXFLAG_CA))
		lint_say(report, "extension basicConstraints", "does not say that this is a CA");
}

static bool is_ca(const struct preflight_subject *s)
{
	return s->certificate && (X509_get_extension_flags(s->certificate) & EXFLAG_CA);
}

void preflight_portal_path_length_zero(const struct preflight_subject *s,
				       struct lint_report *report)
{
	if (is_ca(s) && X509_get_pathlen(s->certificate) == 0)
		lint_say(report, "extension basicConstraints", "has path length 0");
}

void preflight_portal_path_length_open(const struct preflight_subject *s,
				       struct lint_report *report)
{
	long most = s->input->portal == PORTAL_ZIA ? 1 : 0;
	long length = is_ca(s) ? X509_get_pathlen(s->certificate) : 0;

	if (length == -1)
		lint_say(report, "extension basicConstraints", "does not limit the path length");
	else if (length > most)
		lint_say(report, "extension basicConstraints", "has path length %ld, not %ld",
			 length, most);
}

void preflight_portal_key_usage(const struct preflight_subject *s, struct lint_report *report)
{
	uint32_t wanted = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

	if (s->certificate && (X509_get_key_usage(s->certificate) & wanted) != wanted)
		lint_say(report, "extension keyUsage", "lacks keyCertSign or cRLSign");
}

void preflight_portal_purpose(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && (X509_get_extension_flags(s->certificate) & EXFLAG_XKUSAGE))
		lint_say(report, "extension extendedKeyUsage", "is there");
}

/* Negative: a is before b. A time that cannot be read is lint's matter, and equal here. */
static int compare(const ASN1_TIME *a, int64_t b)
{
	time_t at = (time_t)b;
	int order = ASN1_TIME_cmp_time_t(a, at);

	return order == -2 ? 0 : order;
}

/* notAfter itself is still valid (RFC 5280 4.1.2.5). */
void preflight_portal_expired(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && compare(X509_get0_notAfter(s->certificate), s->input->now) < 0)
		lint_say(report, "notAfter", "has passed");
}

void preflight_portal_not_yet_valid(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && compare(X509_get0_notBefore(s->certificate), s->input->now) > 0)
		lint_say(report, "notBefore", "has not come yet");
}

void preflight_portal_outlives_root(const struct preflight_subject *s, struct lint_report *report)
{
	if (s->certificate && s->root && X509_cmp(s->root, s->issuer ? s->issuer : s->root) != 0 &&
	    ASN1_TIME_compare(X509_get0_notAfter(s->certificate), X509_get0_notAfter(s->root)) > 0)
		lint_say(report, "notAfter", "comes after the root's");
}
