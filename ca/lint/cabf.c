/*
 * Baseline requirements of the CA/Browser Forum that make sense for a private CA as well. Those about
 * public trust (CAA, certificate transparency, names of the Internet alone) do not.
 */
#include "ca/lint/internal.h"

#include <string.h>
#include <strings.h>

#define DAY (24 * 60 * 60)
/* Inclusive of its last second, a certificate of 398 days lasts 398 days. */
#define SERVER_DAYS 398
#define CRL_DAYS 366

static bool is_server(const struct lint_subject *s)
{
	return lint_has_purpose(s, NID_server_auth);
}

static bool lasts_longer(const struct lint_subject *s, int64_t days)
{
	return lint_time_known(&s->not_before) && lint_time_known(&s->not_after) &&
	       s->not_after.seconds - s->not_before.seconds >= days * DAY;
}

void lint_cabf_server_life(const struct lint_subject *s, struct lint_report *report)
{
	if (is_server(s) && lasts_longer(s, SERVER_DAYS))
		lint_say(report, "notAfter", "gives a server more than %d days", SERVER_DAYS);
}

void lint_cabf_crl_life(const struct lint_subject *s, struct lint_report *report)
{
	if (lasts_longer(s, CRL_DAYS))
		lint_say(report, "nextUpdate", "comes more than a year after thisUpdate");
}

static bool same_text(struct span a, struct span b)
{
	return a.len == b.len &&
	       strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

static bool is_address(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789.:abcdefABCDEF", text.data[i]) || !text.data[i])
			return false;
	return memchr(text.data, ':', text.len) || memchr(text.data, '.', text.len);
}

static bool is_among(const GENERAL_NAMES *names, struct span text)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS && same_text(lint_string(name->d.dNSName), text))
			return true;
	}
	return false;
}

/* Addresses are written in many ways, so that those are not compared. */
void lint_cabf_common_name(const struct lint_subject *s, struct lint_report *report)
{
	const GENERAL_NAMES *names = lint_value(s, LINT_SUBJECT_ALT_NAME);

	if (!is_server(s) || !names)
		return;
	for (size_t i = 0; i < s->subject_name.count; i++) {
		const struct plain_part *a = &s->subject_name.parts[i];

		if (a->nid != NID_commonName ||
		    !(ASN1_tag2bit(a->type) & (B_ASN1_UTF8STRING | B_ASN1_PRINTABLESTRING)))
			continue;
		if (a->text.len && !is_address(a->text) && !is_among(names, a->text))
			lint_say(report, "subject.CN", "is not among the alternative names");
	}
}

void lint_cabf_purpose_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!lint_raw(s, LINT_EXTENDED_KEY_USAGE))
		lint_say(report, NULL, "has no extendedKeyUsage");
}
