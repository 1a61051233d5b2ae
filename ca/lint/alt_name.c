#include "ca/lint/internal.h"

#include <string.h>

#define SUBJECT_ALT "extension subjectAltName"
#define ISSUER_ALT "extension issuerAltName"

static bool has_subject(const struct lint_subject *s)
{
	return s->subject_name.rdns > 0;
}

void lint_subject_alt_name_empty(const struct lint_subject *s, struct lint_report *report)
{
	const GENERAL_NAMES *names = lint_value(s, LINT_SUBJECT_ALT_NAME);

	if (names && sk_GENERAL_NAME_num(names) == 0)
		lint_say(report, SUBJECT_ALT, "is empty");
}

void lint_issuer_alt_name_empty(const struct lint_subject *s, struct lint_report *report)
{
	const GENERAL_NAMES *names = lint_value(s, LINT_ISSUER_ALT_NAME);

	if (names && sk_GENERAL_NAME_num(names) == 0)
		lint_say(report, ISSUER_ALT, "is empty");
}

void lint_subject_alt_name_critical(const struct lint_subject *s, struct lint_report *report)
{
	const LINT_EXTENSION *x = lint_raw(s, LINT_SUBJECT_ALT_NAME);

	if (x && x->critical > 0 && has_subject(s))
		lint_say(report, SUBJECT_ALT, "is critical although there is a subject");
}

void lint_subject_alt_name_not_critical(const struct lint_subject *s, struct lint_report *report)
{
	const LINT_EXTENSION *x = lint_raw(s, LINT_SUBJECT_ALT_NAME);

	if (x && x->critical <= 0 && !has_subject(s))
		lint_say(report, SUBJECT_ALT, "is not critical although the subject is empty");
}

void lint_subject_missing(const struct lint_subject *s, struct lint_report *report)
{
	if (!has_subject(s) && !lint_raw(s, LINT_SUBJECT_ALT_NAME))
		lint_say(report, "subject", "is empty, and there is no subjectAltName");
}

void lint_server_without_alt_name(const struct lint_subject *s, struct lint_report *report)
{
	if (lint_has_purpose(s, NID_server_auth) && !lint_raw(s, LINT_SUBJECT_ALT_NAME))
		lint_say(report, NULL, "is for a server and has no subjectAltName");
}

typedef bool name_check(struct span text);

static void say_names(const struct lint_subject *s, enum lint_known known, int type,
		      name_check *good, struct lint_report *report)
{
	const GENERAL_NAMES *names = lint_value(s, known);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct span text;

		if (name->type != type)
			continue;
		text = lint_string(name->d.ia5);
		if (!good(text))
			lint_say(report, known == LINT_SUBJECT_ALT_NAME ? SUBJECT_ALT : ISSUER_ALT,
				 "has the name '%.*s'", (int)(text.len < 100 ? text.len : 100),
				 (const char *)text.data);
	}
}

static void say_bad_names(const struct lint_subject *s, int type, name_check *good,
			  struct lint_report *report)
{
	say_names(s, LINT_SUBJECT_ALT_NAME, type, good, report);
	say_names(s, LINT_ISSUER_ALT_NAME, type, good, report);
}

void lint_dns_syntax(const struct lint_subject *s, struct lint_report *report)
{
	say_bad_names(s, GEN_DNS, lint_is_dns_name, report);
}

void lint_uri_syntax(const struct lint_subject *s, struct lint_report *report)
{
	say_bad_names(s, GEN_URI, lint_is_uri, report);
}

static bool is_mailbox(struct span text)
{
	const unsigned char *at = memrchr(text.data, '@', text.len);

	if (!at || at == text.data)
		return false;
	for (const unsigned char *c = text.data; c < at; c++)
		if (*c <= ' ' || *c >= 0x7F || strchr("<>()[],;:\\@", *c))
			return false;
	return lint_is_host((struct span){at + 1, text.len - (size_t)(at + 1 - text.data)});
}

void lint_email_syntax(const struct lint_subject *s, struct lint_report *report)
{
	say_bad_names(s, GEN_EMAIL, is_mailbox, report);
}

static void say_addresses(const struct lint_subject *s, enum lint_known known,
			  struct lint_report *report)
{
	const GENERAL_NAMES *names = lint_value(s, known);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		int len = name->type == GEN_IPADD ? ASN1_STRING_length(name->d.ip) : 4;

		if (len != 4 && len != 16)
			lint_say(report, known == LINT_SUBJECT_ALT_NAME ? SUBJECT_ALT : ISSUER_ALT,
				 "has an address of %d octets", len);
	}
}

void lint_ip_syntax(const struct lint_subject *s, struct lint_report *report)
{
	say_addresses(s, LINT_SUBJECT_ALT_NAME, report);
	say_addresses(s, LINT_ISSUER_ALT_NAME, report);
}

static void say_empty_names(const struct lint_subject *s, enum lint_known known,
			    struct lint_report *report)
{
	const GENERAL_NAMES *names = lint_value(s, known);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME && X509_NAME_entry_count(name->d.directoryName) == 0)
			lint_say(report, known == LINT_SUBJECT_ALT_NAME ? SUBJECT_ALT : ISSUER_ALT,
				 "has an empty distinguished name");
	}
}

void lint_alt_name_directory_empty(const struct lint_subject *s, struct lint_report *report)
{
	say_empty_names(s, LINT_SUBJECT_ALT_NAME, report);
	say_empty_names(s, LINT_ISSUER_ALT_NAME, report);
}

static bool has_address(const struct lint_subject *s)
{
	const GENERAL_NAMES *names = lint_value(s, LINT_SUBJECT_ALT_NAME);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (sk_GENERAL_NAME_value(names, i)->type == GEN_EMAIL)
			return true;
	return false;
}

void lint_subject_email_in_name(const struct lint_subject *s, struct lint_report *report)
{
	for (size_t i = 0; i < s->subject_name.count; i++) {
		if (s->subject_name.parts[i].nid != NID_pkcs9_emailAddress || has_address(s))
			continue;
		lint_say(report, "subject.emailAddress", "is not in subjectAltName");
		return;
	}
}
