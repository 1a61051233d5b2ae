#include "ca/lint/internal.h"

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
		lint_say(report, "extension authorityKeyIdentifier",
			 "is not the issuer's subjectKeyIdentifier");
}
