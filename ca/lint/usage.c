#include "ca/lint/internal.h"

#include <string.h>

#define BASIC "extension basicConstraints"
#define USAGE "extension keyUsage"
#define PURPOSES "extension extendedKeyUsage"

static bool is_critical(const LINT_EXTENSION *x)
{
	return x->critical > 0;
}

unsigned lint_key_usage(const struct lint_subject *s)
{
	const ASN1_BIT_STRING *bits = lint_value(s, LINT_KEY_USAGE);
	unsigned usage = 0;

	for (int i = 0; bits && i < 9; i++)
		if (ASN1_BIT_STRING_get_bit(bits, i))
			usage |= i < 8 ? 0x80u >> i : (unsigned)KU_DECIPHER_ONLY;
	return usage;
}

bool lint_has_purpose(const struct lint_subject *s, int nid)
{
	const EXTENDED_KEY_USAGE *purposes = lint_value(s, LINT_EXTENDED_KEY_USAGE);

	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++)
		if (OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i)) == nid)
			return true;
	return false;
}

void lint_basic_constraints_critical(const struct lint_subject *s, struct lint_report *report)
{
	if (!is_critical(lint_raw(s, LINT_BASIC_CONSTRAINTS)))
		lint_say(report, BASIC, "is not critical in a CA");
}

/* RFC 5280 4.2.1.9: only where cA is asserted and keyUsage, if there, has keyCertSign. */
void lint_path_length_without_sign(const struct lint_subject *s, struct lint_report *report)
{
	const BASIC_CONSTRAINTS *basic = lint_value(s, LINT_BASIC_CONSTRAINTS);

	if (basic && basic->pathlen && !basic->ca)
		lint_say(report, BASIC, "limits the path length without being a CA");
}

void lint_key_usage_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!lint_raw(s, LINT_KEY_USAGE))
		lint_say(report, NULL, "has no keyUsage");
}

void lint_key_usage_ca_sign(const struct lint_subject *s, struct lint_report *report)
{
	unsigned usage = lint_key_usage(s);

	if (usage && !(usage & KU_KEY_CERT_SIGN))
		lint_say(report, USAGE, "lacks keyCertSign in a CA");
}

void lint_key_usage_leaf_sign(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_key_usage(s) & KU_KEY_CERT_SIGN)
		lint_say(report, USAGE, "has keyCertSign but is no CA");
}

void lint_basic_constraints_default(const struct lint_subject *s, struct lint_report *report)
{
	/* SEQUENCE { BOOLEAN FALSE … */
	static const unsigned char spelt[] = {0x01, 0x01, 0x00};
	struct span value;

	if (!lint_value(s, LINT_BASIC_CONSTRAINTS))
		return;
	value = lint_string(lint_raw(s, LINT_BASIC_CONSTRAINTS)->value);
	if (value.len >= 5 && memcmp(value.data + 2, spelt, sizeof spelt) == 0)
		lint_say(report, BASIC, "spells out that this is no CA");
}

void lint_path_length_negative(const struct lint_subject *s, struct lint_report *report)
{
	const BASIC_CONSTRAINTS *basic = lint_value(s, LINT_BASIC_CONSTRAINTS);

	if (basic && basic->pathlen && ASN1_STRING_type(basic->pathlen) == V_ASN1_NEG_INTEGER)
		lint_say(report, BASIC, "has a negative path length");
}

void lint_key_usage_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_value(s, LINT_KEY_USAGE) && lint_key_usage(s) == 0)
		lint_say(report, USAGE, "grants nothing");
}

void lint_key_usage_padded(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_BIT_STRING *bits = lint_value(s, LINT_KEY_USAGE);
	int last;

	if (!bits || lint_key_usage(s) == 0)
		return;
	last = ASN1_STRING_length(bits) * 8 - (int)(bits->flags & 0x07) - 1;
	if (!ASN1_BIT_STRING_get_bit(bits, last))
		lint_say(report, USAGE, "ends in bits that are not set");
}

void lint_key_usage_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_raw(s, LINT_KEY_USAGE) && !is_critical(lint_raw(s, LINT_KEY_USAGE)))
		lint_say(report, USAGE, "is not critical");
}

void lint_key_usage_agreement_only(const struct lint_subject *s, struct lint_report *report)
{
	unsigned usage = lint_key_usage(s);

	if ((usage & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) && !(usage & KU_KEY_AGREEMENT))
		lint_say(report, USAGE, "has encipherOnly or decipherOnly without keyAgreement");
}

/* The bits that a key of its kind cannot honour. */
static unsigned usage_beyond(int key_nid)
{
	switch (key_nid) {
	case NID_rsaEncryption:
		return KU_KEY_AGREEMENT;
	case NID_X9_62_id_ecPublicKey:
		return KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;
	case NID_rsassaPss:
	case NID_ED25519:
	case NID_ED448:
		return KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT;
	default:
		return 0;
	}
}

void lint_key_usage_key_type(const struct lint_subject *s, struct lint_report *report)
{
	unsigned beyond = lint_key_usage(s) & usage_beyond(s->key_nid);

	if (beyond)
		lint_say(report, USAGE, "grants %s, which this kind of key cannot do",
			 beyond & KU_KEY_AGREEMENT	? "keyAgreement"
			 : beyond & KU_KEY_ENCIPHERMENT ? "keyEncipherment"
							: "dataEncipherment");
}

void lint_purpose_empty(const struct lint_subject *s, struct lint_report *report)
{
	const EXTENDED_KEY_USAGE *purposes = lint_value(s, LINT_EXTENDED_KEY_USAGE);

	if (purposes && sk_ASN1_OBJECT_num(purposes) == 0)
		lint_say(report, PURPOSES, "names no purpose");
}

static const ASN1_OBJECT *purpose_at(const void *all, int i)
{
	return sk_ASN1_OBJECT_value((const EXTENDED_KEY_USAGE *)all, i);
}

void lint_purpose_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	const EXTENDED_KEY_USAGE *purposes = lint_value(s, LINT_EXTENDED_KEY_USAGE);
	const ASN1_OBJECT *twice = lint_object_twice(purposes, purpose_at,
						     sk_ASN1_OBJECT_num(purposes));
	char name[80];

	if (!twice)
		return;
	OBJ_obj2txt(name, sizeof name, twice, 0);
	lint_say(report, PURPOSES, "names %s more than once", name);
}

void lint_purpose_any_critical(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_has_purpose(s, NID_anyExtendedKeyUsage) &&
	    is_critical(lint_raw(s, LINT_EXTENDED_KEY_USAGE)))
		lint_say(report, PURPOSES, "is critical with anyExtendedKeyUsage");
}

void lint_purpose_in_ca(const struct lint_subject *s, struct lint_report *report)
{
	const EXTENDED_KEY_USAGE *purposes = lint_value(s, LINT_EXTENDED_KEY_USAGE);

	if (purposes && sk_ASN1_OBJECT_num(purposes) > 0)
		lint_say(report, PURPOSES, "is in a CA");
}

void lint_purpose_key_usage(const struct lint_subject *s, struct lint_report *report)
{
	unsigned usage = lint_key_usage(s);
	bool tls = lint_has_purpose(s, NID_server_auth) || lint_has_purpose(s, NID_client_auth);

	if (tls && usage &&
	    !(usage & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)))
		lint_say(report, PURPOSES, "is for TLS, which keyUsage does not allow");
}
