#include "ca/lint/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TYPES_DIRECTORY                                                                     \
	(B_ASN1_PRINTABLESTRING | B_ASN1_UTF8STRING | B_ASN1_T61STRING | B_ASN1_BMPSTRING | \
	 B_ASN1_UNIVERSALSTRING)
#define TYPES_TEXT \
	(TYPES_DIRECTORY | B_ASN1_IA5STRING | B_ASN1_NUMERICSTRING | B_ASN1_VISIBLESTRING)

/* RFC 5280 A.1: types and upper bounds in characters (0: none). */
static const struct {
	int nid;
	unsigned long types;
	size_t max;
} attributes[] = {
	{NID_commonName, TYPES_DIRECTORY, 64},
	{NID_surname, TYPES_DIRECTORY, 32768},
	{NID_givenName, TYPES_DIRECTORY, 32768},
	{NID_initials, TYPES_DIRECTORY, 32768},
	{NID_generationQualifier, TYPES_DIRECTORY, 32768},
	{NID_pseudonym, TYPES_DIRECTORY, 128},
	{NID_title, TYPES_DIRECTORY, 64},
	{NID_localityName, TYPES_DIRECTORY, 128},
	{NID_stateOrProvinceName, TYPES_DIRECTORY, 128},
	{NID_organizationName, TYPES_DIRECTORY, 64},
	{NID_organizationalUnitName, TYPES_DIRECTORY, 64},
	{NID_serialNumber, B_ASN1_PRINTABLESTRING, 64},
	{NID_dnQualifier, B_ASN1_PRINTABLESTRING, 0},
	{NID_countryName, B_ASN1_PRINTABLESTRING, 0},
	{NID_domainComponent, B_ASN1_IA5STRING, 0},
	{NID_pkcs9_emailAddress, B_ASN1_IA5STRING, 255},
};

#define ATTRIBUTE_COUNT (sizeof attributes / sizeof *attributes)

/* What a check is given, and what it needs to say where. */
struct part {
	const LINT_ATTRIBUTE *raw;
	int nid;
	const char *whose; /* "subject" */
};

static size_t attribute_find(const struct part *a)
{
	size_t i = 0;

	while (i < ATTRIBUTE_COUNT && attributes[i].nid != a->nid)
		i++;
	return i;
}

static int type_of(const struct part *a)
{
	return a->raw->value->type;
}

/* False where the value is no text at all. */
static bool text_of(const struct part *a, struct span *text)
{
	if (!(ASN1_tag2bit(type_of(a)) & TYPES_TEXT))
		return false;
	*text = lint_string(a->raw->value->value.asn1_string);
	return true;
}

static void say(const struct part *a, struct lint_report *report, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void say(const struct part *a, struct lint_report *report, const char *format, ...)
{
	char oid[80] = "", where[96], words[256];
	va_list arguments;

	if (a->nid == NID_undef)
		OBJ_obj2txt(oid, sizeof oid, a->raw->type, 1);
	snprintf(where, sizeof where, "%s.%s", a->whose,
		 a->nid == NID_undef ? oid : OBJ_nid2sn(a->nid));
	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	lint_say(report, where, "%s", words);
}

typedef void attribute_check(const struct part *a, struct lint_report *report);

static void each_in_name(const LINT_NAME *name, const char *whose, attribute_check *check,
			 struct lint_report *report)
{
	for (int i = 0; i < sk_LINT_RDN_num(name); i++) {
		const LINT_RDN *rdn = sk_LINT_RDN_value(name, i);

		for (int j = 0; j < sk_LINT_ATTRIBUTE_num(rdn); j++) {
			const LINT_ATTRIBUTE *a = sk_LINT_ATTRIBUTE_value(rdn, j);
			const struct part part = {a, OBJ_obj2nid(a->type), whose};

			check(&part, report);
		}
	}
}

/* One name where both are the same, so that nothing is said twice. */
static void each_attribute(const struct lint_subject *s, attribute_check *check,
			   struct lint_report *report)
{
	each_in_name(s->subject_name, "subject", check, report);
	if (!s->self_issued)
		each_in_name(s->issuer_name, "issuer", check, report);
}

void lint_issuer_empty(const struct lint_subject *s, struct lint_report *report)
{
	if (sk_LINT_RDN_num(s->issuer_name) == 0 && !s->self_issued)
		lint_say(report, "issuer", "is empty");
}

void lint_subject_empty_ca(const struct lint_subject *s, struct lint_report *report)
{
	if (sk_LINT_RDN_num(s->subject_name) == 0)
		lint_say(report, "subject", "is empty");
}

static void say_empty_rdn(const LINT_NAME *name, const char *whose, struct lint_report *report)
{
	for (int i = 0; i < sk_LINT_RDN_num(name); i++)
		if (sk_LINT_ATTRIBUTE_num(sk_LINT_RDN_value(name, i)) == 0)
			lint_say(report, whose, "has an empty part at place %d", i + 1);
}

void lint_name_rdn_empty(const struct lint_subject *s, struct lint_report *report)
{
	say_empty_rdn(s->subject_name, "subject", report);
	if (!s->self_issued)
		say_empty_rdn(s->issuer_name, "issuer", report);
}

static void check_empty(const struct part *a, struct lint_report *report)
{
	struct span text;

	if (text_of(a, &text) && text.len == 0)
		say(a, report, "is empty");
}

void lint_name_value_empty(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_empty, report);
}

