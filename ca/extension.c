#include "ca/extension.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/sha.h>

#include "base/der.h"
#include "base/digest.h"

bool ca_url_is_plain(const char *url)
{
	size_t len = strlen(url);

	if (strncmp(url, "http://", 7) != 0 || len < 8 || len > 512)
		return false;
	for (size_t i = 0; i < len; i++)
		if (url[i] <= ' ' || url[i] > '~' || strchr("\"\\<>", url[i]))
			return false;
	return true;
}

static enum status add(STACK_OF(X509_EXTENSION) *list, int nid, bool critical, void *value,
		       struct error *e)
{
	X509_EXTENSION *extension = value ? X509V3_EXT_i2d(nid, critical, value) : NULL;

	if (!extension || !sk_X509_EXTENSION_push(list, extension)) {
		X509_EXTENSION_free(extension);
		return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "extension %s cannot be made",
				     OBJ_nid2sn(nid));
	}
	return STATUS_OK;
}

static enum status add_basic_constraints(const struct extension_input *in,
					 STACK_OF(X509_EXTENSION) *list, struct error *e)
{
	BASIC_CONSTRAINTS *value = BASIC_CONSTRAINTS_new();
	enum status s = STATUS_OK;

	if (!value)
		return error_memory(e);
	value->ca = in->profile->kind != PROFILE_LEAF ? 0xFF : 0;
	if (in->profile->path_length != PROFILE_PATH_LENGTH_NONE) {
		value->pathlen = ASN1_INTEGER_new();
		if (!value->pathlen || !ASN1_INTEGER_set(value->pathlen, in->profile->path_length))
			s = error_memory(e);
	}
	if (s == STATUS_OK)
		s = add(list, NID_basic_constraints, in->profile->basic_constraints_critical, value,
			e);
	BASIC_CONSTRAINTS_free(value);
	return s;
}

/* Bit n of keyUsage is named from the left, KU_* from the octets as they are encoded. */
static enum status add_key_usage(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				 struct error *e)
{
	unsigned usage = in->profile->key_usage;
	ASN1_BIT_STRING *value;
	enum status s = STATUS_OK;

	if (!usage)
		return STATUS_OK;
	value = ASN1_BIT_STRING_new();
	if (!value)
		return error_memory(e);
	for (int bit = 0; bit < 8 && s == STATUS_OK; bit++)
		if ((usage & (0x80u >> bit)) && !ASN1_BIT_STRING_set_bit(value, bit, 1))
			s = error_memory(e);
	if (s == STATUS_OK)
		s = add(list, NID_key_usage, in->profile->key_usage_critical, value, e);
	ASN1_BIT_STRING_free(value);
	return s;
}

static enum status add_purposes(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				struct error *e)
{
	EXTENDED_KEY_USAGE *value;
	enum status s = STATUS_OK;

	if (in->profile->purpose_count == 0)
		return STATUS_OK;
	value = EXTENDED_KEY_USAGE_new();
	for (size_t i = 0; value && i < in->profile->purpose_count; i++)
		if (!sk_ASN1_OBJECT_push(value, OBJ_nid2obj(in->profile->purposes[i])))
			s = error_memory(e);
	if (!value)
		return error_memory(e);
	if (s == STATUS_OK)
		s = add(list, NID_ext_key_usage, false, value, e);
	EXTENDED_KEY_USAGE_free(value);
	return s;
}

/* RFC 5280 4.2.1.2 (1): SHA-1 over the bits of subjectPublicKey. An identifier, not a protection. */
static enum status key_identifier(struct span spki, ASN1_OCTET_STRING **out, struct error *e)
{
	const unsigned char *at = spki.data;
	DER_SPKI *key = d2i_DER_SPKI(NULL, &at, (long)spki.len);
	unsigned char digest[SHA_DIGEST_LENGTH];
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

	if (key && id &&
	    digest_of(DIGEST_SHA1,
		      (struct span){ASN1_STRING_get0_data(key->key),
				    (size_t)ASN1_STRING_length(key->key)},
		      (struct span){NULL, 0}, digest) &&
	    ASN1_OCTET_STRING_set(id, digest, sizeof digest)) {
		DER_SPKI_free(key);
		*out = id;
		return STATUS_OK;
	}
	DER_SPKI_free(key);
	ASN1_OCTET_STRING_free(id);
	return error_openssl(e, STATUS_INTERNAL, NULL, NULL, "the key identifier cannot be made");
}

