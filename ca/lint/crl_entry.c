#include "ca/lint/internal.h"

#include <stdarg.h>

#define SERIAL_OCTETS_MAX 20

/* Of "entry 12". */
static void say(const struct lint_subject *s, struct lint_report *report, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void say(const struct lint_subject *s, struct lint_report *report, const char *format, ...)
{
	char where[40], what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	snprintf(where, sizeof where, "entry %zu", s->entry.number);
	lint_say(report, where, "%s", what);
}

static const LINT_EXTENSION *raw(const struct lint_subject *s, enum lint_known known)
{
	return s->entry.known[known].raw;
}

static const void *value(const struct lint_subject *s, enum lint_known known)
{
	return s->entry.known[known].value;
}

static void say_critical(const struct lint_subject *s, enum lint_known known, bool forbidden,
			 struct lint_report *report)
{
	if (raw(s, known) && (raw(s, known)->critical > 0) == forbidden)
		say(s, report, "has %s %scritical", lint_known_name(known),
		    forbidden ? "" : "that is not ");
}

void lint_crl_entry_serial(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_INTEGER *serial = s->entry.raw->serial;
	struct span octets = lint_string(serial);
	size_t len = octets.len + (octets.len && (octets.data[0] & 0x80));

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		say(s, report, "has a negative serial number");
	else if (len == 0 || (len == 1 && octets.data[0] == 0))
		say(s, report, "has the serial number zero");
	else if (len > SERIAL_OCTETS_MAX)
		say(s, report, "has a serial number of %zu octets", len);
}

void lint_crl_entry_time(const struct lint_subject *s, struct lint_report *report)
{
	if (s->entry.date.fault == LINT_TIME_TYPE)
		say(s, report, "has a date that is neither UTCTime nor GeneralizedTime");
	else if (s->entry.date.fault == LINT_TIME_FORM)
		say(s, report, "has a date that is not a moment in UTC to the second");
	else if (s->entry.date.fault == LINT_TIME_UTC_EXPECTED)
		say(s, report, "has a GeneralizedTime before the year 2050");
}

void lint_crl_entry_future(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_time_known(&s->entry.date) && lint_time_known(&s->not_before) &&
	    s->entry.date.seconds > s->not_before.seconds)
		say(s, report, "was revoked after thisUpdate");
}

void lint_crl_entry_extension_duplicate(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_OBJECT *twice = lint_extension_twice(s->entry.raw->extensions);
	char name[LINT_OBJECT_NAME];

	if (!twice)
		return;
	lint_extension_name(twice, name);
	say(s, report, "has %s more than once", name);
}

void lint_crl_entry_extension_malformed(const struct lint_subject *s, struct lint_report *report)
{
	static const enum lint_known known[] = {LINT_REASON, LINT_INVALIDITY,
						LINT_CERTIFICATE_ISSUER};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (raw(s, known[i]) && !value(s, known[i]))
			say(s, report, "has %s with a value that cannot be read",
			    lint_known_name(known[i]));
}

void lint_crl_entry_extension_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (s->entry.raw->extensions && sk_LINT_EXTENSION_num(s->entry.raw->extensions) == 0)
		say(s, report, "has extensions, and none in them");
}

void lint_crl_entry_unknown_critical(const struct lint_subject *s, struct lint_report *report)
{
	const STACK_OF(LINT_EXTENSION) *all = s->entry.raw->extensions;
	char name[80];

	for (int i = 0; i < sk_LINT_EXTENSION_num(all); i++) {
		const LINT_EXTENSION *x = sk_LINT_EXTENSION_value(all, i);

		if (x->critical <= 0 ||
		    lint_known_find(x->type, LINT_CRL_ENTRY) != LINT_KNOWN_COUNT)
			continue;
		OBJ_obj2txt(name, sizeof name, x->type, 1);
		say(s, report, "has the critical extension %s, which RFC 5280 does not know", name);
		return;
	}
}

void lint_crl_entry_critical_false(const struct lint_subject *s, struct lint_report *report)
{
	const STACK_OF(LINT_EXTENSION) *all = s->entry.raw->extensions;

	for (int i = 0; i < sk_LINT_EXTENSION_num(all); i++) {
		if (sk_LINT_EXTENSION_value(all, i)->critical != 0)
			continue;
		say(s, report, "spells out that an extension is not critical");
		return;
	}
}

void lint_crl_reason_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_REASON, true, report);
}

/* -1: none. */
static long reason_of(const struct lint_subject *s)
{
	const ASN1_ENUMERATED *reason = value(s, LINT_REASON);
	int64_t code = -1;

	if (!reason)
		return -1;
	return ASN1_ENUMERATED_get_int64(&code, reason) && code >= 0 && code < 100 ? (long)code
										   : 100;
}

void lint_crl_reason_unspecified(const struct lint_subject *s, struct lint_report *report)
{
	if (reason_of(s) == CRL_REASON_UNSPECIFIED)
		say(s, report, "has the reason unspecified");
}

/* 7 was never given out. */
void lint_crl_reason_unknown(const struct lint_subject *s, struct lint_report *report)
{
	long reason = reason_of(s);

	if (reason == 7 || reason > CRL_REASON_AA_COMPROMISE)
		say(s, report, "has a reason that does not exist");
}

void lint_crl_reason_remove(const struct lint_subject *s, struct lint_report *report)
{
	if (reason_of(s) == CRL_REASON_REMOVE_FROM_CRL && !lint_raw(s, LINT_DELTA_CRL))
		say(s, report, "has the reason removeFromCRL in a complete CRL");
}

void lint_crl_invalidity_critical(const struct lint_subject *s, struct lint_report *report)
{
	say_critical(s, LINT_INVALIDITY, true, report);
}

void lint_crl_invalidity_form(const struct lint_subject *s, struct lint_report *report)
{
	const ASN1_GENERALIZEDTIME *date = value(s, LINT_INVALIDITY);
	struct lint_time t;

	if (!date)
		return;
	lint_time_read(ASN1_STRING_type(date), date, &t);
	if (!lint_time_known(&t))
		say(s, report, "has an invalidityDate that is not a moment in UTC to the second");
}

void lint_crl_certificate_issuer_not_critical(const struct lint_subject *s,
					      struct lint_report *report)
{
	say_critical(s, LINT_CERTIFICATE_ISSUER, false, report);
}

void lint_crl_certificate_issuer_direct(const struct lint_subject *s, struct lint_report *report)
{
	if (raw(s, LINT_CERTIFICATE_ISSUER) && !lint_is_indirect(s))
		say(s, report, "names an issuer, and the CRL is not indirect");
}

void lint_crl_certificate_issuer_name(const struct lint_subject *s, struct lint_report *report)
{
	const GENERAL_NAMES *names = value(s, LINT_CERTIFICATE_ISSUER);

	if (!names)
		return;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME && X509_NAME_entry_count(name->d.directoryName) > 0)
			return;
	}
	say(s, report, "has a certificateIssuer without a distinguished name");
}
