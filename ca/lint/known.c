#include "ca/lint/internal.h"

#include <limits.h>

#include <openssl/err.h>

#include "base/der_value.h"

/* A request asks for what is to stand in the certificate. */
#define IN_CERTIFICATE (LINT_CERTIFICATE | LINT_REQUEST)
#define IN_BOTH (IN_CERTIFICATE | LINT_CRL)

/* RFC 5280 4.2, 5.2, 5.3: where each has its place. */
static const struct {
	const char *name;
	int nid;
	unsigned kinds;
} known_extensions[LINT_KNOWN_COUNT] = {
	[LINT_BASIC_CONSTRAINTS] = {"basicConstraints", NID_basic_constraints, IN_CERTIFICATE},
	[LINT_KEY_USAGE] = {"keyUsage", NID_key_usage, IN_CERTIFICATE},
	[LINT_EXTENDED_KEY_USAGE] = {"extendedKeyUsage", NID_ext_key_usage, IN_CERTIFICATE},
	[LINT_SKI] = {"subjectKeyIdentifier", NID_subject_key_identifier, IN_CERTIFICATE},
	[LINT_AKI] = {"authorityKeyIdentifier", NID_authority_key_identifier, IN_BOTH},
	[LINT_SUBJECT_ALT_NAME] = {"subjectAltName", NID_subject_alt_name, IN_CERTIFICATE},
	[LINT_ISSUER_ALT_NAME] = {"issuerAltName", NID_issuer_alt_name, IN_BOTH},
	[LINT_NAME_CONSTRAINTS] = {"nameConstraints", NID_name_constraints, IN_CERTIFICATE},
	[LINT_POLICIES] = {"certificatePolicies", NID_certificate_policies, IN_CERTIFICATE},
	[LINT_POLICY_MAPPINGS] = {"policyMappings", NID_policy_mappings, IN_CERTIFICATE},
	[LINT_POLICY_CONSTRAINTS] = {"policyConstraints", NID_policy_constraints, IN_CERTIFICATE},
	[LINT_INHIBIT_ANY_POLICY] = {"inhibitAnyPolicy", NID_inhibit_any_policy, IN_CERTIFICATE},
	[LINT_CRL_DISTRIBUTION] = {"cRLDistributionPoints", NID_crl_distribution_points,
				   IN_CERTIFICATE},
	[LINT_FRESHEST_CRL] = {"freshestCRL", NID_freshest_crl, IN_BOTH},
	[LINT_AIA] = {"authorityInfoAccess", NID_info_access, IN_BOTH},
	[LINT_SIA] = {"subjectInfoAccess", NID_sinfo_access, IN_CERTIFICATE},
	[LINT_DIRECTORY_ATTRIBUTES] = {"subjectDirectoryAttributes",
				       NID_subject_directory_attributes, IN_CERTIFICATE},
	[LINT_CRL_NUMBER] = {"cRLNumber", NID_crl_number, LINT_CRL},
	[LINT_DELTA_CRL] = {"deltaCRLIndicator", NID_delta_crl, LINT_CRL},
	[LINT_ISSUING_POINT] = {"issuingDistributionPoint", NID_issuing_distribution_point,
				LINT_CRL},
	[LINT_REASON] = {"reasonCode", NID_crl_reason, LINT_CRL_ENTRY},
	[LINT_INVALIDITY] = {"invalidityDate", NID_invalidity_date, LINT_CRL_ENTRY},
	[LINT_CERTIFICATE_ISSUER] = {"certificateIssuer", NID_certificate_issuer, LINT_CRL_ENTRY},
};

const char *lint_known_name(enum lint_known known)
{
	return known < LINT_KNOWN_COUNT ? known_extensions[known].name : NULL;
}

enum lint_known lint_known_find(const ASN1_OBJECT *type, unsigned kind)
{
	int nid = OBJ_obj2nid(type);

	for (unsigned i = 0; i < LINT_KNOWN_COUNT; i++)
		if (known_extensions[i].nid == nid && (known_extensions[i].kinds & kind))
			return (enum lint_known)i;
	return LINT_KNOWN_COUNT;
}

/* OpenSSL's queue stays as it was. */
void *lint_decode(struct span der, const ASN1_ITEM *item)
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

static const ASN1_ITEM *known_item(unsigned known)
{
	/* OpenSSL 3.0 knows no type for it. */
	if (known == LINT_DIRECTORY_ATTRIBUTES)
		return ASN1_ITEM_rptr(LINT_ATTRIBUTES);
	return ASN1_ITEM_ptr(X509V3_EXT_get_nid(known_extensions[known].nid)->it);
}

void lint_known_read(const STACK_OF(LINT_EXTENSION) *from, unsigned kind,
		     struct lint_decoded known[static LINT_KNOWN_COUNT])
{
	for (int i = 0; i < sk_LINT_EXTENSION_num(from); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(from, i);
		enum lint_known which = lint_known_find(x->type, kind);

		if (which == LINT_KNOWN_COUNT || known[which].raw)
			continue;
		known[which].raw = x;
		known[which].value = lint_decode(lint_string(x->value), known_item(which));
	}
}

void lint_known_free(struct lint_decoded known[static LINT_KNOWN_COUNT])
{
	for (unsigned i = 0; i < LINT_KNOWN_COUNT; i++) {
		if (known[i].value)
			ASN1_item_free(known[i].value, known_item(i));
		known[i] = (struct lint_decoded){NULL, NULL};
	}
}

struct span lint_string(const ASN1_STRING *s)
{
	return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* RFC 5280 4.1.2.5: Z, seconds, no fraction; UTCTime through 2049, GeneralizedTime from 2050. */
void lint_time_read(int type, const ASN1_STRING *t, struct lint_time *out)
{
	bool utc = type == V_ASN1_UTCTIME;
	int year;

	*out = (struct lint_time){0, LINT_TIME_TYPE};
	if (!utc && type != V_ASN1_GENERALIZEDTIME)
		return;
	out->fault = LINT_TIME_FORM;
	if (der_time(type, lint_string(t), &out->seconds, &year))
		out->fault = !utc && year < 2050 ? LINT_TIME_UTC_EXPECTED : LINT_TIME_OK;
}

bool lint_time_known(const struct lint_time *t)
{
	return t->fault == LINT_TIME_OK || t->fault == LINT_TIME_UTC_EXPECTED;
}