/* RFC 6960 4.2.2.2.1: present or not, with nothing in it. */
static enum status add_no_check(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				struct error *e)
{
	ASN1_NULL *value;
	enum status s;

	if (!in->profile->ocsp_no_check)
		return STATUS_OK;
	value = ASN1_NULL_new();
	s = add(list, NID_id_pkix_OCSP_noCheck, false, value, e);
	ASN1_NULL_free(value);
	return s;
}

static enum status add_identifiers(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				   struct error *e)
{
	ASN1_OCTET_STRING *ski = NULL;
	const ASN1_OCTET_STRING *issuer_ski;
	AUTHORITY_KEYID *aki = NULL;
	enum status s = STATUS_OK;

	if (in->key_identifier)
		ski = ASN1_OCTET_STRING_dup(in->key_identifier);
	else
		s = key_identifier(in->spki, &ski, e);
	if (s == STATUS_OK && !ski)
		s = error_memory(e);
	if (s == STATUS_OK && in->profile->subject_key_identifier)
		s = add(list, NID_subject_key_identifier, false, ski, e);
	if (s == STATUS_OK && in->profile->authority_key_identifier) {
		issuer_ski = in->issuer ? X509_get0_subject_key_id((X509 *)in->issuer) : ski;
		aki = AUTHORITY_KEYID_new();
		if (!issuer_ski)
			s = error_set(e, STATUS_REFUSED, "issuer",
				      "renew the issuer with a subject key identifier first",
				      "has no subject key identifier to point at");
		else if (!aki || !(aki->keyid = ASN1_OCTET_STRING_dup(issuer_ski)))
			s = error_memory(e);
		else
			s = add(list, NID_authority_key_identifier, false, aki, e);
	}
	AUTHORITY_KEYID_free(aki);
	ASN1_OCTET_STRING_free(ski);
	return s;
}

static enum status add_alt_name(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				struct error *e)
{
	GENERAL_NAMES *names;
	enum status s;

	if (in->profile->subject_alt_name == SAN_NONE)
		return STATUS_OK;
	names = X509V3_get_d2i(in->requested, NID_subject_alt_name, NULL, NULL);
	if (!names && in->profile->subject_alt_name == SAN_OPTIONAL)
		return STATUS_OK;
	if (!names || sk_GENERAL_NAME_num(names) == 0) {
		GENERAL_NAMES_free(names);
		return error_set(e, STATUS_REFUSED, "request",
				 "make the request with a subjectAltName",
				 "has no subject alternative name, which profile '%s' requires",
				 in->profile->name);
	}
	s = add(list, NID_subject_alt_name, in->subject_empty, names, e);
	GENERAL_NAMES_free(names);
	return s;
}

static enum status add_policies(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				struct error *e)
{
	CERTIFICATEPOLICIES *policies;
	enum status s = STATUS_OK;

	if (in->profile->policy_count == 0)
		return STATUS_OK;
	policies = CERTIFICATEPOLICIES_new();
	if (!policies)
		return error_memory(e);
	for (size_t i = 0; i < in->profile->policy_count && s == STATUS_OK; i++) {
		POLICYINFO *policy = POLICYINFO_new();

		if (!policy || !sk_POLICYINFO_push(policies, policy)) {
			POLICYINFO_free(policy);
			s = error_memory(e);
			break;
		}
		ASN1_OBJECT_free(policy->policyid);
		policy->policyid = OBJ_txt2obj(in->profile->policies[i], 1);
		if (!policy->policyid)
			s = error_memory(e);
	}
	if (s == STATUS_OK)
		s = add(list, NID_certificate_policies, false, policies, e);
	CERTIFICATEPOLICIES_free(policies);
	return s;
}

static GENERAL_NAME *url_name(const char *url)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (!name || !text || !ASN1_STRING_set(text, url, -1)) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(text);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, GEN_URI, text);
	return name;
}

