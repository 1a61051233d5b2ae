#include "ca/lint/internal.h"

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