static void check_type(const struct part *a, struct lint_report *report)
{
	size_t at = attribute_find(a);

	if (at < ATTRIBUTE_COUNT && !(ASN1_tag2bit(type_of(a)) & attributes[at].types))
		say(a, report, "is a %s", ASN1_tag2str(type_of(a)));
}

void lint_name_value_type(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_type, report);
}

static void check_legacy(const struct part *a, struct lint_report *report)
{
	if (ASN1_tag2bit(type_of(a)) &
	    (B_ASN1_T61STRING | B_ASN1_BMPSTRING | B_ASN1_UNIVERSALSTRING))
		say(a, report, "is a %s", ASN1_tag2str(type_of(a)));
}

void lint_name_legacy_string(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_legacy, report);
}

static bool is_printable(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(" '()+,-./:=?", c));
}

/* Controls have a rule of their own. */
static void check_printable(const struct part *a, struct lint_report *report)
{
	struct span text;

	if (type_of(a) != V_ASN1_PRINTABLESTRING || !text_of(a, &text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (is_printable(text.data[i]) || text.data[i] < 0x20)
			continue;
		say(a, report, "is a PrintableString with the octet %02X", text.data[i]);
		return;
	}
}

void lint_name_printable(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_printable, report);
}

static void check_ia5(const struct part *a, struct lint_report *report)
{
	struct span text;

	if (type_of(a) != V_ASN1_IA5STRING || !text_of(a, &text))
		return;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x80)
			continue;
		say(a, report, "is an IA5String with the octet %02X", text.data[i]);
		return;
	}
}

void lint_name_ia5(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_ia5, report);
}

static void check_utf8(const struct part *a, struct lint_report *report)
{
	struct span text;
	uint32_t point;

	if (type_of(a) != V_ASN1_UTF8STRING || !text_of(a, &text))
		return;
	while (text.len && lint_next_character(V_ASN1_UTF8STRING, &text, &point))
		;
	if (text.len)
		say(a, report, "is malformed UTF-8 from the octet %02X on", text.data[0]);
}

void lint_name_utf8(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_utf8, report);
}

static void check_control(const struct part *a, struct lint_report *report)
{
	struct span text;
	uint32_t point;

	if (!text_of(a, &text))
		return;
	while (text.len && lint_next_character(type_of(a), &text, &point)) {
		if (point >= 0x20 && (point < 0x7F || point > 0x9F))
			continue;
		/* Above ASCII the octets of an 8-bit type are no controls, but other rules' matter. */
		if (point >= 0x80 && type_of(a) != V_ASN1_UTF8STRING)
			continue;
		say(a, report, "has the control character U+%04X", (unsigned)point);
		return;
	}
}

void lint_name_control(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_control, report);
}

static void check_blank(const struct part *a, struct lint_report *report)
{
	uint32_t point = 0, first = 0;
	struct span text;
	bool any = false;

	if (!text_of(a, &text))
		return;
	while (text.len && lint_next_character(type_of(a), &text, &point)) {
		first = any ? first : point;
		any = true;
	}
	if (any && (first == ' ' || point == ' '))
		say(a, report, "begins or ends with a space");
}

void lint_name_blank(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_blank, report);
}

static void check_length(const struct part *a, struct lint_report *report)
{
	size_t at = attribute_find(a), count = 0;
	struct span text;
	uint32_t point;

	if (at == ATTRIBUTE_COUNT || attributes[at].max == 0 || !text_of(a, &text))
		return;
	while (text.len && lint_next_character(type_of(a), &text, &point))
		count++;
	if (count > attributes[at].max)
		say(a, report, "has %zu characters, more than %zu", count, attributes[at].max);
}

void lint_name_length(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_length, report);
}

static bool is_letter(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void check_country(const struct part *a, struct lint_report *report)
{
	struct span text;

	if (a->nid != NID_countryName || type_of(a) != V_ASN1_PRINTABLESTRING ||
	    !text_of(a, &text) || text.len == 0)
		return;
	if (text.len != 2 || !is_letter(text.data[0]) || !is_letter(text.data[1]))
		say(a, report, "is not two letters: %.*s", (int)(text.len & 63),
		    (const char *)text.data);
}

void lint_name_country(const struct lint_subject *s, struct lint_report *report)
{
	each_attribute(s, check_country, report);
}