/* A CHOICE begins as none of its kinds, which encodes as nothing at all. */
static DIST_POINT_NAME *new_full_name(void)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	DIST_POINT_NAME *name = names ? DIST_POINT_NAME_new() : NULL;

	if (!name) {
		GENERAL_NAMES_free(names);
		return NULL;
	}
	name->type = 0; /* fullName */
	name->name.fullname = names;
	return name;
}

enum status distribution_points_new(const char *url, CRL_DIST_POINTS **out, struct error *e)
{
	CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
	DIST_POINT *point = DIST_POINT_new();
	GENERAL_NAME *name = url_name(url);

	*out = NULL;
	if (!points || !point || !name || !(point->distpoint = new_full_name()) ||
	    !sk_GENERAL_NAME_push(point->distpoint->name.fullname, name))
		GENERAL_NAME_free(name);
	else if (sk_DIST_POINT_push(points, point))
		*out = points;
	if (*out)
		return STATUS_OK;
	DIST_POINT_free(point);
	CRL_DIST_POINTS_free(points);
	return error_memory(e);
}

static enum status add_points(STACK_OF(X509_EXTENSION) *list, int nid, const char *url,
			      struct error *e)
{
	CRL_DIST_POINTS *points = NULL;
	enum status s = distribution_points_new(url, &points, e);

	if (s == STATUS_OK)
		s = add(list, nid, false, points, e);
	CRL_DIST_POINTS_free(points);
	return s;
}

static enum status add_crl_url(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
			       struct error *e)
{
	if (!in->profile->crl_distribution_points || !in->urls->crl)
		return STATUS_OK;
	return add_points(list, NID_crl_distribution_points, in->urls->crl, e);
}

/* Beside the complete CRL's place, never in its stead. */
static enum status add_delta_url(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				 struct error *e)
{
	if (!in->profile->freshest_crl || !in->urls->delta_crl || !in->urls->crl)
		return STATUS_OK;
	return add_points(list, NID_freshest_crl, in->urls->delta_crl, e);
}

static bool push_access(AUTHORITY_INFO_ACCESS *list, int method, const char *url)
{
	ACCESS_DESCRIPTION *access;

	if (!url)
		return true;
	access = ACCESS_DESCRIPTION_new();
	if (!access)
		return false;
	GENERAL_NAME_free(access->location);
	access->location = url_name(url);
	ASN1_OBJECT_free(access->method);
	access->method = OBJ_nid2obj(method);
	if (access->location && sk_ACCESS_DESCRIPTION_push(list, access))
		return true;
	ACCESS_DESCRIPTION_free(access);
	return false;
}

static enum status add_access_urls(const struct extension_input *in, STACK_OF(X509_EXTENSION) *list,
				   struct error *e)
{
	AUTHORITY_INFO_ACCESS *access;
	enum status s;

	if (!in->profile->authority_information_access ||
	    (!in->urls->ocsp && !in->urls->ca_issuers))
		return STATUS_OK;
	access = AUTHORITY_INFO_ACCESS_new();
	if (!access || !push_access(access, NID_ad_OCSP, in->urls->ocsp) ||
	    !push_access(access, NID_ad_ca_issuers, in->urls->ca_issuers))
		s = error_memory(e);
	else
		s = add(list, NID_info_access, false, access, e);
	AUTHORITY_INFO_ACCESS_free(access);
	return s;
}

enum status extensions_build(const struct extension_input *in, STACK_OF(X509_EXTENSION) **out,
			     struct error *e)
{
	static enum status (*const steps[])(const struct extension_input *,
					    STACK_OF(X509_EXTENSION) *, struct error *) = {
		add_basic_constraints, add_key_usage, add_purposes, add_no_check,
		add_identifiers,       add_alt_name,  add_policies, add_access_urls,
		add_crl_url,	       add_delta_url,
	};
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	enum status s = list ? STATUS_OK : error_memory(e);

	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && s == STATUS_OK; i++)
		s = steps[i](in, list, e);
	if (s != STATUS_OK) {
		sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
		return s;
	}
	*out = list;
	return STATUS_OK;
}
