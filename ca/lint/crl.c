#include "ca/lint/internal.h"

void lint_crl_version(const struct lint_subject *s, struct lint_report *report)
{
	int64_t version = 0;

	if (s->crl->version && !ASN1_INTEGER_get_int64(&version, s->crl->version))
		version = -1;
	if (version != 1)
		lint_say(report, "version", "is not version 2");
}

static void say_times(const struct lint_subject *s, struct lint_report *report,
		      enum lint_time_fault fault, const char *what)
{
	if (s->not_before.fault == fault)
		lint_say(report, "thisUpdate", "%s", what);
	if (s->not_after.fault == fault)
		lint_say(report, "nextUpdate", "%s", what);
}

void lint_crl_time_type(const struct lint_subject *s, struct lint_report *report)
{
	say_times(s, report, LINT_TIME_TYPE, "is neither UTCTime nor GeneralizedTime");
}

void lint_crl_time_form(const struct lint_subject *s, struct lint_report *report)
{
	say_times(s, report, LINT_TIME_FORM, "is not a moment in UTC to the second");
}

void lint_crl_time_encoding(const struct lint_subject *s, struct lint_report *report)
{
	say_times(s, report, LINT_TIME_UTC_EXPECTED, "is GeneralizedTime before the year 2050");
}

void lint_crl_next_update_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (s->not_after.fault == LINT_TIME_ABSENT)
		lint_say(report, "nextUpdate", "is absent");
}

void lint_crl_update_order(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_time_known(&s->not_before) && lint_time_known(&s->not_after) &&
	    s->not_after.seconds <= s->not_before.seconds)
		lint_say(report, "nextUpdate", "does not come after thisUpdate");
}

void lint_crl_entries_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (s->entries.der.len && s->entries.count == 0 && !s->entries.unreadable)
		lint_say(report, "revokedCertificates", "is there and empty");
}

void lint_crl_entries_unreadable(const struct lint_subject *s, struct lint_report *report)
{
	if (s->entries.unreadable && !s->der_fault)
		lint_say(report, "revokedCertificates", "cannot be read from entry %zu on",
			 s->entries.unreadable);
}

void lint_crl_entry_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	struct text serial = {0};

	if (!s->entries.duplicates)
		return;
	for (size_t i = 0; i < s->entries.duplicate.len && i < 20; i++)
		text_printf(&serial, "%02x", s->entries.duplicate.data[i]);
	lint_say(report, "revokedCertificates",
		 "has %zu entr%s a second time, as that of serial number %s", s->entries.duplicates,
		 s->entries.duplicates == 1 ? "y" : "ies", text_get(&serial));
	text_free(&serial);
}

void lint_crl_entries_unordered(const struct lint_subject *s, struct lint_report *report)
{
	if (s->entries.unordered)
		lint_say(report, "revokedCertificates",
			 "is not in ascending order from entry %zu on", s->entries.unordered);
}

bool lint_is_indirect(const struct lint_subject *s)
{
	const ISSUING_DIST_POINT *point = lint_value(s, LINT_ISSUING_POINT);

	return point && point->indirectCRL > 0;
}

void lint_crl_issuer_not_ca(const struct lint_subject *s, struct lint_report *report)
{
	if (s->issuer && !s->issuer->is_ca && !lint_is_indirect(s))
		lint_say(report, "issuer", "is no CA, and the CRL is not indirect");
}

void lint_crl_issuer_key_usage(const struct lint_subject *s, struct lint_report *report)
{
	if (s->issuer && lint_raw(s->issuer, LINT_KEY_USAGE) &&
	    !(lint_key_usage(s->issuer) & KU_CRL_SIGN))
		lint_say(report, "issuer", "may not sign CRLs");
}

void lint_crl_after_issuer(const struct lint_subject *s, struct lint_report *report)
{
	if (s->issuer && lint_time_known(&s->not_after) && lint_time_known(&s->issuer->not_after) &&
	    s->not_after.seconds > s->issuer->not_after.seconds)
		lint_say(report, "nextUpdate", "comes after the issuer's expiry");
}

void lint_crl_before_issuer(const struct lint_subject *s, struct lint_report *report)
{
	if (s->issuer && lint_time_known(&s->not_before) &&
	    lint_time_known(&s->issuer->not_before) &&
	    s->not_before.seconds < s->issuer->not_before.seconds)
		lint_say(report, "thisUpdate", "comes before the issuer's certificate was valid");
}
